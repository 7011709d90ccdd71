#!/bin/sh
# What the official image's entrypoint does, as far as the compose file relies on it: a new folder becomes a
# cluster, whose databases the scripts of /docker-entrypoint-initdb.d make while it listens on a local socket alone.
set -eu
data=/var/lib/postgresql/data
programs=$(echo /usr/lib/postgresql/*/bin)
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

mkdir -p "$data/pg" /var/run/postgresql
chown -R postgres:postgres "$data" /var/run/postgresql
if [ ! -s "$data/pg/PG_VERSION" ]; then
    umask 077
    printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
    chown postgres /tmp/password
    as_postgres "$programs/initdb" -D "$data/pg" -E UTF8 --auth-host=scram-sha-256 --auth-local=trust --pwfile=/tmp/password
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$data/pg/pg_hba.conf"
    as_postgres "$programs/pg_ctl" -D "$data/pg" -w start -o "-c listen_addresses=''"
    for script in /docker-entrypoint-initdb.d/*.sh; do
        PATH="$programs:$PATH" as_postgres "$script"
    done
    as_postgres "$programs/pg_ctl" -D "$data/pg" -w stop
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups "$programs/postgres" -D "$data/pg" -c 'listen_addresses=*'
