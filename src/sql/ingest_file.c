/*
 * ingest_file.c
 *		ingest_file(): a document that is a file on the server.
 *
 * The file is read in pieces, so the memory does not depend on its size.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "../compat.h"
#include "../ingest/bad_documents.h"
#include "../ingest/ingest.h"
#include "../lib/encoding.h"
#include "../lib/subtransaction.h"
#include "../settings.h"
#include "../tables/error_log.h"
#include "../tables/locations.h"
#include "ingest_call.h"

PG_FUNCTION_INFO_V1(ingest_file);

typedef struct ServerFile
{
	char	   *path;
	struct stat state;			/* before it was opened */
} ServerFile;

/* Raises 42501 unless the current user may read any file that the server can. */
static void
CheckReadsFiles(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to ingest a file on the server"),
				 errdetail("Only roles with privileges of the role pg_read_server_files may read files on the server."),
				 errhint("Send the bytes with ingest_document(), or as a large object with ingest_large_object().")));
}

/*
 * Raises 22021 if a path is not in the database's encoding: its last part will be
 * the document's name.
 */
static void
CheckPathEncoded(const char *path)
{
	if (!IsEncoded(path, strlen(path)))
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg(NOT_ENCODED_MESSAGE, "path",
						GetDatabaseEncodingName()),
				 errhint("Rename the file. Or read it with pg_read_binary_file(), and call ingest_document() with a name that is converted to the database's encoding.")));
}

/* Returns the path in argument 0, canonicalized. */
static char *
GetPath(FunctionCallInfo fcinfo)
{
	char	   *path;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("path must not be null")));
	path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (IsBlank(path, strlen(path)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path must not be blank")));
	canonicalize_path(path);
	return path;
}

/* Raises an error: the file cannot be read, for the reason in errno. */
static void
ReportUnreadable(const char *path)
{
	/* errcode_for_file_access() would report these as internal errors. */
	bool		is_bad_path = errno == ENAMETOOLONG || errno == ELOOP;

	ereport(ERROR,
			(is_bad_path ? errcode(ERRCODE_INVALID_PARAMETER_VALUE) :
			 errcode_for_file_access(),
			 errmsg("could not read file \"%s\": %m", path)));
}

/* Raises 55006: what we have read may never have been the file's content. */
static void
ReportChanged(const char *path)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("file \"%s\" changed while it was read", path),
			 errhint("Try again when no other program writes to it.")));
}

