/*
 * row_json.c
 *		Rows of a table as JSON objects, for the trail.
 *
 * Values have the form that PostgreSQL's to_json() gives them.  The types of
 * V001's columns are written directly, all others by to_json().  A value that is
 * longer than doc_extractor.audit_value_limit is replaced by the length and the
 * SHA-256 of its text, or of a bytea's bytes, so that it can still be proved.
 * The form of a value does not depend on the session's settings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "../access/identity.h"
#include "../compat.h"
#include "../lib/sha256.h"
#include "../settings.h"
#include "row_json.h"

/* How to write the values of a column; prepared when first needed. */
typedef struct ColumnEncoder
{
	char	   *key;			/* the name as JSON, with a colon; NULL: not
								 * prepared */
	Oid			type;			/* of the column, or a domain's base type */
	FmgrInfo	to_json;		/* for types that are not written directly */
	FmgrInfo	output;			/* the same types' text, for the hash */
	bool		needs_settings; /* can depend on the session's settings */
} ColumnEncoder;

/* Settings on which the text of values depends, and what they are for the trail. */
static const struct
{
	const char *name;
	const char *value;
}			fixed_settings[] = {
	{"TimeZone", "UTC"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"lc_monetary", "C"},
	{"xmlbinary", "base64"},
	{"quote_all_identifiers", "off"}
};

struct RowEncoder
{
	const Ledger *ledger;
	TupleDesc	desc;
	MemoryContext context;
	ColumnEncoder *columns;		/* one a column of "desc" */
};

/*
 * Returns an encoder for rows of this type of a ledger's, which must outlive it.  It
 * belongs to the current memory context.
 */
RowEncoder *
CreateRowEncoder(const Ledger *ledger, TupleDesc desc)
{
	RowEncoder *encoder = palloc(sizeof(RowEncoder));

	encoder->ledger = ledger;
	encoder->desc = desc;
	encoder->context = CurrentMemoryContext;
	encoder->columns = palloc0(desc->natts * sizeof(ColumnEncoder));
	return encoder;
}

/* Prepares to_json() for a type, which it reads from its call expression. */
static void
PrepareToJson(ColumnEncoder *column, Oid type)
{
	Node	   *argument = (Node *) makeNullConst(type, -1, InvalidOid);
	Oid			output;
	bool		is_varlena;

	fmgr_info(F_TO_JSON, &column->to_json);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSON, JSONOID,
											 list_make1(argument), InvalidOid,
											 InvalidOid, COERCE_EXPLICIT_CALL),
					   &column->to_json);
	getTypeOutputInfo(type, &output, &is_varlena);
	fmgr_info(output, &column->output);
}

/*
 * Returns whether the text of a type's values is the same in every session.  Of the
 * types that are not listed, nothing is known.
 */
static bool
IsFixed(Oid type)
{
	return type == INT2OID || type == BOOLOID || type == NUMERICOID ||
		type == NAMEOID || type == BPCHAROID ||
		type == UUIDOID || type == JSONBOID || type == DATEOID ||
		type == TIMESTAMPOID;
}

/*
 * Returns whether values of a type can be so long that their text is hashed, and the
 * text depends on DateStyle, other than what to_json() writes.
 */
static bool
IsHashedByStyle(Oid type)
{
	return (type == DATEOID || type == TIMESTAMPOID) &&
		doc_extractor_audit_value_limit > 0 &&
		doc_extractor_audit_value_limit < MAXDATELEN;
}

