/*
 * compat.h
 *		Differences between the supported PostgreSQL majors, 14 and later.
 *
 * The rest of the code uses the newest names and signatures.  This file provides
 * them on older servers, or wraps what macros cannot hide.
 */
#ifndef DOC_EXTRACTOR_COMPAT_H
#define DOC_EXTRACTOR_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#if PG_VERSION_NUM < 140000
#error "doc_extractor needs PostgreSQL 14 or later"
#endif

/* 16 moved the varlena macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 writes the attribute in front of the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 15 renamed the function that reserves a prefix of settings. */
#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 15 added a function that says why a hash could not be computed. */
#if PG_VERSION_NUM < 150000
#define pg_cryptohash_error(ctx) "out of memory"
#endif

/* 15.1 added a function that prepares the result of a set-returning function. */
#if PG_VERSION_NUM < 150001
static inline void
InitMaterializedSRF(FunctionCallInfo fcinfo, bits32 flags)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext old;
	TupleDesc	desc;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		(result->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->returnMode = SFRM_Materialize;
	result->setResult =
		tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0,
							  false, work_mem);
	result->setDesc = desc;
	MemoryContextSwitchTo(old);
}
#endif

/* 16 merged the ownership checks of all object classes into one function. */
#if PG_VERSION_NUM < 160000
static inline bool
object_ownercheck(Oid classid, Oid objectid, Oid roleid)
{
	switch (classid)
	{
		case RelationRelationId:
			return pg_class_ownercheck(objectid, roleid);
		case NamespaceRelationId:
			return pg_namespace_ownercheck(objectid, roleid);
		case ExtensionRelationId:
			return pg_extension_ownercheck(objectid, roleid);
		default:
			elog(ERROR, "unexpected object class %u", classid);
	}
}
#endif

/* Returns whether a table has generated columns.  18 added virtual ones. */
static inline bool
HasGeneratedColumns(const TupleConstr *constraints)
{
#if PG_VERSION_NUM < 180000
	return constraints->has_generated_stored;
#else
	return constraints->has_generated_stored ||
		constraints->has_generated_virtual;
#endif
}

/* Returns whether an expression, as parsed, is a string.  15 changed the node. */
static inline bool
IsStringConstant(Node *expression)
{
	if (!IsA(expression, A_Const))
		return false;
#if PG_VERSION_NUM < 150000
	return IsA(&((A_Const *) expression)->val, String);
#else
	return !((A_Const *) expression)->isnull &&
		IsA(&((A_Const *) expression)->val, String);
#endif
}

/* Returns the backend's local transaction number, which 17 moved. */
static inline LocalTransactionId
CurrentLocalTransactionId(void)
{
#if PG_VERSION_NUM < 170000
	return MyProc->lxid;
#else
	return MyProc->vxid.lxid;
#endif
}

/*
 * Returns whether a table has got its file in this transaction, so that TRUNCATE may
 * empty the file.  16 renamed the field.
 */
static inline bool
HasNewFile(Relation rel)
{
#if PG_VERSION_NUM < 160000
	SubTransactionId since = rel->rd_firstRelfilenodeSubid;
#else
	SubTransactionId since = rel->rd_firstRelfilelocatorSubid;
#endif

	return rel->rd_createSubid != InvalidSubTransactionId ||
		since != InvalidSubTransactionId;
}

/*
 * Inserts the index entries of a new row.  16 added an argument for "only the
 * summarizing indexes", which an insert never needs; 19 has flags.
 */
static inline List *
InsertIndexTuples(ResultRelInfo *rri, TupleTableSlot *slot, EState *estate,
				  List *arbiters, bool *conflict)
{
	bool		tolerate = arbiters != NIL;

#if PG_VERSION_NUM < 160000
	return ExecInsertIndexTuples(rri, slot, estate, false, tolerate, conflict,
								 arbiters);
#elif PG_VERSION_NUM < 190000
	return ExecInsertIndexTuples(rri, slot, estate, false, tolerate, conflict,
								 arbiters, false);
#else
	return ExecInsertIndexTuples(rri, estate, tolerate ? EIIT_NO_DUPE_ERROR : 0,
								 slot, arbiters, conflict);
#endif
}

