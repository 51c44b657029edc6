#!/bin/bash
# Fails if git tracks a file that .gitignore names, one that is binary, or one of more than 1 MB:
# they were added by mistake. Exit status 77: this is no git checkout, so there is nothing to check.
set -euo pipefail

cd "$(dirname "$0")/.."
if [ ! -e .git ]; then
    echo "skipped: no git checkout, as after git archive"
    exit 77
fi

# In a checkout of another user's, git reads nothing without being told that it may.
git() { command git -c safe.directory="$PWD" -c core.quotePath=false "$@"; }

# Each of these prints the names of such files.
ignored() { git ls-files --cached --ignored --exclude-per-directory=.gitignore; }
binary() { git ls-files --eol | sed -n 's/^i\/-text.*\t//p'; }
large() {
    git ls-files --stage | sed 's/^[^ ]* \([^ ]*\) [^\t]*\t/\1 /' |
        git cat-file --batch-check='%(objectsize) %(rest)' |
        awk '$1 > 1000000 { sub(/^[0-9]+ /, ""); print }'
}

failed=0
for kind in ignored binary large; do
    files=$("$kind")
    if [ -n "$files" ]; then
        printf 'tracked, but %s:\n%s\n' "$kind" "$files"
        failed=1
    fi
done
[ "$failed" -eq 0 ] && echo "No tracked file is ignored, binary or large"
