/*
 * sha256.c
 *		SHA-256 in lower-case hex, through the server's cryptohash API.
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "../compat.h"
#include "sha256.h"

/* Raises an error unless a step of the computation succeeded. */
static void
CheckStep(pg_cryptohash_ctx *ctx, int result)
{
	if (result < 0)
		elog(ERROR, "could not compute a SHA-256 hash: %s",
			 pg_cryptohash_error(ctx));
}

/*
 * Starts a hash over bytes that arrive in pieces, for AddToHash() and
 * FinishHash().  After an error, the resource owner or memory context frees it.
 */
pg_cryptohash_ctx *
StartHash(void)
{
	pg_cryptohash_ctx *ctx = pg_cryptohash_create(PG_SHA256);

	CheckStep(ctx, pg_cryptohash_init(ctx));
	return ctx;
}

/* Adds the next piece to a hash. */
void
AddToHash(pg_cryptohash_ctx *ctx, const void *data, size_t length)
{
	CheckStep(ctx, pg_cryptohash_update(ctx, data, length));
}

/*
 * Returns the session's own hash context.  To create one takes a good part of the
 * time in which a small document is hashed.
 */
static pg_cryptohash_ctx *
KeptContext(void)
{
	static pg_cryptohash_ctx *ctx = NULL;
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext context = CurrentMemoryContext;

	if (ctx != NULL)
		return ctx;
	/* Both live as long as the session. */
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "doc_extractor");
	MemoryContextSwitchTo(TopMemoryContext);
	ctx = pg_cryptohash_create(PG_SHA256);
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return ctx;
}

/* Finishes a hash, and writes it into "digest" (PG_SHA256_DIGEST_LENGTH bytes). */
static void
WriteDigest(pg_cryptohash_ctx *ctx, uint8 *digest)
{
	CheckStep(ctx, pg_cryptohash_final(ctx, digest, PG_SHA256_DIGEST_LENGTH));
}

/* Finishes a hash, and writes its digits into "hash" (HASH_SIZE bytes). */
static void
WriteDigits(pg_cryptohash_ctx *ctx, char *hash)
{
	uint8		digest[PG_SHA256_DIGEST_LENGTH];

	WriteDigest(ctx, digest);
	hex_encode((const char *) digest, sizeof(digest), hash);
	hash[HASH_DIGITS] = '\0';
	Assert(strlen(hash) == HASH_DIGITS);
}

/* Writes the hash of all pieces into "hash" (HASH_SIZE bytes), and frees "ctx". */
void
FinishHash(pg_cryptohash_ctx *ctx, char *hash)
{
	WriteDigits(ctx, hash);
	pg_cryptohash_free(ctx);
}

/* Starts a hash in the session's own context, over "length" bytes at "data". */
static pg_cryptohash_ctx *
HashInKeptContext(const void *data, size_t length)
{
	pg_cryptohash_ctx *ctx = KeptContext();

	CheckStep(ctx, pg_cryptohash_init(ctx));
	AddToHash(ctx, data, length);
	return ctx;
}

/* Writes the hash of these bytes into "digest" (PG_SHA256_DIGEST_LENGTH bytes). */
void
DigestBytes(const void *data, size_t length, uint8 *digest)
{
	WriteDigest(HashInKeptContext(data, length), digest);
}

/* The same in digits, into "hash" (HASH_SIZE bytes). */
void
HashBytes(const void *data, size_t length, char *hash)
{
	WriteDigits(HashInKeptContext(data, length), hash);
}

/*
 * Copies hex digits into "hash" (HASH_SIZE bytes), in lower case.  Returns false
 * if they are not the 64 digits of a hash.
 */
bool
ParseHash(const char *digits, size_t length, char *hash)
{
	if (length != HASH_DIGITS)
		return false;
	for (size_t i = 0; i < length; i++)
	{
		if (!isxdigit((unsigned char) digits[i]))
			return false;
		hash[i] = pg_ascii_tolower((unsigned char) digits[i]);
	}
	hash[HASH_DIGITS] = '\0';
	return true;
}

/* Returns whether a text has the digits of a hash. */
bool
IsHash(Datum value, const char *hash)
{
	text	   *packed = DatumGetTextPP(value);

	return VARSIZE_ANY_EXHDR(packed) == HASH_DIGITS &&
		memcmp(VARDATA_ANY(packed), hash, HASH_DIGITS) == 0;
}
