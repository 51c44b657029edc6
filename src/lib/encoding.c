/*
 * encoding.c
 *		Texts that may have bytes which the database's encoding does not have.
 *
 * The server checks the texts that a client sends, but its own functions can make
 * others: pg_ls_dir() returns file names as they are.  A table that has such a
 * text can be dumped, but the dump cannot be loaded.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "encoding.h"

/* Returns whether all bytes of a text are valid in the database's encoding. */
bool
IsEncoded(const char *bytes, int length)
{
	return pg_verify_mbstr(GetDatabaseEncoding(), bytes, length, true);
}

/* Raises 22021 unless all bytes of an argument are valid. */
void
CheckEncoded(const char *argument, const char *bytes, int length)
{
	if (!IsEncoded(bytes, length))
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg(NOT_ENCODED_MESSAGE, argument,
						GetDatabaseEncodingName()),
				 errhint(NOT_ENCODED_HINT)));
}

/*
 * Returns a text in which each invalid byte is written as \xHH, in the current
 * memory context.
 */
char *
EscapeInvalid(const char *bytes, int length)
{
	StringInfoData escaped;
	int			encoding = GetDatabaseEncoding();

	initStringInfo(&escaped);
	while (length > 0)
	{
		int			width = pg_encoding_verifymbchar(encoding, bytes, length);

		/* Some encodings take any byte for valid. */
		if (width > 0 && *bytes != '\0')
			appendBinaryStringInfo(&escaped, bytes, width);
		else
		{
			width = 1;
			appendStringInfo(&escaped, "\\x%02X", (unsigned char) *bytes);
		}
		bytes += width;
		length -= width;
	}
	return escaped.data;
}
