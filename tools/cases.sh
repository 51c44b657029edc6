# For scripts that run cases, which source this: prints a line for each case, and the counts of all. BUDGET
# bounds the whole, in seconds.
# shellcheck shell=bash

budget=${BUDGET:-0} # 0: no bound, for timeout too
passed=0
failed=0
skipped=0
running= # the process of a case

rm -rf results
mkdir results

# Runs a command as the case of that name, and prints a line: passed, failed or skipped, and why. The
# command's exit status 77 means that it could not run; its last line then says why. Its output goes to
# results/.
run_case() {
    local name=$1 log=results/${1// /-}.log start=$SECONDS status=0 summary
    shift
    printf '%s: ' "$name"
    if [ "$budget" -gt 0 ] && [ $SECONDS -ge "$budget" ]; then
        echo "skipped: the $budget s for all were over"
        skipped=$((skipped + 1))
        return
    fi
    # A signal that ends this script ends the case, too: unshare ignores others than HUP. A trap runs at
    # once during wait, but only after a command that runs in the foreground.
    setpriv --pdeathsig HUP timeout --foreground --signal=KILL $((budget ? budget - SECONDS : 0)) \
        nice "$@" >"$log" 2>&1 &
    running=$!
    wait $running || status=$?
    running=
    summary="$((SECONDS - start)) s$(sed -nE 's/^[0-9]+ passed, .*/; &/p' "$log" | tail -n 1)"
    summary+=$(sed -n 's/^Building doc_extractor for /; /p' "$log" | tail -n 1)
    case $status in
        0)
            echo "passed; $summary"
            passed=$((passed + 1))
            ;;
        77)
            echo "skipped: $(tail -n 1 "$log")"
            skipped=$((skipped + 1))
            ;;
        137)
            echo "skipped: not done when the $budget s for all were over"
            skipped=$((skipped + 1))
            ;;
        *)
            echo "failed; $summary$(sed -n 's/^Failed: /; failed: /p' "$log" | tail -n 1)"
            # The installation matters only if nothing follows it.
            if grep -q '^Building doc_extractor' "$log"; then
                sed -n '/^Building doc_extractor/,$p' "$log"
            else
                tail -n 40 "$log"
            fi
            failed=$((failed + 1))
            ;;
    esac
}

# Prints the closing line.
print_counts() { echo "$passed passed, $failed failed, $skipped skipped"; }
