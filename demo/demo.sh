#!/bin/bash
# The demo, beside a throw-away server: loads a copy of this machine's documentation twice; then with
# one file changed, one removed and two that fail; then tries the failures again. Last, ledger.sql
# shows what is in the ledger.
set -euo pipefail

checkout=$PWD
cd "$TMPDIR"

title() { printf '\n== %s ==\n' "$*"; }

# Shows a command and runs it. That some files fail (3) is part of the demo.
show() {
    local status=0
    printf '$ %s\n' "$*"
    "$@" 2>&1 || status=$?
    [ $status -eq 0 ] || printf '(exit status %s: some files have failed)\n' $status
    [ $status -eq 0 ] || [ $status -eq 3 ]
}

# Makes invoice.pdf.
make_invoice() {
    printf 'Invoice 4711\nFor 3 boxes of paper, payable in 30 days' |
        LC_ALL=C awk -f "$checkout/demo/pdf.awk" >documents/invoice.pdf
}

# Up to 3,000 files that this user may read, none over 1 MB, the same files every time.
mkdir documents
find /usr/share/common-licenses /usr/share/doc /usr/share/perl /usr/share/postgresql \
    -type f -readable -size -1024k -print0 | LC_ALL=C sort -z | sed -zn 1,3000p |
    xargs -0 cp --parents --preserve=timestamps -t documents
make_invoice
licenses=documents/usr/share/common-licenses

psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE SCHEMA docs' -c 'CREATE EXTENSION doc_extractor SCHEMA docs'

title "Load a copy of this machine's documentation, and an invoice"
show doc_extractor load --source demo documents

title 'Load it again: nothing has changed, so nothing is read'
show doc_extractor load --source demo documents

title 'Change a file, remove one, cut the invoice, forbid to read a file; load again'
echo 'One more line' >>$licenses/Artistic
rm $licenses/BSD
truncate -s 400 documents/invoice.pdf
chmod 0 $licenses/GPL-2
show doc_extractor load --source demo documents

title 'Repair both, and try what has failed again'
make_invoice
chmod u+r $licenses/GPL-2
show doc_extractor load --source demo --retry-failed documents

psql -X -q -v ON_ERROR_STOP=1 -v folder="$PWD/documents/" -f "$checkout/demo/ledger.sql"

cat <<'END'
To try it by hand, on a throw-away server like this one:

    tools/sandbox.sh bash
    createdb archive
    psql -c 'CREATE EXTENSION doc_extractor' archive
    doc_extractor load -d archive /usr/share/doc
    doc_extractor status -d archive
    psql archive

README.md says how to install it.
END
