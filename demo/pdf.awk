# Makes a PDF file of one page from lines of text (ASCII, up to 50 of them):
#     echo 'Invoice 4711' | LC_ALL=C awk -f demo/pdf.awk >invoice.pdf

function add(text) {
    pdf = pdf text "\n"
}

# Adds the next object, and keeps where it begins.
function object(text) {
    offset[++objects] = length(pdf)
    add(objects " 0 obj\n" text "\nendobj")
}

{
    gsub(/[\\()]/, "\\\\&")
    lines = lines "(" $0 ") ' "
}

END {
    page = "BT /F1 11 Tf 72 740 Td 13 TL " lines "ET"
    add("%PDF-1.4")
    object("<< /Type /Catalog /Pages 2 0 R >>")
    object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R" \
        " /Resources << /Font << /F1 4 0 R >> >> >>")
    object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    object("<< /Length " length(page) " >>\nstream\n" page "\nendstream")
    start = length(pdf)
    add("xref\n0 " objects + 1 "\n0000000000 65535 f ")
    for (i = 1; i <= objects; i++)
        add(sprintf("%010d 00000 n ", offset[i]))
    add("trailer << /Size " objects + 1 " /Root 1 0 R >>\nstartxref\n" start "\n%%EOF")
    printf "%s", pdf
}
