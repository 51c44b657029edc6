#!/bin/bash
# Runs a command beside a throw-away PostgreSQL server that has this doc_extractor installed:
#     tools/sandbox.sh psql
#     tools/sandbox.sh make installcheck
# The command runs in a copy of the checkout, with the server's programs first in PATH; its results/
# folder, if any, is copied back. All of it lies in one folder, which is removed at the end; the
# machine's own PostgreSQL is only read.
set -euo pipefail

# With plain su, root keeps the PATH of an ordinary user, which lacks runuser.
PATH=$PATH:/usr/sbin:/sbin

checkout=$(cd "$(dirname "$0")/.." && pwd)
PG_CONFIG=$("$checkout/tools/prerequisites.sh")

# Nothing of the caller's make or PostgreSQL session may reach the sandbox.
unset MAKEFLAGS MFLAGS MAKELEVEL
for variable in ${!PG@}; do
    [[ $variable == PG_* ]] || unset "$variable"
done

# The server refuses to run as root.
as_server=()
if [ "$(id -u)" = 0 ]; then
    if ! id postgres >/dev/null 2>&1; then
        echo "No user postgres is here to run a server for root: run this as an ordinary user" >&2
        exit 1
    fi
    as_server=(runuser -u postgres --)
fi

# Not in TMPDIR: the path of a socket must be short, and postgres must get there.
sandbox=$(mktemp -d /tmp/doc_extractor.XXXXXX)
# What runs in the sandbox can put links there. Root, who would follow them, writes here instead.
own=$(mktemp -d)
if [ "$(id -u)" = 0 ]; then
    chown postgres: "$sandbox"
fi
cd "$sandbox"
bindir=$("$PG_CONFIG" --bindir)

# Runs a command as the server's user. Root's own PATH stays without the sandbox's programs, which that
# user can replace.
run() {
    "${as_server[@]}" env LC_ALL=C.UTF-8 HOME="$sandbox" TMPDIR="$sandbox/tmp" \
        PATH="$sandbox/tree$bindir:$PATH:$sandbox/checkout/.tools" \
        PGDATA="$sandbox/data" PGHOST="$sandbox" PGUSER=postgres PGDATABASE=postgres "$@"
}

# Copies results/ back: files and folders, but no links, devices or set-user-ID bits.
copy_results() {
    run tar -C checkout -cf - results | tar -C "$own" --no-same-owner -xf -
    find "$own/results" ! -type f ! -type d -delete
    chmod -R u=rwX,go=rX "$own/results"
    rm -rf "$checkout/results"
    cp -R "$own/results" "$checkout/results"
}

clean_up() {
    cd "$sandbox"
    if [ -e data/postmaster.pid ]; then
        run pg_ctl stop --silent --mode=fast || true
    fi
    if [ -d checkout/results ]; then
        copy_results || echo "The sandbox's results/ could not be copied" >&2
    fi
    rm -rf "$sandbox" "$own"
}
trap clean_up EXIT
trap 'exit 130' HUP INT TERM

# Runs a command whose output matters only if it fails.
quietly() {
    if ! run "$@" >"$own/log" 2>&1; then
        cat "$own/log" >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

# Programs find their libraries and share files from where they lie themselves: a tree of copied
# programs and links to the rest is an installation of its own, for the extension to go in.
run mkdir checkout tmp tree
run mkdir -p "tree$bindir"
run cp -R "$bindir/." "tree$bindir"
for dir in "$("$PG_CONFIG" --sharedir)" "$("$PG_CONFIG" --pkglibdir)"; do
    run mkdir -p "tree$dir"
    run cp -R --symbolic-link "$dir/." "tree$dir"
done
run find tree -name 'doc_extractor*' -prune -exec rm -rf {} +

echo "Building doc_extractor for $("$PG_CONFIG" --version)" >&2
tar -C "$checkout" --exclude=./.git --exclude=./results --exclude='*.o' --exclude='*.so' \
    --exclude=./loader/doc_extractor --exclude=condition_names.h -cf - . |
    run tar -C checkout -xf -
quietly make --silent -C checkout -j "$(nproc)" install \
    PG_CONFIG="$PG_CONFIG" DESTDIR="$sandbox/tree" WERROR=1 with_llvm=no

# The loader needs libraries that the extension does not. Without them, its tests are skipped.
if pkg-config --exists glib-2.0 gio-2.0 libarchive libxml-2.0 libcrypto 2>/dev/null &&
    [ -e "$("$PG_CONFIG" --includedir)/libpq-fe.h" ]; then
    quietly make --silent -C checkout/loader -j "$(nproc)" install \
        PG_CONFIG="$PG_CONFIG" DESTDIR="$sandbox/tree" WERROR=1
fi

# The router is SQL only; its tests need PL/Proxy, and are skipped without.
quietly make --silent -C checkout/router install PG_CONFIG="$PG_CONFIG" DESTDIR="$sandbox/tree"

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
