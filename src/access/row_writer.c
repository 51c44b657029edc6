/*
 * row_writer.c
 *		Insertion of rows into one of the extension's tables, without the executor.
 *
 * It does what COPY does for a plain table: defaults, NOT NULL, many rows a page at
 * a time, entries of all indexes.  as_shipped.c says which tables are plain.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../compat.h"
#include "as_shipped.h"
#include "identity.h"
#include "row_defaults.h"
#include "row_writer.h"

/* How many rows, and bytes of rows, are inserted at a time. */
#define MAX_BUFFERED_ROWS 1000
#define MAX_BUFFERED_BYTES (64 * 1024)
#define INITIAL_CAPACITY 8

/* The columns that rows of a table set, as found for the last writer of the table. */
typedef struct SetColumns
{
	const ColumnName *columns;
	int			ncolumns;
	AttrNumber	numbers[12];
} SetColumns;

/* Finds the columns that all rows set.  Raises what ColumnNumber() raises. */
static AttrNumber *
FindColumns(Relation rel, const ColumnName *columns, int ncolumns)
{
	SetColumns *set = palloc0(sizeof(SetColumns));
	uint64		version = TableVersion(rel);

	Assert(ncolumns <= (int) lengthof(set->numbers));
	if (RecallFacts(rel, FACTS_OF_ROWS, set, sizeof(SetColumns)) &&
		set->columns == columns && set->ncolumns == ncolumns)
		return set->numbers;
	set->columns = columns;
	set->ncolumns = ncolumns;
	for (int i = 0; i < ncolumns; i++)
		set->numbers[i] = ColumnNumber(RelationGetDescr(rel),
									   RelationGetRelationName(rel),
									   columns[i].name, columns[i].class);
	KeepFacts(rel, version, FACTS_OF_ROWS, set, sizeof(SetColumns));
	return set->numbers;
}

/* Gets ready for what can run code in indexes. */
static void
StartIndexCode(const RowWriter *writer, CallerIdentity *caller)
{
	if (writer->has_index_code)
		SwitchToOwner(writer->ledger, RelationGetRelid(writer->rel), caller);
}

/* Ends this. */
static void
EndIndexCode(const RowWriter *writer, const CallerIdentity *caller)
{
	if (writer->has_index_code)
		SwitchBack(caller);
}

/* Opens the table's indexes for insertion, and prepares the rest. */
static void
PrepareWriter(RowWriter *writer, ConflictAction conflict_action)
{
	CallerIdentity caller;

	/* Users' index expressions see what this transaction has written so far. */
	CommandCounterIncrement();
	PushCopiedSnapshot(GetActiveSnapshot());
	UpdateActiveSnapshotCommandId();
	/* Checks of a conflict need it at SERIALIZABLE. */
	writer->estate->es_snapshot = GetActiveSnapshot();

	writer->rri = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->rri, writer->rel, 0, NULL, 0);
	/* The server computes what is constant in their expressions. */
	writer->has_index_code = HasIndexCode(writer->rel);
	StartIndexCode(writer, &caller);
	ExecOpenIndices(writer->rri, false);
	EndIndexCode(writer, &caller);
	writer->conflict_action = conflict_action;
	if (conflict_action == CONFLICT_SKIP)
		FindArbiters(&writer->conflicts, writer->rri, writer->estate);
	writer->capacity = INITIAL_CAPACITY;
	writer->slots = palloc0(writer->capacity * sizeof(TupleTableSlot *));
}

/*
 * Opens a ledger's table for rows to be inserted, until CloseRowWriter().  All rows
 * set "columns", a static array; the others get their defaults.  The caller has
 * switched to the owner of documents.  Returns NULL, with the table locked, if rows of
 * this table take an INSERT statement.  Raises 25006 in a read-only transaction.
 */
