/*-------------------------------------------------------------------------
 *
 * hash.c
 *		The SHA-256 of files.
 *
 *-------------------------------------------------------------------------
 */
#include "hash.h"

#include <errno.h>
#include <glib.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "cancel.h"

#define BUFFER_SIZE (256 * 1024)

struct Hasher
{
	EVP_MD	   *algorithm;
	EVP_MD_CTX *context;
	unsigned char buffer[BUFFER_SIZE];
};

Hasher *
CreateHasher(void)
{
	Hasher	   *hasher = g_new(Hasher, 1);

	hasher->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	hasher->context = EVP_MD_CTX_new();
	if (hasher->algorithm == NULL || hasher->context == NULL)
		g_error("OpenSSL has no SHA-256");
	return hasher;
}

void
FreeHasher(Hasher *hasher)
{
	EVP_MD_CTX_free(hasher->context);
	EVP_MD_free(hasher->algorithm);
	g_free(hasher);
}

/* Writes the digits of a digest. */
static void
WriteDigits(const unsigned char *digest, unsigned length, char *hash)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < length; i++)
	{
		*hash++ = digits[digest[i] >> 4];
		*hash++ = digits[digest[i] & 15];
	}
	*hash = '\0';
}

HashResult
HashFile(Hasher *hasher, int fd, int64_t size, char *hash)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned	length;
	int64_t		taken = 0;

	EVP_DigestInit_ex(hasher->context, hasher->algorithm, NULL);
	while (taken < size)
	{
		ssize_t		nread = pread(fd, hasher->buffer, BUFFER_SIZE, taken);

		if (nread < 0 && errno == EINTR)
			continue;
		if (nread < 0)
			return HASH_FAILED;
		if (nread == 0)
			return HASH_CHANGED;
		EVP_DigestUpdate(hasher->context, hasher->buffer, nread);
		taken += nread;
		if (MustStop())
			return HASH_STOPPED;
	}
	EVP_DigestFinal_ex(hasher->context, digest, &length);
	WriteDigits(digest, length, hash);
	return taken == size ? HASH_DONE : HASH_CHANGED;
}
