#!/bin/bash
# Installs, where it is missing, what building needs, with FOR_TESTS what testing needs, and the
# programs that NEEDS names (their packages are called as they are), and prints the pg_config to use:
# $PG_CONFIG, else that of the newest installed server (with headers, if any has them), else that of
# Debian's default version. Debian's server package also starts a cluster, "main", of its own.
set -euo pipefail

tools=$(cd "$(dirname "$0")/.." && pwd)/.tools # Not installed, but fetched, for the tests.
packaged=/usr/lib/postgresql # Debian's packages have each major version in a folder here.

has_server() { [ -x "$packaged/$1/bin/postgres" ]; }
has_headers() { [ -e "$packaged/$1/lib/pgxs/src/makefiles/pgxs.mk" ]; }

# Prints a major version, or nothing if no server is there and apt does not know the default yet.
choose_major() {
    local servers major
    servers=$(find "$packaged"/*/bin/postgres 2>/dev/null | cut -d/ -f5 | sort -rV) || true
    for major in $servers; do
        if has_headers "$major"; then
            echo "$major"
            return
        fi
    done
    if [ -n "$servers" ]; then
        head -n 1 <<<"$servers"
    else
        { apt-cache depends postgresql 2>/dev/null || true; } |
            sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p'
    fi
}

# Sets pg_config, and missing: the Debian packages to install.
look() {
    local major program
    missing=()
    pg_config=${PG_CONFIG:-}
    if [[ -n $pg_config && $pg_config != "$packaged"/* ]]; then
        if ! pg_config=$(command -v "$pg_config") || [ ! -x "$("$pg_config" --bindir)/postgres" ] ||
            [ ! -e "$("$pg_config" --pgxs)" ]; then
            echo "PG_CONFIG=$PG_CONFIG: no PostgreSQL with a server and its headers there" >&2
            exit 1
        fi
    else
        major=$(cut -sd/ -f5 <<<"$pg_config")
        major=${major:-$(choose_major)}
        pg_config=$packaged/$major/bin/pg_config
        has_server "$major" || missing+=("postgresql${major:+-$major}")
        has_headers "$major" || missing+=("postgresql-server-dev-${major:-all}")
    fi
    command -v gcc >/dev/null || missing+=(gcc)
    [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
    command -v make >/dev/null || missing+=(make)
    for program in ${NEEDS:-}; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ -n "${FOR_TESTS:-}" ] || return 0
    command -v prove >/dev/null || missing+=(perl)
    perl -MIPC::Run -e 1 2>/dev/null || missing+=(libipc-run-perl)
    /usr/bin/python3 -c 'import alembic' 2>/dev/null || missing+=(python3-alembic)
    /usr/bin/python3 -c 'import psycopg2' 2>/dev/null || missing+=(python3-psycopg2)
    /usr/bin/python3 -c 'import psycopg' 2>/dev/null || missing+=(python3-psycopg)
    # A node from elsewhere cannot have Debian's packages of modules, but comes with npm.
    has_node_pg || command -v npm >/dev/null || missing+=(nodejs node-pg)
    perl -MYAML::XS -e 1 2>/dev/null || missing+=(libyaml-libyaml-perl)
}

has_node_pg() {
    NODE_PATH=$tools/node_modules:/usr/share/nodejs node -e 'require("pg")' 2>/dev/null
}

# Puts the driver for Node into .tools, unless it is installed.
fetch_node_pg() {
    if ! has_node_pg; then
        echo "Fetching pg with npm" >&2
        npm install --loglevel=error --no-save --no-fund --no-audit --prefix "$tools" pg >&2
    fi
}

# Puts the exporter that the tests run into .tools, unless it is installed. Its package is not
# installed: that would start a service which listens on the network.
unpack_exporter() {
    local exporter=prometheus-postgres-exporter download
    if command -v $exporter >/dev/null || [ -x "$tools/$exporter" ]; then
        return
    fi
    echo "Unpacking $exporter" >&2
    download=$(mktemp -d)
    if ! (cd "$download" && apt-get download $exporter >&2 && mkdir -p "$tools" &&
        dpkg-deb --fsys-tarfile ./*.deb |
        tar -xf - -C "$tools" --strip-components=3 ./usr/bin/$exporter); then
        rm -rf "$download"
        echo "No package $exporter: run apt-get update as root, then try again" >&2
        exit 1
    fi
    rm -rf "$download"
}

look
if [ ${#missing[@]} -gt 0 ]; then
    # Another apt-get, as on a machine that has just started, may hold the lock for a while.
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && command -v sudo >/dev/null; }; then
            echo "Something is missing here. Run this as root, then try again:" >&2
            echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 1
        fi
        apt=(sudo "${apt[@]}")
    fi

    # One broken package source is no reason to stop. Before the update, apt may not have known
    # Debian's default version of PostgreSQL.
    "${apt[@]}" update >&2 || true
    look
    echo "Installing ${missing[*]}" >&2
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >&2
    look
    if [ ${#missing[@]} -gt 0 ]; then
        echo "Still missing: ${missing[*]}" >&2
        exit 1
    fi
fi
if [ -n "${FOR_TESTS:-}" ]; then
    unpack_exporter
    fetch_node_pg
fi
echo "$pg_config"
