#!/bin/bash
# Runs the README's two commands, one after the other and each alone, in a Debian where nothing is
# installed but make and what the case says, and prints a line for each run:
#     bare      nothing more; root's `make check` alone runs all tests here, the others a few
#     server    a server without its headers
#     other     a server and headers of another major than the suite's own (OTHER beside MAJOR)
#     sudo      an ordinary user with sudo
#     refused   an ordinary user whom sudo refuses: the command fails, and says what root has to run
#     user      one without sudo: the same, and it succeeds after root has run that
# CASES="server sudo" chooses cases, TESTS tests; MAJOR=17 takes the suite of another major; BUDGET bounds
# the whole, in seconds. Every run has a fresh copy of a clean folder, which is made once and kept, as
# $FOLDERS/newcomer-15. Exit status 1: something failed. All output is in results/.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/debian_folder.sh"
major=${MAJOR:-15}
other=${OTHER:-17}
clean=$folders/newcomer-$major
work=$folders/newcomer.work

# Runs all cases, and removes what they leave.
run_cases() {
    local case
    if [ "$(id -u)" = 0 ]; then
        mkdir -p "$folders"
        exec 9>"$folders/newcomer.lock"
        flock 9
        trap clean_up EXIT
        trap 'exit 130' HUP INT TERM
    fi
    cd "$checkout"
    . tools/cases.sh
    for case in ${CASES:-server bare refused sudo user other}; do
        [ "$case" = refused ] || run_case "$case demo check" tools/newcomer.sh "$case" demo check
        run_case "$case check" tools/newcomer.sh "$case" check
    done
    print_counts
    [ "$failed" -eq 0 ]
}

clean_up() {
    if [ -n "${running:-}" ]; then
        kill -HUP "$running" || true
        wait "$running" || true
    fi
    # Processes of a case that was ended may take a moment to go.
    rm -rf "$work" 2>/dev/null || { sleep 1 && rm -rf "$work"; }
}

fail() {
    echo "newcomer.sh: $*"
    exit 1
}

# Makes $root a copy of the clean folder.
copy_clean_folder() {
    [ -d "$clean" ] || create_folder "$clean" "$major"
    rm -rf "$work"
    mkdir -p "$work"
    # A third faster, where there is plenty of memory.
    if [ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -gt 8000000 ]; then
        mount -t tmpfs tmpfs "$work"
    fi
    mkdir -p "$root" "$work/changes" "$work/overlay"
    mount -t overlay overlay "$root" \
        -o "lowerdir=$clean,upperdir=$work/changes,workdir=$work/overlay" || cp -a "$clean/." "$root"
    # Nobody needs the copy after a crash.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/doc_extractor"
}

update_lists() { inside apt-get update --error-on=any || skip "apt-get update fails"; }

install() {
    update_lists
    inside env DEBIAN_FRONTEND=noninteractive apt-get -y install --no-install-recommends "$@" ||
        skip "$* does not install"
}

# Makes the machine of a case.
prepare() {
    case $1 in
        bare | user)
            # As in a container's image; but with packages to be had.
            update_lists
            rm -rf "$root"/var/lib/apt/lists/*
            ;;
        server) install postgresql postgresql-contrib libpq-dev ;;
        other)
            # The suite's own stays what apt calls the default.
            printf 'Package: postgresql\nPin: version %s+*\nPin-Priority: 900\n' "$major" \
                >"$root/etc/apt/preferences.d/default"
            add_suites "$other"
            install "postgresql-$other" "postgresql-server-dev-$other"
            ;;
        sudo)
            install sudo
            printf 'newcomer ALL = NOPASSWD: ALL\nDefaults env_keep += "http_proxy https_proxy"\n' \
                >"$root/etc/sudoers.d/newcomer"
            ;;
        refused) install sudo ;;
        *) fail "no case is called $1" ;;
    esac
    case $1 in
        user | sudo | refused)
            newcomer=newcomer
            home=/home/newcomer
            inside useradd --create-home --shell /bin/bash newcomer
            ;;
        *)
            newcomer=root
            home=/root
            ;;
    esac
    copy_checkout "$home/doc_extractor"
    inside chown -R "$newcomer:" "$home/doc_extractor"
}

# Runs make as the newcomer, and keeps its output. Root has the PATH that plain su leaves.
newcomer_makes() {
    if [ "$newcomer" = root ]; then
        inside env -u LC_ALL PATH=/usr/local/bin:/usr/bin:/bin make -C "$home/doc_extractor" "$1"
    else
        inside su --login --whitelist-environment=TESTS,http_proxy,https_proxy newcomer \
            -c "make -C doc_extractor $1"
    fi 2>&1 | tee "$work/log"
}

# Lists all files of the folder, with size and time, and its directories. sudo notes in /run who asked.
list_files() {
    find "$root" -xdev -path "$root/run" -prune -o -type d -printf '%p\n' -o -printf '%p %s %T@\n' | LC_ALL=C sort
}

# Expects the newcomer's command to fail, to leave nothing half done, and to say what root has to run: sets
# advice.
expect_advice() {
    list_files >"$work/before"
    ! newcomer_makes "$1" || fail "make $1 works without what it needs"
    list_files >"$work/after"
    advice=$(sed -n '/^Something is missing here.* as root, then try again:$/ { n; s/^    //p }' "$work/log")
    [ -n "$advice" ] || fail "make $1 does not say what root has to run"
    diff "$work/before" "$work/after" || fail "make $1 has left something half done"
}

# Expects the newcomer's command to succeed, with the server that is there, else with the suite's.
expect_success() {
    local version=$major count servers
    [ "$case" != other ] || version=$other
    newcomer_makes "$1" || fail "make $1 has failed"
    grep -qE "^Building doc_extractor for PostgreSQL ${version}[^0-9]" "$work/log" ||
        fail "make $1 has not used PostgreSQL $version"
    count=$(wc -w <<<"$TESTS")
    if [ "$1" = check ] && [ "$count" -gt 0 ]; then
        grep -qx "$count passed, 0 failed, 0 skipped" "$work/log" || fail "not all of $TESTS have passed"
    fi
    servers=$(find "$root"/usr/lib/postgresql/*/bin/postgres | wc -l)
    [ "$servers" -eq 1 ] || fail "make $1 has installed a second server"
}

if [ $# -eq 0 ]; then
    run_cases
    exit
fi

contain "$@"
case=$1
shift
# Tests of all kinds, of which the last two need most of what prerequisites.sh installs.
few="ingest_document opposite_batches 031_monitoring 033_drivers"
[ "$case $*" != "bare check" ] || few=
export TESTS=${TESTS:-$few}
root=$work/root
copy_clean_folder
open_folder
prepare "$case"
for command in "$@"; do
    case $case in
        refused) expect_advice "$command" ;;
        user)
            expect_advice "$command"
            inside env DEBIAN_FRONTEND=noninteractive sh -c "$advice" <<<y || fail "failed: $advice"
            expect_success "$command"
            ;;
        *) expect_success "$command" ;;
    esac
done
