/*
 * document.c
 *		A document that is offered for ingestion: what it says, and what its columns
 *		can hold.
 *
 * document_checks.c checks the one against the other.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "parser/scansup.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "../access/columns.h"
#include "../access/table_shape.h"
#include "../lib/encoding.h"
#include "document.h"

/* Returns whether documents has the columns for what extracted a text. */
static bool
HasExtractorColumns(Oid table)
{
	return get_attnum(table, "extractor") > 0 &&
		get_attnum(table, "extracted_at") > 0;
}

/*
 * Returns whether a ledger stores what extracted a text, as since 1.2.  Below it,
 * columns with these names are a user's own.
 */
bool
HasExtractor(const Ledger *ledger)
{
	return OidIsValid(FindLedgerTable(ledger, "document_locations")) &&
		HasExtractorColumns(LedgerTableOid(ledger, "documents"));
}

/* Looks up what the columns of documents hold, if all of them are ours. */
static void
FindFieldLimits(Relation rel, FieldLimits *limits)
{
	TupleDesc	desc = RelationGetDescr(rel);
	AttrNumber	size = ColumnNumber(desc, "documents", "file_size_bytes",
									COLUMN_INTEGER);
	Oid			table = RelationGetRelid(rel);

	for (int i = 0; i < NUMBER_OF_FIELDS; i++)
	{
		AttrNumber	column = ColumnNumber(desc, "documents", FieldName(i),
										  i == FIELD_METADATA ? COLUMN_JSON :
										  COLUMN_TEXT);

		limits->characters[i] = ColumnWidth(desc, column);
	}
	limits->size = ColumnType(desc, size) == INT8OID ? PG_INT64_MAX :
		PG_INT32_MAX;
	limits->extractor = !HasExtractorColumns(table) ? 0 :
		ColumnWidth(desc, get_attnum(table, "extractor"));
}

/* Looks up what the columns of documents hold, in the installed version. */
void
GetFieldLimits(const Ledger *ledger, FieldLimits *limits)
{
	/* A transaction that will write should not have to upgrade its lock. */
	LOCKMODE	lockmode = XactReadOnly || IsInParallelMode() ?
		AccessShareLock : RowExclusiveLock;
	Relation	rel = OpenLedgerTable(ledger, "documents", lockmode);
	uint64		version = TableVersion(rel);

	if (!RecallFacts(rel, FACTS_OF_FIELDS, limits, sizeof(FieldLimits)))
	{
		FindFieldLimits(rel, limits);
		KeepFacts(rel, version, FACTS_OF_FIELDS, limits, sizeof(FieldLimits));
	}
	/* Below 1.2, such a column is a user's own. */
	if (!OidIsValid(FindLedgerTable(ledger, "document_locations")))
		limits->extractor = 0;
	table_close(rel, NoLock);
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

/* Returns whether a text has nothing but white space. */
bool
IsBlank(const char *bytes, int length)
{
	for (int i = 0; i < length; i++)
		if (!scanner_isspace(bytes[i]))
			return false;
	return true;
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

/* Returns whether any of the documents of a batch has a location. */
bool
HaveLocations(Document **documents, int ndocuments)
{
	for (int i = 0; i < ndocuments; i++)
		if (!documents[i]->location.isnull)
			return true;
	return false;
}
