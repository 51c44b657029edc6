/*
 * audit_log.c
 *		Rows of audit_log, the trail: who did what to which document, when and why.
 *
 * The first half writes rows of any kind.  The second half writes those of
 * documents that a statement inserts, updates or deletes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../access/statements.h"
#include "../compat.h"
#include "../lib/encoding.h"
#include "../settings.h"
#include "audit_log.h"

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

/*
 * The columns that a row sets.  The statement's parameters have the same order,
 * without the time.
 */
static const ColumnName trail_columns[TRAIL_COLUMNS] = {
	[TRAIL_TIME] = {"action_timestamp", COLUMN_TIME},
	[TRAIL_DOCUMENT] = {"document_id", COLUMN_INTEGER},
	[TRAIL_ACTION] = {"action", COLUMN_TEXT},
	[TRAIL_USER] = {"user_or_system", COLUMN_TEXT},
	[TRAIL_OLD_VALUE] = {"old_value", COLUMN_JSON},
	[TRAIL_NEW_VALUE] = {"new_value", COLUMN_JSON},
	[TRAIL_REASON] = {"change_reason", COLUMN_TEXT},
	[TRAIL_LOGIN_ROLE] = {"db_user", COLUMN_NAME}
};

/*
 * Returns whether a ledger has the column for the login role, as since 1.1.  A column
 * with this name and another type is a user's own.
 */
static bool
HasLoginRole(const Ledger *ledger)
{
	Oid			table = LedgerTableOid(ledger, "audit_log");
	AttrNumber	column = get_attnum(table,
									trail_columns[TRAIL_LOGIN_ROLE].name);

	return column > 0 && get_atttype(table, column) == NAMEOID;
}

/*
 * Opens audit_log for the rows of one statement, until CloseTrail().  The caller has
 * switched to the owner of documents.  What the trail points to belongs to the
 * current memory context.
 */
void
OpenTrail(Trail *trail, const Ledger *ledger)
{
	char	   *login_role = LoginRole();

	LockTableToWrite(ledger, "audit_log");
	trail->ledger = ledger;
	trail->ncolumns = HasLoginRole(ledger) ? TRAIL_COLUMNS : TRAIL_LOGIN_ROLE;
	trail->rows = OpenRowWriter(ledger, "audit_log", CONFLICT_ERROR,
								trail_columns, trail->ncolumns);
	if (trail->rows != NULL)
		trail->id = WriterColumn(trail->rows, "id", COLUMN_INTEGER);
	trail->login_role = DirectFunctionCall1(namein,
											CStringGetDatum(login_role));
	trail->user = SettingText(doc_extractor_application_user);
	if (trail->user == (Datum) 0)
		trail->user = SettingText(doc_extractor_user);
	if (trail->user == (Datum) 0)
		trail->user = CStringGetTextDatum(login_role);
	trail->reason = SettingText(doc_extractor_reason);
}

/* Returns whether a row has no value for a column.  document_id always has one. */
static bool
IsNull(const Datum *values, TrailColumn column)
{
	return column != TRAIL_DOCUMENT && values[column] == (Datum) 0;
}

/* Inserts a row by statement.  Results as WriteTrail()'s. */
static bool
WriteTrailByStatement(Trail *trail, Datum *values, int64 *id)
{
	char		nulls[TRAIL_COLUMNS];
	Datum		result;

	for (int i = TRAIL_TIME + 1; i < trail->ncolumns; i++)
		nulls[i] = IsNull(values, i) ? 'n' : ' ';
	if (RunStatement(trail->ledger,
					 trail->ncolumns == TRAIL_COLUMNS ? STATEMENT_INSERT_TRAIL :
					 STATEMENT_INSERT_TRAIL_1_0,
					 &values[TRAIL_TIME + 1], &nulls[TRAIL_TIME + 1],
					 &result) == 0)
		return false;
	*id = DatumGetInt64(result);
	return true;
}

/*
 * Writes a row, at once or together with others, and sets its id.  Returns false if
 * a user's trigger suppressed it.
 */
bool
WriteTrail(Trail *trail, const TrailEntry *entry, int64 *id)
{
	Datum		values[TRAIL_COLUMNS] = {
		[TRAIL_DOCUMENT] = Int64GetDatum(entry->document_id),
		[TRAIL_ACTION] = CStringGetTextDatum(entry->action),
		[TRAIL_USER] = trail->user,
		[TRAIL_OLD_VALUE] = entry->old_value,
		[TRAIL_NEW_VALUE] = entry->new_value,
		[TRAIL_REASON] = entry->reason != (Datum) 0 ? entry->reason :
		trail->reason,
		[TRAIL_LOGIN_ROLE] = trail->login_role
	};

	if (trail->rows == NULL)
		return WriteTrailByStatement(trail, values, id);
	StartRow(trail->rows);
	SetToNow(trail->rows, TRAIL_TIME);
	for (int i = TRAIL_TIME + 1; i < trail->ncolumns; i++)
		if (!IsNull(values, i))
			SetColumn(trail->rows, i, values[i]);
	(void) WriteRow(trail->rows);
	*id = RequiredInteger(trail->rows->slot, trail->id);
	return true;
}

/* Closes audit_log. */
void
CloseTrail(Trail *trail)
{
	if (trail->rows != NULL)
		CloseRowWriter(trail->rows);
}

/* Returns whether the trail says that a document was ingested. */
bool
HasTrail(const Ledger *ledger, int64 document_id)
{
	Datum		values[1];

	values[0] = Int64GetDatum(document_id);
	return RunStatement(ledger, STATEMENT_HAS_TRAIL, values, NULL, NULL) > 0;
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
	trail->encoder = CreateRowEncoder(ledger, documents);
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
	int64		id;
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
	(void) WriteTrail(&trail->trail, &entry, &id);
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
