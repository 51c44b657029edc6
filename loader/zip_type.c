/*
 * zip_type.c
 *		What a ZIP file is: an office file, a book, or just a ZIP file.
 *
 * Its first entry, or the names in its directory, tell.  This runs in the loader itself, so it
 * compares bytes within the two pieces that it has read, and unpacks nothing.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "signature.h"

/* The end of the file holds the directory's place; the directory itself may be far away. */
#define TAIL 65536
#define HEAD 512

/* Reads a piece of a file; returns how many bytes there are. */
size_t
ReadSource(const Source *source, unsigned char *memory, size_t length, size_t offset)
{
	ssize_t		received;

	if (offset >= source->size)
		return 0;
	if (length > source->size - offset)
		length = source->size - offset;
	if (source->fd >= 0)
	{
		received = pread(source->fd, memory, length, (off_t) offset);
		return received > 0 ? (size_t) received : 0;
	}
	memcpy(memory, source->data + offset, length);
	return length;
}

static unsigned
Get16(const unsigned char *bytes)
{
	return bytes[0] | (unsigned) bytes[1] << 8;
}

static uint32_t
Get32(const unsigned char *bytes)
{
	return Get16(bytes) | (uint32_t) Get16(bytes + 2) << 16;
}

/* Types that the first entry, "mimetype", may name. */
static const char *const named[] = {
	"application/epub+zip",
	"application/vnd.oasis.opendocument.text",
	"application/vnd.oasis.opendocument.text-template",
	"application/vnd.oasis.opendocument.text-master",
	"application/vnd.oasis.opendocument.text-web",
	"application/vnd.oasis.opendocument.spreadsheet",
	"application/vnd.oasis.opendocument.spreadsheet-template",
	"application/vnd.oasis.opendocument.presentation",
	"application/vnd.oasis.opendocument.presentation-template",
	"application/vnd.oasis.opendocument.graphics",
	"application/vnd.oasis.opendocument.graphics-template",
	"application/vnd.oasis.opendocument.chart",
	"application/vnd.oasis.opendocument.formula",
	"application/vnd.oasis.opendocument.image",
	"application/vnd.oasis.opendocument.base",
	"application/vnd.sun.xml.writer",
	"application/vnd.sun.xml.calc",
	"application/vnd.sun.xml.impress",
	NULL
};

/* Returns the type that the first entry names, or NULL. */
static const char *
ReadMimetype(const unsigned char *head, size_t length)
{
	size_t		start;
	size_t		best_length = 0;
	const char *best = NULL;

	if (length < 38 || Get16(head + 26) != 8 || memcmp(head + 30, "mimetype", 8) != 0)
		return NULL;
	start = 38 + Get16(head + 28);
	/* The size may be missing here, so the longest name that fits is the right one. */
	for (int i = 0; named[i] != NULL; i++)
	{
		size_t		width = strlen(named[i]);

		if (width > best_length && start <= length && width <= length - start &&
			memcmp(head + start, named[i], width) == 0)
		{
			best = named[i];
			best_length = width;
		}
	}
	return best;
}

/* Names in the directory that tell the kind of an office file. */
static const struct
{
	const char *start;
	const char *type;
}			parts[] = {
	{"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
};

/* Returns the type that the names in a directory tell, or NULL. */
static const char *
ReadDirectory(const unsigned char *at, size_t length)
{
	const char *type = NULL;
	bool		has_types = false;

	while (length >= 46 && memcmp(at, "PK\001\002", 4) == 0)
	{
		const char *name = (const char *) at + 46;
		size_t		width = Get16(at + 28);
		size_t		entry = 46 + width + Get16(at + 30) + Get16(at + 32);

		if (width > length - 46)
			break;
		if (width == 19 && memcmp(name, "[Content_Types].xml", 19) == 0)
			has_types = true;
		if (width == 20 && memcmp(name, "META-INF/MANIFEST.MF", 20) == 0 && type == NULL)
			return "application/java-archive";
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && type == NULL; i++)
			if (width > strlen(parts[i].start) &&
				memcmp(name, parts[i].start, strlen(parts[i].start)) == 0)
				type = parts[i].type;
		if (has_types && type != NULL)
			return type;
		if (entry > length)
			break;
		at += entry;
		length -= entry;
	}
	return NULL;
}

/* Returns the type of a ZIP file. */
const char *
DetectZip(const Source *source)
{
	unsigned char memory[TAIL];
	const char *type = ReadMimetype(memory, ReadSource(source, memory, HEAD, 0));
	size_t		start = source->size > TAIL ? source->size - TAIL : 0;
	size_t		length;
	unsigned char *end;

	if (type != NULL)
		return type;
	length = ReadSource(source, memory, TAIL, start);
	/* The record at the end; a comment may follow it. */
	for (end = memory + (length > 22 ? length - 22 : 0); end > memory; end--)
		if (memcmp(end, "PK\005\006", 4) == 0)
			break;
	if (length >= 22 && memcmp(end, "PK\005\006", 4) == 0)
	{
		size_t		directory = Get32(end + 16);

		if (directory >= start && directory - start <= length)
			type = ReadDirectory(memory + (directory - start), length - (directory - start));
		else
			type = ReadDirectory(memory, ReadSource(source, memory, TAIL, directory));
	}
	return type != NULL ? type : "application/zip";
}

/*
 * Returns whether a compound file holds an office file that is protected by a password: the
 * name of that stream is in its directory.
 */
bool
IsEncryptedOffice(const Source *source)
{
	static const unsigned char name[] = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	unsigned char memory[TAIL];
	size_t		length = ReadSource(source, memory, 512, 0);
	size_t		directory;

	if (length < 512 || Get16(memory + 30) < 7 || Get16(memory + 30) > 12)
		return false;
	/* The header tells the directory's first sector; sector 0 follows the header's. */
	directory = ((size_t) Get32(memory + 48) + 1) << Get16(memory + 30);
	length = ReadSource(source, memory, TAIL, directory);
	return memmem(memory, length, name, sizeof(name)) != NULL;
}
