#!/bin/sh
# Makes the three databases when the volume is new: the metastore, the manager (accounts, clients, grants), and the sample
# data. Each has an owner who can reach nothing of the others, so that SQL of callers never runs as one who could read
# the metastore or the manager.
set -eu

psql --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv metastore_password METASTORE_PASSWORD
\getenv manager_password MANAGER_PASSWORD
\getenv data_password DATA_PASSWORD
CREATE ROLE tidegate LOGIN PASSWORD :'metastore_password';
CREATE ROLE manager LOGIN PASSWORD :'manager_password';
CREATE ROLE sample LOGIN PASSWORD :'data_password';
CREATE DATABASE metastore OWNER tidegate;
CREATE DATABASE manager OWNER manager;
CREATE DATABASE sample OWNER sample;
REVOKE ALL ON DATABASE metastore FROM PUBLIC;
REVOKE ALL ON DATABASE manager FROM PUBLIC;
REVOKE ALL ON DATABASE sample FROM PUBLIC;
SQL
