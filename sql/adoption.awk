# Makes doc_extractor--unpackaged--1.0.sql: copies the template, and in place of its line
# @REST_OF_1_0@ the end of doc_extractor--1.0.sql, from the line that says so.
#     awk -f sql/adoption.awk doc_extractor--1.0.sql sql/doc_extractor--unpackaged--1.0.sql.in
function fail(message) {
	print "adoption.awk: " message | "cat >&2"
	failed = 1
}

FNR == 1 { file++ }

file == 1 && /^\/\* From here to the end, doc_extractor--unpackaged--1\.0\.sql has the same/ {
	marks++
	next
}
file == 1 {
	if (marks && (lines || NF))
		rest[++lines] = $0
	next
}

$0 == "@REST_OF_1_0@" {
	places++
	for (i = 1; i <= lines; i++)
		print rest[i]
	next
}
{
	print
	around[places + 0]++
}

END {
	if (marks != 1)
		fail("doc_extractor--1.0.sql must have one line \"From here to the end ...\"")
	else if (lines == 0)
		fail("nothing follows \"From here to the end ...\" in doc_extractor--1.0.sql")
	if (places != 1 || !around[0] || !around[1])
		fail("the template must have one line @REST_OF_1_0@, with others before and after it")
	if (failed)
		exit 1
}
