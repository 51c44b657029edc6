/*
 * column_guard.c
 *		The guard against commands that would lose or change values in a ledger.
 *
 * The drop guard sees columns that go.  This is about the rest: columns whose values
 * a command would compute anew, what a crash would empty, and tables and sequences that
 * ALTER EXTENSION would take out of the extension, and so out of every later dump.
 *
 * The server tells of every table that it is about to rewrite, and why, but not what
 * from and to.  So ALTER TABLE is looked at before it starts, and what it does to a
 * table is approved if the values stay.  All other rewrites of columns are refused.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "../compat.h"
#include "column_guard.h"
#include "drop_guard.h"

/* The columns that the extension's versions have created. */
static const char *const documents_columns[] = {
	"id", "file_name", "file_size_bytes", "file_hash", "file_type",
	"ingestion_source", "ingestion_timestamp", "document_text",
	"metadata_extracted", "ingestion_status", "error_message", "created_at",
	"updated_at", NULL
};
static const char *const hash_index_columns[] = {
	"id", "file_hash", "document_id", "first_seen", "duplicate_count",
	"last_seen", NULL
};
static const char *const audit_log_columns[] = {
	"id", "document_id", "action", "action_timestamp", "user_or_system",
	"old_value", "new_value", "change_reason", "db_user", NULL
};
static const char *const error_log_columns[] = {
	"id", "file_name", "error_type", "error_message", "error_timestamp",
	"retry_attempted", "resolution_notes", NULL
};

/* Those since 1.2.  In a ledger of 1.1, they are a user's. */
static const char *const documents_columns_1_2[] =
{"extractor", "extracted_at", NULL};
static const char *const error_log_columns_1_2[] =
{"ingestion_source", "location", "file_hash", NULL};
static const char *const document_locations_columns[] = {
	"id", "ingestion_source", "location", "location_key", "document_id",
	"modified_at", "fingerprint", "size_bytes", "seen_at", NULL
};
static const char *const scans_columns[] = {
	"id", "ingestion_source", "root", "started_at", "finished_at", "seen",
	"added", "changed", "vanished", "failed", NULL
};
static const struct
{
	const char *table;
	const char *const *columns;
	bool		is_since_1_2;
}			ledger_columns[] = {
	{"documents", documents_columns, false},
	{"hash_index", hash_index_columns, false},
	{"audit_log", audit_log_columns, false},
	{"error_log", error_log_columns, false},
	{"documents", documents_columns_1_2, true},
	{"error_log", error_log_columns_1_2, true},
	{"document_locations", document_locations_columns, true},
	{"scans", scans_columns, true}
};

/* Returns whether a name is in a list that ends with NULL. */
static bool
IsInList(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* Returns whether the ledger of a table of the extension's is of 1.2: has its tables. */
static bool
HasTablesOf1_2(Oid table)
{
	Oid			schema = get_rel_namespace(table);

	return IsMemberTable(get_relname_relid("document_locations", schema)) ||
		IsMemberTable(get_relname_relid("scans", schema));
}

/*
 * Returns whether a column of a table of the extension's is the extension's, too.  If
 * the table has been renamed, any table's columns count.
 */
bool
IsLedgerColumn(Oid table, AttrNumber column)
{
	char	   *table_name = get_rel_name(table);
	char	   *name = get_attname(table, column, true);
	bool		is_of_1_2 = HasTablesOf1_2(table);
	bool		has_known_name = false;
	bool		is_known = false;

	if (table_name == NULL || name == NULL)
		return false;
	for (size_t i = 0; i < lengthof(ledger_columns); i++)
	{
		bool		is_listed = IsInList(name, ledger_columns[i].columns) &&
			(is_of_1_2 || !ledger_columns[i].is_since_1_2);

		if (strcmp(table_name, ledger_columns[i].table) != 0)
			is_known |= is_listed;
		else if (is_listed)
			return true;
		else
			has_known_name = true;
	}
	return is_known && !has_known_name;
}

/* Returns whether the command that is just altering a column gives it another name. */
bool
IsRenamed(Oid table, AttrNumber column)
{
	Relation	catalog = table_open(AttributeRelationId, AccessShareLock);
	char	   *name = get_attname(table, column, true);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		is_renamed;

	ScanKeyInit(&keys[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(table));
	ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTEqualStrategyNumber,
				F_INT2EQ, Int16GetDatum(column));
	/* The command has not ended, so only this snapshot sees the new name. */
	scan = systable_beginscan(catalog, AttributeRelidNumIndexId, true,
							  SnapshotSelf, 2, keys);
	tuple = systable_getnext(scan);
	is_renamed = name != NULL && HeapTupleIsValid(tuple) &&
		strcmp(NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname), name) != 0;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return is_renamed;
}

