/*-------------------------------------------------------------------------
 *
 * fingerprint.c
 *		What tells whether a file has changed: size, times and inode; and what its file system is
 *		mounted on.
 *
 *-------------------------------------------------------------------------
 */
#include "fingerprint.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "mix.h"

/* Times of files are this wide at worst, in seconds: on FAT. */
#define RECENT 2.0
#define RECENT_MARK " recent"
#define MOUNT_MARK "mount "

/* From 1970 to 2000, where PostgreSQL's times start. */
#define EPOCH_SECONDS INT64_C(946684800)

Fingerprint
FingerprintOf(const struct stat *st)
{
	Fingerprint fingerprint = {
		.size = st->st_size,
		.modified = st->st_mtim.tv_sec,
		.modified_ns = st->st_mtim.tv_nsec,
		.changed = st->st_ctim.tv_sec,
		.changed_ns = st->st_ctim.tv_nsec,
		.inode = st->st_ino
	};

	return fingerprint;
}

/* Returns whether a time is less than RECENT from another one. */
static bool
IsNear(int64_t seconds, int32_t nanoseconds, const struct timespec *time)
{
	double		distance = (double) (time->tv_sec - seconds) +
		(time->tv_nsec - nanoseconds) / 1e9;

	return distance > -RECENT && distance < RECENT;
}

void
MarkRecent(Fingerprint *fingerprint, const struct timespec *read_at)
{
	/*
	 * The time of change is the kernel's own, and later changes have later ones, but for the
	 * width of a tick.  Some file systems only have the time of modification.
	 */
	fingerprint->is_recent =
		IsNear(fingerprint->changed, fingerprint->changed_ns, read_at) ||
		IsNear(fingerprint->modified, fingerprint->modified_ns, read_at);
}

bool
SameFingerprint(const Fingerprint *a, const Fingerprint *b)
{
	return a->size == b->size && a->inode == b->inode &&
		a->modified == b->modified && a->modified_ns == b->modified_ns &&
		a->changed == b->changed && a->changed_ns == b->changed_ns;
}

void
FormatFingerprint(const Fingerprint *fingerprint, char *text)
{
	char		mount[24] = "";

	if (fingerprint->mount > 0)
		snprintf(mount, sizeof(mount), " " MOUNT_MARK "%d", fingerprint->mount);
	snprintf(text, FINGERPRINT_LENGTH,
			 "%" PRId64 " %" PRId64 ".%09" PRId32 " %" PRId64 ".%09" PRId32 " %" PRIu64 "%s%s",
			 fingerprint->size, fingerprint->modified, fingerprint->modified_ns,
			 fingerprint->changed, fingerprint->changed_ns, fingerprint->inode, mount,
			 fingerprint->is_recent ? RECENT_MARK : "");
}

/* Reads a number up to a separator, and moves behind that. */
static bool
ParseNumber(const char **text, const char *end, char separator, int64_t *number)
{
	const char *p = *text;
	bool		is_negative = p < end && *p == '-';
	uint64_t	value = 0;

	p += is_negative;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (*p - '0');
	if (separator != '\0' ? p == end || *p != separator : p != end)
		return false;
	*number = (int64_t) (is_negative ? -value : value);
	*text = separator != '\0' ? p + 1 : p;
	return true;
}

/* Reads the number of the inode, and the mount point if there is one. */
static bool
ParseInode(const char *text, const char *end, Fingerprint *fingerprint)
{
	const char *space = memchr(text, ' ', (size_t) (end - text));
	int64_t		inode;
	int64_t		mount = 0;

	if (!ParseNumber(&text, space != NULL ? space : end, '\0', &inode))
		return false;
	if (space != NULL)
	{
		text = space + 1;
		if (end - text <= (ptrdiff_t) strlen(MOUNT_MARK) ||
			memcmp(text, MOUNT_MARK, strlen(MOUNT_MARK)) != 0)
			return false;
		text += strlen(MOUNT_MARK);
		if (!ParseNumber(&text, end, '\0', &mount) || mount < 1 || mount > PATH_MAX)
			return false;
	}
	fingerprint->inode = (uint64_t) inode;
	fingerprint->mount = (int) mount;
	return true;
}

bool
ParseFingerprint(const char *text, int length, Fingerprint *fingerprint)
{
	const char *end = text + length;
	int64_t		modified_ns;
	int64_t		changed_ns;

	fingerprint->is_recent = length > (int) strlen(RECENT_MARK) &&
		memcmp(end - strlen(RECENT_MARK), RECENT_MARK, strlen(RECENT_MARK)) == 0;
	if (fingerprint->is_recent)
		end -= strlen(RECENT_MARK);
	if (!ParseNumber(&text, end, ' ', &fingerprint->size) ||
		!ParseNumber(&text, end, '.', &fingerprint->modified) ||
		!ParseNumber(&text, end, ' ', &modified_ns) ||
		!ParseNumber(&text, end, '.', &fingerprint->changed) ||
		!ParseNumber(&text, end, ' ', &changed_ns) ||
		!ParseInode(text, end, fingerprint))
		return false;
	fingerprint->modified_ns = (int32_t) modified_ns;
	fingerprint->changed_ns = (int32_t) changed_ns;
	return true;
}

uint64_t
HashFingerprint(const Fingerprint *fingerprint)
{
	uint64_t	hash = Mix(fingerprint->size, fingerprint->inode);

	hash = Mix(hash ^ fingerprint->modified, fingerprint->modified_ns);
	return Mix(hash ^ fingerprint->changed, fingerprint->changed_ns);
}

bool
ModificationTime(const Fingerprint *fingerprint, int64_t *timestamp)
{
	/* timestamptz ends in the years 4713 BC and 294276; file systems may go on. */
	if (fingerprint->modified < INT64_C(-210000000000) ||
		fingerprint->modified > INT64_C(9000000000000))
		return false;
	*timestamp = (fingerprint->modified - EPOCH_SECONDS) * 1000000 +
		fingerprint->modified_ns / 1000;
	return true;
}
