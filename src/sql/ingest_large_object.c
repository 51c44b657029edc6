/*
 * ingest_large_object.c
 *		ingest_large_object(): a document that is a large object.
 *
 * The object is opened and read by the functions behind lo_open() and loread(), so
 * the server checks the caller's rights, and cleans up after an error.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/be-fsstubs.h"
#include "libpq/libpq-fs.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "../compat.h"
#include "ingest_call.h"

PG_FUNCTION_INFO_V1(ingest_large_object);

/* Opens a large object for reading, and returns its descriptor. */
static int
OpenLargeObject(Oid loid)
{
	return DatumGetInt32(DirectFunctionCall2(be_lo_open,
											 ObjectIdGetDatum(loid),
											 Int32GetDatum(INV_READ)));
}

/* Sets the position in a large object, and returns it in bytes. */
static int64
Seek(int fd, int64 offset, int whence)
{
	return DatumGetInt64(DirectFunctionCall3(be_lo_lseek64, Int32GetDatum(fd),
											 Int64GetDatum(offset),
											 Int32GetDatum(whence)));
}

/* Sets the hash of a document from its large object, and closes the object. */
static void
HashLargeObject(Document *document)
{
	int			fd = *(int *) document->content;
	pg_cryptohash_ctx *ctx = StartHash();
	char	   *piece = palloc(PIECE_SIZE);
	int			length;

	while ((length = lo_read(fd, piece, PIECE_SIZE)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		AddToHash(ctx, piece, length);
	}
	FinishHash(ctx, document->hash);
	pfree(piece);
	/* Close it now, as a user's trigger may want to remove the object. */
	DirectFunctionCall1(be_lo_close, Int32GetDatum(fd));
}

/*
 * ingest_large_object(loid, file_name, file_type, ...): ingests a document that is
 * a large object.
 */
Datum
ingest_large_object(PG_FUNCTION_ARGS)
{
	Document	document = {.position = 0};
	int			fd;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("loid must not be null")));
	GetFields(fcinfo, 1, 2, &document);
	fd = OpenLargeObject(PG_GETARG_OID(0));
	document.size = Seek(fd, 0, SEEK_END);
	Seek(fd, 0, SEEK_SET);
	document.hash_content = HashLargeObject;
	document.content = &fd;
	return IngestOne(fcinfo, &document);
}
