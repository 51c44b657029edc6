/*
 * tid_cache.c
 *		TIDs of hash_index rows that this transaction remembers.
 *
 * Two kinds of rows are worth it.  First, those that the transaction has
 * counted: every count leaves a dead row version behind, and until the
 * transaction ends an index search would step over all of them, so that a hot
 * document would take longer each time.  Second, all the others, once the
 * transaction has made so many index searches that one full index scan is
 * cheaper than to go on.
 *
 * A remembered TID is a hint: fetch the row, check its hash, else search the
 * index.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../compat.h"
#include "../lib/sha256.h"
#include "tid_cache.h"

/* The TID of a row; of rows whose hashes begin alike, of one of them. */
typedef struct RememberedTid
{
	uint64		digits;			/* the hash's first ones, as bytes */
	ItemPointerData tid;
	char		status;			/* simplehash's */
} RememberedTid;

#define SH_PREFIX tids
#define SH_ELEMENT_TYPE RememberedTid
#define SH_KEY_TYPE uint64
#define SH_KEY digits
#define SH_HASH_KEY(table, key) \
	murmurhash32((uint32) (key) ^ murmurhash32((uint32) ((key) >> 32)))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define INITIAL_TIDS 16

/* The TIDs, and the table and transaction that they belong to. */
static tids_hash *cache = NULL;
static LocalTransactionId cache_transaction = InvalidLocalTransactionId;
static Oid	cache_table = InvalidOid;
static uint64 nsearches = 0;	/* of the index, since its last full scan */

/* Returns the first digits of a hash. */
static uint64
FirstDigits(const char *hash)
{
	uint64		digits;

	memcpy(&digits, hash, sizeof(digits));
	return digits;
}

/* Returns whether the cache is this transaction's, for a table. */
static bool
IsCacheOf(Oid table)
{
	return cache_transaction == CurrentLocalTransactionId() &&
		cache_table == table;
}

/* Empties the cache, for a table in this transaction. */
static void
ResetCache(Oid table)
{
	/* The cache of a former transaction has gone with its memory. */
	if (cache_transaction == CurrentLocalTransactionId())
		tids_destroy(cache);
	cache_transaction = InvalidLocalTransactionId;
	cache = tids_create(TopTransactionContext, INITIAL_TIDS, NULL);
	cache_transaction = CurrentLocalTransactionId();
	cache_table = table;
	nsearches = 0;
}

/*
 * Returns how many TIDs fit into work_mem.  The hash table doubles when it is
 * nearly full, and for that moment takes half as much again.
 */
static uint64
MaxTids(void)
{
	uint64		size = INITIAL_TIDS;

	while (size * 2 * sizeof(RememberedTid) <= (Size) work_mem * 1024)
		size *= 2;
	return size / 10 * 9;
}

/*
 * Returns whether a TID is remembered for a hash, and sets "tid": that of a
 * version of the row, or the one that indexes have for it.  The row may be gone,
 * or another one may be there.
 */
bool
RecallTid(Relation rel, const char *hash, ItemPointer tid)
{
	RememberedTid *found;

	if (!IsCacheOf(RelationGetRelid(rel)))
		return false;
	found = tids_lookup(cache, FirstDigits(hash));
	if (found != NULL)
		*tid = found->tid;
	return found != NULL;
}

/*
 * Returns whether a table that is open and locked has a block.  After a rolled back
 * savepoint or TRUNCATE, that of a remembered TID may be gone.  To ask the file system
 * costs more than to fetch the row; but what was there stays as long as the
 * subtransaction, and with it the lock, if the file cannot be emptied.
 */
bool
HasBlock(Relation rel, BlockNumber block)
{
	static LocalTransactionId transaction = InvalidLocalTransactionId;
	static SubTransactionId subtransaction;
	static Oid	table;
	static BlockNumber nblocks;

	if (transaction == CurrentLocalTransactionId() &&
		subtransaction == GetCurrentSubTransactionId() &&
		table == RelationGetRelid(rel) && block < nblocks &&
		!HasNewFile(rel))
		return true;
	nblocks = RelationGetNumberOfBlocks(rel);
	transaction = CurrentLocalTransactionId();
	subtransaction = GetCurrentSubTransactionId();
	table = RelationGetRelid(rel);
	return block < nblocks;
}

/*
 * Returns the entry of a hash, a new one unless "found" is set to true.  If memory runs
 * out while the table grows, the table is left unusable: so it is nobody's meanwhile.
 */
static RememberedTid *
InsertEntry(const char *hash, bool *found)
{
	LocalTransactionId transaction = cache_transaction;
	RememberedTid *entry;

	cache_transaction = InvalidLocalTransactionId;
	entry = tids_insert(cache, FirstDigits(hash), found);
	cache_transaction = transaction;
	return entry;
}

/* Remembers the TIDs of all rows, unless they are too many. */
static void
RememberAllTids(const IndexSearch *search)
{
	IndexScanDesc scan = BeginFullIndexScan(search);
	uint64		limit = MaxTids();
	Datum		value;
	bool		found;

	while (cache->members < limit && NextIndexEntry(scan, &value))
	{
		text	   *hash = DatumGetTextPP(value);
		RememberedTid *entry;

		if (VARSIZE_ANY_EXHDR(hash) != HASH_DIGITS)
			continue;
		entry = InsertEntry(VARDATA_ANY(hash), &found);
		/* A TID that we have noted ourselves is a later one. */
		if (!found)
			entry->tid = scan->xs_heaptid;
	}
	index_endscan(scan);
}

/*
 * For each page of the index, a full index scan takes as long as some 4 index
 * searches.  A page holds no more entries of hashes than this.
 */
#define SEARCHES_PER_PAGE 4
#define ENTRIES_PER_PAGE 97
#define SEARCHES_PER_CHECK 256

/*
 * Counts an index search.  Makes a full index scan once the transaction's
 * searches have cost as much as one.
 */
static void
NoteIndexSearch(IndexSearch *search)
{
	BlockNumber pages;

	if (++nsearches % SEARCHES_PER_CHECK != 0)
		return;
	StartScan(search);
	pages = RelationGetNumberOfBlocks(search->index);
	if (nsearches / SEARCHES_PER_PAGE < pages ||
		(uint64) pages * ENTRIES_PER_PAGE > MaxTids())
		return;
	nsearches = 0;
	RememberAllTids(search);
}

/*
 * Remembers the TID of the row with a hash, which came from an index search
 * unless RecallTid() had it.
 */
void
RememberTid(IndexSearch *search, const char *hash, ItemPointer tid)
{
	bool		was_known;

	Assert(ItemPointerIsValid(tid));
	if (!IsCacheOf(RelationGetRelid(search->rel)))
		ResetCache(RelationGetRelid(search->rel));
	/* The cache is full.  What it will hold from now on is what is used. */
	else if (cache->members >= MaxTids() &&
			 tids_lookup(cache, FirstDigits(hash)) == NULL)
		tids_reset(cache);
	InsertEntry(hash, &was_known)->tid = *tid;
	if (!was_known)
		NoteIndexSearch(search);
}
