/*-------------------------------------------------------------------------
 *
 * path.c
 *		Paths, which are bytes, and locations, which are text.
 *
 *-------------------------------------------------------------------------
 */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "encoding.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

/* The width of the ledger's column, in characters. */
#define NAME_WIDTH 500

/* As linux/openat2.h has them. */
#define RESOLVE_NO_SYMLINKS 0x04
#define RESOLVE_BENEATH 0x08

/* Whether a path has "..": only the file system knows where it leads. */
static bool
HasParent(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

char *
AbsolutePath(const char *path)
{
	if (HasParent(path))
	{
		char	   *real = realpath(path, NULL);
		char	   *copy = g_strdup(real);

		free(real);
		return copy;
	}
	/* GLib keeps two slashes at the start. */
	while (path[0] == '/' && path[1] == '/')
		path++;
	return g_canonicalize_filename(path, NULL);
}

void
SetEncodedLocation(GString *location, const char *path)
{
	g_string_assign(location, "file://");
	for (const char *p = path; *p != '\0'; p++)
	{
		if (g_ascii_isalnum(*p) || strchr("/-._~", *p) != NULL)
			g_string_append_c(location, *p);
		else
			g_string_append_printf(location, "%%%02X", (unsigned char) *p);
	}
}

void
SetLocation(GString *location, const char *path)
{
	if (CanHold(path, strlen(path)))
		g_string_assign(location, path);
	else
		SetEncodedLocation(location, path);
}

char *
PathOfLocation(const char *location)
{
	if (location[0] == '/')
		return g_strdup(location);
	if (g_str_has_prefix(location, "file:///"))
		return g_uri_unescape_string(location + strlen("file://"), NULL);
	return NULL;
}

char *
NameOfPath(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
	GString    *encoded;
	char	   *shortened;

	if (!IsBlank(name))
		return MakeShort(name, NAME_WIDTH);
	encoded = g_string_new(NULL);
	SetEncodedLocation(encoded, name);
	shortened = MakeShort(encoded->str + strlen("file://"), NAME_WIDTH);
	g_string_free(encoded, TRUE);
	return shortened;
}

bool
IsBelow(const char *path, const char *folder)
{
	size_t		length = strlen(folder);

	if (length > 0 && folder[length - 1] == '/')
		length--;
	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool
IsCanonical(const char *path)
{
	char	   *canonical = g_canonicalize_filename(path, NULL);
	bool		is_canonical = strcmp(path, canonical) == 0;

	g_free(canonical);
	return is_canonical;
}

/* Opens an entry of a folder; ".." could lead anywhere. */
static int
OpenEntry(int folder, const char *name, int flags)
{
	if (strcmp(name, "..") == 0)
	{
		errno = EXDEV;
		return -1;
	}
	return openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens a path below a folder, one entry after the other. */
static int
OpenByEntries(int folder, const char *path, int flags)
{
	char	  **names = g_strsplit(path, "/", -1);
	int			above = folder;
	int			fd = -1;
	int			error = 0;

	for (char **name = names; *name != NULL && above >= 0; name++)
	{
		bool		is_last = name[1] == NULL;

		fd = OpenEntry(above, *name, is_last ? flags : O_PATH | O_DIRECTORY);
		error = errno;
		if (above != folder)
			close(above);
		above = is_last ? -1 : fd;
	}
	g_strfreev(names);
	errno = error;
	return fd;
}

int
OpenBelow(int folder, const char *path, int flags)
{
	/* openat2() is younger than some C libraries and headers. */
	struct
	{
		uint64_t	flags;
		uint64_t	mode;
		uint64_t	resolve;
	}			how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC | O_LARGEFILE,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH
	};
	int			fd;

	if (*path == '\0')
		path = ".";
	fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
	/* The kernel lacks it, or a container forbids it; or the path is too long for it. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == ENAMETOOLONG))
		fd = OpenByEntries(folder, path, flags);
	return fd;
}
