#!/bin/bash
# Runs a command in a copy of the checkout, in a folder with a Debian that has a given PostgreSQL:
#     tools/debian.sh 17 make check
# PG_CONFIG names that PostgreSQL to the command; its results/ folder, if any, becomes results/17
# here. The folder is made once and kept, as $FOLDERS/17; removing it renews it. OLD=15 puts the
# older PostgreSQL of that major beside the other. Exit status 77: there was nothing to run it in,
# and the last line printed says why.
set -euo pipefail

major=$1
shift
checkout=$(cd "$(dirname "$0")/.." && pwd)
results=$checkout/results/$major
folders=${FOLDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/doc_extractor}
root=$folders/$major

skip() {
    echo "$*"
    exit 77
}

# Prints Debian's suites that together have a major and what it needs, the one to start from first.
suites_of() {
    case $1 in
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo testing ;;
        19) echo sid experimental ;;
        *) skip "no suite is known to have PostgreSQL $1" >&2 ;;
    esac
}

# Mounts, and all processes, end with this script, however it ends: it is the first process of
# namespaces of its own.
if [ $$ -ne 1 ]; then
    suites_of "$major" >/dev/null
    [ "$(id -u)" = 0 ] || skip "needs root, for a Debian in a folder"
    unshare --mount --pid --fork true || skip "may not mount anything here"
    exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$major" "$@"
fi
trap 'exit 130' HUP INT TERM

inside() {
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 FOR_TESTS=1 \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" TESTS="${TESTS:-}" \
        chroot "$root" "$@"
}

# Prints the pg_config of Debian's package of a major.
config_of() { echo "/usr/lib/postgresql/$1/bin/pg_config"; }

# Makes the folder, under another name until it is whole.
create() {
    local new=$root.new suite
    suite=$(suites_of "$major" | cut -d ' ' -f 1)
    if ! command -v debootstrap >/dev/null; then
        apt-get update || true
        DEBIAN_FRONTEND=noninteractive apt-get -y install --no-install-recommends debootstrap ||
            skip "debootstrap is missing"
    fi
    rm -rf "$new"
    debootstrap --variant=minbase --include=make "$suite" "$new" || skip "debootstrap $suite failed"

    # No package may start a server. A suite's lists may have expired, on a mirror that has stopped.
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod +x "$new/usr/sbin/policy-rc.d"
    cat >"$new/etc/apt/apt.conf.d/90doc_extractor" <<END
Acquire::Check-Valid-Until "false";
APT::Keep-Downloaded-Packages "false";
END
    mv "$new" "$root"
}

# Adds the suites of a major to the folder's, after the example of the line that debootstrap wrote.
add_suites() {
    local suite line sources=$root/etc/apt/sources.list
    for suite in $(suites_of "$1"); do
        line=$(sed "s/^\(deb [^ ]*\) [^ ]*/\1 $suite/; q" "$sources")
        grep -qxF "$line" "$sources" || echo "$line" >>"$sources"
    done
    # Experimental's packages are for those who ask for them.
    printf 'Package: src:postgresql-%s\nPin: release *\nPin-Priority: 500\n' "$1" \
        >"$root/etc/apt/preferences.d/postgresql-$1"
}

mkdir -p "$folders"
exec 9>"$folders/$major.lock"
flock 9
[ -d "$root" ] || create
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
cp /etc/resolv.conf "$root/etc/"

# What its prerequisites.sh has unpacked is of its Debian, and stays.
mkdir -p "$root/checkout"
find "$root/checkout" -mindepth 1 -maxdepth 1 ! -name .tools -exec rm -rf {} +
tar -C "$checkout" --exclude=./.git --exclude=./.tools --exclude=./results --exclude='*.o' --exclude='*.so' -cf - . |
    tar -C "$root/checkout" -xf -
for each in "$major" ${OLD:-}; do
    add_suites "$each"
    inside env PG_CONFIG="$(config_of "$each")" /checkout/tools/prerequisites.sh ||
        skip "PostgreSQL $each, or what its tests need, does not install from $(suites_of "$each")"
done

status=0
inside env PG_CONFIG="$(config_of "$major")" OLD_PG_CONFIG="$(config_of "${OLD:-}")" \
    sh -c 'cd /checkout && exec "$@"' - "$@" || status=$?
rm -rf "$results"
if [ -d "$root/checkout/results" ]; then
    mkdir -p "$checkout/results"
    cp -R "$root/checkout/results" "$results"
fi
exit "$status"
