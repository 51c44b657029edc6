#!/bin/bash
# Runs the SQL and isolation tests, or those of TESTS, on the sandbox's server under valgrind, and
# fails where valgrind finds an error with doc_extractor on the stack:
#     NEEDS=valgrind tools/sandbox.sh tools/valgrind.sh
# But for the test "memory_and_scans": its 200,000 calls would take as long as all others, and are
# others' calls.
# Debian's server does not tell valgrind about palloc and pfree. So it sees memory that was never
# written only in a new block of malloc, and use of freed memory only when free() has it back: for
# chunks over 8 kB at once, for others with their context's blocks.
set -euo pipefail

postgres=$(pg_config --bindir)/postgres
logs=$PWD/valgrind
all=$(basename -a test/sql/*.sql test/specs/*.spec | sed 's/\..*//' | grep -vx memory_and_scans | xargs)
export TESTS=${TESTS:-$all}

# Whoever starts a server now starts it under valgrind. Without JIT, whose library takes long to load.
pg_ctl stop --silent
mv "$postgres" "$postgres.bin"
cat >"$postgres" <<END
#!/bin/sh
exec valgrind --log-file=$logs/%p.log --suppressions=$PWD/test/valgrind.supp --leak-check=no \
    --num-callers=40 --fullpath-after= --vgdb=no $postgres.bin "\$@"
END
chmod +x "$postgres"
mkdir "$logs"
pg_ctl start --silent --timeout=300 --log="$PGDATA/server.log" --options='-c jit=off'

failed=0
tools/check.sh || failed=1
pg_ctl stop --silent --timeout=300
cp -R "$logs" results/

# An error is a paragraph with a stack; the checkout's own functions come with the path of their source.
paragraphs() { awk -v RS= -v ORS='\n\n' "$@"; }
sed 's/^==[0-9]*== \{0,1\}//' "$logs"/*.log | paragraphs '/\n +at 0x/' >results/valgrind.all
# shellcheck disable=SC2016 # $0 is awk's.
paragraphs -v source="$PWD/src/" 'index($0, source) || /doc_extractor\.so/' results/valgrind.all >results/valgrind.own
cat results/valgrind.own
processes=$(grep -l 'ERROR SUMMARY' "$logs"/*.log | wc -l)
count() { paragraphs 'END { print NR }' "$1"; }
echo "valgrind: $processes processes, $(count results/valgrind.all) errors," \
    "$(count results/valgrind.own) of them in doc_extractor"
[ "$failed" -eq 0 ] && [ ! -s results/valgrind.own ]
