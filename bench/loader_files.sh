# The files that loader.sh loads. It sources this.
# shellcheck shell=bash

BENCH_SMALL_FILES=${BENCH_SMALL_FILES:-60000}
BENCH_FILES=${BENCH_FILES:-1000000}
BENCH_PDFS=${BENCH_PDFS:-1000}
few=1000

count_files() { find "$1" -type f -printf x | wc -c; }

# Makes so many empty files, in folders of 1,000:
#     make_empty_files FOLDER FILES
make_empty_files() {
    mkdir "$1"
    seq 0 $((($2 - 1) / 1000)) | sed "s|^|$1/folder |" | tr '\n' '\0' | xargs -0 mkdir
    seq 0 $(($2 - 1)) | awk -v folder="$1" '{
        printf "%s/folder %d/document %d.txt%c", folder, int($1 / 1000), $1, 0 }' | xargs -0 touch
}

# Makes PDF files of a page, each with 45 lines of a licence of which none begins at the same one.
make_pdf_files() {
    local i
    mkdir pdf
    for ((i = 1; i <= BENCH_PDFS; i++)); do
        { echo "Document $i" && tail -n +$((i % 600)) /usr/share/common-licenses/GPL-3; } |
            sed -n 1,45p | LC_ALL=C awk -f "$OLDPWD/demo/pdf.awk" >"pdf/document $i.pdf"
    done
}

# Makes the folders: small, a copy of files of this machine below 64 kB; texts, those of them that are
# plain texts; pdf; unchanged and few.
make_files() {
    local folder
    mkdir small texts
    for folder in /usr/share /usr/include /usr/lib /usr/src; do
        { find $folder -xdev -type f -readable -size -64k -print0 2>find.log || true; } |
            LC_ALL=C sort -z
    done | sed -zn "1,${BENCH_SMALL_FILES}p" |
        xargs -0 cp --parents --preserve=timestamps -t small
    (cd small && find . -type f ! -name '*.*htm*' -print0 | { xargs -0 grep -IlZ . || true; } |
        xargs -0 cp --link --parents -t ../texts)
    make_pdf_files
    make_empty_files unchanged "$BENCH_FILES"
    make_empty_files few $few
}
