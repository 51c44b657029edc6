/*-------------------------------------------------------------------------
 *
 * visit.c
 *		Decides which files have to be read.
 *
 *-------------------------------------------------------------------------
 */
#include "visit.h"

#include <string.h>
#include <time.h>

#include "encoding.h"
#include "fingerprint.h"
#include "output.h"
#include "path.h"

void
StartVisitor(Visitor *visitor, Load *load, Root *root)
{
	visitor->load = load;
	visitor->root = root;
	visitor->location = g_string_new(NULL);
	visitor->now = time(NULL);
	visitor->mount = root->mount;
	VisitFolder(visitor, NULL);
}

void
EndVisitor(Visitor *visitor)
{
	g_string_free(visitor->location, TRUE);
}

void
VisitFolder(Visitor *visitor, const GString *folder)
{
	visitor->is_plain = folder != NULL && CanHold(folder->str, folder->len);
	visitor->folder_length = folder != NULL ? folder->len : 0;
}

bool
IsSelectedEntry(const Options *options, const char *relative, bool is_folder)
{
	if (MatchesEntry(options->excludes, relative, is_folder))
		return false;
	/* A folder may have files with other names than its own. */
	return is_folder || !HasPatterns(options->includes) ||
		MatchesPath(options->includes, relative, false);
}

bool
IsSelectedFile(const Options *options, const char *relative)
{
	return !MatchesPath(options->excludes, relative, false) &&
		IsSelectedEntry(options, relative, false);
}

/* Returns the location of a file; sets its length. */
static const char *
LocationOf(Visitor *visitor, const GString *path, size_t *length)
{
	if (visitor->is_plain &&
		CanHold(path->str + visitor->folder_length, path->len - visitor->folder_length))
	{
		*length = path->len;
		return path->str;
	}
	SetLocation(visitor->location, path->str);
	*length = visitor->location->len;
	return visitor->location->str;
}

/* Returns whether somebody may be writing a file. */
static bool
IsTooYoung(const Visitor *visitor, const struct stat *st)
{
	/* A time in the future says nothing. */
	int64_t		time = st->st_mtime <= visitor->now ? st->st_mtime : st->st_ctime;

	return visitor->load->options->min_age > 0 &&
		visitor->now - time < visitor->load->options->min_age;
}

void
QueueFile(Load *load, Root *root, const char *path, int64_t size, int mount, bool is_known)
{
	size_t		length = strlen(path) + 1;
	File	   *file = g_malloc(sizeof(File) + length);

	file->root = root;
	file->size = size;
	file->mount = mount;
	file->is_known = is_known;
	file->is_retried = false;
	memcpy(file->path, path, length);
	CountMore(root, COUNT_FOUND, 1);
	CountMore(root, COUNT_FOUND_BYTES, size);
	if (!PushItem(&load->files, file))
		g_free(file);
}

/* Returns what the file is counted as if it is not read; NCOUNTS if it has to be. */
static Count
Judge(const Visitor *visitor, const KnownLocation *known, const struct stat *st)
{
	const Options *options = visitor->load->options;
	Fingerprint fingerprint = FingerprintOf(st);

	if (known != NULL && known->fingerprint == HashFingerprint(&fingerprint))
	{
		if (known->is_deleted && !options->restore_deleted)
			return COUNT_DELETED;
		/* One that had changed just before it was read is read again. */
		if (!known->is_deleted && !known->is_recent && !options->rescan)
			return COUNT_UNCHANGED;
	}
	if (options->max_size >= 0 && st->st_size > options->max_size)
		return COUNT_TOO_LARGE;
	if (IsTooYoung(visitor, st))
		return COUNT_TOO_YOUNG;
	return NCOUNTS;
}

void
VisitFile(Visitor *visitor, const GString *path, const struct stat *st)
{
	size_t		length;
	const char *location = LocationOf(visitor, path, &length);
	KnownLocation *known = FindKnown(visitor->load->known, location, length, false);
	const Options *options = visitor->load->options;
	Count		judgement = Judge(visitor, known, st);

	CountMore(visitor->root, COUNT_SEEN, 1);
	if (known != NULL)
		known->is_seen = true;
	if (judgement == COUNT_DELETED)
		ShowFile(options, location, "skipped: deleted");
	if (judgement != NCOUNTS)
		CountMore(visitor->root, judgement, 1);
	else
		QueueFile(visitor->load, visitor->root, path->str, st->st_size, visitor->mount,
				  known != NULL && !known->is_deleted);
}
