/*
 * document_checks.c
 *		The checks of a document's values, and their defaults.
 *
 * Nothing is truncated: a value that its column cannot hold is an error that
 * names the argument and its limit.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "../lib/encoding.h"
#include "document.h"

/* A field's name, both of the argument and the column, and what NULL means. */
typedef struct FieldRule
{
	const char *name;
	bool		is_required;	/* must be neither NULL nor blank */
	const char *default_value;	/* replaces NULL; NULL: NULL stays */
} FieldRule;

static const FieldRule rules[NUMBER_OF_FIELDS] = {
	[FIELD_NAME] = {"file_name", true, NULL},
	[FIELD_TYPE] = {"file_type", true, NULL},
	[FIELD_SOURCE] = {"ingestion_source", false, "manual"},
	[FIELD_TEXT] = {"document_text", false, NULL},
	[FIELD_METADATA] = {"metadata_extracted", false, NULL},
	[FIELD_STATUS] = {"ingestion_status", false, "success"},
	[FIELD_MESSAGE] = {"error_message", false, NULL}
};

/* Returns a field's name, both of the argument and the column. */
const char *
FieldName(DocumentField field)
{
	return rules[field].name;
}

/* Returns the default of a field that has one. */
const char *
DefaultValue(DocumentField field)
{
	return rules[field].default_value;
}

/* Sets a problem, with a formatted message.  Returns true. */
static bool pg_attribute_printf(4, 5)
SetProblem(Problem *problem, int sqlstate, const char *hint,
		   const char *format,...)
{
	StringInfoData message;
	int			missing;

	initStringInfo(&message);
	do
	{
		va_list		arguments;

		va_start(arguments, format);
		missing = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (missing > 0)
			enlargeStringInfo(&message, missing);
	} while (missing > 0);
	problem->sqlstate = sqlstate;
	problem->message = message.data;
	problem->hint = hint;
	return true;
}

/* Returns the default of a field as a text that lives as long as the session. */
static Datum
DefaultText(DocumentField field)
{
	static Datum texts[NUMBER_OF_FIELDS];

	if (texts[field] == (Datum) 0)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		texts[field] = CStringGetTextDatum(rules[field].default_value);
		MemoryContextSwitchTo(old);
	}
	return texts[field];
}

/*
 * Returns whether a text has a problem: it is not in the database's encoding,
 * blank, or longer than "limit" characters, unless that is 0.
 */
static bool
HasTextProblem(const FieldRule *rule, text *packed, int limit,
			   Problem *problem)
{
	int			length = VARSIZE_ANY_EXHDR(packed);
	int			characters;

	if (!IsEncoded(VARDATA_ANY(packed), length))
		return SetProblem(problem, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
						  NOT_ENCODED_HINT, NOT_ENCODED_MESSAGE, rule->name,
						  GetDatabaseEncodingName());
	if (rule->is_required && IsBlank(VARDATA_ANY(packed), length))
		return SetProblem(problem, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						  "%s must not be blank", rule->name);
	if (limit == 0 || length <= limit)
		return false;
	characters = pg_mbstrlen_with_len(VARDATA_ANY(packed), length);
	return characters > limit &&
		SetProblem(problem, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
				   "Shorten it, or store the long form in metadata_extracted.",
				   "%s is too long: %d characters, at most %d are allowed",
				   rule->name, characters, limit);
}

/* Fills in the defaults of fields that are NULL. */
void
FillDefaults(Document *document)
{
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
	{
		if (!document->fields[i].isnull || rules[i].default_value == NULL)
			continue;
		document->fields[i].value = DefaultText(i);
		document->fields[i].isnull = false;
	}
}

/* Returns whether a field has a problem: it is missing, or its text has one. */
static bool
HasFieldProblem(const Document *document, DocumentField field, int limit,
				Problem *problem)
{
	const FieldRule *rule = &rules[field];
	NullableDatum value = document->fields[field];
	text	   *packed;
	bool		has_problem;

	if (value.isnull)
		return rule->is_required &&
			SetProblem(problem, ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL,
					   "%s must not be null", rule->name);
	packed = DatumGetTextPP(value.value);
	has_problem = HasTextProblem(rule, packed, limit, problem);
	if ((Pointer) packed != DatumGetPointer(value.value))
		pfree(packed);
	return has_problem;
}

/* Returns whether something was said of a location that was not given. */
static bool
LacksLocation(const Document *document, Problem *problem)
{
	bool		has_time = !document->modified_at.isnull;

	return (has_time || !document->fingerprint.isnull) &&
		SetProblem(problem, ERRCODE_INVALID_PARAMETER_VALUE,
				   "Pass the location that it is of.",
				   "%s needs a location",
				   has_time ? "modified_at" : "fingerprint");
}

