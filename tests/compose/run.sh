#!/usr/bin/env bash
# run.sh: runs docker-compose.yml and checks it from the outside (check.py): a session hops the replicas, metrics
# arrive, a replica dies, no secret is logged. Takes everything down again, volumes included.
#
#   TIDEGATE_BINARY=…  builds the image around this binary (for Debian 12) instead of compiling in Docker
#   KEEP=1             leaves the deployment running; its secrets are in the file that is named at the end
#
# Without a Docker engine, as root on Debian, it installs one. Where images cannot be pulled it makes stand-ins of
# Debian's packages (local/), and then needs TIDEGATE_BINARY, or cargo to make one.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=tests/compose
work=$(mktemp -d)
project=tidegate-check-$$
started_engine=
say() { printf '== %s\n' "$*"; }

is_up=
up() { "${compose[@]}" -p $project "${files[@]}" "$@"; }
finish() {
    status=$?
    if [ $status != 0 ] && [ -n "$is_up" ]; then
        up ps || true
        up logs --no-color --tail 15 2>/dev/null || true
    fi
    if [ -z "${KEEP:-}" ] || [ -z "$is_up" ]; then
        [ -z "$is_up" ] || up down --volumes --timeout 5 >/dev/null 2>&1 || true
        [ -z "$started_engine" ] || kill "$started_engine"
        rm -rf "$work"
    else
        up start tidegate >/dev/null 2>&1 || true
        (for name in "${secrets[@]}"; do echo "$name=${!name}"; done) >"$work/env"
        say "left running as $project; secrets in $work/env"
    fi
    exit $status
}
trap finish EXIT

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
random() { python3 -c 'import secrets; print(secrets.token_hex(24))'; }

# --- an engine ---------------------------------------------------------------------------------------------------
if ! docker info >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ]; then
        echo "no Docker engine answers; start one, or run this as root on Debian" >&2
        exit 2
    fi
    if ! command -v dockerd >/dev/null; then
        say "installing docker.io"
        apt-get update -q >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            docker.io docker-compose iptables debootstrap >/dev/null
    fi
    setsid dockerd >"$work/dockerd.log" 2>&1 &
    started_engine=$!
    for _ in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 1; done
    docker info >/dev/null || { tail -20 "$work/dockerd.log"; exit 2; }
fi
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
files=(-f docker-compose.yml)
say "engine $(docker info --format '{{.ServerVersion}}'), ${compose[*]} $("${compose[@]}" version --short)"

# --- secrets of this run -----------------------------------------------------------------------------------------
export TIDEGATE_PORT GRAPHITE_PORT STATSD_CONSOLE_PORT
TIDEGATE_PORT=$(port) GRAPHITE_PORT=$(port) STATSD_CONSOLE_PORT=$(port)
secrets=(POSTGRES_PASSWORD METASTORE_PASSWORD MANAGER_PASSWORD DATA_PASSWORD REDIS_PASSWORD TIDEGATE_STATE_SECRET
    TIDEGATE_MANAGER_SECRET SUPERSET_SECRET_KEY)

say "without secrets nothing starts"
: >"$work/empty"
if env -i PATH="$PATH" HOME="${HOME:-/}" "${compose[@]}" --env-file "$work/empty" "${files[@]}" config >/dev/null 2>"$work/refusal"; then
    echo "FAILED: Compose takes the file without its secrets" >&2
    exit 1
fi
grep -o 'set it in .env, see deploy/example.env' "$work/refusal" | head -1
cp deploy/example.env "$work/env"
if env -i PATH="$PATH" HOME="${HOME:-/}" "${compose[@]}" --env-file "$work/env" "${files[@]}" config >/dev/null 2>&1; then
    echo "FAILED: deploy/example.env works as it is" >&2
    exit 1
fi
for name in "${secrets[@]}"; do export "$name=$(random)"; done
export PGPASSWORD=$METASTORE_PASSWORD
# What this machine's containers may have at most.
hard=$(ulimit -Hn)
[ "$hard" = unlimited ] || [ "$hard" -ge 65536 ] || export OPEN_FILES=$hard
export TIDEGATE_PUBLIC_URL=http://localhost:$TIDEGATE_PORT

# --- images ------------------------------------------------------------------------------------------------------
export TIDEGATE_IMAGE=tidegate:check
for image in redis:7-alpine postgres:16-alpine nginx:1.27-alpine graphiteapp/graphite-statsd:1.1.10-5; do
    docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" 2>/dev/null || stand_ins=1
done
mkdir "$work/context"
if [ -n "${stand_ins:-}" ]; then
    say "images cannot be pulled: stand-ins from Debian's packages"
    $here/local/images.sh "$work/context"
