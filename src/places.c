/*
 * places.c
 *		Where rows of hash_index are, as far as this transaction knows.
 *
 * Two kinds of rows are worth remembering.  Those that it has counted: every
 * count leaves a dead row version behind, and until the transaction ends a
 * look-up would walk over all of them, so that a content that comes again and
 * again would take longer each time.  And all the others, once it has looked up
 * so many that one pass through the index is cheaper than to go on so.
 *
 * A place is a hint: who uses it reads the row there, and looks for it in the
 * index where the row is another's, or gone.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "hash.h"
#include "places.h"

/* The row of a hash; of those that begin alike, one. */
typedef struct Place
{
	uint64		digits;			/* the first ones of its hash, as they are */
	ItemPointerData place;
	char		status;			/* the hash table's */
} Place;

#define SH_PREFIX places
#define SH_ELEMENT_TYPE Place
#define SH_KEY_TYPE uint64
#define SH_KEY digits
#define SH_HASH_KEY(table, key) \
	murmurhash32((uint32) (key) ^ murmurhash32((uint32) ((key) >> 32)))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define INITIAL_PLACES 16

/* What is known, and for whom. */
static places_hash *known = NULL;
static LocalTransactionId known_transaction = InvalidLocalTransactionId;
static Oid	known_table = InvalidOid;
static uint64 descents = 0;		/* since the last pass through the index */

/* Returns the first digits of a hash. */
static uint64
FirstDigits(const char *hash)
{
	uint64		digits;

	memcpy(&digits, hash, sizeof(digits));
	return digits;
}

/* Tells whether this transaction knows anything of a table. */
static bool
IsKnown(Oid table)
{
	return known_transaction == CurrentLocalTransactionId() &&
		known_table == table;
}

/* Starts anew, for a table in this transaction. */
static void
Forget(Oid table)
{
	/* That of a former transaction went with it. */
	if (known_transaction == CurrentLocalTransactionId())
		places_destroy(known);
	known_transaction = InvalidLocalTransactionId;
	known = places_create(TopTransactionContext, INITIAL_PLACES, NULL);
	known_transaction = CurrentLocalTransactionId();
	known_table = table;
	descents = 0;
}

/*
 * Returns how many places fit into work_mem: the table doubles when it is nearly
 * full, and for that moment takes half as much again.
 */
static uint64
MaxPlaces(void)
{
	uint64		size = INITIAL_PLACES;

	while (size * 2 * sizeof(Place) <= (Size) work_mem * 1024)
		size *= 2;
	return size / 10 * 9;
}

/*
 * Finds the place of the row that has a hash: that of a version of it, or the
 * one that indexes have for it.  The row may be gone, or be another's.
 */
bool
FindPlace(Relation rel, const char *hash, ItemPointer place)
{
	Place	   *found;

	if (!IsKnown(RelationGetRelid(rel)))
		return false;
	found = places_lookup(known, FirstDigits(hash));
	if (found != NULL)
		*place = found->place;
	return found != NULL;
}

/* Notes the places of all rows, unless that is too much. */
static void
NoteAll(const Lookup *lookup)
{
	IndexScanDesc sweep = BeginSweep(lookup);
	uint64		limit = MaxPlaces();
	Datum		value;
	bool		found;

	while (known->members < limit && ReadEntry(sweep, &value))
	{
		text	   *hash = DatumGetTextPP(value);
		Place	   *place;

		if (VARSIZE_ANY_EXHDR(hash) != HASH_DIGITS)
			continue;
		place = places_insert(known, FirstDigits(VARDATA_ANY(hash)), &found);
		/* A place of ours is a later one. */
		if (!found)
			place->place = sweep->xs_heaptid;
	}
	index_endscan(sweep);
}

/*
 * A pass through the index takes as long as some 4 descents for each of its
 * pages, which have no more entries of hashes than this.
 */
#define DESCENTS_PER_PAGE 4
#define ENTRIES_PER_PAGE 97
#define DESCENTS_PER_CHECK 256

/*
 * Counts a descent in the index.  When those of the transaction have cost as
 * much as a pass through it, makes that.
 */
static void
NoteDescent(const Lookup *lookup)
{
	BlockNumber pages;

	if (++descents % DESCENTS_PER_CHECK != 0)
		return;
	pages = RelationGetNumberOfBlocks(lookup->index);
	if (descents / DESCENTS_PER_PAGE < pages ||
		(uint64) pages * ENTRIES_PER_PAGE > MaxPlaces())
		return;
	descents = 0;
	NoteAll(lookup);
}

/*
 * Notes the place of the row that has a hash, which was looked up in the index
 * unless its place was known before.
 */
void
NotePlace(const Lookup *lookup, const char *hash, ItemPointer place)
{
	bool		was_known;

	if (!IsKnown(RelationGetRelid(lookup->rel)))
		Forget(RelationGetRelid(lookup->rel));
	/* Full: what is noted again from here on is what is used. */
	else if (known->members >= MaxPlaces() &&
			 places_lookup(known, FirstDigits(hash)) == NULL)
		places_reset(known);
	places_insert(known, FirstDigits(hash), &was_known)->place = *place;
	if (!was_known)
		NoteDescent(lookup);
}
