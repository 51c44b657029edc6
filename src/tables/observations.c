/*
 * observations.c
 *		The observations of a batch: which documents are at which locations.
 *
 * A row of document_locations is appended only if what is at a location changes: so
 * A, B, A at one location is three rows.  Nothing makes locations unique, and nobody
 * waits: two sessions at one location at once leave at worst a row that repeats the
 * one before.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "../lib/derived.h"
#include "../lib/sha256.h"
#include "location_search.h"
#include "locations.h"
#include "observations.h"

/* A document at its location. */
typedef struct Observation
{
	Document   *document;
	text	   *source;
	text	   *location;
	LocationKey key;
	bool		is_next;		/* is the one before of the same place? */

	/* For the first one of a place: */
	bool		is_searched;
	CurrentLocation current;	/* what is there, if it is searched */
} Observation;

struct Observations
{
	const Ledger *ledger;
	bool		is_searching;
	LocationSearch search;		/* open if is_searching */
	int			nobservations;
	Observation observations[FLEXIBLE_ARRAY_MEMBER];	/* sorted by place */
};

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
	observation->is_searched = false;
	observation->source =
		DatumGetTextPP(document->fields[FIELD_SOURCE].value);
	observation->location = DatumGetTextPP(document->location.value);
	SET_VARSIZE(&observation->key, sizeof(LocationKey));
	DigestBytes(VARDATA_ANY(observation->location),
				VARSIZE_ANY_EXHDR(observation->location),
				(uint8 *) observation->key.digest);
}

/* Connects sorted observations with each other and with their documents. */
static void
ConnectObservations(Observations *observations)
{
	for (int i = 0; i < observations->nobservations; i++)
	{
		Observation *observation = &observations->observations[i];

		observation->is_next = i > 0 &&
			ComparePlaces(observation - 1, observation) == 0;
		observation->document->observation = observation;
	}
}

/*
 * Returns the observations of a batch, in the current memory context, or NULL if no
 * document has a location.
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
	observations =
		palloc_extended(offsetof(Observations, observations) +
						nlocations * sizeof(Observation), MCXT_ALLOC_HUGE);
	observations->ledger = ledger;
	observations->is_searching = false;
	observations->nobservations = 0;
	for (int i = 0; i < ndocuments; i++)
		if (!documents[i]->location.isnull)
			AddObservation(observations, documents[i]);
	qsort(observations->observations, nlocations, sizeof(Observation),
		  CompareObservations);
	ConnectObservations(observations);
	return observations;
}

/* Returns whether several documents of a batch have the same location. */
bool
RepeatsLocation(Document **documents, int ndocuments)
{
	Observations *observations = CollectObservations(NULL, documents,
													 ndocuments);
	bool		repeats = false;

	if (observations == NULL)
		return false;
	for (int i = 0; i < observations->nobservations; i++)
		repeats |= observations->observations[i].is_next;
	pfree(observations);
	return repeats;
}

/* Finds what is at the place of an observation, the first one there. */
static void
SearchPlace(Observations *observations, Observation *place)
{
	if (!observations->is_searching)
		OpenLocationSearch(&observations->search, observations->ledger);
	observations->is_searching = true;
	SearchLocation(&observations->search, place->source, (bytea *) &place->key,
				   &place->current);
	place->is_searched = true;
}

/*
 * Ends the search for locations: the next one has a new snapshot.  Call it after a
 * wait for another session, which may have recorded the same locations.
 */
void
StopObserving(Observations *observations)
{
	if (observations->is_searching)
		CloseLocationSearch(&observations->search);
	observations->is_searching = false;
}

/* Returns whether a document with this id is at its current location. */
static bool
IsAtLocation(Observations *observations, Observation *observation,
			 int64 document_id)
{
	if (observation->is_next)
		return strcmp((observation - 1)->document->hash,
					  observation->document->hash) == 0;
	SearchPlace(observations, observation);
	return observation->current.document_id == document_id;
}

/*
 * Marks those of a document's duplicates that are at their current location: that
 * is, nothing has changed there.
 */
void
MarkAtLocation(Observations *observations, Document **duplicates,
			   int nduplicates, int64 document_id)
{
	for (int i = 0; i < nduplicates; i++)
	{
		CHECK_FOR_INTERRUPTS();
		duplicates[i]->at_location = !duplicates[i]->location.isnull &&
			IsAtLocation(observations, duplicates[i]->observation, document_id);
	}
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

/* Records what has become of a place, unless that is nothing new. */
static void
RecordState(LocationWriter *writer, const Observation *last,
			const CurrentLocation *current, bool is_news)
{
	if (last != NULL)
		AppendLocation(writer, last->source, last->location, &last->key,
					   current, last->document->size);
	else if (is_news)
		RefreshLocation(writer, current);
}

/*
 * Records the observations of one place, in the order of the batch.  A document that
 * is there already only refreshes the row, or the row that is still to come.
 */
static void
RecordPlace(LocationWriter *writer, const Observation *place, int count)
{
	CurrentLocation current = place->current;
	const Observation *last = NULL; /* whose row is still to come */
	bool		is_news = false;

	for (int i = 0; i < count; i++)
	{
		Document   *document = place[i].document;
		bool		is_there = document->document_id == current.document_id;

		/* For others, it has decided whether they count. */
		if (!document->is_duplicate)
			document->at_location = is_there;
		if (is_there)
		{
			is_news |= NoteAspect(&current, document);
			continue;
		}
		RecordState(writer, last, &current, is_news);
		last = &place[i];
		current = (CurrentLocation) {
			.document_id = document->document_id,
			.modified_at = document->modified_at,
			.fingerprint = document->fingerprint
		};
	}
	RecordState(writer, last, &current, is_news);
}

/* Finds what is at places that have not been searched for: WriteDerived()'s callback. */
static void
SearchPlaces(void *argument)
{
	Observations *observations = argument;

	for (int i = 0; i < observations->nobservations; i++)
	{
		Observation *observation = &observations->observations[i];

		CHECK_FOR_INTERRUPTS();
		if (!observation->is_next && !observation->is_searched)
			SearchPlace(observations, observation);
	}
	StopObserving(observations);
}

/* Returns the number of observations of one place, from "first" on. */
static int
CountAtPlace(const Observations *observations, int first)
{
	int			count = 1;

	while (first + count < observations->nobservations &&
		   observations->observations[first + count].is_next)
		count++;
	return count;
}

/* Records the observations of a batch, whose documents are all in the ledger now. */
void
RecordObservations(Observations *observations)
{
	LocationWriter writer = {.ledger = observations->ledger};
	int			count;

	/* What is there is no fault of the documents; what is to be written can be. */
	WriteDerived(SearchPlaces, observations);
	for (int i = 0; i < observations->nobservations; i += count)
	{
		CHECK_FOR_INTERRUPTS();
		count = CountAtPlace(observations, i);
		RecordPlace(&writer, &observations->observations[i], count);
	}
	CloseLocationWriter(&writer);
}