/* Makes a setting fixed. */
static void
FixSetting(const char *name, const char *value)
{
	if (strcmp(GetConfigOption(name, false, false), value) != 0)
		(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Makes the settings fixed, until AtEOXact_GUC() with the level that it returns.  To
 * cast a value of a user's type can run code of the user's.
 */
static int
FixSettings(const Ledger *ledger)
{
	int			level = NewGUCNestLevel();

	FixSetting("search_path", OwnerPath(ledger));
	for (size_t i = 0; i < lengthof(fixed_settings); i++)
		FixSetting(fixed_settings[i].name, fixed_settings[i].value);
	return level;
}

/* Returns whether we write the values of a type ourselves. */
static bool
IsWrittenDirectly(Oid type)
{
	return type == INT4OID || type == INT8OID || type == TEXTOID ||
		type == VARCHAROID || type == JSONOID;
}

/* Returns the encoder of a column, prepared. */
static ColumnEncoder *
GetColumnEncoder(RowEncoder *encoder, int i)
{
	Form_pg_attribute att = TupleDescAttr(encoder->desc, i);
	ColumnEncoder *column = &encoder->columns[i];
	MemoryContext old;
	StringInfoData key;

	if (column->key != NULL)
		return column;
	old = MemoryContextSwitchTo(encoder->context);
	column->type = att->atttypid;
	if (!IsWrittenDirectly(column->type))
		column->type = getBaseType(att->atttypid);
	if (!IsWrittenDirectly(column->type))
		PrepareToJson(column, att->atttypid);
	column->needs_settings = !IsWrittenDirectly(column->type) &&
		(!IsFixed(column->type) || IsHashedByStyle(column->type));
	initStringInfo(&key);
	escape_json(&key, NameStr(att->attname));
	appendStringInfoChar(&key, ':');
	column->key = key.data;
	MemoryContextSwitchTo(old);
	return column;
}

/* Returns whether a text of so many bytes is too long for the trail. */
static bool
IsOverLimit(size_t length)
{
	return doc_extractor_audit_value_limit > 0 &&
		length > (size_t) doc_extractor_audit_value_limit;
}

/* Appends length and hash of a value that is too long. */
static void
AppendDigest(StringInfo json, const char *text, size_t length)
{
	char		hash[HASH_SIZE];

	HashBytes(text, length, hash);
	appendStringInfo(json, "{\"length\":%zu,\"sha256\":\"%s\"}", length, hash);
}

/* Appends a value of a text type, or of type json, unchanged. */
static void
AppendText(StringInfo json, Datum value, bool is_json)
{
	text	   *packed = DatumGetTextPP(value);
	size_t		length = VARSIZE_ANY_EXHDR(packed);

	if (IsOverLimit(length))
		AppendDigest(json, VARDATA_ANY(packed), length);
	else if (is_json)
		appendBinaryStringInfo(json, VARDATA_ANY(packed), length);
	else
	{
		char	   *string = text_to_cstring(packed);

		escape_json(json, string);
		pfree(string);
	}
	if ((Pointer) packed != DatumGetPointer(value))
		pfree(packed);
}

/* Appends a value by to_json(). */
static void
AppendJson(StringInfo json, ColumnEncoder *column, Datum value)
{
	text	   *encoded = DatumGetTextPP(FunctionCall1(&column->to_json, value));

	appendBinaryStringInfo(json, VARDATA_ANY(encoded),
						   VARSIZE_ANY_EXHDR(encoded));
}

/* Appends a bytea: its bytes count, not their hex digits. */
static void
AppendBytes(StringInfo json, ColumnEncoder *column, Datum value)
{
	bytea	   *packed = DatumGetByteaPP(value);

	if (IsOverLimit(VARSIZE_ANY_EXHDR(packed)))
		AppendDigest(json, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	else
		AppendJson(json, column, PointerGetDatum(packed));
}

/* Appends a value of any other type: its text counts. */
static void
AppendOther(StringInfo json, ColumnEncoder *column, Datum value)
{
	if (doc_extractor_audit_value_limit > 0)
	{
		char	   *string = OutputFunctionCall(&column->output, value);
		size_t		length = strlen(string);

		if (IsOverLimit(length))
		{
			AppendDigest(json, string, length);
			return;
		}
	}
	AppendJson(json, column, value);
}

/*
 * Returns a json object, in the current memory context, with those columns of a
 * row whose flag is set.
 */
Datum
EncodeRow(RowEncoder *encoder, TupleTableSlot *slot, const bool *columns)
{
	StringInfoData json;
	char		separator = '{';
	int			settings_level = 0;

	Assert(slot->tts_tupleDescriptor->natts == encoder->desc->natts);
	initStringInfo(&json);
	/* Leave room for the varlena header, which is set at the end. */
	appendStringInfoSpaces(&json, VARHDRSZ);
	slot_getallattrs(slot);
	for (int i = 0; i < encoder->desc->natts; i++)
	{
		Datum		value = slot->tts_values[i];
		ColumnEncoder *column;

		if (!columns[i])
			continue;
		column = GetColumnEncoder(encoder, i);
		if (column->needs_settings && settings_level == 0)
			settings_level = FixSettings(encoder->ledger);
		appendStringInfoChar(&json, separator);
		separator = ',';
		appendStringInfoString(&json, column->key);
		if (slot->tts_isnull[i])
			appendStringInfoString(&json, "null");
		else if (column->type == INT4OID)
			appendStringInfo(&json, "%d", DatumGetInt32(value));
		else if (column->type == INT8OID)
			appendStringInfo(&json, INT64_FORMAT, DatumGetInt64(value));
		else if (column->type == JSONOID)
			AppendText(&json, value, true);
		else if (column->type == TEXTOID || column->type == VARCHAROID)
			AppendText(&json, value, false);
		else if (column->type == BYTEAOID)
			AppendBytes(&json, column, value);
		else
			AppendOther(&json, column, value);
	}
	if (settings_level > 0)
		AtEOXact_GUC(false, settings_level);
	appendStringInfoString(&json, separator == '{' ? "{}" : "}");
	SET_VARSIZE(json.data, json.len);
	return PointerGetDatum(json.data);
}
