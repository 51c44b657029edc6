/*
 * tid_cache.h
 *		TIDs of hash_index rows that this transaction remembers.
 */
#ifndef DOC_EXTRACTOR_TID_CACHE_H
#define DOC_EXTRACTOR_TID_CACHE_H

#include "storage/itemptr.h"

#include "index_search.h"

extern bool RecallTid(Relation rel, const char *hash, ItemPointer tid);
extern bool HasBlock(Relation rel, BlockNumber block);
extern void RememberTid(IndexSearch *search, const char *hash,
						ItemPointer tid);

#endif							/* DOC_EXTRACTOR_TID_CACHE_H */
