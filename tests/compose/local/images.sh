#!/usr/bin/env bash
# images.sh CONTEXT: for trying docker-compose.yml where no image can be pulled. Makes stand-ins of its images from
# Debian's packages, under the same names, with debootstrap as root; and in CONTEXT what the Dockerfile's target
# `prebuilt` needs beside the binary. Their entrypoints differ from the real ones': see override.yml.
# NGINX_BINARY: an nginx of 1.27.3 or newer to put in the place of Debian's older one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
context=$1

has() { docker image inspect "$1" >/dev/null 2>&1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

base() {
    [ -e "$root/base" ] && return
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root/base" >/dev/null
    # Nothing is started by being installed.
    printf '#!/bin/sh\nexit 101\n' >"$root/base/usr/sbin/policy-rc.d"
    chmod 755 "$root/base/usr/sbin/policy-rc.d"
}

# stand_in IMAGE PACKAGE...: leaves the file system in $root/copy until `done_with IMAGE`.
stand_in() {
    base
    rm -rf "$root/copy"
    cp -a "$root/base" "$root/copy"
    cp /etc/resolv.conf "$root/copy/etc/resolv.conf"
    chroot "$root/copy" apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive chroot "$root/copy" \
        apt-get install -y -q --no-install-recommends "${@:2}" >/dev/null 2>&1
    rm -rf "$root/copy/var/lib/apt/lists"
}

done_with() {
    tar -C "$root/copy" -c . | docker import - "$1" >/dev/null
    echo "stand-in for $1"
}

if ! has debian:bookworm-slim; then
    base
    tar -C "$root/base" -c . | docker import - debian:bookworm-slim >/dev/null
    echo "stand-in for debian:bookworm-slim"
fi
cp /etc/ssl/certs/ca-certificates.crt "$context/"

if ! has redis:7-alpine; then
    stand_in redis:7-alpine redis-server
    mkdir -p "$root/copy/data"
    done_with redis:7-alpine
fi

if ! has postgres:16-alpine; then
    stand_in postgres:16-alpine postgresql
    install -m 755 "$here/postgres.sh" "$root/copy/usr/local/bin/stand-in-postgres"
    ln -s /usr/lib/postgresql/*/bin/pg_isready "$root/copy/usr/local/bin/pg_isready"
    done_with postgres:16-alpine
fi

if ! has nginx:1.27-alpine; then
    stand_in nginx:1.27-alpine nginx-light wget libpcre2-8-0 zlib1g
    [ -z "${NGINX_BINARY:-}" ] || install -m 755 "$NGINX_BINARY" "$root/copy/usr/sbin/nginx"
    done_with nginx:1.27-alpine
fi

# StatsD itself, from npm, without Graphite behind it: its console knows what arrived.
if ! has graphiteapp/graphite-statsd:1.1.10-5; then
    stand_in graphiteapp/graphite-statsd:1.1.10-5 nodejs
    npm install --loglevel=error --no-audit --no-fund --omit=optional --prefix "$root/copy/opt/statsd" statsd@0.9.0 >/dev/null
    cp "$here/statsd.js" "$root/copy/opt/statsd/config.js"
    done_with graphiteapp/graphite-statsd:1.1.10-5
fi
