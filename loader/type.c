/*
 * type.c
 *		The media type of a file: by its name, confirmed by its bytes.
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text_encoding.h"
#include "extract.h"
#include "signature.h"

#define FIRST_BYTES 4096
#define UNKNOWN_TYPE "application/octet-stream"

/* Returns the type that the system's database has for a name, in static memory; NULL if none. */
static const char *
TypeOfName(const char *name)
{
	gboolean	uncertain;
	char	   *type = g_content_type_guess(name, NULL, 0, &uncertain);
	const char *kept = NULL;

	if (!g_content_type_is_unknown(type) && strcmp(type, UNKNOWN_TYPE) != 0)
		kept = g_intern_string(type);
	g_free(type);
	return kept;
}

/* Returns the type that the system's database has for bytes: slow, so for rare ones only. */
static const char *
TypeOfBytes(const unsigned char *data, size_t length)
{
	gboolean	uncertain;
	char	   *type = g_content_type_guess(NULL, data, length, &uncertain);
	const char *kept =
		uncertain || g_content_type_is_unknown(type) ? UNKNOWN_TYPE : g_intern_string(type);

	/* What is not text by our rules must not become it by others. */
	if (g_content_type_is_a(kept, "text/plain"))
		kept = UNKNOWN_TYPE;
	g_free(type);
	return kept;
}

/* Returns whether a type of office files that are ZIP files may carry a password. */
static bool
IsOpenXml(const char *type)
{
	return strstr(type, "openxmlformats") != NULL || strstr(type, "macroEnabled") != NULL;
}

/* Returns whether two types of ZIP files are of one program: a document and a template, say. */
static bool
IsVariant(const char *by_name, const char *by_bytes)
{
	static const struct
	{
		const char *family;
		const char *words[3];
	}			programs[] = {
		{"wordprocessingml", {"wordprocessingml", "ms-word", NULL}},
		{"spreadsheetml", {"spreadsheetml", "ms-excel", NULL}},
		{"presentationml", {"presentationml", "ms-powerpoint", NULL}},
	};

	for (int i = 0; i < 3; i++)
		if (strstr(by_bytes, programs[i].family) != NULL)
			return strstr(by_name, programs[i].words[0]) != NULL ||
				strstr(by_name, programs[i].words[1]) != NULL;
	return false;
}

/* Returns the type of a ZIP file: what is in it decides, the name where that says nothing. */
static const char *
TypeOfZip(const char *by_name, const Source *source)
{
	const char *type = DetectZip(source);

	if (by_name == NULL || strcmp(by_name, type) == 0)
		return type;
	if (IsVariant(by_name, type))
		return by_name;
	/* Other formats are ZIP files, too: the name knows them. */
	if (strcmp(type, "application/zip") == 0 || strcmp(type, "application/java-archive") == 0)
		return HasSignature(by_name) || IsOpenXml(by_name) ||
			g_content_type_is_a(by_name, "text/plain") ? type : by_name;
	return type;
}

/* Returns the type of a compound file: those of old office programs look alike. */
static const char *
TypeOfCompound(const char *by_name, const Source *source)
{
	if (by_name == NULL || HasSignature(by_name) || g_content_type_is_a(by_name, "text/plain"))
		return "application/x-ole-storage";
	if (!IsOpenXml(by_name))
		return by_name;
	return IsEncryptedOffice(source) ? by_name : "application/x-ole-storage";
}

/* Returns whether files of a type are what a signature says. */
static bool
Agree(const char *by_name, const char *signature)
{
	return strcmp(by_name, signature) == 0 || g_content_type_is_a(by_name, signature) ||
		g_content_type_is_a(signature, by_name) ||
		/* Many formats have another one inside, or no signature in the table. */
		(!HasSignature(by_name) && !g_content_type_is_a(by_name, "text/plain"));
}

/* Returns the type of a file with a signature. */
static const char *
TypeOfSignature(const char *by_name, const char *signature, const Source *source)
{
	if (strcmp(signature, "application/zip") == 0)
		return TypeOfZip(by_name, source);
	if (strcmp(signature, "application/x-ole-storage") == 0)
		return TypeOfCompound(by_name, source);
	return by_name != NULL && Agree(by_name, signature) ? by_name : signature;
}

/* Returns whether text files can be of a type. */
static bool
MayBeText(const char *by_name)
{
	return !HasSignature(by_name) && !IsOpenXml(by_name) &&
		strstr(by_name, "opendocument") == NULL && strcmp(by_name, "application/epub+zip") != 0;
}

/* Returns the type of a file of a name and bytes. */
static const char *
Decide(const char *by_name, const unsigned char *data, size_t length, const Source *source)
{
	Bytes		bytes = DetectBytes(data, length);

	if (length == 0)
		return by_name != NULL ? by_name : "application/x-zerosize";
	if (bytes.certainty == CERTAINTY_SIGNATURE)
		return TypeOfSignature(by_name, bytes.type, source);
	if (bytes.certainty == CERTAINTY_NONE)
	{
		/* Texts may have a few bytes that are none: the name knows what they are. */
		if (by_name != NULL && !HasSignature(by_name) &&
			(!g_content_type_is_a(by_name, "text/plain") || LooksLikeText(data, length)))
			return by_name;
		return TypeOfBytes(data, length);
	}
	if (by_name == NULL)
		return bytes.type;
	return MayBeText(by_name) ? by_name : bytes.type;
}

/* Returns the media type of a file; see extract.h. */
const char *
DetectType(const char *name, int fd)
{
	unsigned char data[FIRST_BYTES];
	struct stat status;
	Source		source = {.fd = fd};
	ssize_t		length = pread(fd, data, sizeof(data), 0);
	const char *slash = strrchr(name, '/');

	if (length < 0 || fstat(fd, &status) != 0)
		return UNKNOWN_TYPE;
	source.size = (size_t) status.st_size;
	return Decide(TypeOfName(slash ? slash + 1 : name), data, (size_t) length, &source);
}
