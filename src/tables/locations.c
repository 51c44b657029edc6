/*
 * locations.c
 *		Rows of document_locations: where documents were seen.
 *
 * A row is an observation: this document was at this location of this source.  The
 * latest row of a location says what is there now.  A row is appended only if that
 * changes, so A, B, A at one location is three rows.  No index makes locations
 * unique, so nobody waits: two sessions at one location at once leave at worst a
 * row that repeats the one before.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "../access/row_writer.h"
#include "../access/statements.h"
#include "../lib/sha256.h"
#include "location_search.h"
#include "locations.h"

/* The SHA-256 of a location, as the table has it. */
typedef union LocationKey
{
	bytea		value;
	char		bytes[VARHDRSZ + PG_SHA256_DIGEST_LENGTH];
} LocationKey;

/* A document at its location. */
typedef struct Observation
{
	Document   *document;
	text	   *source;
	text	   *location;
	LocationKey key;
	CurrentLocation current;	/* what was there, for the first one of a place */
} Observation;

struct Observations
{
	const Ledger *ledger;
	int			nobservations;
	Observation observations[FLEXIBLE_ARRAY_MEMBER];	/* sorted */
};

/* The columns that a row sets, in the order of the statement's parameters. */
enum
{
	LOCATION_SOURCE,
	LOCATION_LOCATION,
	LOCATION_KEY,
	LOCATION_DOCUMENT,
	LOCATION_MODIFIED,
	LOCATION_FINGERPRINT,
	LOCATION_SIZE,
	LOCATION_COLUMNS
};
static const ColumnName location_columns[LOCATION_COLUMNS] = {
	[LOCATION_SOURCE] = {"ingestion_source", COLUMN_TEXT},
	[LOCATION_LOCATION] = {"location", COLUMN_TEXT},
	[LOCATION_KEY] = {"location_key", COLUMN_BYTES},
	[LOCATION_DOCUMENT] = {"document_id", COLUMN_INTEGER},
	[LOCATION_MODIFIED] = {"modified_at", COLUMN_INSTANT},
	[LOCATION_FINGERPRINT] = {"fingerprint", COLUMN_TEXT},
	[LOCATION_SIZE] = {"size_bytes", COLUMN_INTEGER}
};

/* Returns whether a ledger stores locations: since 1.2. */
bool
HasLocations(const Ledger *ledger)
{
	return OidIsValid(FindLedgerTable(ledger, "document_locations"));
}

/* Compares the sources and locations of two observations. */
static int
ComparePlaces(const Observation *left, const Observation *right)
{
	int			length = VARSIZE_ANY_EXHDR(left->source);
	int			order = length - (int) VARSIZE_ANY_EXHDR(right->source);

	if (order == 0)
		order = memcmp(VARDATA_ANY(left->source), VARDATA_ANY(right->source),
					   length);
	if (order == 0)
		order = memcmp(&left->key, &right->key, sizeof(LocationKey));
	return order;
}

/* Sorts by place, then by position in the batch. */
static int
CompareObservations(const void *a, const void *b)
{
	const Observation *left = a;
	const Observation *right = b;
	int			order = ComparePlaces(left, right);

	if (order == 0 && left->document->position != right->document->position)
		order = left->document->position < right->document->position ? -1 : 1;
	return order;
}

/* Adds a document with a location. */
static void
AddObservation(Observations *observations, Document *document)
{
	Observation *observation =
		&observations->observations[observations->nobservations++];

	observation->document = document;
	observation->source =
		DatumGetTextPP(document->fields[FIELD_SOURCE].value);
	observation->location = DatumGetTextPP(document->location.value);
	SET_VARSIZE(&observation->key, sizeof(LocationKey));
	DigestBytes(VARDATA_ANY(observation->location),
				VARSIZE_ANY_EXHDR(observation->location),
				(uint8 *) VARDATA(&observation->key));
}

/*
 * Returns the observations of a batch, in the current memory context, or NULL if no
 * document has a location.  Locks document_locations.
 */
Observations *
CollectObservations(const Ledger *ledger, Document **documents, int ndocuments)
{
	Observations *observations;
	int			nlocations = 0;

	for (int i = 0; i < ndocuments; i++)
		nlocations += !documents[i]->location.isnull;
	if (nlocations == 0)
		return NULL;
	LockTableToWrite(ledger, "document_locations");
	observations =
		palloc_extended(offsetof(Observations, observations) +
						nlocations * sizeof(Observation), MCXT_ALLOC_HUGE);
	observations->ledger = ledger;
	observations->nobservations = 0;
	for (int i = 0; i < ndocuments; i++)
		if (!documents[i]->location.isnull)
			AddObservation(observations, documents[i]);
	qsort(observations->observations, nlocations, sizeof(Observation),
		  CompareObservations);
	return observations;
}

/* Returns the end of the observations, from "first" on, of one place. */
static int
EndOfPlace(const Observations *observations, int first)
{
	int			end = first + 1;

	while (end < observations->nobservations &&
		   ComparePlaces(&observations->observations[first],
						 &observations->observations[end]) == 0)
		end++;
	return end;
}

/*
 * Marks the documents that are at their current location: that is, nothing has
 * changed there.  document_id says which document each is; it is 0 for one that is
 * not in the ledger yet.
 */
void
MarkAtLocation(Observations *observations)
{
	LocationSearch search;
	int			end;

	OpenLocationSearch(&search, observations->ledger);
	for (int first = 0; first < observations->nobservations; first = end)
	{
		Observation *place = &observations->observations[first];
		int64		there;

		CHECK_FOR_INTERRUPTS();
		SearchLocation(&search, place->source, &place->key.value,
					   &place->current);
		there = place->current.document_id;
		end = EndOfPlace(observations, first);
		for (int i = first; i < end; i++)
		{
			Document   *document = observations->observations[i].document;

			document->at_location = there != 0 &&
				document->document_id == there;
			there = document->document_id;
		}
	}
	CloseLocationSearch(&search);
}

