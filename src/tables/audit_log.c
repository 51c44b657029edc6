/*
 * audit_log.c
 *		Rows of audit_log, the trail: who did what to which document, when and why.
 *
 * The first half writes rows of any kind.  The second half writes those of
 * documents that a statement inserts, updates or deletes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../compat.h"
#include "../lib/encoding.h"
#include "../settings.h"
#include "audit_log.h"

/* 1.1's check of actions, for rows that come from elsewhere than from us. */
#define CHECK_TRIGGER "audit_log_check_actions"

/* Raises an error with this SQLSTATE unless the action is one of V001's. */
void
CheckAction(const char *action, int sqlstate)
{
	static const char *const actions[] = {
		"ingested", "updated", "deleted", "classified", "tagged", "error"
	};

	for (size_t i = 0; i < lengthof(actions); i++)
		if (strcmp(action, actions[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("action \"%s\" is not valid", action),
			 errhint("Valid actions are ingested, updated, deleted, classified, tagged and error, in lower case.")));
}

/* Returns a setting as a text, or zero if it is empty. */
static Datum
SettingText(const char *value)
{
	if (value[0] == '\0')
		return (Datum) 0;
	/* The server does not check the encoding of a connection's options. */
	pg_verifymbstr(value, strlen(value), false);
	return CStringGetTextDatum(value);
}

/*
 * Returns the name of the login role, in the current memory context.  All databases
 * of a server share the names of roles, whatever their encodings.
 */
static char *
LoginRole(void)
{
	char	   *name = GetUserNameFromId(GetSessionUserId(), false);

	return EscapeInvalid(name, strlen(name));
}

/* Returns the column for the login role, or 0 in 1.0, which has none. */
static AttrNumber
LoginRoleColumn(TupleDesc desc)
{
	int			column = SPI_fnumber(desc, "db_user");

	return column > 0 && ColumnType(desc, column) == NAMEOID ? column : 0;
}

/* Opens audit_log for the rows of one statement, until CloseTrail(). */
void
OpenTrail(Trail *trail, const Ledger *ledger)
{
	RowWriter  *writer = OpenRowWriter(ledger, "audit_log", CONFLICT_ERROR,
									   CHECK_TRIGGER);
	MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	char	   *login_role = LoginRole();

	trail->rows = writer;
	trail->id = WriterColumn(writer, "id", COLUMN_INTEGER);
	trail->document_id = WriterColumn(writer, "document_id", COLUMN_INTEGER);
	trail->action = WriterColumn(writer, "action", COLUMN_TEXT);
	trail->action_timestamp = WriterColumn(writer, "action_timestamp",
										   COLUMN_TIME);
	trail->user_or_system = WriterColumn(writer, "user_or_system", COLUMN_TEXT);
	trail->old_value = WriterColumn(writer, "old_value", COLUMN_JSON);
	trail->new_value = WriterColumn(writer, "new_value", COLUMN_JSON);
	trail->change_reason = WriterColumn(writer, "change_reason", COLUMN_TEXT);
	trail->db_user = LoginRoleColumn(RelationGetDescr(writer->rel));
	trail->login_role = DirectFunctionCall1(namein,
											CStringGetDatum(login_role));
	trail->user = SettingText(doc_extractor_user);
	if (trail->user == (Datum) 0)
		trail->user = CStringGetTextDatum(login_role);
	trail->reason = SettingText(doc_extractor_reason);
	MemoryContextSwitchTo(old);
}

/* Returns the type of a column of audit_log. */
static Oid
TrailColumnType(Trail *trail, AttrNumber column)
{
	return ColumnType(RelationGetDescr(trail->rows->rel), column);
}

/* Sets a column, unless the value is zero. */
static void
SetUnlessNull(Trail *trail, AttrNumber column, Datum value)
{
	if (value != (Datum) 0)
		SetColumn(trail->rows, column, value);
}

/* The same for a json value. */
static void
SetJson(Trail *trail, AttrNumber column, Datum value)
{
	if (value != (Datum) 0)
		SetColumn(trail->rows, column,
				  JsonDatum(value, TrailColumnType(trail, column)));
}

/* Writes a row.  Returns false if a user's BEFORE trigger suppressed it. */
bool
WriteTrail(Trail *trail, const TrailEntry *entry)
{
	RowWriter  *writer = trail->rows;

	StartRow(writer);
	SetColumn(writer, trail->document_id,
			  IntegerDatum(entry->document_id,
						   TrailColumnType(trail, trail->document_id)));
	SetColumn(writer, trail->action, CStringGetTextDatum(entry->action));
	SetColumn(writer, trail->action_timestamp,
			  TransactionTime(TrailColumnType(trail, trail->action_timestamp)));
	SetColumn(writer, trail->user_or_system, trail->user);
	SetJson(trail, trail->old_value, entry->old_value);
	SetJson(trail, trail->new_value, entry->new_value);
	SetUnlessNull(trail, trail->change_reason,
				  entry->reason != (Datum) 0 ? entry->reason : trail->reason);
	if (trail->db_user > 0)
		SetColumn(writer, trail->db_user, trail->login_role);
	return WriteRow(writer) == ROW_STORED;
}

/* Returns the id of the row that WriteTrail() has just written. */
int64
LastTrailId(Trail *trail)
{
	bool		is_null;
	Datum		id = slot_getattr(trail->rows->slot, trail->id, &is_null);

	return IntegerValue(id, TrailColumnType(trail, trail->id));
}

/* Closes audit_log, whose AFTER triggers now run. */
void
CloseTrail(Trail *trail)
{
	CloseRowWriter(trail->rows);
}

/*
 * Prepares the trail of a statement on documents, whose row type is "documents".
 * Opens nothing yet: a statement that changes nothing writes no trail.
 */
void
OpenDocumentTrail(DocumentTrail *trail, const Ledger *ledger,
				  TupleDesc documents)
{
	trail->ledger = ledger;
	trail->is_open = false;
	trail->id = ColumnNumber(documents, "documents", "id", COLUMN_INTEGER);
	trail->encoder = CreateRowEncoder(documents);
	trail->columns = palloc(documents->natts * sizeof(bool));
	trail->row_context = AllocSetContextCreate(CurrentMemoryContext,
											   "doc_extractor trail row",
											   ALLOCSET_DEFAULT_SIZES);
}

/* Writes a row with the chosen columns of a document before and after, or NULL. */
static void
WriteDocument(DocumentTrail *trail, const char *action,
			  TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	TupleTableSlot *row = new_row != NULL ? new_row : old_row;
	TrailEntry	entry = {.action = action};
	MemoryContext old;

	if (!trail->is_open)
		OpenTrail(&trail->trail, trail->ledger);
	trail->is_open = true;

	old = MemoryContextSwitchTo(trail->row_context);
	entry.document_id = RequiredInteger(row, trail->id);
	if (old_row != NULL)
		entry.old_value = EncodeRow(trail->encoder, old_row, trail->columns);
	if (new_row != NULL)
		entry.new_value = EncodeRow(trail->encoder, new_row, trail->columns);
	(void) WriteTrail(&trail->trail, &entry);
	MemoryContextSwitchTo(old);
	MemoryContextReset(trail->row_context);
}

/*
 * Returns whether the trail of a whole row includes a column, numbered from 0: not
 * id (that is document_id), no NULL, and no dropped column, whose old values are
 * still there.
 */
static bool
IsIncluded(DocumentTrail *trail, TupleTableSlot *row, int column)
{
	return column != trail->id - 1 && !row->tts_isnull[column] &&
		!TupleDescAttr(row->tts_tupleDescriptor, column)->attisdropped;
}

/*
 * Writes the "ingested" row of a new document.  It leaves out times that equal the
 * trail row's own: every document pays for these bytes.
 */
void
AuditInsert(DocumentTrail *trail, TupleTableSlot *row)
{
	TupleDesc	desc = row->tts_tupleDescriptor;

	slot_getallattrs(row);
	for (int i = 0; i < desc->natts; i++)
		trail->columns[i] = IsIncluded(trail, row, i) &&
			!IsTransactionTime(row->tts_values[i],
							   TupleDescAttr(desc, i)->atttypid);
	WriteDocument(trail, "ingested", NULL, row);
}

/*
 * Returns whether two values of a column differ in any byte.  An unchanged value
 * that is stored out of line keeps its pointer, and need not be fetched.
 */
static bool
ValuesDiffer(Form_pg_attribute att, Datum old_value, Datum new_value)
{
	if (att->attlen == -1 &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(old_value)) &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(new_value)) &&
		memcmp(DatumGetPointer(old_value), DatumGetPointer(new_value),
			   VARSIZE_EXTERNAL(DatumGetPointer(old_value))) == 0)
		return false;
	return !datum_image_eq(old_value, new_value, att->attbyval, att->attlen);
}