fi
# The official image is Alpine's, so Debian's file tells a stand-in, of this run or an earlier one.
if docker run --rm --entrypoint cat nginx:1.27-alpine /etc/debian_version >/dev/null 2>&1; then
    files+=(-f $here/local/override.yml)
    cp /etc/ssl/certs/ca-certificates.crt "$work/context/"
    export STAND_IN_NGINX_CONF=$PWD/deploy/nginx/nginx.conf
    version=$(docker run --rm --entrypoint nginx nginx:1.27-alpine -v 2>&1 | grep -o '[0-9.]*$')
    if [ "$(printf '%s\n1.27.3\n' "$version" | sort -V | head -1)" != 1.27.3 ]; then
        say "nginx $version does not know \`resolve\`: it looks the replicas up once"
        sed -e '/^ *resolver /d' -e '/^ *zone /d' -e 's/ resolve / /' deploy/nginx/nginx.conf >"$work/nginx.conf"
        chmod 644 "$work/nginx.conf"
        export STAND_IN_NGINX_CONF=$work/nginx.conf
    fi
    if [ -z "${TIDEGATE_BINARY:-}" ]; then
        cargo build --profile dist --locked --package tidegate-server --bin tidegate
        TIDEGATE_BINARY=${CARGO_TARGET_DIR:-target}/dist/tidegate
    fi
fi
if [ -n "${TIDEGATE_BINARY:-}" ]; then
    [ -e "$work/context/ca-certificates.crt" ] || cp /etc/ssl/certs/ca-certificates.crt "$work/context/"
    cp "$TIDEGATE_BINARY" "$work/context/tidegate"
    chmod 755 "$work/context/tidegate"
    docker build -q -t $TIDEGATE_IMAGE --target prebuilt -f Dockerfile "$work/context" 2>"$work/build.log" ||
        { cat "$work/build.log"; exit 1; }
else
    DOCKER_BUILDKIT=1 docker build -q -t $TIDEGATE_IMAGE .
fi
say "image of $(($(docker image inspect --format '{{.Size}}' $TIDEGATE_IMAGE) / 1000000)) MB, user $(docker image inspect --format '{{.Config.User}}' $TIDEGATE_IMAGE)"

# --- up ----------------------------------------------------------------------------------------------------------
is_up=1
up up -d --no-build >"$work/up.log" 2>&1 || { cat "$work/up.log"; exit 1; }
up ps

say "the first administrator"
up logs --no-color tidegate 2>&1 | grep -A 5 'administrator now' >"$work/first"
TIDEGATE_FIRST_PASSWORD=$(sed -n 's/^.*| *password  *//p' "$work/first" | head -1)
up exec -T tidegate tidegate user join admin --workspace demo --role admin --superset-username admin
TIDEGATE_CHECK_TOKEN=$(up exec -T tidegate tidegate token add admin check --workspace demo --scopes read,query --json |
    python3 -c 'import json, sys; made = json.load(sys.stdin); print(made["token"])')
export TIDEGATE_FIRST_PASSWORD TIDEGATE_CHECK_TOKEN
secrets+=(TIDEGATE_CHECK_TOKEN)

python3 $here/check.py "http://localhost:$TIDEGATE_PORT" \
    --sql "docker exec -i -e PGPASSWORD $(up ps -q postgres) psql -h 127.0.0.1 -U tidegate -d metastore -At" \
    --kill "docker kill $(up ps -q tidegate | head -1)" \
    --console "127.0.0.1:$STATSD_CONSOLE_PORT" \
    --nodes 3

# --- after -------------------------------------------------------------------------------------------------------
say "the seed finds its work done"
up run --rm --no-deps seed 2>&1 | grep 'metastore: already there, data: already there'

say "replicas stop in time, and no secret is in any log"
began=$SECONDS
up stop tidegate >/dev/null 2>&1
echo "stopped in $((SECONDS - began)) s"
up logs --no-color >"$work/logs" 2>&1
grep -q '"tool":"list_charts"' "$work/logs" || { echo "FAILED: no audit in the logs" >&2; exit 1; }
for name in "${secrets[@]}"; do
    if grep -qF -- "${!name}" "$work/logs"; then
        echo "FAILED: $name is in the logs" >&2
        exit 1
    fi
done
if grep -qE 'eyJ[A-Za-z0-9_-]{20,}' "$work/logs"; then
    echo "FAILED: a token is in the logs" >&2
    exit 1
fi
echo "ok: $(wc -l <"$work/logs") lines of logs"
say "all good"
