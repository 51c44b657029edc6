/*-------------------------------------------------------------------------
 *
 * known.h
 *		The locations that the ledger knows, in a compact table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A location: 40 bytes, whatever its length, and the free room of the table. */
typedef struct KnownLocation
{
	uint64_t	key[2];			/* a hash of the location */
	uint64_t	fingerprint;	/* a hash; 0: unknown */
	int64_t		id;				/* of document_locations; 0: no entry */
	uint32_t	root;			/* the number of the root that it is below */
	bool		is_deleted;		/* its document was deleted */
	bool		is_recent;		/* the file may have changed without another fingerprint */
	bool		is_seen;		/* the walk has met it */
} KnownLocation;

typedef struct Known Known;

extern Known *CreateKnown(void);
extern void FreeKnown(Known *known);
extern size_t CountKnown(const Known *known);

/* Returns the entry of a location, a new one (without id) if "add", else NULL if there is none. */
extern KnownLocation *FindKnown(Known *known, const char *location, size_t length, bool add);

/* Returns the next entry after *position, which is 0 first; NULL at the end. */
extern KnownLocation *NextKnown(Known *known, size_t *position);

#endif							/* KNOWN_H */
