#!/bin/bash
# Installs, where it is missing, what building needs, with FOR_LOADER what the loader needs, with FOR_TESTS
# what testing needs (that includes the loader), with FOR_BENCH the extension to compare with, with either
# PL/Proxy for the router, both if Debian has them for this PostgreSQL, and the programs that NEEDS names
# (their packages have the same names). Prints the
# pg_config to use: $PG_CONFIG, else that of the newest installed server (with headers, if any has them),
# else that of Debian's default version. Debian's server package also starts a cluster, "main", of its own.
set -euo pipefail

# With plain su, root keeps the PATH of an ordinary user, and dpkg does not find its programs.
PATH=$PATH:/usr/sbin:/sbin

checkout=$(cd "$(dirname "$0")/.." && pwd)
tools=$checkout/.tools     # What the tests need and apt does not install.
loader_packages=(pkg-config libglib2.0-dev libarchive-dev libxml2-dev zlib1g-dev libssl-dev libpq-dev
    shared-mime-info poppler-utils)
packaged=/usr/lib/postgresql # Debian's packages have each major version in a folder here.

config_of() { echo "$packaged/$1/bin/pg_config"; }

# These return whether the PostgreSQL of a pg_config has a part. The pg_config itself and pgxs.mk prove
# neither: Debian's client package has both, and the programs that run tests.
has_server() { [ -x "$("$1" --bindir 2>/dev/null)/postgres" ]; }
has_headers() { [ -e "$("$1" --includedir-server 2>/dev/null)/postgres.h" ]; }

