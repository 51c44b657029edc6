/*
 * document.c
 *		A document that is offered for ingestion, and the checks of its values.
 *
 * Nothing is truncated: a value that its column cannot hold is an error that
 * names the argument and its limit.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "../access/columns.h"
#include "../compat.h"
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

/*
 * Returns whether a ledger stores what extracted a text, as since 1.2.  Below it,
 * columns with these names are a user's own.
 */
bool
HasExtractor(const Ledger *ledger)
{
	Oid			table = LedgerTableOid(ledger, "documents");

	return OidIsValid(FindLedgerTable(ledger, "document_locations")) &&
		get_attnum(table, "extractor") > 0 &&
		get_attnum(table, "extracted_at") > 0;
}

/* Looks up what the columns of documents hold, in the installed version. */
void
GetFieldLimits(const Ledger *ledger, FieldLimits *limits)
{
	/* A transaction that will write should not have to upgrade its lock. */
	LOCKMODE	lockmode = XactReadOnly || IsInParallelMode() ?
		AccessShareLock : RowExclusiveLock;
	Relation	rel = OpenLedgerTable(ledger, "documents", lockmode);
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	size = ColumnNumber(desc, "documents", "file_size_bytes",
									COLUMN_INTEGER);

	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
	{
		AttrNumber	column = ColumnNumber(desc, "documents", rules[i].name,
										  i == FIELD_METADATA ? COLUMN_JSON :
										  COLUMN_TEXT);

		limits->characters[i] = ColumnWidth(desc, column);
	}
	limits->size = ColumnType(desc, size) == INT8OID ? PG_INT64_MAX :
		PG_INT32_MAX;
	limits->extractor = !HasExtractor(ledger) ? 0 :
		ColumnWidth(desc, get_attnum(RelationGetRelid(rel), "extractor"));
	table_close(rel, NoLock);
}

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

/* Initializes a document: all fields are NULL, and it has no content. */
void
InitDocument(Document *document, int64 position)
{
	memset(document, 0, sizeof(Document));
	document->position = position;
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
		document->fields[i].isnull = true;
	document->location.isnull = true;
	document->modified_at.isnull = true;
	document->fingerprint.isnull = true;
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

/* Returns whether a text has nothing but white space. */
bool
IsBlank(const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		if (!scanner_isspace(bytes[i]))
			return false;
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

/* Returns whether a text is a given word. */
static bool
IsWord(Datum value, const char *word)
{
	text	   *packed = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(packed) == strlen(word) &&
		memcmp(VARDATA_ANY(packed), word, strlen(word)) == 0;
}

/* Returns whether V001 has this status. */
bool
IsValidStatus(Datum status)
{
	return IsWord(status, "success") || IsWord(status, "failed") ||
		IsWord(status, "retry");
}

/* Returns whether a status says that the document is complete. */
bool
IsSuccessStatus(Datum status)
{
	return IsWord(status, "success");
}

/* Returns whether a document is complete; else it is "failed" or "retry". */
bool
IsSuccess(const Document *document)
{
	return IsSuccessStatus(document->fields[FIELD_STATUS].value);
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
		return !document->fingerprint.isnull &&
			SetProblem(problem, ERRCODE_INVALID_PARAMETER_VALUE,
					   "Pass the location that it is of.",
					   "fingerprint needs a location");
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

/* Returns a text with its invalid bytes escaped, or NULL if it is NULL. */
char *
PrintableText(NullableDatum value)
{
	text	   *packed;

	if (value.isnull)
		return NULL;
	packed = DatumGetTextPP(value.value);
	return EscapeInvalid(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

/* Returns a document's name for a message, or NULL if it has none. */
char *
PrintableName(const Document *document)
{
	return PrintableText(document->fields[FIELD_NAME]);
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

/*
 * Sets size and hash of a document from its content, a bytea.  Frees what it had
 * to decompress.
 */
void
HashContent(Document *document, Datum content)
{
	bytea	   *packed = DatumGetByteaPP(content);

	document->size = VARSIZE_ANY_EXHDR(packed);
	HashBytes(VARDATA_ANY(packed), document->size, document->hash);
	if ((Pointer) packed != DatumGetPointer(content))
		pfree(packed);
}
