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

/*
 * Makes the row of a hash a document's.  If the row is another document's, that
 * one is gone: no two documents have the same hash.
 */
static void
TakeOverHash(const Ledger *ledger, Datum hash, int64 document_id)
{
	Datum		values[2];

	values[0] = hash;
	values[1] = Int64GetDatum(document_id);
	RunStatement(ledger, STATEMENT_TAKE_OVER_HASH, values, NULL, NULL);
}

/* Inserts the row of a new document, or takes over the row that is there. */
void
InsertHash(HashWriter *writer, Datum hash, int64 document_id)
{
	Oid			id_type = ColumnType(RelationGetDescr(writer->rows->rel),
									 writer->document_id);

	StartRow(writer->rows);
	SetColumn(writer->rows, writer->file_hash, hash);
	SetColumn(writer->rows, writer->document_id,
			  IntegerDatum(document_id, id_type));
	if (WriteRow(writer->rows) == ROW_CONFLICTS)
		TakeOverHash(writer->ledger, hash, document_id);
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

	if (current != (Datum) 0 && IsHash(current, hash))
		TakeOverHash(ledger, current, document_id);
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
