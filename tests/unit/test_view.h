/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the views share: rendering into memory, lines, columns, cells. */
#ifndef SHIMSCOPE_TEST_VIEW_H
#define SHIMSCOPE_TEST_VIEW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "fixture_model.h"
#include "view/view.h"

/* Each test says which locale it prints for. */
static inline int utf8_locale(void **state)
{
	(void)state;
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

static inline int ascii_locale(void **state)
{
	(void)state;
	return setlocale(LC_ALL, "C") ? 0 : -1;
}

typedef int text_view(FILE *out, const struct model *m, const struct view_options *o);
typedef int json_view(FILE *out, const struct model *m);

static inline char *render(text_view *view, const struct model *m, const struct view_options *o)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(view(out, m, o), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static inline char *render_width(text_view *view, const struct model *m, int width)
{
	return render(view, m, &(struct view_options){ .width = width });
}

static inline char *render_json(json_view *view, const struct model *m)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(view(out, m), 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

/* The error of writing to a full disk. */
static inline int full_disk(int (*print)(FILE *out, const struct model *m), const struct model *m)
{
	FILE *out = fopen("/dev/full", "w");
	int err;

	assert_non_null(out);
	err = print(out, m);
	fclose(out);
	return err;
}

/* Display columns of a line (up to its newline or end), by the C library's own reckoning. */
static inline int columns_of(const char *line)
{
	size_t len = strcspn(line, "\n");
	wchar_t wide[16384];
	char copy[65536];
	size_t n;
	int width;

	assert_true(len < sizeof(copy));
	memcpy(copy, line, len);
	copy[len] = '\0';
	n = mbstowcs(wide, copy, sizeof(wide) / sizeof(wide[0]));
	assert_true(n != (size_t)-1 && n < sizeof(wide) / sizeof(wide[0]));
	width = wcswidth(wide, n);
	assert_true(width >= 0); /* every character is printable */
	return width;
}

static inline const char *next_line(const char *line)
{
	const char *newline = strchr(line, '\n');

	return newline ? newline + 1 : NULL;
}

/* No line is wider than width, ends in spaces or holds anything but printable characters. */
static inline void assert_fits(const char *text, int width)
{
	const char *line;

	assert_int_equal(text[strlen(text) - 1], '\n');
	for (line = text; line && *line; line = next_line(line)) {
		size_t len = strcspn(line, "\n");
		int columns = columns_of(line);

		if (width && columns > width)
			fail_msg("%d columns, not %d: %.*s", columns, width, (int)len, line);
		if (len && line[len - 1] == ' ')
			fail_msg("ends in a space: %.*s", (int)len, line);
	}
}

/* The line that begins with this, within text; fails without. */
static inline const char *line_of(const char *text, const char *begin)
{
	const char *line;

	for (line = text; line && *line; line = next_line(line)) {
		if (!strncmp(line, begin, strlen(begin)))
			return line;
	}
	fail_msg("no line begins with \"%s\" in:\n%s", begin, text);
	return NULL;
}

/* A line as wide characters: where all are one column wide, an index is a column. */
static inline void widen(const char *line, wchar_t *wide, size_t size)
{
	size_t len = strcspn(line, "\n");
	char copy[4096];

	assert_true(len < sizeof(copy));
	memcpy(copy, line, len);
	copy[len] = '\0';
	assert_true(mbstowcs(wide, copy, size) < size);
}

/*
 * The cell of a right-aligned column: the text of the row that ends where the title ends. Words of
 * a cell are one space apart, cells at least two. buf is returned; empty when there is none.
 */
static inline char *cell(char *buf, size_t size, const char *titles, const char *row, const char *title)
{
	wchar_t head[1024], text[1024], want[64];
	const wchar_t *found;
	size_t end = 0, start, len;

	widen(titles, head, 1024);
	widen(row, text, 1024);
	assert_true(mbstowcs(want, title, 64) < 64);
	for (found = wcsstr(head, want); found; found = wcsstr(found + 1, want)) {
		end = (size_t)(found - head) + wcslen(want);
		if ((head[end] == L' ' || !head[end]) && (found == head || found[-1] == L' '))
			break;
	}
	if (!found)
		fail_msg("no column \"%s\" in: %.*s", title, (int)strcspn(titles, "\n"), titles);
	buf[0] = '\0';
	len = wcslen(text);
	if (len < end || text[end - 1] == L' ')
		return buf;
	/* Nothing of the cell is to the right of its title's end: that is what aligned means. */
	assert_true(text[end] == L'\0' || text[end] == L' ');
	for (start = end - 1; start > 0; start--) {
		if (text[start - 1] == L' ' && (start < 2 || text[start - 2] == L' '))
			break;
	}
	for (len = 0; start < end && len + 8 < size; start++) {
		int n = wctomb(buf + len, text[start]);

		assert_true(n > 0);
		len += (size_t)n;
	}
	buf[len] = '\0';
	return buf;
}

static inline void assert_cell(const char *titles, const char *row, const char *title, const char *want)
{
	char buf[256];

	assert_string_equal(cell(buf, sizeof(buf), titles, row, title), want);
}

/* A count with its commas; fails on anything else. */
static inline int64_t number_in(const char *titles, const char *row, const char *title)
{
	char buf[256], digits[64];
	size_t i, n = 0;

	cell(buf, sizeof(buf), titles, row, title);
	for (i = 0; buf[i]; i++) {
		if (buf[i] == ',')
			continue;
		if (buf[i] < '0' || buf[i] > '9' || n + 1 >= sizeof(digits))
			fail_msg("\"%s\" is no number in: %.*s", buf, (int)strcspn(row, "\n"), row);
		digits[n++] = buf[i];
	}
	digits[n] = '\0';
	assert_true(n > 0);
	return strtoll(digits, NULL, 10);
}

#endif