/*
 * Returns whether what is said of the location has a problem.  A time that is not
 * finite says nothing.
 */
static bool
HasLocationProblem(Document *document, Problem *problem)
{
	static const FieldRule location = {"location", true, NULL};
	static const FieldRule fingerprint = {"fingerprint", false, NULL};

	if (!document->modified_at.isnull &&
		TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(document->modified_at.value)))
		document->modified_at.isnull = true;
	if (document->location.isnull)
		return LacksLocation(document, problem);
	return HasTextProblem(&location,
						  DatumGetTextPP(document->location.value), 0,
						  problem) ||
		(!document->fingerprint.isnull &&
		 HasTextProblem(&fingerprint,
						DatumGetTextPP(document->fingerprint.value), 0,
						problem));
}

/* Returns whether the size has a problem. */
static bool
HasSizeProblem(const Document *document, int64 limit, Problem *problem)
{
	if (document->size < 0)
		return SetProblem(problem, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, NULL,
						  "file_size_bytes must not be negative: " INT64_FORMAT,
						  document->size);
	return document->size > limit &&
		SetProblem(problem, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
				   "Column documents.file_size_bytes cannot hold more: split the file.",
				   "file_size_bytes is too large: " INT64_FORMAT ", at most " INT64_FORMAT " is allowed",
				   document->size, limit);
}

/*
 * Returns whether a hash that was given has a problem, or has no size with it.  Sets
 * the document's hash if it is a good one.
 */
static bool
HasHashProblem(Document *document, Problem *problem)
{
	static const FieldRule rule = {"file_hash", false, NULL};
	text	   *digits;

	if (document->given_hash == (Datum) 0)
		return SetProblem(problem, ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL,
						  "file_hash must not be null");
	digits = DatumGetTextPP(document->given_hash);
	if (HasTextProblem(&rule, digits, 0, problem))
		return true;
	if (!ParseHash(VARDATA_ANY(digits), VARSIZE_ANY_EXHDR(digits),
				   document->hash))
		return SetProblem(problem, ERRCODE_INVALID_PARAMETER_VALUE,
						  "A SHA-256 hash has 64 hexadecimal digits.",
						  "file_hash is not a SHA-256 hash: \"%s\"",
						  text_to_cstring(digits));
	return document->lacks_size &&
		SetProblem(problem, ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL,
				   "file_size_bytes must not be null");
}

/* Returns whether the extractor has a problem. */
static bool
HasExtractorProblem(const Document *document, int limit, Problem *problem)
{
	static const FieldRule rule = {"extractor", true, NULL};

	return document->extractor != (Datum) 0 &&
		HasTextProblem(&rule, DatumGetTextPP(document->extractor), limit,
					   problem);
}

/*
 * Returns whether a document cannot be ingested, and sets "problem" to the reason.
 * Fills in the defaults.
 */
bool
HasProblem(Document *document, const FieldLimits *limits, Problem *problem)
{
	FillDefaults(document);
	if (document->hash_was_given && HasHashProblem(document, problem))
		return true;
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
		if (HasFieldProblem(document, i,
							i == FIELD_STATUS ? 0 : limits->characters[i],
							problem))
			return true;
	if (!IsValidStatus(document->fields[FIELD_STATUS].value))
		return SetProblem(problem, ERRCODE_INVALID_PARAMETER_VALUE,
						  "Valid values are success, failed and retry, in lower case.",
						  "ingestion_status \"%s\" is not valid",
						  TextDatumGetCString(document->fields[FIELD_STATUS].value));
	if (document->hash[0] == '\0' && document->hash_content == NULL)
		return SetProblem(problem, ERRCODE_NULL_VALUE_NOT_ALLOWED,
						  "For an empty document, pass an empty bytea. For a document whose bytes are elsewhere, use ingest_hashed_document().",
						  "content must not be null");
	return HasLocationProblem(document, problem) ||
		HasExtractorProblem(document, limits->extractor, problem) ||
		HasSizeProblem(document, limits->size, problem);
}

/* Raises a problem as an error, with the document's position in its batch. */
void
ReportProblem(const Document *document, const Problem *problem)
{
	char	   *name = PrintableName(document);

	ereport(ERROR,
			(errcode(problem->sqlstate),
			 errmsg("%s", problem->message),
			 document->position == 0 ? 0 :
			 name == NULL ?
			 errdetail("It is document " INT64_FORMAT " of the batch.",
					   document->position) :
			 errdetail("It is document " INT64_FORMAT " of the batch, with file name \"%s\".",
					   document->position, name),
			 problem->hint ? errhint("%s", problem->hint) : 0));
}