/* document_locations, open for new rows. */
typedef struct LocationWriter
{
	const Ledger *ledger;
	RowWriter  *rows;			/* NULL: rows are inserted by statement */
	bool		is_open;
} LocationWriter;

/* Returns the value of a column in an observation's row. */
static NullableDatum
LocationValue(const Observation *observation, int column)
{
	const Document *document = observation->document;
	NullableDatum value = {.isnull = false};

	switch (column)
	{
		case LOCATION_SOURCE:
			value.value = PointerGetDatum(observation->source);
			break;
		case LOCATION_LOCATION:
			value.value = PointerGetDatum(observation->location);
			break;
		case LOCATION_KEY:
			value.value = PointerGetDatum(&observation->key.value);
			break;
		case LOCATION_DOCUMENT:
			value.value = Int64GetDatum(document->document_id);
			break;
		case LOCATION_MODIFIED:
			value = document->modified_at;
			break;
		case LOCATION_FINGERPRINT:
			value = document->fingerprint;
			break;
		case LOCATION_SIZE:
			value.value = Int64GetDatum(document->size);
			break;
	}
	return value;
}

/* Appends an observation. */
static void
AppendObservation(LocationWriter *writer, const Observation *observation)
{
	Datum		values[LOCATION_COLUMNS];
	char		nulls[LOCATION_COLUMNS];

	if (!writer->is_open)
		writer->rows = OpenRowWriter(writer->ledger, "document_locations",
									 CONFLICT_ERROR, location_columns,
									 LOCATION_COLUMNS);
	writer->is_open = true;
	if (writer->rows != NULL)
		StartRow(writer->rows);
	for (int i = 0; i < LOCATION_COLUMNS; i++)
	{
		NullableDatum value = LocationValue(observation, i);

		values[i] = value.value;
		nulls[i] = value.isnull ? 'n' : ' ';
		if (writer->rows != NULL && !value.isnull)
			SetColumn(writer->rows, i, value.value);
	}
	if (writer->rows != NULL)
		(void) WriteRow(writer->rows);
	else
		RunStatement(writer->ledger, STATEMENT_INSERT_LOCATION, values, nulls,
					 NULL);
}

/* Returns whether a value was given, and differs from the one that is known. */
static bool
IsNews(NullableDatum given, NullableDatum known, bool is_text)
{
	if (given.isnull)
		return false;
	if (known.isnull)
		return true;
	return is_text ?
		!DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID,
											  given.value, known.value)) :
		DatumGetInt64(given.value) != DatumGetInt64(known.value);
}

/*
 * Notes what a document at its current location says of it: a file can be touched,
 * or copied.  Returns whether that is anything new.
 */
static bool
NoteAspect(CurrentLocation *current, const Document *document)
{
	bool		is_touched = IsNews(document->modified_at,
									current->modified_at, false);
	bool		is_other = IsNews(document->fingerprint,
								  current->fingerprint, true);

	if (is_touched)
		current->modified_at = document->modified_at;
	if (is_other)
		current->fingerprint = document->fingerprint;
	return is_touched || is_other;
}

/* Refreshes the current row of a location. */
static void
RefreshLocation(const Ledger *ledger, const CurrentLocation *current)
{
	Datum		values[3];
	char		nulls[3] = {' ', ' ', ' '};

	values[0] = Int64GetDatum(current->id);
	values[1] = current->modified_at.value;
	values[2] = current->fingerprint.value;
	if (current->modified_at.isnull)
		nulls[1] = 'n';
	if (current->fingerprint.isnull)
		nulls[2] = 'n';
	RunStatement(ledger, STATEMENT_REFRESH_LOCATION, values, nulls, NULL);
}

/*
 * Records the observations of one place, in the order of the batch.  A document that
 * is there already only refreshes the row, or the row that is still to come.
 */
static void
RecordPlace(LocationWriter *writer, Observation *place, int count)
{
	CurrentLocation current = place->current;
	Observation *pending = NULL;
	bool		is_news = false;

	for (int i = 0; i < count; i++)
	{
		Document   *document = place[i].document;

		if (document->document_id == current.document_id)
		{
			is_news |= NoteAspect(&current, document);
			if (pending != NULL)
			{
				pending->document->modified_at = current.modified_at;
				pending->document->fingerprint = current.fingerprint;
			}
			continue;
		}
		if (pending != NULL)
			AppendObservation(writer, pending);
		else if (is_news)
			RefreshLocation(writer->ledger, &current);
		pending = &place[i];
		current = (CurrentLocation) {
			.document_id = document->document_id,
			.modified_at = document->modified_at,
			.fingerprint = document->fingerprint
		};
	}
	if (pending != NULL)
		AppendObservation(writer, pending);
	else if (is_news)
		RefreshLocation(writer->ledger, &current);
}

/*
 * Records the observations of a batch, whose documents are all in the ledger now.
 * MarkAtLocation() has found what was there.
 */
void
RecordObservations(Observations *observations)
{
	LocationWriter writer = {.ledger = observations->ledger};
	int			end;

	for (int first = 0; first < observations->nobservations; first = end)
	{
		CHECK_FOR_INTERRUPTS();
		end = EndOfPlace(observations, first);
		RecordPlace(&writer, &observations->observations[first], end - first);
	}
	if (writer.rows != NULL)
		CloseRowWriter(writer.rows);
}
