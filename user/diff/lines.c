// SPDX-License-Identifier: GPL-2.0-only
/* A line diff: common head and tail, Myers between them, hunks with context. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/lines.h"

struct line {
	const char *at;
	size_t len;
};

struct text {
	struct line *lines;
	size_t n;
	bool *changed; /* deleted from the one, inserted into the other */
};

static void text_free(struct text *t)
{
	free(t->lines);
	free(t->changed);
}

static int text_split(struct text *t, const char *s)
{
	size_t most = 1;
	const char *p;

	for (p = s; *p; p++)
		most += *p == '\n';
	t->lines = calloc(most, sizeof(*t->lines));
	t->changed = calloc(most + 1, sizeof(*t->changed));
	if (!t->lines || !t->changed)
		return -ENOMEM;
	while (*s) {
		size_t len = strcspn(s, "\n");

		t->lines[t->n++] = (struct line){ s, len };
		s += len + (s[len] == '\n');
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->len == b->len && !memcmp(a->at, b->at, a->len);
}

/* Walk back from the end of both texts along the furthest points that trace holds for each d. */
static void mark(struct text *a, struct text *b, size_t head, long n, long m, long *const *trace, long d)
{
	long x = n, y = m;

	for (; d > 0; d--) {
		const long *v = trace[d - 1] + d; /* v[k], -d <= k <= d */
		long k = x - y;
		bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
		long from_k = down ? k + 1 : k - 1, from_x = v[from_k], from_y = from_x - from_k;

		if (down)
			b->changed[head + (size_t)from_y] = true;
		else
			a->changed[head + (size_t)from_x] = true;
		x = from_x;
		y = from_y;
	}
}

/*
 * The furthest x on each diagonal k after d differences. trace[d] is a copy of those after d differences,
 * its middle at index d + 1. Returns d, -ENOMEM, or -E2BIG beyond LINES_MOST.
 */
static long shortest(const struct text *a, const struct text *b, size_t head, long n, long m, long **trace,
		     size_t *n_trace)
{
	long most = n + m < LINES_MOST ? n + m : LINES_MOST, d, k;
	long *store = calloc(2 * (size_t)most + 3, sizeof(*store)), *v, ret = -E2BIG;

	if (!store)
		return -ENOMEM;
	v = store + most + 1;
	for (d = 0; d <= most && ret == -E2BIG; d++) {
		for (k = -d; k <= d && ret == -E2BIG; k += 2) {
			bool down = k == -d || (k != d && v[k - 1] < v[k + 1]);
			long x = down ? v[k + 1] : v[k - 1] + 1, y = x - k;

			while (x < n && y < m && x >= 0 && y >= 0 &&
			       same(&a->lines[head + (size_t)x], &b->lines[head + (size_t)y])) {
				x++;
				y++;
			}
			v[k] = x;
			if (x >= n && y >= m)
				ret = d;
		}
		if (ret != -E2BIG)
			break;
		trace[d] = malloc((2 * (size_t)d + 3) * sizeof(**trace));
		if (!trace[d]) {
			ret = -ENOMEM;
			break;
		}
		memcpy(trace[d], v - d - 1, (2 * (size_t)d + 3) * sizeof(**trace));
		*n_trace = (size_t)d + 1;
	}
	free(store);
	return ret;
}

static int compare(struct text *a, struct text *b)
{
	size_t head = 0, tail = 0, n_trace = 0, i;
	long **trace, d, n, m;

	while (head < a->n && head < b->n && same(&a->lines[head], &b->lines[head]))
		head++;
	while (tail < a->n - head && tail < b->n - head &&
	       same(&a->lines[a->n - 1 - tail], &b->lines[b->n - 1 - tail]))
		tail++;
	n = (long)(a->n - head - tail);
	m = (long)(b->n - head - tail);
	trace = calloc(LINES_MOST + 1, sizeof(*trace));
	if (!trace)
		return -ENOMEM;
	d = shortest(a, b, head, n, m, trace, &n_trace);
	if (d >= 0) {
		mark(a, b, head, n, m, trace, d);
	} else if (d == -E2BIG) {
		memset(a->changed + head, true, (size_t)n);
		memset(b->changed + head, true, (size_t)m);
	}
	for (i = 0; i < n_trace; i++)
		free(trace[i]);
	free(trace);
	return d == -ENOMEM ? -ENOMEM : 0;
}

static void print_lines(FILE *out, char sign, const struct text *t, size_t from, size_t to)
{
	for (; from < to; from++)
		fprintf(out, "%c%.*s\n", sign, (int)t->lines[from].len, t->lines[from].at);
}

/* "12,3", "12" for one line; an empty range is named by the line before it. */
static void print_range(FILE *out, size_t from, size_t to)
{
	if (to - from == 1)
		fprintf(out, "%zu", from + 1);
	else
		fprintf(out, "%zu,%zu", to > from ? from + 1 : from, to - from);
}

/* Where a hunk that begins with the difference at a[i], b[j] ends: before more than twice the context. */
static void hunk_end(const struct text *a, const struct text *b, size_t *i, size_t *j)
{
	size_t x = *i, y = *j, equal = 0;

	while ((x < a->n || y < b->n) && equal <= 2 * LINES_CONTEXT) {
		if (x < a->n && a->changed[x]) {
			x++;
		} else if (y < b->n && b->changed[y]) {
			y++;
		} else {
			x++;
			y++;
			equal++;
			continue;
		}
		equal = 0;
		*i = x;
		*j = y;
	}
}

static void print_hunk(FILE *out, const struct text *a, const struct text *b, size_t i, size_t j,
		       size_t i_end, size_t j_end)
{
	size_t before = i < LINES_CONTEXT ? i : LINES_CONTEXT, left = a->n - i_end;
	size_t after = left < LINES_CONTEXT ? left : LINES_CONTEXT;

	fputs("@@ -", out);
	print_range(out, i - before, i_end + after);
	fputs(" +", out);
	print_range(out, j - before, j_end + after);
	fputs(" @@\n", out);
	print_lines(out, ' ', a, i - before, i);
	while (i < i_end || j < j_end) {
		size_t x = i, y = j;

		while (x < i_end && a->changed[x])
			x++;
		while (y < j_end && b->changed[y])
			y++;
		print_lines(out, '-', a, i, x);
		print_lines(out, '+', b, j, y);
		for (i = x, j = y; i < i_end && !a->changed[i] && !b->changed[j]; i++, j++)
			;
		print_lines(out, ' ', a, x, i);
	}
	print_lines(out, ' ', a, i_end, i_end + after);
}

static void print_hunks(FILE *out, const struct text *a, const struct text *b)
{
	size_t i = 0, j = 0;

	while (i < a->n || j < b->n) {
		size_t i_end = i, j_end = j;

		if (!a->changed[i] && !b->changed[j]) {
			i++;
			j++;
			continue;
		}
		hunk_end(a, b, &i_end, &j_end);
		print_hunk(out, a, b, i, j, i_end, j_end);
		i = i_end;
		j = j_end;
	}
}

int lines_diff(const char *before, const char *after, char **ret)
{
	struct text a = { 0 }, b = { 0 };
	FILE *out = NULL;
	size_t size;
	int err;

	*ret = NULL;
	err = text_split(&a, before);
	if (!err)
		err = text_split(&b, after);
	if (!err)
		err = compare(&a, &b);
	if (err)
		goto out;
	out = open_memstream(ret, &size);
	if (!out) {
		err = -ENOMEM;
		goto out;
	}
	print_hunks(out, &a, &b);
	if (fclose(out)) {
		free(*ret);
		*ret = NULL;
		err = -ENOMEM;
	}
out:
	text_free(&a);
	text_free(&b);
	return err;
}
