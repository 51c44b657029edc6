/*
 * derived_rows.h
 *		The rows of hash_index and audit_log that follow from new documents.
 */
#ifndef DOC_EXTRACTOR_DERIVED_ROWS_H
#define DOC_EXTRACTOR_DERIVED_ROWS_H

#include "audit_log.h"
#include "hash_index.h"

/* hash_index and audit_log, open for the rows of new documents. */
typedef struct DerivedRows
{
	AttrNumber	id;				/* columns of documents */
	AttrNumber	file_hash;
	HashWriter	hashes;
	DocumentTrail trail;
	MemoryContext row_context;
} DerivedRows;

extern void OpenDerivedRows(DerivedRows *rows, const Ledger *ledger,
							TupleDesc documents,
							ConflictAction conflict_action);
extern void DeriveRows(DerivedRows *rows, TupleTableSlot **documents,
					   int ndocuments);
extern void CloseDerivedRows(DerivedRows *rows);

#endif							/* DOC_EXTRACTOR_DERIVED_ROWS_H */
