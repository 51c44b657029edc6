/*
 * trail.c
 *		Rows of audit_log: who did what to which document, when and why.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "relations.h"
#include "settings.h"
#include "trail.h"

/* An error with this SQLSTATE unless V001 knows the action. */
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
			 errhint("It is one of ingested, updated, deleted, classified, tagged and error, in lower case.")));
}

/* Returns a setting as a text, the zero Datum where it is empty. */
static Datum
SettingText(const char *value)
{
	if (value[0] == '\0')
		return (Datum) 0;
	/* What comes with a connection request was not checked yet. */
	pg_verifymbstr(value, strlen(value), false);
	return CStringGetTextDatum(value);
}

/* Returns the column for the login role; 0 in 1.0, which has none. */
static AttrNumber
LoginRoleColumn(TupleDesc desc)
{
	int			column = SPI_fnumber(desc, "db_user");

	return column > 0 && ColumnType(desc, column) == NAMEOID ? column : 0;
}

/* Opens audit_log for rows of one statement, until CloseTrail(). */
void
OpenTrail(Trail *trail, const Ledger *ledger)
{
	RowWriter  *writer = OpenRowWriter(ledger, "audit_log", false);
	MemoryContext old = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	char	   *login_role = GetUserNameFromId(GetSessionUserId(), false);

	trail->writer = writer;
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
	return ColumnType(RelationGetDescr(trail->writer->rel), column);
}

/* Sets a column unless the value is the zero Datum, NULL. */
static void
SetUnlessNull(Trail *trail, AttrNumber column, Datum value)
{
	if (value != (Datum) 0)
		SetColumn(trail->writer, column, value);
}

/* Writes a row; false where a user's BEFORE trigger suppressed it. */
bool
WriteTrail(Trail *trail, const TrailEntry *entry)
{
	RowWriter  *writer = trail->writer;

	StartRow(writer);
	SetColumn(writer, trail->document_id,
			  IntegerDatum(entry->document_id,
						   TrailColumnType(trail, trail->document_id)));
	SetColumn(writer, trail->action, CStringGetTextDatum(entry->action));
	SetColumn(writer, trail->action_timestamp,
			  TransactionTime(TrailColumnType(trail, trail->action_timestamp)));
	SetColumn(writer, trail->user_or_system, trail->user);
	SetUnlessNull(trail, trail->old_value, entry->old_value);
	SetUnlessNull(trail, trail->new_value, entry->new_value);
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
	Datum		id = slot_getattr(trail->writer->slot, trail->id, &is_null);

	return IntegerValue(id, TrailColumnType(trail, trail->id));
}

/* Runs audit_log's after triggers and closes it. */
void
CloseTrail(Trail *trail)
{
	CloseRowWriter(trail->writer);
}