/*
 * Chooses, in trail->columns, the columns that an UPDATE has changed, without
 * updated_at.  Returns whether there are any.
 */
bool
ChooseChangedColumns(DocumentTrail *trail, TupleTableSlot *old_row,
					 TupleTableSlot *new_row, AttrNumber updated_at)
{
	TupleDesc	desc = old_row->tts_tupleDescriptor;
	bool		changed = false;

	slot_getallattrs(old_row);
	slot_getallattrs(new_row);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		trail->columns[i] = !att->attisdropped && i != updated_at - 1 &&
			(old_row->tts_isnull[i] != new_row->tts_isnull[i] ||
			 (!old_row->tts_isnull[i] &&
			  ValuesDiffer(att, old_row->tts_values[i],
						   new_row->tts_values[i])));
		changed |= trail->columns[i];
	}
	return changed;
}

/* Writes the "updated" row of a document: the columns just chosen. */
void
AuditUpdate(DocumentTrail *trail, TupleTableSlot *old_row,
			TupleTableSlot *new_row)
{
	WriteDocument(trail, "updated", old_row, new_row);
}

/* Writes the "deleted" row of a document, with all columns. */
void
AuditDelete(DocumentTrail *trail, TupleTableSlot *row)
{
	slot_getallattrs(row);
	for (int i = 0; i < row->tts_tupleDescriptor->natts; i++)
		trail->columns[i] = IsIncluded(trail, row, i);
	WriteDocument(trail, "deleted", row, NULL);
}

/* Closes audit_log if it was opened, and frees the rest. */
void
CloseDocumentTrail(DocumentTrail *trail)
{
	if (trail->is_open)
		CloseTrail(&trail->trail);
	MemoryContextDelete(trail->row_context);
}
