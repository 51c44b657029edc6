/*
 * document.c
 *		A document on offer: what it must look like.
 *
 * Nothing is cut off to fit: a value that its column cannot hold is an error
 * that names the argument and its limit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "document.h"
#include "relations.h"

/* A field's name, as argument and as column, and what NULL means for it. */
typedef struct FieldRule
{
	const char *name;
	bool		is_required;	/* neither NULL nor blank */
	const char *default_value;	/* NULL: stays NULL */
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

/* Finds out what the columns of documents hold, in the installed version. */
void
GetFieldLimits(const Ledger *ledger, FieldLimits *limits)
{
	Oid			table = LedgerTable(ledger, "documents");

	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
	{
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(table, get_attnum(table, rules[i].name),
							  &type, &typmod, &collation);
		limits->characters[i] = type == VARCHAROID && typmod >= VARHDRSZ ?
			typmod - VARHDRSZ : 0;
	}
	limits->size = get_atttype(table, get_attnum(table, "file_size_bytes")) ==
		INT8OID ? PG_INT64_MAX : PG_INT32_MAX;
}

/* Adds to an error which document of a batch it is about. */
static int
BatchDetail(const Document *document)
{
	NullableDatum name = document->fields[FIELD_NAME];

	if (document->position == 0)
		return 0;
	if (name.isnull)
		return errdetail("It is document %d of the batch.", document->position);
	return errdetail("It is document %d of the batch, with file name \"%s\".",
					 document->position, TextDatumGetCString(name.value));
}

/* Tells whether a text has nothing but white space. */
static bool
IsBlank(const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		if (!scanner_isspace(bytes[i]))
			return false;
	return true;
}

/* Checks one field; an error where it is missing, blank or too long. */
static void
CheckField(Document *document, DocumentField field, int limit)
{
	const FieldRule *rule = &rules[field];
	NullableDatum *value = &document->fields[field];
	text	   *packed;
	int			length;
	int			characters;

	if (value->isnull && rule->default_value != NULL)
	{
		value->value = CStringGetTextDatum(rule->default_value);
		value->isnull = false;
	}
	if (value->isnull)
	{
		if (rule->is_required)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", rule->name),
					 BatchDetail(document)));
		return;
	}
	if (!rule->is_required && limit == 0)
		return;

	packed = DatumGetTextPP(value->value);
	length = VARSIZE_ANY_EXHDR(packed);
	if (rule->is_required && IsBlank(VARDATA_ANY(packed), length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be blank", rule->name),
				 BatchDetail(document)));
	if (limit == 0 || length <= limit)
		return;
	characters = pg_mbstrlen_with_len(VARDATA_ANY(packed), length);
	if (characters > limit)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("%s is too long: %d characters, at most %d are allowed",
						rule->name, characters, limit),
				 BatchDetail(document),
				 errhint("Shorten it, or keep the long form in metadata_extracted.")));
}

/* Tells whether a text is this word. */
static bool
IsWord(Datum value, const char *word)
{
	text	   *packed = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(packed) == strlen(word) &&
		memcmp(VARDATA_ANY(packed), word, strlen(word)) == 0;
}

/* Tells whether V001 knows the status. */
static bool
IsValidStatus(Datum status)
{
	return IsWord(status, "success") || IsWord(status, "failed") ||
		IsWord(status, "retry");
}

/* Tells whether the status of a document says that it arrived whole. */
bool
IsSuccessStatus(Datum status)
{
	return IsWord(status, "success");
}

/* Tells whether the document arrived whole; else it is "failed" or "retry". */
bool
IsSuccess(const Document *document)
{
	return IsSuccessStatus(document->fields[FIELD_STATUS].value);
}

/* An error unless column "status" of a row of documents is valid. */
void
CheckStatus(TupleTableSlot *slot, AttrNumber status)
{
	bool		is_null;
	Datum		value = slot_getattr(slot, status, &is_null);

	if (!is_null && !IsValidStatus(value))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("ingestion_status \"%s\" is not valid",
						TextDatumGetCString(value)),
				 errhint("It is one of success, failed and retry, in lower case.")));
}

/*
 * Checks all that was offered and fills in the defaults, in the current memory
 * context; an error where anything is wrong.
 */
void
CheckDocument(Document *document, const FieldLimits *limits)
{
	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
		CheckField(document, i, i == FIELD_STATUS ? 0 : limits->characters[i]);

	if (!IsValidStatus(document->fields[FIELD_STATUS].value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ingestion_status \"%s\" is not valid",
						TextDatumGetCString(document->fields[FIELD_STATUS].value)),
				 BatchDetail(document),
				 errhint("It is one of success, failed and retry, in lower case.")));
	if (document->size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("file_size_bytes must not be negative: " INT64_FORMAT,
						document->size)));
	if (document->size > limits->size)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("file_size_bytes is too large: " INT64_FORMAT ", at most " INT64_FORMAT " is allowed",
						document->size, limits->size),
				 errhint("The column documents.file_size_bytes holds no more: split the file, or store it elsewhere.")));
}
