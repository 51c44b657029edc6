/*-------------------------------------------------------------------------
 *
 * hash.h
 *		The SHA-256 of files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HASH_H
#define HASH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Hasher Hasher;	/* for one thread */

extern Hasher *CreateHasher(void);
extern void FreeHasher(Hasher *hasher);

typedef enum HashResult
{
	HASH_DONE,
	HASH_FAILED,				/* errno says why */
	HASH_CHANGED,				/* the file has another size */
	HASH_STOPPED				/* the program must stop */
} HashResult;

/* Hashes an open file of a size; the digits go to "hash", with a NUL at their end. */
extern HashResult HashFile(Hasher *hasher, int fd, int64_t size, char *hash);

#endif							/* HASH_H */