# Prints the major version of Debian's packages to use, or nothing if no server is installed and apt does
# not know the default yet.
choose_major() {
    local majors major
    majors=$(find "$packaged"/*/bin/postgres 2>/dev/null | cut -d/ -f5 | awk '$1 >= 14' | sort -rn) || true
    for major in $majors; do
        if has_headers "$(config_of "$major")"; then
            echo "$major"
            return
        fi
    done
    # apt has no headers for a server that is left from an older Debian.
    for major in $majors; do
        if apt-cache show "postgresql-server-dev-$major" >/dev/null 2>&1; then
            echo "$major"
            return
        fi
    done
    major=$({ apt-cache depends postgresql 2>/dev/null || true; } |
        sed -n 's/^ *Depends: postgresql-\([0-9]*\)$/\1/p')
    echo "${major:-${majors%%$'\n'*}}"
}

# Fails if the PostgreSQL of a pg_config that is not Debian's lacks something: apt cannot add it.
require_all_of() {
    local config=$1 support file
    support=$(dirname "$("$config" --pgxs)")/../test
    set -- "$("$config" --bindir)/postgres" "$("$config" --includedir-server)/postgres.h" \
        "$("$config" --pgxs)"
    if [ -n "${FOR_TESTS:-}" ]; then
        set -- "$@" "$support/regress/pg_regress" "$support/isolation/pg_isolation_regress" \
            "$support/perl/PostgreSQL/Test/Cluster.pm" "$("$config" --sharedir)/extension/pgcrypto.control"
    fi
    for file in "$@"; do
        if [ ! -e "$file" ]; then
            echo "$config: this PostgreSQL has no $file" >&2
            exit 1
        fi
    done
}

# Sets pg_config, and missing: the Debian packages to install.
look() {
    local major program bindir
    missing=()
    pg_config=${PG_CONFIG:-}
    if [[ -n $pg_config && $pg_config != "$packaged"/* ]]; then
        # The path must be valid in other folders. Debian's /usr/bin/pg_config stands for one of the packages.
        if ! pg_config=$(command -v "$pg_config") || ! pg_config=$(realpath --no-symlinks "$pg_config") ||
            ! bindir=$("$pg_config" --bindir); then
            echo "PG_CONFIG=$PG_CONFIG: no such program" >&2
            exit 1
        fi
        [[ $bindir != "$packaged"/* ]] || pg_config=$bindir/pg_config
    fi
    if [[ -n $pg_config && $pg_config != "$packaged"/* ]]; then
        require_all_of "$pg_config"
    else
        major=$(cut -sd/ -f5 <<<"$pg_config")
        major=${major:-$(choose_major)}
        pg_config=$(config_of "$major")
        has_server "$pg_config" || missing+=("postgresql${major:+-$major}")
        has_headers "$pg_config" || missing+=("postgresql-server-dev-${major:-all}")
        [ -z "${FOR_BENCH:-}" ] || want_extension table_log "postgresql-$major-tablelog"
        [ -z "${FOR_TESTS:-}${FOR_BENCH:-}" ] || want_extension plproxy "postgresql-$major-plproxy"
    fi
    command -v gcc >/dev/null || missing+=(gcc)
    [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
    command -v make >/dev/null || missing+=(make)
    for program in ${NEEDS:-}; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    [ -z "${FOR_LOADER:-}${FOR_TESTS:-}" ] || has_loader_parts || missing+=("${loader_packages[@]}")
    [ -n "${FOR_TESTS:-}" ] || return 0
    [ -x /usr/bin/prove ] || missing+=(perl)
    # The loader's patterns are compared with git's.
    command -v git >/dev/null || missing+=(git)
    has_module perl IPC::Run || missing+=(libipc-run-perl)
    has_module perl YAML::XS || missing+=(libyaml-libyaml-perl)
    has_module python alembic || missing+=(python3-alembic)
    has_module python psycopg2 || missing+=(python3-psycopg2)
    has_module python psycopg || missing+=(python3-psycopg)
    # The loader's texts are compared with what these make of the same files.
    for program in docx2txt odt2txt w3m; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    # A node from elsewhere cannot have Debian's packages of modules, but comes with npm.
    has_node_pg || command -v npm >/dev/null || missing+=(nodejs node-pg)
}

# Adds the package of an extension to missing, if Debian has it for this PostgreSQL: EXTENSION PACKAGE.
want_extension() {
    if [ ! -e "$("$pg_config" --sharedir 2>/dev/null)/extension/$1.control" ] &&
        apt-cache show "$2" >/dev/null 2>&1; then
        missing+=("$2")
    fi
}

# Returns whether Debian's Perl or Python has a module. The tests do not find one that only this user has,
# by the environment or in a home directory.
has_module() {
    case $1 in
        perl) env -u PERL5LIB -u PERL5OPT /usr/bin/perl "-M$2" -e 1 2>/dev/null ;;
        python) /usr/bin/python3 -I -c "import $2" 2>/dev/null ;;
    esac
}

# Returns whether what the loader is built with is there, and what it uses when it runs.
has_loader_parts() {
    command -v pkg-config >/dev/null && command -v pdftotext >/dev/null && [ -e /usr/share/mime/mime.cache ] &&
        pkg-config --exists glib-2.0 gio-2.0 libarchive libxml-2.0 zlib libcrypto &&
        [ -e /usr/include/postgresql/libpq-fe.h ]
}

# Returns whether node has its driver: the one in .tools, else Debian's.
has_node_pg() {
    NODE_PATH=$tools/node_modules:/usr/share/nodejs node -e 'require("pg")' 2>/dev/null
}

# Removes the driver from .tools if it is not what tools/node/ pins, or is not whole.
drop_other_node_pg() {
    if ! cmp -s "$checkout/tools/node/package-lock.json" "$tools/package-lock.json"; then
        rm -rf "$tools/node_modules"
    fi
}

# Puts the driver for Node into .tools, unless it is installed.
fetch_node_pg() {
    if has_node_pg; then
        return
    fi
    echo "Fetching pg with npm" >&2
    cp "$checkout"/tools/node/package*.json "$staging"
    npm ci --ignore-scripts --omit=optional --loglevel=error --no-fund --no-audit --prefix "$staging" >&2
    rm -rf "$tools/node_modules"
    # The lock file goes last: it says that the rest is whole.
    mv "$staging/node_modules" "$staging/package-lock.json" "$tools"
}

# Puts a program that the tests run into .tools, unless it is installed: PROGRAM, and its path in the package
# of that name. The package itself is not installed: that would start a service which listens on the network.
unpack() {
    local program=$1 path=$2
    if has_program "$program"; then
        return
    fi
    echo "Unpacking $program" >&2
    if ! download "$program"; then
        # apt's lists are missing, or name a version that the mirror no longer has.
        may_be_root || advise "apt-get update"
        update_lists
        download "$program"
    fi
    dpkg-deb --fsys-tarfile "$staging/$program"_*.deb | tar -xOf - "./$path" >"$staging/$program"
    chmod +x "$staging/$program"
    mv "$staging/$program" "$tools"
}

# Returns whether a program is installed, or is in .tools and finds its libraries.
has_program() {
    command -v "$1" >/dev/null || "$tools/$1" --version >/dev/null 2>&1
}

# Prints the libraries that a package needs and that are not installed.
missing_libraries() {
    local library
    for library in $(apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: \(lib[^ ]*\)$/\1/p'); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$library" 2>/dev/null)" = installed ] || echo "$library"
    done
}

# Puts pgbouncer into .tools, and installs the libraries that it needs. Their names differ between Debians,
# so apt must know them. Without them the test of pgbouncer is skipped.
provide_pgbouncer() {
    local libraries
    has_program pgbouncer && return
    mapfile -t libraries < <(missing_libraries pgbouncer)
    if [ ${#libraries[@]} -gt 0 ]; then
        may_be_root || return 0
        run_apt install --no-install-recommends "${libraries[@]}" || return 0
    fi
    unpack pgbouncer usr/sbin/pgbouncer
}

download() { (cd "$staging" && apt-get download "$1" >&2); }

# Returns whether this user may run apt-get as root, and sets how. sudo may be installed and still refuse.
may_be_root() {
    sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo=(sudo)
        sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null && sudo true; }
    fi
}

# Runs apt-get as root. Another one, as on a machine that has just started, may hold the lock for a while.
run_apt() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=300 "$@" >&2
}

# One broken package source is no reason to stop.
update_lists() { run_apt update || true; }

# Fails, and says what root has to run.
advise() {
    echo "Something is missing here, and only root can install it. Run this as root, then try again:" >&2
    echo "    $*" >&2
    exit 1
}

if [ -n "${FOR_TESTS:-}" ]; then
    drop_other_node_pg
fi
look
if [ ${#missing[@]} -gt 0 ]; then
    may_be_root || advise "apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    update_lists
    # Before the update, apt may not have known what it has.
    look
    echo "Installing ${missing[*]}" >&2
    run_apt install --no-install-recommends "${missing[@]}"
    look
    if [ ${#missing[@]} -gt 0 ]; then
        echo "Still missing: ${missing[*]}" >&2
        exit 1
    fi
fi
if [ -n "${FOR_TESTS:-}" ]; then
    mkdir -p "$tools"
    staging=$(mktemp -d "$tools/new.XXXXXX")
    trap 'rm -rf "$staging"' EXIT
    unpack prometheus-postgres-exporter usr/bin/prometheus-postgres-exporter
    provide_pgbouncer
    fetch_node_pg
fi
echo "$pg_config"
