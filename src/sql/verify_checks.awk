# Turns checks in SQL into the elements of a C array: { name, what it counts, since, query, informs }, ...
#     awk -f verify_checks.awk verify_schema.sql verify_data.sql verify_locations.sql
# The query becomes a format of psprintf(), with the schema as its first argument.
function fail(message) {
	printf "%s:%d: %s\n", FILENAME, FNR, message | "cat >&2"
	failed = 1
	exit 1
}

# Returns text as a C string, without its quotes.
function escaped(text) {
	gsub(/["\\]/, "\\\\&", text)
	return text
}

/^-- check: ./ {
	if (state != "")
		fail("the check \"" name "\" is not finished")
	name = substr($0, 11)
	if (name in names)
		fail("there is another check \"" name "\"")
	names[name]
	since = "1.1"
	state = "named"
	next
}
/^-- since: [1-9]\.[0-9]$/ {
	if (state != "named")
		fail("the version must follow the name of a check")
	since = $3
	next
}
/^-- (counts|informs): ./ {
	if (state != "named")
		fail("what is counted must follow the name of a check")
	informs = $2 == "informs:"
	sub(/^-- [a-z]+: /, "")
	printf "{\n\t\"%s\", \"%s\", \"%s\",\n", escaped(name), escaped($0), since
	state = "counted"
	next
}
/^ *--/ || NF == 0 {
	if (state != "")
		fail("no comment or empty line may stand within a check")
	next
}
{
	if (state != "counted" && state != "query")
		fail("a query must follow the name of a check and what it counts")
	state = "query"
	ends = sub(/;$/, "")
	if (/;/)
		fail("a query must end at the end of a line")
	if (NF == 0)
		fail("nothing stands before the end of the query")
	gsub(/%/, "%%")
	gsub(/@extschema@/, "%1$s")
	if (/@/)
		fail("@extschema@ is the only variable")
	printf "\t\"%s\\n\"%s\n", escaped($0), ends ? "," : ""
	if (ends) {
		print "\t" (informs ? "true" : "false") "\n},"
		state = ""
		checks++
	}
}

END {
	if (failed)
		exit 1
	if (state != "")
		fail("the check \"" name "\" is not finished")
	if (checks == 0)
		fail("there is no check")
}
