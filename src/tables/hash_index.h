/*
 * hash_index.h
 *		Rows of hash_index: insert, follow a document, delete, restore.
 *
 * duplicate_count.h has the counts.
 */
#ifndef DOC_EXTRACTOR_HASH_INDEX_H
#define DOC_EXTRACTOR_HASH_INDEX_H

#include "../access/row_writer.h"

/* hash_index, open for the rows of new documents. */
typedef struct HashWriter
{
	const Ledger *ledger;
	RowWriter  *rows;			/* NULL: rows are inserted by statement */
} HashWriter;

extern void OpenHashWriter(HashWriter *writer, const Ledger *ledger,
						   ConflictAction conflict_action);
extern void InsertHash(HashWriter *writer, Datum hash, int64 document_id);
extern void CloseHashWriter(HashWriter *writer);

extern bool GetHashRow(const Ledger *ledger, Datum hash, int64 *document_id,
					   int64 *count);
extern void RestoreHash(const Ledger *ledger, const char *hash,
						int64 document_id);
extern void FollowDocument(const Ledger *ledger, Datum hash,
						   int64 document_id);
extern void DeleteHash(const Ledger *ledger, Datum hash, int64 document_id);

extern void NoteHashChange(void);
extern uint64 HashChanges(void);

#endif							/* DOC_EXTRACTOR_HASH_INDEX_H */
