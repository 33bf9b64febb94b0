// SPDX-License-Identifier: GPL-2.0-only
#include "probe/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *file_path(char *ret, uint8_t flags, const char *path, uint32_t len)
{
	char *end = ret;

	if (flags & SS_CHANNEL_PATH_TRUNCATED)
		end = stpcpy(end, "...");
	/* From the last component back to the first. */
	while (len > 0) {
		uint32_t start = len - 1; /* its NUL */
		size_t n;

		while (start > 0 && path[start - 1] != '\0')
			start--;
		n = strnlen(path + start, len - start);
		*end++ = '/';
		memcpy(end, path + start, n);
		end += n;
		len = start;
	}
	*end = '\0';
	return ret;
}

const char *path_text(char ret[PATH_TEXT_SIZE], uint8_t transport, uint8_t flags, const char *path,
		      uint32_t len)
{
	if (len == 0 || len > SS_PATH_LEN)
		return NULL;
	if (transport >= SS_TRANSPORT_UNIX_STREAM && transport <= SS_TRANSPORT_UNIX_SEQPACKET) {
		snprintf(ret, PATH_TEXT_SIZE, "%s%.*s", flags & SS_CHANNEL_ABSTRACT ? "@" : "", (int)len,
			 path);
		return ret[0] ? ret : NULL;
	}
	return file_path(ret, flags, path, len);
}