/*
 * Waits for transactions that are inserting a conflicting row into an arbiter
 * index.  Returns whether none of them has; else sets "conflict" to the row's TID.
 * 18 added the TID of a row of ours that may conflict.
 */
static inline bool
CheckIndexConstraints(ResultRelInfo *rri, TupleTableSlot *slot, EState *estate,
					  ItemPointer conflict, List *arbiters)
{
#if PG_VERSION_NUM < 180000
	return ExecCheckIndexConstraints(rri, slot, estate, conflict, arbiters);
#else
	ItemPointerData none;

	ItemPointerSetInvalid(&none);
	return ExecCheckIndexConstraints(rri, slot, estate, conflict, &none,
									 arbiters);
#endif
}

/* Lets an index clean up after a statement's insertions; since 17. */
static inline void
CleanUpInsertion(Relation index, IndexInfo *info)
{
#if PG_VERSION_NUM >= 170000
	index_insert_cleanup(index, info);
#endif
}

/* 16 distinguishes updates that only concern summarizing indexes. */
#if PG_VERSION_NUM < 160000
typedef bool UpdatedIndexes;
#define ALL_INDEXES(updated) (updated)
#define SUMMARIZING_INDEXES(updated) false
#else
typedef TU_UpdateIndexes UpdatedIndexes;
#define ALL_INDEXES(updated) ((updated) == TU_All)
#define SUMMARIZING_INDEXES(updated) ((updated) == TU_Summarizing)
#endif

/* Replaces a row by its new version.  19 added options. */
static inline TM_Result
UpdateTuple(Relation rel, ItemPointer tid, TupleTableSlot *new_row,
			Snapshot snapshot, TM_FailureData *failure, LockTupleMode *lockmode,
			UpdatedIndexes *updated)
{
	CommandId	command = GetCurrentCommandId(true);

#if PG_VERSION_NUM < 190000
	return table_tuple_update(rel, tid, new_row, command, snapshot,
							  InvalidSnapshot, true, failure, lockmode, updated);
#else
	return table_tuple_update(rel, tid, new_row, command, 0, snapshot,
							  InvalidSnapshot, true, failure, lockmode, updated);
#endif
}

/* Inserts the index entries of a new row version.  For versions see above. */
static inline void
UpdateIndexTuples(ResultRelInfo *rri, TupleTableSlot *slot, EState *estate,
				  UpdatedIndexes updated)
{
#if PG_VERSION_NUM < 160000
	list_free(ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL));
#elif PG_VERSION_NUM < 190000
	list_free(ExecInsertIndexTuples(rri, slot, estate, true, false, NULL, NIL,
									SUMMARIZING_INDEXES(updated)));
#else
	list_free(ExecInsertIndexTuples(rri, estate, EIIT_IS_UPDATE |
									(SUMMARIZING_INDEXES(updated) ? EIIT_ONLY_SUMMARIZING : 0),
									slot, NIL, NULL));
#endif
}

/* Begins a scan of a whole table.  19 added flags. */
static inline TableScanDesc
BeginTableScan(Relation rel, Snapshot snapshot)
{
#if PG_VERSION_NUM < 190000
	return table_beginscan(rel, snapshot, 0, NULL);
#else
	return table_beginscan(rel, snapshot, 0, NULL, SO_NONE);
#endif
}

/* Begins an index scan.  18 added counters, for EXPLAIN only; 19 added flags. */
static inline IndexScanDesc
BeginIndexScan(Relation rel, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM < 180000
	return index_beginscan(rel, index, snapshot, nkeys, 0);
#elif PG_VERSION_NUM < 190000
	return index_beginscan(rel, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(rel, index, snapshot, NULL, nkeys, 0, SO_NONE);
#endif
}

#endif							/* DOC_EXTRACTOR_COMPAT_H */
