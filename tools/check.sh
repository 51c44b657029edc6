#!/bin/bash
# Runs the SQL, isolation and TAP tests beside the server of sandbox.sh: all of them, or those that
# TESTS names. Leaves their output and logs in results/.
set -euo pipefail

bindir=$(pg_config --bindir)
support=$(dirname "$(pg_config --pgxs)")/../test
passed=0
failed=0
skipped=0
failures=() # names of tests

# Prints the names of the given test files, or of those that TESTS names.
wanted() {
    local file name
    for file in "$@"; do
        name=$(basename "${file%.*}")
        if [ -e "$file" ] && [[ -z ${TESTS:-} || " $TESTS " == *" $name "* ]]; then
            echo "$name"
        fi
    done
}

# Runs tests with pg_regress or pg_isolation_regress, and takes the counts from its summary.
regress() {
    local suite=$1 program=$2 name bad=0
    shift 2
    [ $# -gt 0 ] || return 0
    echo "$suite tests"
    # A test without expected output would end the whole run: let it fail like any other.
    for name in "$@"; do
        touch -a "expected/$name.out"
    done
    if ! "$program" --inputdir=test --outputdir=. --bindir="$bindir" --dbname=contrib_regression "$@" 2>&1 |
        tee "results/$suite.log"; then
        bad=$(sed -nE 's/.* ([0-9]+) of [0-9]+ tests failed.*/\1/p' "results/$suite.log")
        bad=${bad:-$#}
        # The first form is that of PostgreSQL 16 and later.
        mapfile -t -O ${#failures[@]} failures < <(
            sed -nE 's/^not ok [0-9]+ +[-+] ([^ ]+).*/\1/p; s/^(test| ) +([^ ]+) +\.\.\. FAILED.*/\2/p' \
                "results/$suite.log"
        )
    fi
    if [ -s regression.diffs ]; then
        cat regression.diffs
        mv regression.diffs "results/$suite.diffs"
    fi
    passed=$((passed + $# - bad))
    failed=$((failed + bad))
}

# Prints the end of each failure, and the names of all tests that failed: who has only the end of the output
# finds them there.
print_failures() {
    local file
    for file in results/{SQL,isolation}.diffs "${failures[@]/%/.log}"; do
        file=results/${file#results/}
        if [ -e "$file" ]; then
            echo "The end of $file:"
            grep -v '^Files=' "$file" | tail -n 15
        fi
    done
    echo "Failed: ${failures[*]}"
    echo "Outputs, differences and logs are in results/"
}

# Runs TAP tests, each with servers of its own.
tap() {
    local name
    [ $# -gt 0 ] || return 0
    echo "TAP tests"
    export PERL5LIB=$support/perl:$PWD/test/helpers PG_REGRESS=$support/regress/pg_regress
    # PostgreSQL 15 reads the first of these, later versions the others.
    export TESTDIR=$PWD TESTDATADIR=$PWD/tmp_check TESTLOGDIR=$PWD/tmp_check/log
    mkdir -p "$TESTLOGDIR"
    for name in "$@"; do
        if ! /usr/bin/prove "test/t/$name.pl" 2>&1 | tee "results/$name.log"; then
            failed=$((failed + 1))
            failures+=("$name")
        elif grep -q ' skipped: ' "results/$name.log"; then
            skipped=$((skipped + 1))
        else
            passed=$((passed + 1))
        fi
    done
    cp -R "$TESTLOGDIR" results/tap
}

mapfile -t sql < <(wanted test/sql/*.sql)
mapfile -t isolation < <(wanted test/specs/*.spec)
mapfile -t tap < <(wanted test/t/*.pl)

mkdir results
regress SQL "$support/regress/pg_regress" "${sql[@]}"
regress isolation "$support/isolation/pg_isolation_regress" "${isolation[@]}"
tap "${tap[@]}"
cp "$PGDATA/server.log" results/

if [ ${#sql[@]} -eq 0 ] && [ -z "${TESTS:-}" ]; then
    echo "No SQL tests found"
    failed=$((failed + 1))
elif [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "No test is called $TESTS"
    failed=1
fi
if [ ${#failures[@]} -gt 0 ]; then
    print_failures
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
