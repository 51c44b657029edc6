# Turns queries in SQL into C strings: static const char NAME[] = "...";
#     awk -f queries.awk widen.sql
# A query follows the line "-- query: NAME", and ends with a semicolon. What follows "-- define: NAME"
# stands in later queries for a line with its name between two "@". A query becomes a format of
# psprintf(), with the schema as its first argument where it says @extschema@.
function fail(message) {
	printf "%s:%d: %s\n", FILENAME, FNR, message | "cat >&2"
	failed = 1
	exit 1
}

# Returns a line of a query as a C string with its line break.
function string(line) {
	gsub(/["\\]/, "\\\\&", line)
	return "\t\"" line "\\n\"\n"
}

/^-- (define|query): [a-z_]+$/ {
	if (state != "")
		fail("\"" name "\" is not finished")
	state = $2
	name = $3
	text = ""
	next
}
/^ *--/ || NF == 0 {
	if (state != "")
		fail("no comment or empty line may stand within a query")
	next
}
{
	if (state == "")
		fail("a query must follow its name")
	ends = sub(/;$/, "")
}
/^@[a-z_]+@$/ {
	used = substr($1, 2, length($1) - 2)
	if (!(used in definitions))
		fail("nothing defines \"" used "\"")
	text = text definitions[used]
}
!/^@[a-z_]+@$/ {
	text = text string($0)
}
ends {
	if (state == "define:")
		definitions[name] = text
	else
		printf "static const char %s[] =\n%s\t;\n", name, text
	state = ""
}

END {
	if (!failed && state != "")
		fail("\"" name "\" is not finished")
}
