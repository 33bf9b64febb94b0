// SPDX-License-Identifier: GPL-2.0-only
/* Text for a terminal: what is safe to print, how many columns it takes, where it is cut. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "view/text.h"
#include "view/view.h"

bool text_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

const char *text_arrow(void)
{
	return text_utf8() ? "→" : "->";
}

const char *text_both(void)
{
	return text_utf8() ? "↔" : "<->";
}

const char *text_ellipsis(void)
{
	return text_utf8() ? "…" : "~";
}

const char *text_at_least(void)
{
	return text_utf8() ? "≥" : ">=";
}

size_t text_decode(const char *s, size_t left, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	size_t len, i;
	uint32_t c;

	if (!left)
		return 0;
	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		len = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		len = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	c = u[0] & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3fU);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

/* Characters that change how others are shown: with them a name could dress up as another. */
static bool format_character(uint32_t c)
{
	return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

size_t text_piece(const char *s, size_t left, char *piece, int *columns)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t c = 0;
	size_t len = text_decode(s, left, &c), bytes, i;
	int width = -1;

	if (len == 1 && c >= 0x20 && c < 0x7f)
		width = 1;
	else if (len > 1 && !format_character(c) && text_utf8())
		width = wcwidth((wchar_t)c);
	if (width >= 0) {
		memcpy(piece, s, len);
		piece[len] = '\0';
		*columns = width;
		return len;
	}
	bytes = len ? len : 1;
	for (i = 0; i < bytes; i++) {
		unsigned char b = (unsigned char)s[i];

		piece[4 * i] = '\\';
		piece[4 * i + 1] = 'x';
		piece[4 * i + 2] = hex[b >> 4];
		piece[4 * i + 3] = hex[b & 15];
	}
	piece[4 * bytes] = '\0';
	*columns = (int)(4 * bytes);
	return bytes;
}

char *text_clean_dup(const char *name)
{
	size_t left = strlen(name), at = 0;
	char *ret = malloc(4 * left + TEXT_PIECE);
	int columns;

	if (!ret)
		return NULL;
	ret[0] = '\0';
	while (left) {
		size_t used = text_piece(name, left, ret + at, &columns);

		at += strlen(ret + at);
		name += used;
		left -= used;
	}
	return ret;
}

/* Width of the printable character at s; *len its bytes. */
static int char_width(const char *s, size_t *len)
{
	uint32_t c;
	int width;

	*len = text_decode(s, strlen(s), &c);
	if (*len <= 1) {
		*len = 1;
		return 1;
	}
	width = wcwidth((wchar_t)c);
	return width < 0 ? 1 : width;
}

int text_width(const char *s)
{
	int width = 0;
	size_t len;

	while (*s) {
		width += char_width(s, &len);
		s += len;
	}
	return width;
}

static char *copy_bytes(char *buf, size_t size, const char *s, size_t len)
{
	if (!size)
		return buf;
	if (len > size - 1)
		len = size - 1;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return buf;
}

char *text_cut(char *buf, size_t size, const char *s, int columns, enum text_cut cut)
{
	const char *dots = text_ellipsis();
	size_t dots_len = strlen(dots), total = strlen(s), keep = 0, len;
	int width = text_width(s), kept = 0;

	if (!size)
		return buf;
	if (width <= columns && total < size)
		return copy_bytes(buf, size, s, total);
	if (columns < 1 || size <= dots_len)
		return copy_bytes(buf, size, "", 0);
	if (cut == TEXT_CUT_END) {
		while (s[keep]) {
			int w = char_width(s + keep, &len);

			if (kept + w > columns - 1 || keep + len + dots_len >= size)
				break;
			kept += w;
			keep += len;
		}
		memcpy(buf, s, keep);
		memcpy(buf + keep, dots, dots_len + 1);
		return buf;
	}
	/* Drop from the front until the rest fits, and marks that would combine with the dots. */
	while (*s && (width > columns - 1 || total + dots_len >= size)) {
		width -= char_width(s, &len);
		s += len;
		total -= len;
	}
	while (*s && char_width(s, &len) == 0)
		s += len;
	memcpy(buf, dots, dots_len);
	copy_bytes(buf + dots_len, size - dots_len, s, strlen(s));
	return buf;
}

char *view_clean(char *buf, size_t size, const char *name, int columns)
{
	const char *dots = text_ellipsis();
	size_t dots_len = strlen(dots), left, at = 0, fit = 0;
	char piece[TEXT_PIECE];
	int width = 0, w;

	if (!size)
		return buf;
	if (!name)
		name = "?";
	/* fit: where the ellipsis would go if the name turned out to be too long. */
	for (left = strlen(name); left;) {
		size_t used = text_piece(name, left, piece, &w), len = strlen(piece);

		if ((columns > 0 && width + w > columns) || at + len >= size) {
			if (fit + dots_len < size)
				memcpy(buf + fit, dots, dots_len + 1);
			else
				buf[0] = '\0';
			return buf;
		}
		memcpy(buf + at, piece, len);
		at += len;
		width += w;
		if ((columns <= 0 || width < columns) && at + dots_len < size)
			fit = at;
		name += used;
		left -= used;
	}
	buf[at] = '\0';
	return buf;
}

/* Bytes of s that fit into columns columns; at least one character. */
static size_t fitting(const char *s, size_t size, int columns)
{
	size_t at = 0, len;
	int width = 0;

	while (at < size) {
		int w = char_width(s + at, &len);

		if (at && width + w > columns)
			break;
		width += w;
		at += len;
	}
	return at;
}

static int width_of(const char *s, size_t size)
{
	int width = 0;
	size_t at = 0, len;

	while (at < size) {
		width += char_width(s + at, &len);
		at += len;
	}
	return width;
}

int text_wrap(FILE *out, const char *text, int width, int first, int rest)
{
	char *clean = text_clean_dup(text);
	const char *s = clean;
	int column = first;
	bool fresh = true; /* nothing but the indent is on this line */

	if (!clean)
		return -ENOMEM;
	/* A wide character takes two columns. */
	if (width > 0 && first + 2 > width)
		first = column = 0;
	if (width > 0 && rest + 2 > width)
		rest = 0;
	fprintf(out, "%*s", first, "");
	while (*s) {
		size_t len;
		int w;

		while (*s == ' ')
			s++;
		len = strcspn(s, " ");
		if (!len)
			break;
		w = width_of(s, len);
		/* A word longer than a line begins where it stands, if some of it has room. */
		if (width > 0 && !fresh && column + 1 + w > width &&
		    (rest + w <= width || column + 8 > width)) {
			fprintf(out, "\n%*s", rest, "");
			column = rest;
			fresh = true;
		}
		if (width > 0 && column + !fresh + w > width) {
			len = fitting(s, len, width - column - !fresh);
			w = width_of(s, len);
		}
		fprintf(out, "%s%.*s", fresh ? "" : " ", (int)len, s);
		column += w + !fresh;
		fresh = false;
		s += len;
		if (*s && *s != ' ') {
			/* A word longer than a line goes on at once. */
			fprintf(out, "\n%*s", rest, "");
			column = rest;
			fresh = true;
		}
	}
	free(clean);
	return 0;
}

int text_finish(FILE *out)
{
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}