/* Reads the state of a file.  Raises 42809 unless it is a regular file. */
static void
StatFile(ServerFile *file)
{
	if (stat(file->path, &file->state) < 0)
		ReportUnreadable(file->path);
	if (!S_ISREG(file->state.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", file->path)));
}

/* Raises 55006 unless an open file is as StatFile() found it. */
static void
CheckUnchanged(const ServerFile *file, int fd)
{
	struct stat state;

	if (fstat(fd, &state) < 0)
		ReportUnreadable(file->path);
	if (state.st_mode != file->state.st_mode ||
		state.st_size != file->state.st_size ||
		state.st_mtime != file->state.st_mtime)
		ReportChanged(file->path);
}

/* Adds the content of an open file to a hash, in pieces. */
static void
AddFile(pg_cryptohash_ctx *ctx, const ServerFile *file, int fd)
{
	char	   *piece = palloc(PIECE_SIZE);
	ssize_t		length;
	off_t		nread = 0;

	while ((length = read(fd, piece, PIECE_SIZE)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		nread += length;
		/* The file may grow as fast as we read it. */
		if (nread > file->state.st_size)
			break;
		AddToHash(ctx, piece, length);
	}
	if (length < 0)
		ReportUnreadable(file->path);
	if (nread != file->state.st_size)
		ReportChanged(file->path);
	pfree(piece);
}

/* Sets the hash of a document from its file. */
static void
HashFile(Document *document)
{
	const ServerFile *file = document->content;
	pg_cryptohash_ctx *ctx;
	int			fd;

	/* If it has become a pipe meanwhile, do not wait for a writer. */
	fd = OpenTransientFile(file->path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		ReportUnreadable(file->path);
	CheckUnchanged(file, fd);
	ctx = StartHash();
	AddFile(ctx, file, fd);
	CheckUnchanged(file, fd);
	FinishHash(ctx, document->hash);
	CloseTransientFile(fd);
}

/* Returns the last part of a path. */
static const char *
BaseName(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Returns metadata for a file that was given without any, a json. */
static Datum
PathMetadata(const char *path)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"path\": ");
	escape_json(&json, path);
	appendStringInfoChar(&json, '}');
	return CStringGetTextDatum(json.data);
}

/* A file to be read, for ReadFile(). */
typedef struct FileReading
{
	const Ledger *ledger;
	FieldLimits limits;
	ServerFile	file;
	Document	document;
} FileReading;

/* Returns a file's time of modification, or NULL if timestamptz cannot hold it. */
static NullableDatum
ModifiedAt(const struct stat *state)
{
	const int64 epoch = (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
	NullableDatum value = {.isnull = true};
	int64		seconds;
	int64		time;

	if (pg_sub_s64_overflow(state->st_mtime, epoch, &seconds) ||
		pg_mul_s64_overflow(seconds, USECS_PER_SEC, &time) ||
		!IS_VALID_TIMESTAMP(time))
		return value;
	value.value = TimestampTzGetDatum(time);
	value.isnull = false;
	return value;
}

/* Reads a file and checks its document: a callback of TryInSubtransaction(). */
static void
ReadFile(void *argument)
{
	FileReading *reading = argument;
	Document   *document = &reading->document;

	CheckPathEncoded(reading->file.path);
	StatFile(&reading->file);
	document->size = reading->file.state.st_size;
	if (!document->location.isnull && document->modified_at.isnull)
		document->modified_at = ModifiedAt(&reading->file.state);
	document->hash_content = HashFile;
	document->content = &reading->file;
	CheckDocument(&reading->limits, document);
}

/*
 * Returns whether an error in ReadFile() is about the file: its values, its state,
 * or what the system says of it.  Not a cancel, for example.
 */
static bool
IsAboutFile(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_SYSTEM_ERROR:
			return true;
		default:
			return error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE ||
				error->sqlerrcode == ERRCODE_WRONG_OBJECT_TYPE ||
				error->sqlerrcode == ERRCODE_OBJECT_IN_USE;
	}
}

/* Ingests a file, or writes it to error_log if it cannot be ingested. */
static void
IngestFileOrLog(FileReading *reading)
{
	ErrorData  *error = TryInSubtransaction(ReadFile, reading);

	if (error == NULL)
		IngestOrLog(reading->ledger, &reading->document, 1);
	else if (IsAboutFile(error))
		LogBadDocument(reading->ledger, &reading->document,
					   error->sqlerrcode, error->message);
	else
		ReThrowError(error);
}

/*
 * ingest_file(path, file_type, ...): ingests a document that is a file on the
 * server.  The path is interpreted as by pg_read_file().  A file that cannot be
 * ingested is an error, or a row of error_log, as doc_extractor.on_bad_document
 * says: the next file in a folder may be a good one.
 */
Datum
ingest_file(PG_FUNCTION_ARGS)
{
	Ledger		ledger = GetLedgerToWrite(fcinfo);
	TupleDesc	desc = ResultRowType(fcinfo);
	FileReading reading = {.ledger = &ledger};
	Document   *document = &reading.document;

	CheckReadsFiles();
	/* Here, as a fault of the ledger is none of the file. */
	GetFieldLimits(&ledger, &reading.limits);
	reading.file.path = GetPath(fcinfo);
	GetFields(fcinfo, 0, 1, document);
	document->fields[FIELD_NAME].value =
		CStringGetTextDatum(BaseName(reading.file.path));
	if (document->location.isnull && HasLocations(&ledger))
	{
		document->location.value = CStringGetTextDatum(reading.file.path);
		document->location.isnull = false;
	}
	if (document->fields[FIELD_METADATA].isnull)
	{
		document->fields[FIELD_METADATA].value = PathMetadata(reading.file.path);
		document->fields[FIELD_METADATA].isnull = false;
	}

	if (doc_extractor_on_bad_document == BAD_DOCUMENT_LOG)
		IngestFileOrLog(&reading);
	else
	{
		ReadFile(&reading);
		IngestBatch(&ledger, document, 1);
	}
	return ResultRow(desc, document);
}