/* Raises 55000: a command would change values in a table. */
static void
RefuseChange(Oid table)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot change the values in table \"%s\", which has data",
					get_rel_name(table)),
			 errdetail("The change would leave no trail. ALTER TABLE can give a column a type that keeps the values: bigint for integer, timestamptz for timestamp, jsonb for json, a longer varchar or text, without USING, or with a cast to that type or AT TIME ZONE."),
			 errhint("To change them all the same, take a backup with pg_dump, then SET doc_extractor.allow_data_loss = on.")));
}

/* A column that gets another type. */
typedef struct ChangedColumn
{
	const char *name;
	Oid			type;			/* the old one */
	int32		typmod;
} ChangedColumn;

/* Returns whether a type is one of the texts. */
static bool
IsText(Oid type)
{
	return type == TEXTOID || type == VARCHAROID;
}

/* Returns whether every value of a column has its equal in another type. */
static bool
HoldsValues(const ChangedColumn *column, Oid type, int32 typmod)
{
	if (typmod >= 0 && (column->typmod < 0 || typmod < column->typmod))
		return false;
	return type == column->type ||
		(IsText(column->type) && IsText(type)) ||
		(column->type == INT4OID && type == INT8OID) ||
		(column->type == TIMESTAMPOID && type == TIMESTAMPTZOID) ||
		(column->type == JSONOID && type == JSONBOID);
}

/* Returns whether an expression, as parsed, is the column and nothing else. */
static bool
IsColumn(Node *expression, const ChangedColumn *column)
{
	List	   *fields;

	if (!IsA(expression, ColumnRef))
		return false;
	fields = ((ColumnRef *) expression)->fields;
	return list_length(fields) == 1 && IsA(linitial(fields), String) &&
		strcmp(strVal(linitial(fields)), column->name) == 0;
}

/*
 * Returns whether an expression, as parsed, is AT TIME ZONE with a zone's name on the
 * column, a time without time zone.
 */
static bool
IsAtTimeZone(Node *expression, const ChangedColumn *column)
{
	FuncCall   *call = (FuncCall *) expression;

	/* The parser qualifies the name, so it is not a user's function. */
	return column->type == TIMESTAMPOID && IsA(expression, FuncCall) &&
		list_length(call->funcname) == 2 &&
		strcmp(strVal(linitial(call->funcname)), "pg_catalog") == 0 &&
		strcmp(strVal(lsecond(call->funcname)), "timezone") == 0 &&
		list_length(call->args) == 2 &&
		IsStringConstant(linitial(call->args)) &&
		IsColumn(lsecond(call->args), column);
}

/* Returns whether USING keeps the values in a new type. */
static bool
KeepsValues(Node *expression, const ChangedColumn *column, Oid new_type)
{
	Oid			type;
	int32		typmod;

	if (expression == NULL || IsColumn(expression, column))
		return true;
	if (IsAtTimeZone(expression, column))
		return new_type == TIMESTAMPTZOID;
	if (!IsA(expression, TypeCast) ||
		!IsColumn(((TypeCast *) expression)->arg, column))
		return false;
	/* A cast to a text of limited length would truncate. */
	typenameTypeIdAndMod(NULL, ((TypeCast *) expression)->typeName, &type,
						 &typmod);
	return HoldsValues(column, type, typmod);
}

/* Returns whether ALTER COLUMN ... TYPE on a table of ours keeps the values. */
static bool
IsHarmless(Oid table, const AlterTableCmd *command)
{
	AttrNumber	number = get_attnum(table, command->name);
	ColumnDef  *definition = (ColumnDef *) command->def;
	ChangedColumn column = {.name = command->name};
	Oid			collation;
	Oid			type;
	int32		typmod;

	/* The server raises the error of a column that is not there. */
	if (number == InvalidAttrNumber || !IsLedgerColumn(table, number))
		return true;
	get_atttypetypmodcoll(table, number, &column.type, &column.typmod,
						  &collation);
	typenameTypeIdAndMod(NULL, definition->typeName, &type, &typmod);
	return HoldsValues(&column, type, typmod) &&
		KeepsValues(definition->raw_default, &column, type);
}

