#!/bin/sh
# Makes the two databases when the volume is new: the metastore, and the sample data. Each has an owner who can
# reach nothing of the other, so that SQL of callers never runs as one who could read the metastore.
set -eu

psql --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv metastore_password METASTORE_PASSWORD
\getenv data_password DATA_PASSWORD
CREATE ROLE tidegate LOGIN PASSWORD :'metastore_password';
CREATE ROLE sample LOGIN PASSWORD :'data_password';
CREATE DATABASE metastore OWNER tidegate;
CREATE DATABASE sample OWNER sample;
REVOKE ALL ON DATABASE metastore FROM PUBLIC;
REVOKE ALL ON DATABASE sample FROM PUBLIC;
SQL
