/*
 * hash_index.c
 *		Rows of hash_index: insert, move, delete, restore.
 *
 * A row says which document has a hash.  documents is the source: a row follows
 * its document, by the triggers of that table.  Rows are found by their hash,
 * as document_id has no index.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/rel.h"

#include "../access/statements.h"
#include "../compat.h"
#include "../lib/sha256.h"
#include "documents.h"
#include "hash_index.h"

/* Opens hash_index for the rows of new documents, until CloseHashWriter(). */
void
OpenHashWriter(HashWriter *writer, const Ledger *ledger)
{
	writer->ledger = ledger;
	writer->rows = OpenRowWriter(ledger, "hash_index", CONFLICT_SKIP, NULL);
	writer->file_hash = WriterColumn(writer->rows, "file_hash", COLUMN_TEXT);
	writer->document_id = WriterColumn(writer->rows, "document_id",
									   COLUMN_INTEGER);
}

/* Inserts a row.  Returns false if the hash has one. */
static bool
TryInsertHash(HashWriter *writer, Datum hash, int64 document_id)
{
	Oid			id_type = ColumnType(RelationGetDescr(writer->rows->rel),
									 writer->document_id);

	StartRow(writer->rows);
	SetColumn(writer->rows, writer->file_hash, hash);
	SetColumn(writer->rows, writer->document_id,
			  IntegerDatum(document_id, id_type));
	return WriteRow(writer->rows) != ROW_CONFLICTS;
}

/*
 * Makes the row of a hash a document's.  If the row is another document's, that
 * one is gone: no two documents have the same hash.  Returns false if there is no
 * row, or a user's trigger suppresses the update.
 */
static bool
TakeOverHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	return RunStatement(ledger, STATEMENT_TAKE_OVER_HASH, values, NULL,
						NULL) > 0;
}

/* How often a row may be deleted between our insert and our update. */
#define MAX_ATTEMPTS 10

/* Inserts the row of a document, or takes over the row that is there. */
void
InsertHash(HashWriter *writer, Datum hash, int64 document_id)
{
	for (int i = 0; i < MAX_ATTEMPTS; i++)
		if (TryInsertHash(writer, hash, document_id) ||
			TakeOverHash(writer->ledger, hash, document_id))
			return;
}

/* Closes hash_index. */
void
CloseHashWriter(HashWriter *writer)
{
	CloseRowWriter(writer->rows);
}

/*
 * Gives a document back its row, which somebody must have removed.  Does nothing
 * if the document is gone, or has another hash by now.
 */
void
RestoreHash(const Ledger *ledger, const char *hash, int64 document_id)
{
	Datum		current = LockDocument(ledger, document_id);
	HashWriter	writer;

	if (current == (Datum) 0 || !IsHash(current, hash))
		return;
	OpenHashWriter(&writer, ledger);
	InsertHash(&writer, current, document_id);
	CloseHashWriter(&writer);
}

/*
 * How often, in this session and the last transaction that did it, a document was
 * deleted, or got another hash, before it had a row here.  A user's function or
 * trigger can do that to a document that is just being inserted.
 */
static uint64 early_changes = 0;
static LocalTransactionId changing_transaction = InvalidLocalTransactionId;

/* Counts such a change. */
void
NoteEarlyChange(void)
{
	early_changes++;
	changing_transaction = CurrentLocalTransactionId();
}

/* Returns the number of such changes, or 0 if this transaction has made none. */
uint64
EarlyChanges(void)
{
	return changing_transaction == CurrentLocalTransactionId() ?
		early_changes : 0;
}

/* Gives the row of a document its new hash. */
void
MoveHash(const Ledger *ledger, Datum old_hash, Datum new_hash,
		 int64 document_id)
{
	Datum		values[3];

	values[0] = old_hash;
	values[1] = new_hash;
	values[2] = Int64GetDatum(document_id);
	if (RunStatement(ledger, STATEMENT_MOVE_HASH, values, NULL, NULL) == 0)
		NoteEarlyChange();
}

/* Deletes the row of a document that is gone. */
void
DeleteHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	RunStatement(ledger, STATEMENT_DELETE_HASH, values, NULL, NULL);
}
