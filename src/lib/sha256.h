/*
 * sha256.h
 *		SHA-256 in lower-case hex, the identity of a document's content.
 */
#ifndef DOC_EXTRACTOR_SHA256_H
#define DOC_EXTRACTOR_SHA256_H

#include "common/cryptohash.h"
#include "common/sha2.h"

/* The number of a hash's digits, and of the bytes with their final NUL. */
#define HASH_DIGITS		(PG_SHA256_DIGEST_LENGTH * 2)
#define HASH_SIZE		(HASH_DIGITS + 1)

extern pg_cryptohash_ctx *StartHash(void);
extern void AddToHash(pg_cryptohash_ctx *ctx, const void *data, size_t length);
extern void FinishHash(pg_cryptohash_ctx *ctx, char *hash);
extern void DigestBytes(const void *data, size_t length, uint8 *digest);
extern void HashBytes(const void *data, size_t length, char *hash);
extern bool ParseHash(const char *digits, size_t length, char *hash);
extern bool IsHash(Datum value, const char *hash);

#endif							/* DOC_EXTRACTOR_SHA256_H */
