/*
 * column_default.c
 *		What the default of a column is: a constant, now(), the next value of a sequence,
 *		or something that only the executor computes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "column_default.h"

/* Returns whether an expression calls a built-in function that everybody may call. */
static bool
IsCallOf(Node *node, Oid function)
{
	HeapTuple	tuple;
	bool		is_public;

	if (!IsA(node, FuncExpr) || ((FuncExpr *) node)->funcid != function)
		return false;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	is_public = HeapTupleIsValid(tuple) &&
		heap_attisnull(tuple, Anum_pg_proc_proacl, NULL);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return is_public;
}

/* Returns the argument of a function call. */
static Node *
Argument(Node *node)
{
	return linitial(((FuncExpr *) node)->args);
}

/* Returns a constant default.  Its value is still the expression's own. */
static ColumnDefault
ConstantDefault(const Const *constant)
{
	return (ColumnDefault)
	{
		.kind = DEFAULT_CONSTANT,
		.value = {constant->constvalue, constant->constisnull}
	};
}

/* Returns the default that a planned expression is, for a column of this type. */
static ColumnDefault
Classify(Node *node, Oid type)
{
	ColumnDefault result = {.kind = DEFAULT_OTHER};
	Node	   *value = node;

	/* The casts of a column that is not as wide as the function. */
	if (IsCallOf(node, F_INT4_INT8) || IsCallOf(node, F_TIMESTAMP_TIMESTAMPTZ))
		value = Argument(node);
	if (IsA(node, Const))
		return ConstantDefault((Const *) node);
	if (IsCallOf(value, F_NOW) &&
		(type == TIMESTAMPOID || type == TIMESTAMPTZOID))
		result.kind = DEFAULT_NOW;
	else if (IsCallOf(value, F_NEXTVAL) && IsA(Argument(value), Const) &&
			 !((Const *) Argument(value))->constisnull &&
			 (type == INT4OID || type == INT8OID))
	{
		result.kind = DEFAULT_NEXTVAL;
		result.sequence = DatumGetObjectId(((Const *) Argument(value))->constvalue);
	}
	return result;
}

/*
 * Finds the default of a column, of a table that is open and locked.  It belongs to the
 * current memory context.  Raises what the default raises, if the planner can compute
 * it, which can run functions of users'.
 */
ColumnDefault
PlanDefault(Relation rel, Form_pg_attribute att)
{
	Node	   *expression;

	/* Not even NULL is for certain a value of a domain. */
	if (att->attgenerated || att->attidentity ||
		get_typtype(att->atttypid) == TYPTYPE_DOMAIN)
		return (ColumnDefault) {.kind = DEFAULT_OTHER};
	expression = att->attisdropped ? NULL :
		build_column_default(rel, att->attnum);
	if (expression == NULL)
		return (ColumnDefault) {
			.kind = DEFAULT_CONSTANT,.value = {.isnull = true}
		};
	return Classify((Node *) expression_planner((Expr *) expression),
					att->atttypid);
}
