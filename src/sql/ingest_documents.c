/*
 * ingest_documents.c
 *		ingest_documents(), ingest_hashed_documents(): a batch of documents, given
 *		as arrays, with their bytes or with their hashes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "../compat.h"
#include "../ingest/bad_documents.h"
#include "ingest_call.h"

PG_FUNCTION_INFO_V1(ingest_documents);
PG_FUNCTION_INFO_V1(ingest_hashed_documents);

/* An array argument: its name, and what it sets: a DocumentField, or one of these. */
typedef struct ArrayArgument
{
	const char *name;
	int			field;
	bool		is_required;
} ArrayArgument;

#define FIELD_CONTENT (-1)
#define FIELD_LOCATION (-2)
#define FIELD_MODIFIED (-3)
#define FIELD_FINGERPRINT (-4)
#define FIELD_HASH (-5)
#define FIELD_SIZE (-6)
#define FIELD_EXTRACTOR (-7)

/* What is said of documents beside their content. */
#define FURTHER_ARGUMENTS \
	{"file_types", FIELD_TYPE, true}, \
	{"ingestion_sources", FIELD_SOURCE, false}, \
	{"document_texts", FIELD_TEXT, false}, \
	{"metadata_extracted", FIELD_METADATA, false}, \
	{"ingestion_statuses", FIELD_STATUS, false}, \
	{"error_messages", FIELD_MESSAGE, false}, \
	{"locations", FIELD_LOCATION, false}, \
	{"modified_ats", FIELD_MODIFIED, false}, \
	{"fingerprints", FIELD_FINGERPRINT, false}

static const ArrayArgument arguments[] = {
	{"file_names", FIELD_NAME, true},
	{"contents", FIELD_CONTENT, true},
	FURTHER_ARGUMENTS
};

static const ArrayArgument hashed_arguments[] = {
	{"file_names", FIELD_NAME, true},
	{"file_hashes", FIELD_HASH, true},
	{"file_sizes_bytes", FIELD_SIZE, true},
	FURTHER_ARGUMENTS,
	{"extractors", FIELD_EXTRACTOR, false}
};

/* A batch while it is being read from the arrays. */
typedef struct ArrayBatch
{
	const ArrayArgument *arguments;
	int			narguments;
	Document   *documents;
	int			ndocuments;		/* -1: not known yet */
} ArrayBatch;

/*
 * Returns the length of an array.  Raises 2202E unless it has one dimension, and is
 * as long as the others.
 */
static int
CheckArray(const ArrayArgument *argument, ArrayType *array,
		   const ArrayBatch *batch)
{
	int			length = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must have one dimension, not %d",
						argument->name, ARR_NDIM(array))));
	if (batch->ndocuments >= 0 && length != batch->ndocuments)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s has %d elements, but %s has %d",
						argument->name, length, batch->arguments[0].name,
						batch->ndocuments),
				 errhint("Every array must have one element for each document. An array that is NULL or left out means the default for all documents.")));
	return length;
}

/* Allocates the documents of a batch, once their number is known. */
static void
AllocateDocuments(ArrayBatch *batch, int ndocuments)
{
	batch->ndocuments = ndocuments;
	batch->documents = palloc_extended(Max(ndocuments, 1) * sizeof(Document),
									   MCXT_ALLOC_HUGE);
	for (int i = 0; i < ndocuments; i++)
		InitDocument(&batch->documents[i], i + 1);
}

/* Sets what an element of an array says of a document. */
static void
SetElement(int field, Document *document, NullableDatum element)
{
	switch (field)
	{
		case FIELD_CONTENT:
			if (!element.isnull)
				HashContent(document, element.value);
			break;
		case FIELD_LOCATION:
			document->location = element;
			break;
		case FIELD_MODIFIED:
			document->modified_at = element;
			break;
		case FIELD_FINGERPRINT:
			document->fingerprint = element;
			break;
		case FIELD_HASH:
			document->hash_was_given = true;
			document->given_hash = element.isnull ? (Datum) 0 : element.value;
			break;
		case FIELD_SIZE:
			document->lacks_size = element.isnull;
			document->size = element.isnull ? 0 : DatumGetInt64(element.value);
			break;
		case FIELD_EXTRACTOR:
			document->extractor = element.isnull ? (Datum) 0 : element.value;
			break;
		default:
			document->fields[field] = element;
	}
}

/* Reads an array argument into the documents of the batch. */
static void
ReadArray(FunctionCallInfo fcinfo, int number, ArrayBatch *batch)
{
	const ArrayArgument *argument = &batch->arguments[number];
	ArrayType  *array;
	int			length;
	int16		element_length;
	bool		is_by_value;
	char		alignment;
	Datum	   *values;
	bool	   *nulls;

	if (PG_ARGISNULL(number))
	{
		if (argument->is_required)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", argument->name)));
		return;
	}
	array = PG_GETARG_ARRAYTYPE_P(number);
	length = CheckArray(argument, array, batch);
	if (batch->ndocuments < 0)
		AllocateDocuments(batch, length);

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &element_length, &is_by_value,
						 &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), element_length, is_by_value,
					  alignment, &values, &nulls, &length);
	for (int i = 0; i < length; i++)
	{
		NullableDatum element = {values[i], nulls[i]};

		CHECK_FOR_INTERRUPTS();
		if (!nulls[i] && argument->field <= FIELD_LOCATION &&
			argument->field >= FIELD_FINGERPRINT)
			CheckStoresLocations(fcinfo, argument->name);
		SetElement(argument->field, &batch->documents[i], element);
	}
}

/*
 * Ingests the documents of the arrays, all or nothing, except those that
 * doc_extractor.on_bad_document logs.
 */
static void
IngestArrays(FunctionCallInfo fcinfo, ArrayBatch *batch)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	FieldLimits limits;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < batch->narguments; i++)
		ReadArray(fcinfo, i, batch);

	GetFieldLimits(&ledger, &limits);
	for (int i = 0; i < batch->ndocuments; i++)
		AcceptDocument(&ledger, &batch->documents[i], &limits);
	IngestAccepted(&ledger, batch->documents, batch->ndocuments);
}

/*
 * ingest_documents(file_names, contents, file_types, ...): ingests a batch.  Returns
 * a row for each document, in the order of the arrays.
 */
Datum
ingest_documents(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayBatch	batch = {
		.arguments = arguments, .narguments = lengthof(arguments),
		.ndocuments = -1
	};

	IngestArrays(fcinfo, &batch);
	for (int i = 0; i < batch.ndocuments; i++)
	{
		Datum		values[RESULT_COLUMNS];
		bool		nulls[RESULT_COLUMNS];

		FillResult(&batch.documents[i], values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * ingest_hashed_documents(file_names, file_hashes, file_sizes_bytes, file_types,
 * ...): the same for documents whose bytes are elsewhere.  The rows have their
 * number, too.
 */
Datum
ingest_hashed_documents(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayBatch	batch = {
		.arguments = hashed_arguments,
		.narguments = lengthof(hashed_arguments), .ndocuments = -1
	};

	IngestArrays(fcinfo, &batch);
	for (int i = 0; i < batch.ndocuments; i++)
	{
		const Document *document = &batch.documents[i];
		Datum		values[RESULT_COLUMNS + 1];
		bool		nulls[RESULT_COLUMNS + 1];

		values[0] = Int64GetDatum(document->position);
		nulls[0] = false;
		FillResult(document, &values[1], &nulls[1]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
