# For debian.sh and newcomer.sh, which source it: folders with a Debian, and commands that run in one.
# $root is the folder at hand. Exit status 77: there is nothing to run a command in, and the last line
# printed says why.
# shellcheck shell=bash disable=SC2034,SC2154 # They use what is set here, and set root.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folders=${FOLDERS:-${XDG_CACHE_HOME:-$HOME/.cache}/doc_extractor}
PATH=$PATH:/usr/sbin:/sbin # Plain su leaves them out.

skip() {
    echo "$*"
    exit 77
}

# Prints Debian's suites that together have a major and what it needs; a folder starts from the first.
suites_of() {
    case $1 in
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo testing ;;
        19) echo sid experimental ;;
        *) skip "no suite is known to have PostgreSQL $1" >&2 ;;
    esac
}

# Prints the pg_config of Debian's package of a major.
config_of() { echo "/usr/lib/postgresql/$1/bin/pg_config"; }

# Starts the script again, with its arguments, as the first process of its own namespaces: all mounts and
# processes end with it, however it ends.
contain() {
    if [ $$ -ne 1 ]; then
        [ "$(id -u)" = 0 ] || skip "needs root, for a Debian in a folder"
        unshare --mount --pid --fork true || skip "may not mount anything here"
        exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
    fi
    trap 'exit 130' HUP INT TERM
}

# Makes a folder with a major's first suite, and make, under another name until it is whole.
create_folder() {
    local folder=$1 new=$1.new suite
    suite=$(suites_of "$2" | cut -d ' ' -f 1)
    if ! command -v debootstrap >/dev/null; then
        apt-get update || true
        DEBIAN_FRONTEND=noninteractive apt-get -y install --no-install-recommends debootstrap ||
            skip "debootstrap is missing"
    fi
    rm -rf "$new"
    debootstrap --variant=minbase --include=make "$suite" "$new" || skip "debootstrap $suite failed"
    rm -f "$new"/var/cache/apt/archives/*.deb

    # No package may start a server. A suite's lists may have expired, on a mirror that has stopped.
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod +x "$new/usr/sbin/policy-rc.d"
    cat >"$new/etc/apt/apt.conf.d/90doc_extractor" <<END
Acquire::Check-Valid-Until "false";
APT::Keep-Downloaded-Packages "false";
END
    mv "$new" "$folder"
}

# Mounts what programs in the folder need.
open_folder() {
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t devpts -o ptmxmode=666 devpts "$root/dev/pts"
    cp --remove-destination /etc/resolv.conf "$root/etc/"
}

# Adds the suites of a major to the folder's, after the example of the line that debootstrap wrote.
add_suites() {
    local suite line sources=$root/etc/apt/sources.list
    for suite in $(suites_of "$1"); do
        line=$(sed "s/^\(deb [^ ]*\) [^ ]*/\1 $suite/; q" "$sources")
        grep -qxF "$line" "$sources" || echo "$line" >>"$sources"
    done
    # apt takes nothing from experimental that is not asked for.
    printf 'Package: src:postgresql-%s\nPin: release *\nPin-Priority: 500\n' "$1" \
        >"$root/etc/apt/preferences.d/postgresql-$1"
}

# Copies the checkout, without what was built or fetched in it, to a place in the folder.
copy_checkout() {
    mkdir -p "$root$1"
    tar -C "$checkout" --exclude=./.git --exclude=./.tools --exclude=./results --exclude='*.o' \
        --exclude='*.so' -cf - . |
        tar -C "$root$1" --no-same-owner -xf -
}

# Runs a command in the folder.
inside() {
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" TESTS="${TESTS:-}" \
        chroot "$root" "$@"
}
