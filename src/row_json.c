/*
 * row_json.c
 *		Rows of a table as JSON objects, for the trail.
 *
 * Values take the form that PostgreSQL's own to_json() gives them.  The types
 * of V001's columns are written directly, all others through to_json().  A
 * value longer than doc_extractor.audit_value_limit is replaced by the length
 * and the SHA-256 of its text, or of a bytea's bytes, so that it stays provable.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "hash.h"
#include "row_json.h"
#include "settings.h"

/* How to write the values of one column; prepared when first needed. */
typedef struct ColumnEncoder
{
	char	   *key;			/* the name as JSON, with its colon; or NULL */
	Oid			type;			/* of the column, a domain looked through */
	FmgrInfo	to_json;		/* set for types not written directly */
	FmgrInfo	output;			/* the same types' text, for its hash */
} ColumnEncoder;

struct RowEncoder
{
	TupleDesc	desc;
	MemoryContext context;
	ColumnEncoder *columns;		/* one a column of "desc" */
};

/*
 * Returns an encoder for rows of "desc", which must outlive it.  It belongs to
 * the current memory context.
 */
RowEncoder *
CreateRowEncoder(TupleDesc desc)
{
	RowEncoder *encoder = palloc(sizeof(RowEncoder));

	encoder->desc = desc;
	encoder->context = CurrentMemoryContext;
	encoder->columns = palloc0(desc->natts * sizeof(ColumnEncoder));
	return encoder;
}

/* Prepares to_json() for a type; it asks its call expression for the type. */
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

/* Tells whether we write a type's values ourselves. */
static bool
IsWrittenDirectly(Oid type)
{
	return type == INT4OID || type == TEXTOID || type == VARCHAROID ||
		type == JSONOID;
}

/* Returns the encoder of a column, ready to use. */
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
	initStringInfo(&key);
	escape_json(&key, NameStr(att->attname));
	appendStringInfoChar(&key, ':');
	column->key = key.data;
	MemoryContextSwitchTo(old);
	return column;
}

/* Tells whether a text of this many bytes is too long for the trail. */
static bool
IsOverLimit(size_t length)
{
	return doc_extractor_audit_value_limit > 0 &&
		length > (size_t) doc_extractor_audit_value_limit;
}

/* Appends what stands for a value that is too long. */
static void
AppendDigest(StringInfo json, const char *text, size_t length)
{
	char		hash[HASH_SIZE];

	HashBytes(text, length, hash);
	appendStringInfo(json, "{\"length\":%zu,\"sha256\":\"%s\"}", length, hash);
}

/* Appends a value of a text type, or of type json, which is taken as it is. */
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

/* Appends a value as to_json() has it. */
static void
AppendJson(StringInfo json, ColumnEncoder *column, Datum value)
{
	text	   *encoded = DatumGetTextPP(FunctionCall1(&column->to_json, value));

	appendBinaryStringInfo(json, VARDATA_ANY(encoded),
						   VARSIZE_ANY_EXHDR(encoded));
}

/* Appends a bytea, whose bytes themselves count, not their hex digits. */
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
 * Returns, as a json value in the current memory context, an object of those
 * columns of the row whose flag is set.
 */
Datum
EncodeRow(RowEncoder *encoder, TupleTableSlot *slot, const bool *columns)
{
	StringInfoData json;
	char		separator = '{';

	initStringInfo(&json);
	/* Room for the header of a varlena, filled in at the end. */
	appendStringInfoSpaces(&json, VARHDRSZ);
	slot_getallattrs(slot);
	for (int i = 0; i < encoder->desc->natts; i++)
	{
		Datum		value = slot->tts_values[i];
		ColumnEncoder *column;

		if (!columns[i])
			continue;
		column = GetColumnEncoder(encoder, i);
		appendStringInfoChar(&json, separator);
		separator = ',';
		appendStringInfoString(&json, column->key);
		if (slot->tts_isnull[i])
			appendStringInfoString(&json, "null");
		else if (column->type == INT4OID)
			appendStringInfo(&json, "%d", DatumGetInt32(value));
		else if (column->type == JSONOID)
			AppendText(&json, value, true);
		else if (column->type == TEXTOID || column->type == VARCHAROID)
			AppendText(&json, value, false);
		else if (column->type == BYTEAOID)
			AppendBytes(&json, column, value);
		else
			AppendOther(&json, column, value);
	}
	appendStringInfoString(&json, separator == '{' ? "{}" : "}");
	SET_VARSIZE(json.data, json.len);
	return PointerGetDatum(json.data);
}
