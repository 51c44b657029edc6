#!/bin/bash
# Runs a command beside a throw-away PostgreSQL server that has this doc_extractor installed:
#     tools/sandbox.sh psql
#     tools/sandbox.sh make installcheck
# The command runs in a copy of the checkout, with the server's programs first in PATH; its results/
# folder, if any, is copied back. All of it lies in one folder, which is removed at the end; the
# machine's own PostgreSQL is only read.
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
PG_CONFIG=$("$checkout/tools/prerequisites.sh")

# Nothing of the caller's make or PostgreSQL session may reach the sandbox.
unset MAKEFLAGS MFLAGS MAKELEVEL
for variable in ${!PG@}; do
    [[ $variable == PG_* ]] || unset "$variable"
done

# The server refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    run() { runuser -u postgres -- "$@"; }
else
    run() { "$@"; }
fi

# Not in TMPDIR: the path of a socket must be short, and postgres must get there.
sandbox=$(mktemp -d /tmp/doc_extractor.XXXXXX)
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$sandbox"
fi
cd "$sandbox"

clean_up() {
    cd "$sandbox"
    if [ -e data/postmaster.pid ]; then
        run pg_ctl stop --silent --mode=fast || true
    fi
    if [ -d checkout/results ]; then
        rm -rf "$checkout/results"
        cp -R checkout/results "$checkout/results"
    fi
    rm -rf "$sandbox"
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

# Runs a command whose output matters only if it fails.
quietly() {
    if ! run "$@" >log 2>&1; then
        cat log >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

# Programs find their libraries and share files from where they lie themselves: a tree of copied
# programs and links to the rest is an installation of its own, for the extension to go in.
run mkdir checkout tmp tree
bindir=$("$PG_CONFIG" --bindir)
run mkdir -p "tree$bindir"
run cp -R "$bindir/." "tree$bindir"
for dir in "$("$PG_CONFIG" --sharedir)" "$("$PG_CONFIG" --pkglibdir)"; do
    run mkdir -p "tree$dir"
    run cp -R --symbolic-link "$dir/." "tree$dir"
done
run find tree -name 'doc_extractor*' -prune -exec rm -rf {} +

export LC_ALL=C.UTF-8 HOME=$sandbox TMPDIR=$sandbox/tmp
export PATH=$sandbox/tree$bindir:$PATH:$sandbox/checkout/.tools
export PGDATA=$sandbox/data PGHOST=$sandbox PGUSER=postgres PGDATABASE=postgres

echo "Building doc_extractor for $("$PG_CONFIG" --version)" >&2
tar -C "$checkout" --exclude=./.git --exclude=./results --exclude='*.o' --exclude='*.so' \
    --exclude=condition_names.h -cf - . |
    run tar -C checkout -xf -
quietly make --silent -C checkout -j "$(nproc)" install \
    PG_CONFIG="$PG_CONFIG" DESTDIR="$sandbox/tree" WERROR=1 with_llvm=no

quietly initdb --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync
run tee -a data/postgresql.conf >/dev/null <<END
listen_addresses = ''
unix_socket_directories = '$sandbox'
fsync = off
END
quietly pg_ctl start --log=data/server.log

unset PG_CONFIG
cd checkout
run "$@"
