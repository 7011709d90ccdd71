#!/usr/bin/env bash
# native.sh: what docker-compose.yml describes, without Docker: three processes, Redis, PostgreSQL, nginx and a StatsD
# receiver on free ports of this machine, checked by the same check.py. Needs redis-server, PostgreSQL, nginx and
# Python 3 (apt-get install redis-server postgresql nginx-light python3).
#
#   TIDEGATE_BINARY=…  the binary to try; without it, target/dist/tidegate, built if need be
#   KEEP=1             waits for Enter after the checks, before everything is taken down
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/compose
if [ -z "${TIDEGATE_BINARY:-}" ]; then
    TIDEGATE_BINARY=${CARGO_TARGET_DIR:-target}/dist/tidegate
    [ -x "$TIDEGATE_BINARY" ] || cargo build --profile dist --locked --package tidegate-server --bin tidegate
fi
programs=$(echo /usr/lib/postgresql/*/bin | awk '{print $NF}')
work=$(mktemp -d)
chmod 755 "$work"
pids=()
say() { printf '== %s\n' "$*"; }
finish() {
    status=$?
    [ $status = 0 ] || tail -n 5 "$work"/*.log || true
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
    exit $status
}
trap finish EXIT
ports=$(python3 -c '
import socket
sockets = [socket.socket() for _ in range(7)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
read -r redis_port postgres_port nginx_port statsd_port node_1 node_2 node_3 <<<"$ports"
random() { python3 -c 'import secrets; print(secrets.token_hex(24))'; }
eventually() {
    for _ in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
    echo "not in time: $*" >&2
    return 1
}

secrets=(POSTGRES_PASSWORD METASTORE_PASSWORD MANAGER_PASSWORD DATA_PASSWORD REDIS_PASSWORD TIDEGATE_STATE_SECRET
    TIDEGATE_MANAGER_SECRET SUPERSET_SECRET_KEY)
for name in "${secrets[@]}"; do export "$name=$(random)"; done

say "redis, postgresql, statsd"
redis-server --port "$redis_port" --bind 127.0.0.1 --requirepass "$REDIS_PASSWORD" --save '' --dir "$work" \
    --maxmemory-policy noeviction >"$work/redis.log" 2>&1 &
pids+=($!)
as_postgres=()
if [ "$(id -u)" = 0 ]; then as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
mkdir "$work/postgres"
printf %s "$POSTGRES_PASSWORD" >"$work/postgres/password"
[ "$(id -u)" != 0 ] || chown -R postgres:postgres "$work/postgres"
"${as_postgres[@]}" "$programs/initdb" -D "$work/postgres/data" -E UTF8 --auth-host=scram-sha-256 --auth-local=trust \
    --username=postgres --pwfile="$work/postgres/password" >"$work/postgres.log"
"${as_postgres[@]}" "$programs/postgres" -D "$work/postgres/data" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$work/postgres" -c fsync=off >>"$work/postgres.log" 2>&1 &
pids+=($!)
eventually "$programs/pg_isready" -h 127.0.0.1 -p "$postgres_port"
PGHOST=$work/postgres PGPORT=$postgres_port PATH=$programs:$PATH deploy/postgres/10-databases.sh >/dev/null
python3 "$here/statsd.py" "$statsd_port" >"$work/statsd.log" 2>&1 &
pids+=($!)

say "three nodes"
unset "${!TIDEGATE_AUTH@}" "${!TIDEGATE_STATE__@}" "${!MCP_@}" 2>/dev/null || true
settings=(
    TIDEGATE_CONFIG="$PWD/deploy/tidegate.toml"
    TIDEGATE_SERVER__PUBLIC_URL="http://localhost:$nginx_port"
    TIDEGATE_SERVER__TRUSTED_PROXIES=127.0.0.1
    TIDEGATE_STATE__REPLICAS=3
    TIDEGATE_STATE__REDIS__URL="redis://:$REDIS_PASSWORD@127.0.0.1:$redis_port/0"
    TIDEGATE_STATE__SECRET="$TIDEGATE_STATE_SECRET"
    TIDEGATE_MANAGER__URL="postgres://manager:$MANAGER_PASSWORD@127.0.0.1:$postgres_port/manager"
    TIDEGATE_MANAGER__SECRET="$TIDEGATE_MANAGER_SECRET"
    TIDEGATE_WORKSPACES__DEMO__METASTORE="postgres://tidegate:$METASTORE_PASSWORD@127.0.0.1:$postgres_port/metastore"
    TIDEGATE_WORKSPACES__DEMO__SECRET_KEY="$SUPERSET_SECRET_KEY"
    TIDEGATE_TELEMETRY__STATSD__ADDRESS="127.0.0.1:$statsd_port"
)
tidegate() { env -i PATH="$PATH" "${settings[@]}" "$@"; }
tidegate "$TIDEGATE_BINARY" check-config
tidegate TIDEGATE_SEED_DATA_URL="postgres://sample:$DATA_PASSWORD@127.0.0.1:$postgres_port/sample" \
    "$TIDEGATE_BINARY" seed --workspace demo
nodes=()
for port in $node_1 $node_2 $node_3; do
    env -i PATH="$PATH" "${settings[@]}" TIDEGATE_SERVER__PORT="$port" "$TIDEGATE_BINARY" serve >"$work/node-$port.log" 2>&1 &
    nodes+=($!)
    pids+=($!)
done

say "the first administrator"
ready() { for port in $node_1 $node_2 $node_3; do "$TIDEGATE_BINARY" healthcheck --url "http://127.0.0.1:$port" || return 1; done; }
eventually ready
tidegate "$TIDEGATE_BINARY" check-config --connect
grep -h -A 5 'administrator now' "$work"/node-*.log >"$work/first"
[ "$(grep -c 'user name   admin' "$work/first")" = 1 ] || { echo "FAILED: not one administrator was made" >&2; exit 1; }
TIDEGATE_FIRST_PASSWORD=$(sed -n 's/^ *password *//p' "$work/first")
tidegate "$TIDEGATE_BINARY" user join admin --workspace demo --role admin --superset-username admin
TIDEGATE_CHECK_TOKEN=$(tidegate "$TIDEGATE_BINARY" token add admin check --workspace demo --scopes read,query --json |
    python3 -c 'import json, sys; made = json.load(sys.stdin); print(made["token"])')
export TIDEGATE_FIRST_PASSWORD TIDEGATE_CHECK_TOKEN
secrets+=(TIDEGATE_CHECK_TOKEN)

say "nginx"
mkdir "$work/nginx"
chmod 777 "$work/nginx"
# The shipped configuration, with addresses in the place of Docker's names.
sed -e '/^ *resolver /d' -e '/^ *zone /d' -e "s|/tmp/|$work/nginx/|" -e "s|/dev/stdout|$work/nginx/access.log|" \
    -e "s|listen 8080|listen 127.0.0.1:$nginx_port|" \
    -e "s|^\( *\)server tidegate:5008 resolve \(.*\)|\1server 127.0.0.1:$node_1 \2\n\1server 127.0.0.1:$node_2 \2\n\1server 127.0.0.1:$node_3 \2|" \
    deploy/nginx/nginx.conf >"$work/nginx.conf"
nginx -p "$work/nginx" -e "$work/nginx.log" -c "$work/nginx.conf" -g 'daemon off;' 2>>"$work/nginx.log" &
pids+=($!)

PGPASSWORD=$METASTORE_PASSWORD python3 "$here/check.py" "http://localhost:$nginx_port" \
    --sql "$programs/psql -h 127.0.0.1 -p $postgres_port -U tidegate -d metastore -At" \
    --kill "kill -KILL ${nodes[0]}" \
    --console "127.0.0.1:$statsd_port" \
    --nodes 3

[ -z "${KEEP:-}" ] || { read -rp "$work runs, nginx on port $nginx_port; Enter goes on " || true; }
say "nodes stop in time, and no secret is in any log"
began=$SECONDS
kill -TERM "${nodes[@]:1}"
wait "${nodes[@]:1}" || { echo "FAILED: a node did not end well" >&2; exit 1; }
echo "stopped in $((SECONDS - began)) s"
for name in "${secrets[@]}"; do
    if grep -qF -- "${!name}" "$work"/*.log "$work/nginx/access.log"; then
        echo "FAILED: $name is in the logs" >&2
        exit 1
    fi
done
say "all good"
