/*
 * locations.c
 *		Rows of document_locations: where documents were seen.
 *
 * A row is an observation: this document was at this location of this source.  The
 * latest row of a location says what is there now.
 */
#include "postgres.h"

#include "../access/row_writer.h"
#include "../access/statements.h"
#include "locations.h"

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

/* Inserts a row directly. */
static void
WriteLocation(RowWriter *rows, const Datum *values, const char *nulls)
{
	StartRow(rows);
	for (int i = 0; i < LOCATION_COLUMNS; i++)
		if (nulls[i] == ' ')
			SetColumn(rows, i, values[i]);
	(void) WriteRow(rows);
}

/*
 * Appends a row: from now on, "current" is at a location.  Opens the table if that
 * has not been done.
 */
void
AppendLocation(LocationWriter *writer, const text *source, const text *location,
			   const LocationKey *key, const CurrentLocation *current,
			   int64 size)
{
	Datum		values[LOCATION_COLUMNS] = {
		[LOCATION_SOURCE] = PointerGetDatum(source),
		[LOCATION_LOCATION] = PointerGetDatum(location),
		[LOCATION_KEY] = PointerGetDatum(key),
		[LOCATION_DOCUMENT] = Int64GetDatum(current->document_id),
		[LOCATION_MODIFIED] = current->modified_at.value,
		[LOCATION_FINGERPRINT] = current->fingerprint.value,
		[LOCATION_SIZE] = Int64GetDatum(size)
	};
	char		nulls[LOCATION_COLUMNS];

	memset(nulls, ' ', sizeof(nulls));
	if (current->modified_at.isnull)
		nulls[LOCATION_MODIFIED] = 'n';
	if (current->fingerprint.isnull)
		nulls[LOCATION_FINGERPRINT] = 'n';
	if (!writer->is_open)
		writer->rows = OpenRowWriter(writer->ledger, "document_locations",
									 CONFLICT_ERROR, location_columns,
									 LOCATION_COLUMNS);
	writer->is_open = true;
	if (writer->rows != NULL)
		WriteLocation(writer->rows, values, nulls);
	else
		RunStatement(writer->ledger, STATEMENT_INSERT_LOCATION, values, nulls,
					 NULL);
}

/*
 * Refreshes the row of what is at a location, unless it is not the latest any more,
 * or another session is refreshing it.
 */
void
RefreshLocation(LocationWriter *writer, const CurrentLocation *current)
{
	Datum		values[3] = {
		Int64GetDatum(current->id),
		current->modified_at.value,
		current->fingerprint.value
	};
	char		nulls[3] = {
		' ',
		current->modified_at.isnull ? 'n' : ' ',
		current->fingerprint.isnull ? 'n' : ' '
	};

	RunStatement(writer->ledger, STATEMENT_REFRESH_LOCATION, values, nulls,
				 NULL);
}

/* Inserts the rows that are left, and closes the table. */
void
CloseLocationWriter(LocationWriter *writer)
{
	if (writer->rows != NULL)
		CloseRowWriter(writer->rows);
}
