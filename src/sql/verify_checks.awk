# Turns checks in SQL into the elements of a C array: { name, what it counts, since, query, kind }, ...
#     awk -f verify_checks.awk verify_schema.sql verify_dumps.sql verify_data.sql verify_locations.sql
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

# Returns a line of a query as a C string with its line break.
function string(line) {
	gsub(/%/, "%%", line)
	gsub(/@extschema@/, "%1$s", line)
	if (line ~ /@/)
		fail("@extschema@, and what is defined before, are the only variables")
	return "\t\"" escaped(line) "\\n\"\n"
}

/^-- define: [a-z_]+$/ {
	if (state != "")
		fail("the check \"" name "\" is not finished")
	name = $3
	if (name in definitions)
		fail("there is another definition \"" name "\"")
	definitions[name] = ""
	state = "defined"
	next
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
/^-- (counts|informs|lists): ./ {
	if (state != "named")
		fail("what is counted must follow the name of a check")
	kind = toupper(substr($2, 1, length($2) - 1))
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
	if (state == "")
		fail("a query must follow the name of a check and what it counts")
	if (state == "named")
		fail("what is counted must follow the name of a check")
	ends = sub(/;$/, "")
	bare = $0
	gsub(/'[^']*'/, "", bare)
	if (bare ~ /;/)
		fail("a query must end at the end of a line")
	if (NF == 0)
		fail("nothing stands before the end of the query")
}
# A line with nothing but a name stands for what is defined.
/^@[a-z_]+@$/ && $1 != "@extschema@" {
	used = substr($1, 2, length($1) - 2)
	if (!(used in definitions))
		fail("nothing defines \"" used "\"")
	line = definitions[used]
}
!/^@[a-z_]+@$/ {
	line = string($0)
}
state == "defined" {
	definitions[name] = definitions[name] line
	if (ends)
		state = ""
	next
}
{
	state = "query"
	printf "%s%s", line, ends ? "\t,\n" : ""
	if (ends) {
		print "\t" kind "\n},"
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
