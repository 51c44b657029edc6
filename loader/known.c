/*-------------------------------------------------------------------------
 *
 * known.c
 *		The locations that the ledger knows, in a compact table.
 *
 * A source may have millions of files.  So the table keeps 128 bits of hash in
 * place of each location, by open addressing.  Two locations with the same hash
 * do not come by chance.  Nor do they by intent: the hash depends on a random number.
 *
 *-------------------------------------------------------------------------
 */
#include "known.h"

#include <glib.h>
#include <string.h>

#include "mix.h"

#define FIRST_SIZE 1024

struct Known
{
	KnownLocation *entries;
	size_t		size;			/* a power of two */
	size_t		count;
	uint64_t	seed[2];
};

static uint64_t
RandomNumber(void)
{
	return (uint64_t) g_random_int() << 32 | g_random_int();
}

Known *
CreateKnown(void)
{
	Known	   *known = g_new(Known, 1);

	known->size = FIRST_SIZE;
	known->count = 0;
	known->entries = g_new0(KnownLocation, known->size);
	known->seed[0] = RandomNumber();
	known->seed[1] = RandomNumber();
	return known;
}

void
FreeKnown(Known *known)
{
	g_free(known->entries);
	g_free(known);
}

size_t
CountKnown(const Known *known)
{
	return known->count;
}

/* Sets the hash of a location. */
static void
HashLocation(const Known *known, const char *location, size_t length, uint64_t *key)
{
	uint64_t	word;

	key[0] = known->seed[0] ^ length;
	key[1] = known->seed[1];
	while (length > 0)
	{
		size_t		taken = length < sizeof(word) ? length : sizeof(word);

		word = 0;
		memcpy(&word, location, taken);
		key[0] = Mix(key[0], word);
		key[1] = (key[1] ^ word) * UINT64_C(0xA0761D6478BD642F);
		key[1] ^= key[1] >> 37;
		location += taken;
		length -= taken;
	}
}

/* Returns the entry with a key, or the free one where it belongs. */
static KnownLocation *
FindEntry(const Known *known, const uint64_t *key)
{
	size_t		mask = known->size - 1;
	size_t		i = key[0] & mask;

	while (known->entries[i].id != 0 &&
		   (known->entries[i].key[0] != key[0] || known->entries[i].key[1] != key[1]))
		i = (i + 1) & mask;
	return &known->entries[i];
}

/* Makes the table twice as large. */
static void
GrowKnown(Known *known)
{
	KnownLocation *old = known->entries;
	size_t		old_size = known->size;

	known->size *= 2;
	known->entries = g_new0(KnownLocation, known->size);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].id != 0)
			*FindEntry(known, old[i].key) = old[i];
	g_free(old);
}

KnownLocation *
FindKnown(Known *known, const char *location, size_t length, bool add)
{
	uint64_t	key[2];
	KnownLocation *entry;

	if (add && known->count >= known->size / 4 * 3)
		GrowKnown(known);
	HashLocation(known, location, length, key);
	entry = FindEntry(known, key);
	if (entry->id != 0)
		return entry;
	if (!add)
		return NULL;
	memcpy(entry->key, key, sizeof(key));
	known->count++;
	return entry;
}

KnownLocation *
NextKnown(Known *known, size_t *position)
{
	while (*position < known->size)
	{
		KnownLocation *entry = &known->entries[(*position)++];

		if (entry->id != 0)
			return entry;
	}
	return NULL;
}
