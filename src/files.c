/*
 * files.c
 *		ingest_file(): a document that is a file of the server.
 *
 * The file is read in pieces, so that it takes no more memory than one of them.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "compat.h"
#include "ingest_functions.h"

PG_FUNCTION_INFO_V1(ingest_file);

typedef struct ServerFile
{
	char	   *path;
	struct stat state;			/* before it is opened */
} ServerFile;

/* An error unless the current user may read any file that the server can. */
static void
CheckReadsFiles(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to ingest a file of the server"),
				 errdetail("Only superusers and roles with the privileges of pg_read_server_files may read its files."),
				 errhint("Send the bytes with ingest_document(), or as a large object with ingest_large_object().")));
}

/* Returns the path in argument 0, in its shortest form. */
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

/* An error: the system does not let us read the file, as errno tells. */
static void
ReportUnreadable(const char *path)
{
	/* PostgreSQL takes these for errors of its own. */
	bool		is_bad_path = errno == ENAMETOOLONG || errno == ELOOP;

	ereport(ERROR,
			(is_bad_path ? errcode(ERRCODE_INVALID_PARAMETER_VALUE) :
			 errcode_for_file_access(),
			 errmsg("could not read file \"%s\": %m", path)));
}

/* An error: what we read may never have been the file's content. */
static void
ReportChanged(const char *path)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("file \"%s\" changed while it was read", path),
			 errhint("Try again when nothing writes to it.")));
}

/* Looks at a file without opening it; an error unless it is a regular one. */
static void
LookAtFile(ServerFile *file)
{
	if (stat(file->path, &file->state) < 0)
		ReportUnreadable(file->path);
	if (!S_ISREG(file->state.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", file->path)));
}

/* An error unless an open file is as LookAtFile() saw it. */
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

/* Adds an open file to a hash, in pieces. */
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
		/* It may grow as fast as we read. */
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

	/* Should it have become a pipe meanwhile, do not wait for its writer. */
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

/* Returns a path's last part. */
static const char *
BaseName(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Returns the metadata of a file that was offered without any, a json. */
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

/*
 * ingest_file(path, file_type, ...): ingests a document that is a file of the
 * server.  Its path is taken as pg_read_file() does.
 */
Datum
ingest_file(PG_FUNCTION_ARGS)
{
	Document	document = {.position = 0};
	ServerFile	file;

	CheckReadsFiles();
	file.path = GetPath(fcinfo);
	LookAtFile(&file);

	GetFields(fcinfo, 0, 1, &document);
	document.fields[FIELD_NAME].value = CStringGetTextDatum(BaseName(file.path));
	if (document.fields[FIELD_METADATA].isnull)
	{
		document.fields[FIELD_METADATA].value = PathMetadata(file.path);
		document.fields[FIELD_METADATA].isnull = false;
	}
	document.size = file.state.st_size;
	document.hash_content = HashFile;
	document.content = &file;
	return IngestOne(fcinfo, &document);
}
