#!/bin/bash
# Runs a command on several majors of PostgreSQL, each in a Debian of its own (debian.sh), and prints
# a line for each: passed, failed or skipped, and why.
#     tools/versions.sh make check
# VERSIONS="15 17" chooses; BUDGET bounds the whole, in seconds. Exit status 1: something failed;
# 77: nothing failed, and nothing could be run. All output is in results/.
set -euo pipefail

cd "$(dirname "$0")/.."
budget=${BUDGET:-0} # 0: no bound, for timeout too
passed=0
failed=0

rm -rf results
mkdir results
for major in ${VERSIONS:-15 17 18 19}; do
    log=results/$major.log
    printf '%s: ' "$major"
    if [ "$budget" -gt 0 ] && [ $SECONDS -ge "$budget" ]; then
        echo "skipped: the $budget s for all were over"
        continue
    fi
    start=$SECONDS
    status=0
    # A signal that ends this script ends the run, too: unshare ignores others than HUP.
    setpriv --pdeathsig HUP timeout --foreground --signal=KILL $((budget ? budget - SECONDS : 0)) \
        nice tools/debian.sh "$major" "$@" >"$log" 2>&1 || status=$?
    summary="$((SECONDS - start)) s; $(grep -E '^[0-9]+ passed, ' "$log" || true)"
    summary+="; $(sed -n 's/^Building doc_extractor for //p' "$log" | tail -n 1)"
    case $status in
        0)
            echo "passed; $summary"
            passed=$((passed + 1))
            ;;
        77) echo "skipped: $(tail -n 1 "$log")" ;;
        137) echo "skipped: not done when the $budget s for all were over" ;;
        *)
            echo "failed; $summary"
            sed -n '/^Building doc_extractor/,$p' "$log"
            failed=$((failed + 1))
            ;;
    esac
done

if [ "$failed" -gt 0 ]; then
    exit 1
elif [ "$passed" -eq 0 ]; then
    exit 77
fi