RowWriter *
OpenRowWriter(const Ledger *ledger, const char *table,
			  ConflictAction conflict_action, const ColumnName *columns,
			  int ncolumns)
{
	Relation	rel;
	EState	   *estate;
	RowWriter  *writer;
	MemoryContext old;

	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	rel = OpenLedgerTable(ledger, table, RowExclusiveLock);
	estate = CreateExecutorState();
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	writer = palloc0(sizeof(RowWriter));
	writer->ledger = ledger;
	writer->rel = rel;
	writer->estate = estate;
	writer->columns = columns;
	writer->numbers = FindColumns(rel, columns, ncolumns);
	if (IsAsShipped(rel, CMD_INSERT))
		writer->defaults = FindDefaults(ledger, rel, writer->numbers, ncolumns);
	if (writer->defaults != NULL)
		PrepareWriter(writer, conflict_action);
	MemoryContextSwitchTo(old);
	if (writer->defaults != NULL)
		return writer;
	FreeExecutorState(estate);
	table_close(rel, NoLock);
	return NULL;
}

/* Returns the number of a column of the open table. */
AttrNumber
WriterColumn(RowWriter *writer, const char *column, ColumnClass class)
{
	return ColumnNumber(RelationGetDescr(writer->rel),
						RelationGetRelationName(writer->rel), column, class);
}

/* Returns whether an index of the table runs code of a user's. */
bool
HasExpressionIndex(const RowWriter *writer)
{
	for (int i = 0; i < writer->rri->ri_NumIndices; i++)
	{
		IndexInfo  *info = writer->rri->ri_IndexRelationInfo[i];

		if (info->ii_Expressions != NIL || info->ii_Predicate != NIL)
			return true;
	}
	return false;
}

/* Makes room for more buffered rows. */
static void
GrowBuffer(RowWriter *writer)
{
	int			old_capacity = writer->capacity;

	writer->capacity *= 2;
	writer->slots = repalloc(writer->slots,
							 writer->capacity * sizeof(TupleTableSlot *));
	memset(writer->slots + old_capacity, 0,
		   (writer->capacity - old_capacity) * sizeof(TupleTableSlot *));
}

/* Returns the slot for the next row. */
static TupleTableSlot *
NextSlot(RowWriter *writer)
{
	MemoryContext old;

	if (writer->nrows == writer->capacity)
		GrowBuffer(writer);
	if (writer->slots[writer->nrows] != NULL)
		return writer->slots[writer->nrows];
	old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	writer->slots[writer->nrows] =
		table_slot_create(writer->rel, &writer->estate->es_tupleTable);
	MemoryContextSwitchTo(old);
	return writer->slots[writer->nrows];
}

/* Starts a new row, in which all columns are NULL. */
void
StartRow(RowWriter *writer)
{
	TupleTableSlot *slot = NextSlot(writer);

	writer->slot = slot;
	ResetPerTupleExprContext(writer->estate);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true,
		   slot->tts_tupleDescriptor->natts * sizeof(bool));
}

/*
 * Returns a text that is longer than its column, without the blanks at its end that
 * do not fit, as SQL has it.  Raises 22001 if it is still too long.
 */
static Datum
CutBlanks(Form_pg_attribute att, Datum value)
{
	Datum		cut = DirectFunctionCall3(varchar, value,
										  Int32GetDatum(att->atttypmod),
										  BoolGetDatum(true));
	text	   *kept = DatumGetTextPP(cut);
	text	   *whole = DatumGetTextPP(value);

	for (int i = VARSIZE_ANY_EXHDR(kept); i < (int) VARSIZE_ANY_EXHDR(whole); i++)
		if (VARDATA_ANY(whole)[i] != ' ')
			ereport(ERROR,
					(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
					 errmsg("value too long for column \"%s\", which holds %d characters",
							NameStr(att->attname),
							att->atttypmod - (int) VARHDRSZ)));
	return cut;
}

/* Returns whether a text is longer than its column allows. */
static bool
IsTooLong(Form_pg_attribute att, Datum value)
{
	int			limit = att->atttypmod - VARHDRSZ;
	text	   *packed = DatumGetTextPP(value);
	int			length = VARSIZE_ANY_EXHDR(packed);

	return length > limit &&
		pg_mbstrlen_with_len(VARDATA_ANY(packed), length) > limit;
}

/*
 * Sets a column of the row, numbered as in OpenRowWriter()'s array.  An integer is
 * given as int8.  A by-reference value must live until WriteRow().
 */
