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
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoding.h"

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

/* Returns whether the server takes a text for blank: only spaces and the like. */
static bool
IsBlank(const char *text)
{
	return text[strspn(text, " \t\n\v\f\r")] == '\0';
}

char *
NameOfPath(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : path;
	GString    *encoded;

	if (!IsBlank(name))
		return MakeHoldable(name, strlen(name), NULL);
	encoded = g_string_new(NULL);
	SetEncodedLocation(encoded, name);
	g_string_erase(encoded, 0, strlen("file://"));
	return g_string_free(encoded, FALSE);
}

bool
IsBelow(const char *path, const char *folder)
{
	size_t		length = strlen(folder);

	if (length > 0 && folder[length - 1] == '/')
		length--;
	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Opens a path that is too long for the system, by its folders. */
static int
OpenLongPath(const char *path, int flags)
{
	char	   *copy = g_strdup(path);
	char	   *rest = copy;
	int			folder = AT_FDCWD;
	int			fd;

	while (strlen(rest) >= PATH_MAX)
	{
		char		kept = rest[PATH_MAX - 1];
		char	   *slash;
		int			next;

		rest[PATH_MAX - 1] = '\0';
		slash = strrchr(rest, '/');
		rest[PATH_MAX - 1] = kept;
		if (slash == NULL || slash == rest)
			break;
		*slash = '\0';
		next = openat(folder, rest, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (folder != AT_FDCWD)
			close(folder);
		if (next < 0)
		{
			g_free(copy);
			return -1;
		}
		folder = next;
		rest = slash + 1;
	}
	fd = openat(folder, rest, flags | O_NOFOLLOW | O_CLOEXEC);
	if (folder != AT_FDCWD)
	{
		int			error = errno;

		close(folder);
		errno = error;
	}
	g_free(copy);
	return fd;
}

int
OpenPath(const char *path, int flags)
{
	if (strlen(path) >= PATH_MAX)
		return OpenLongPath(path, flags);
	return open(path, flags | O_NOFOLLOW | O_CLOEXEC);
}
