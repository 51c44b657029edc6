/*
 * mail_encoding.c
 *		Base64, quoted-printable and percent encoding, in their lenient forms.
 */
#include <string.h>
#include <strings.h>

#include "mail.h"

/* Returns the value of a hexadecimal digit, or -1. */
static int
HexDigit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

/* Adds the bytes of a base64 text; what is no digit is left out. */
void
DecodeBase64(Job *job, Buffer *to, const char *data, size_t length)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	signed char values[256];
	uint32_t	bits = 0;
	int			count = 0;

	memset(values, -1, sizeof(values));
	for (int i = 0; i < 64; i++)
		values[(unsigned char) digits[i]] = (signed char) i;
	Reserve(job, to, length / 4 * 3 + 3);
	for (size_t i = 0; i < length; i++)
	{
		int			value = values[(unsigned char) data[i]];

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t) value;
		if (++count % 4 == 0)
		{
			to->data[to->length++] = (char) (bits >> 16);
			to->data[to->length++] = (char) (bits >> 8);
			to->data[to->length++] = (char) bits;
		}
	}
	/* Two or three digits are left for one or two bytes. */
	if (count % 4 >= 2)
		to->data[to->length++] = (char) (count % 4 == 2 ? bits >> 4 : bits >> 10);
	if (count % 4 == 3)
		to->data[to->length++] = (char) (bits >> 2);
}

/* Adds the bytes of a quoted-printable text; in a header, an underscore is a space. */
void
DecodeQuoted(Job *job, Buffer *to, const char *data, size_t length, bool in_header)
{
	Reserve(job, to, length);
	for (size_t i = 0; i < length; i++)
	{
		int			high = data[i] == '=' && i + 2 < length ? HexDigit(data[i + 1]) : -1;
		int			low = high >= 0 ? HexDigit(data[i + 2]) : -1;

		if (low >= 0)
		{
			to->data[to->length++] = (char) (high << 4 | low);
			i += 2;
		}
		else if (data[i] == '=' && !in_header && i + 1 < length &&
				 (data[i + 1] == '\n' || data[i + 1] == '\r'))
			i += i + 2 < length && data[i + 1] == '\r' && data[i + 2] == '\n' ? 2 : 1;
		else
			to->data[to->length++] = in_header && data[i] == '_' ? ' ' : data[i];
	}
}

/* Adds the bytes of a text with %XX. */
void
DecodePercents(Job *job, Buffer *to, const char *data, size_t length)
{
	Reserve(job, to, length);
	for (size_t i = 0; i < length; i++)
	{
		int			high = data[i] == '%' && i + 2 < length ? HexDigit(data[i + 1]) : -1;
		int			low = high >= 0 ? HexDigit(data[i + 2]) : -1;

		to->data[to->length++] = low >= 0 ? (char) (high << 4 | low) : data[i];
		i += low >= 0 ? 2 : 0;
	}
}

/* Adds the bytes of a body that has an encoding for transfer, or NULL. */
void
DecodeBody(Job *job, Buffer *to, const char *encoding, const char *data, size_t length)
{
	if (encoding != NULL && strncasecmp(encoding, "base64", 6) == 0)
		DecodeBase64(job, to, data, length);
	else if (encoding != NULL && strncasecmp(encoding, "quoted-printable", 16) == 0)
		DecodeQuoted(job, to, data, length, false);
	else
		Append(job, to, data, length);
}