/* The table that the current command may rewrite. */
static Oid	approved_table = InvalidOid;

/*
 * Raises 55000 if a relation is a sequence of ours that ALTER SEQUENCE or ALTER TABLE
 * would make unlogged.  The server tells of no rewrite then.
 */
static void
CheckAlterSequence(Oid relation, const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst(cell);

		if (command->subtype == AT_SetUnLogged &&
			get_rel_persistence(relation) == RELPERSISTENCE_PERMANENT &&
			IsGuardedSequence(relation))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot make sequence \"%s\", whose table has data, unlogged",
							get_rel_name(relation)),
					 errdetail("A crash of the server would set it back to ids that are in use."),
					 errhint("To do it all the same, SET doc_extractor.allow_data_loss = on.")));
	}
}

/* Approves what ALTER TABLE does to a table of ours, if the values stay. */
static void
CheckAlterTable(const AlterTableStmt *statement)
{
	Oid			table = RangeVarGetRelid(statement->relation, NoLock, true);
	bool		is_harmless = true;
	ListCell   *cell;

	/* Nobody else learns from us whether there is data. */
	if (!OidIsValid(table) ||
		!object_ownercheck(RelationRelationId, table, GetUserId()))
		return;
	CheckAlterSequence(table, statement);
	if (!IsMemberTable(table))
		return;
	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst(cell);

		if (command->subtype == AT_AlterColumnType)
			is_harmless &= IsHarmless(table, command);
	}
	if (is_harmless)
		approved_table = table;
	else if (IsGuarded(table))
		RefuseChange(table);
}

/* Checks ALTER EXTENSION ... DROP. */
static void
CheckAlterExtension(const AlterExtensionContentsStmt *statement)
{
	Oid			extension = get_extension_oid(EXTENSION_NAME, true);
	RangeVar   *name;
	Oid			object;

	if (statement->action > 0 || !OidIsValid(extension) ||
		strcmp(statement->extname, EXTENSION_NAME) != 0 ||
		!object_ownercheck(ExtensionRelationId, extension, GetUserId()) ||
		(statement->objtype != OBJECT_TABLE &&
		 statement->objtype != OBJECT_SEQUENCE))
		return;
	name = makeRangeVarFromNameList((List *) statement->object);
	object = RangeVarGetRelid(name, NoLock, true);
	if (OidIsValid(object) &&
		((IsMemberTable(object) && IsGuarded(object)) ||
		 IsGuardedSequence(object)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot take \"%s\" out of extension %s while there is data",
						get_rel_name(object), EXTENSION_NAME),
				 errdetail("Later dumps would not have a table's data, or a sequence's value."),
				 errhint("To keep tables and data without the extension, ALTER EXTENSION %s UPDATE TO 'unpackaged'.",
						 EXTENSION_NAME)));
}

/*
 * Checks a command that is about to start.  Raises 55000 if it would change or lose
 * values in a ledger.
 */
void
CheckCommand(Node *command)
{
	approved_table = InvalidOid;
	if (InOwnScript())
		return;
	if (IsA(command, AlterTableStmt))
		CheckAlterTable((AlterTableStmt *) command);
	else if (IsA(command, AlterExtensionContentsStmt))
		CheckAlterExtension((AlterExtensionContentsStmt *) command);
}

/*
 * Checks a table that is locked and about to be rewritten, for these reasons.  Raises
 * 55000 if values in columns would change that nobody has approved, or if a crash of
 * the server would empty the table from then on.
 */
void
CheckRewrite(Oid table, int reasons)
{
	if (InOwnScript() || !IsMemberTable(table))
		return;
	if ((reasons & AT_REWRITE_COLUMN_REWRITE) != 0 &&
		table != approved_table && IsGuarded(table))
		RefuseChange(table);
	if ((reasons & AT_REWRITE_ALTER_PERSISTENCE) != 0 &&
		get_rel_persistence(table) == RELPERSISTENCE_PERMANENT &&
		IsGuarded(table))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot make table \"%s\", which has data, unlogged",
						get_rel_name(table)),
				 errdetail("A crash of the server would empty it."),
				 errhint("To do it all the same, take a backup with pg_dump, then SET doc_extractor.allow_data_loss = on.")));
}
