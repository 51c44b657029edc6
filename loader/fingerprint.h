/*-------------------------------------------------------------------------
 *
 * fingerprint.h
 *		What tells whether a file has changed: size, times and inode; and what its file system is
 *		mounted on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

typedef struct Fingerprint
{
	int64_t		size;
	int64_t		modified;		/* seconds */
	int64_t		changed;
	uint64_t	inode;
	int32_t		modified_ns;
	int32_t		changed_ns;
	bool		is_recent;		/* may the file have changed again without another fingerprint? */
	int			mount;			/* how many names the path of its mount point has; 0: "/" */
} Fingerprint;

#define FINGERPRINT_LENGTH 128	/* of its text, at most */

extern Fingerprint FingerprintOf(const struct stat *st);

/*
 * Marks the fingerprint of a file that was read from a time on, by the wall clock, if the file had
 * changed so shortly before that another change may have the same time.
 */
extern void MarkRecent(Fingerprint *fingerprint, const struct timespec *read_at);

/* What it is marked with, and the mount point, do not count. */
extern bool SameFingerprint(const Fingerprint *a, const Fingerprint *b);

/*
 * The form in the ledger: "SIZE MODIFIED CHANGED INODE", " mount N" unless that is 0, and " recent"
 * if it is marked.
 */
extern void FormatFingerprint(const Fingerprint *fingerprint, char *text);

/* Reads that form, of "length" bytes.  Returns false if it is another one. */
extern bool ParseFingerprint(const char *text, int length, Fingerprint *fingerprint);

/* Returns a hash of it, without mark and mount point. */
extern uint64_t HashFingerprint(const Fingerprint *fingerprint);

/* Sets a timestamptz, in PostgreSQL's microseconds; returns false if that has no such time. */
extern bool ModificationTime(const Fingerprint *fingerprint, int64_t *timestamp);

#endif							/* FINGERPRINT_H */
