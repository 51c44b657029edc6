/*
 * package.c
 *		Unpacks the parts of a ZIP file that an extractor wants, by libarchive.
 */
#include <archive.h>
#include <archive_entry.h>
#include <fnmatch.h>
#include <string.h>

#include "package.h"

/* Limits on all parts together, so that a small file cannot unpack without end. */
#define MAX_UNPACKED ((size_t) 256 << 20)
#define MAX_ENTRIES 100000
#define MAX_PARTS 5000

static void
FreeArchive(void *archive)
{
	archive_read_free(archive);
}

/* Gives up with what libarchive says. */
static void __attribute__((noreturn))
GiveUpForZip(Job *job, struct archive *archive)
{
	const char *text = archive_error_string(archive);

	/* libarchive crashes if it is asked before it has found out the format. */
	if (archive_format(archive) != 0 && archive_read_has_encrypted_entries(archive) == 1)
		FailJob(job, EXTRACTION_ENCRYPTED, "the file is encrypted");
	FailJob(job, EXTRACTION_FAILED, "could not unpack the ZIP file: %s", text ? text : "malformed");
}

/* Opens a ZIP file in memory. */
static struct archive *
OpenArchive(Job *job, const unsigned char *data, size_t size)
{
	struct archive *archive;

	/* Office files with a password are no ZIP files any more. */
	if (size > 8 && memcmp(data, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0)
		FailJob(job, EXTRACTION_ENCRYPTED, "the file needs a password");
	archive = archive_read_new();
	if (archive == NULL)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	PushCleanup(job, FreeArchive, archive);
	archive_read_support_format_zip(archive);
	if (archive_read_open_memory(archive, data, size) != ARCHIVE_OK)
		GiveUpForZip(job, archive);
	return archive;
}

/* Unpacks an entry.  All sizes in headers may lie, so only the bytes that come count. */
static void
Unpack(Package *package, struct archive *archive, Part *part, size_t *total)
{
	for (;;)
	{
		char		bytes[16384];
		ssize_t		length = archive_read_data(archive, bytes, sizeof(bytes));

		if (length < 0)
			GiveUpForZip(package->job, archive);
		if (length == 0)
			return;
		*total += (size_t) length;
		if (*total > MAX_UNPACKED)
			FailJob(package->job, EXTRACTION_TOO_LARGE, "the ZIP file unpacks to more than %zu MB",
				   MAX_UNPACKED >> 20);
		Append(package->job, &part->data, bytes, (size_t) length);
	}
}

static bool
IsWanted(const char *name, const char *const *wanted)
{
	for (; *wanted != NULL; wanted++)
		if (fnmatch(*wanted, name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

/* Returns the name of an entry; NULL if it cannot be read. */
static const char *
EntryName(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	return name != NULL ? name : archive_entry_pathname(entry);
}

/* Adds a part, and returns it. */
static Part *
AddPart(Package *package, const char *name)
{
	Part	   *part;

	if (package->count == MAX_PARTS)
		FailJob(package->job, EXTRACTION_TOO_LARGE, "the ZIP file has too many parts");
	/* Room is doubled whenever the count is a power of two. */
	if ((package->count & (package->count - 1)) == 0)
		package->parts = Reallocate(package->job, package->parts,
									sizeof(Part) * (package->count ? package->count * 2 : 1));
	part = &package->parts[package->count++];
	memset(part, 0, sizeof(*part));
	part->name = Allocate(package->job, strlen(name) + 1);
	strcpy(part->name, name);
	return part;
}

/* Unpacks the parts whose names match one of the patterns. */
void
OpenPackage(Job *job, Package *package, const unsigned char *data, size_t size,
			const char *const *wanted)
{
	struct archive *archive = OpenArchive(job, data, size);
	struct archive_entry *entry;
	size_t		total = 0;
	int			entries = 0;
	int			result;

	memset(package, 0, sizeof(*package));
	package->job = job;
	while ((result = archive_read_next_header(archive, &entry)) == ARCHIVE_OK ||
		   result == ARCHIVE_WARN)
	{
		const char *name = EntryName(entry);

		if (++entries > MAX_ENTRIES)
			FailJob(job, EXTRACTION_TOO_LARGE, "the ZIP file has too many entries");
		if (name == NULL || !IsWanted(name, wanted) || FindPart(package, name) != NULL)
			continue;
		if (archive_entry_is_data_encrypted(entry))
			FailJob(job, EXTRACTION_ENCRYPTED, "the file is encrypted");
		Unpack(package, archive, AddPart(package, name), &total);
	}
	if (result != ARCHIVE_EOF)
		GiveUpForZip(job, archive);
	PopCleanup(job);
}

/* Returns the part of a name, or NULL. */
Part *
FindPart(const Package *package, const char *name)
{
	for (int i = 0; i < package->count; i++)
		if (strcmp(package->parts[i].name, name) == 0)
			return &package->parts[i];
	return NULL;
}

/* Returns the part of a name, without which the file makes no sense. */
Part *
RequirePart(const Package *package, const char *name)
{
	Part	   *part = FindPart(package, name);

	if (part == NULL)
		FailJob(package->job, EXTRACTION_FAILED, "the ZIP file has no %s", name);
	return part;
}

/* Parses a part, and frees it: no part is read twice. */
void
ParsePart(Package *package, Part *part, const XmlHandler *handler, void *state)
{
	ParseXml(package->job, handler, state, part->name, part->data.data, part->data.length);
	Release(package->job, part->data.data);
	memset(&part->data, 0, sizeof(part->data));
}