void
SetColumn(RowWriter *writer, int column, Datum value)
{
	AttrNumber	number = writer->numbers[column];
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(writer->rel),
										  number - 1);

	Assert(writer->slot != NULL);
	if (writer->columns[column].class == COLUMN_INTEGER)
		value = IntegerDatum(DatumGetInt64(value), att->atttypid);
	else if (writer->columns[column].class == COLUMN_JSON)
		value = JsonDatum(value, att->atttypid);
	else if (att->atttypid == VARCHAROID && att->atttypmod >= (int32) VARHDRSZ &&
			 IsTooLong(att, value))
		value = CutBlanks(att, value);
	writer->slot->tts_values[number - 1] = value;
	writer->slot->tts_isnull[number - 1] = false;
}

/* Sets a column of a timestamp type to now(). */
void
SetToNow(RowWriter *writer, int column)
{
	Oid			type = ColumnType(RelationGetDescr(writer->rel),
								  writer->numbers[column]);

	SetColumn(writer, column, TransactionTime(type));
}

/* Inserts the buffered rows.  Their slots stay as they are until the next row. */
void
FlushRows(RowWriter *writer)
{
	EState	   *estate = writer->estate;
	CallerIdentity caller;
	MemoryContext old;

	if (writer->nrows == 0)
		return;
	ResetPerTupleExprContext(estate);
	old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));
	table_multi_insert(writer->rel, writer->slots, writer->nrows,
					   GetCurrentCommandId(true), 0, NULL);
	MemoryContextSwitchTo(old);
	StartIndexCode(writer, &caller);
	if (writer->rri->ri_NumIndices > 0)
		for (int i = 0; i < writer->nrows; i++)
			(void) InsertIndexTuples(writer->rri, writer->slots[i], estate,
									 NIL, NULL);
	EndIndexCode(writer, &caller);
	writer->nrows = 0;
	writer->bytes = 0;
}

/* Adds the row to the buffered ones, and inserts them if they are many. */
static void
BufferRow(RowWriter *writer)
{
	bool		should_free;
	HeapTuple	tuple;

	ExecMaterializeSlot(writer->slot);
	tuple = ExecFetchSlotHeapTuple(writer->slot, false, &should_free);
	writer->bytes += tuple->t_len;
	if (should_free)
		pfree(tuple);
	writer->nrows++;
	if (writer->nrows == MAX_BUFFERED_ROWS ||
		writer->bytes >= MAX_BUFFERED_BYTES)
		FlushRows(writer);
}

/* Inserts the row unless it conflicts.  Returns whether it did. */
static bool
InsertRow(RowWriter *writer)
{
	CallerIdentity caller;
	bool		is_stored;

	StartIndexCode(writer, &caller);
	is_stored = InsertUnlessConflict(&writer->conflicts, writer->slot);
	EndIndexCode(writer, &caller);
	return is_stored;
}

/*
 * Inserts the row, at once or together with others.  Returns false if it was left
 * out for a conflict.  Else writer->slot holds it until the next row is started.
 */
bool
WriteRow(RowWriter *writer)
{
	Assert(writer->slot != NULL && TTS_EMPTY(writer->slot));
	FillColumnDefaults(writer->defaults, writer->slot);
	ExecStoreVirtualTuple(writer->slot);
	if (RelationGetDescr(writer->rel)->constr != NULL)
		ExecConstraints(writer->rri, writer->slot, writer->estate);
	if (writer->conflict_action == CONFLICT_SKIP)
		return InsertRow(writer);
	BufferRow(writer);
	return true;
}

/* Inserts the rows that are left, and closes the table.  Its locks stay. */
void
CloseRowWriter(RowWriter *writer)
{
	ResultRelInfo *rri = writer->rri;
	Relation	rel = writer->rel;

	FlushRows(writer);
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	for (int i = 0; i < rri->ri_NumIndices; i++)
	{
		CleanUpInsertion(rri->ri_IndexRelationDescs[i],
						 rri->ri_IndexRelationInfo[i]);
		/* So that the transaction's next write need not lock it again. */
		index_close(rri->ri_IndexRelationDescs[i], NoLock);
	}
	FreeExecutorState(writer->estate);
	table_close(rel, NoLock);
	PopActiveSnapshot();
}
