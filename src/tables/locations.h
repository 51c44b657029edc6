/*
 * locations.h
 *		Rows of document_locations: where documents were seen.
 */
#ifndef DOC_EXTRACTOR_LOCATIONS_H
#define DOC_EXTRACTOR_LOCATIONS_H

#include "../access/row_writer.h"
#include "../lib/sha256.h"
#include "location_search.h"

/* The SHA-256 of a location, as the table has it. */
typedef struct LocationKey
{
	int32		header;			/* of a bytea */
	char		digest[PG_SHA256_DIGEST_LENGTH];
} LocationKey;

/* document_locations, to be written. */
typedef struct LocationWriter
{
	const Ledger *ledger;
	bool		is_open;		/* for new rows */
	RowWriter  *rows;			/* NULL: not open, or rows are inserted by statement */
} LocationWriter;

extern bool HasLocations(const Ledger *ledger);
extern void AppendLocation(LocationWriter *writer, const text *source,
						   const text *location, const LocationKey *key,
						   const CurrentLocation *current, int64 size);
extern void RefreshLocation(LocationWriter *writer,
							const CurrentLocation *current);
extern void CloseLocationWriter(LocationWriter *writer);

#endif							/* DOC_EXTRACTOR_LOCATIONS_H */
