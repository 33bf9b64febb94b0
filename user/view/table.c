// SPDX-License-Identifier: GPL-2.0-only
/* A table of text that fits into a width. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "view/table.h"
#include "view/text.h"

#define GAP 2 /* columns between two cells */

struct row {
	enum table_style style;
	int indent;
	char *span; /* not NULL: the only text of this row */
	char **cells;
	size_t n_cells;
};

struct table {
	const struct table_column *cols;
	size_t n_cols;
	struct row *rows;
	size_t n_rows, room;
	int *widths; /* 0: left out */
	int width;   /* fitted into, 0: unlimited */
	int err;
};

struct table *table_new(const struct table_column *cols, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->widths = calloc(n, sizeof(*t->widths));
	if (!t->widths) {
		free(t);
		return NULL;
	}
	t->cols = cols;
	t->n_cols = n;
	return t;
}

void table_free(struct table *t)
{
	size_t i, c;

	if (!t)
		return;
	for (i = 0; i < t->n_rows; i++) {
		for (c = 0; c < t->rows[i].n_cells; c++)
			free(t->rows[i].cells[c]);
		free(t->rows[i].cells);
		free(t->rows[i].span);
	}
	free(t->rows);
	free(t->widths);
	free(t);
}

static struct row *new_row(struct table *t, enum table_style style)
{
	if (t->err)
		return NULL;
	if (t->n_rows == t->room) {
		size_t room = t->room ? 2 * t->room : 32;
		struct row *rows = reallocarray(t->rows, room, sizeof(*rows));

		if (!rows) {
			t->err = -ENOMEM;
			return NULL;
		}
		t->rows = rows;
		t->room = room;
	}
	t->rows[t->n_rows] = (struct row){ .style = style };
	return &t->rows[t->n_rows++];
}

void table_row(struct table *t, enum table_style style)
{
	struct row *r = new_row(t, style);

	if (!r)
		return;
	r->cells = calloc(t->n_cols, sizeof(*r->cells));
	if (!r->cells)
		t->err = -ENOMEM;
}

void table_cell(struct table *t, const char *text)
{
	struct row *r;

	if (t->err || !t->n_rows)
		return;
	r = &t->rows[t->n_rows - 1];
	if (!r->cells || r->n_cells == t->n_cols)
		return;
	r->cells[r->n_cells] = text_clean_dup(text ? text : "");
	if (r->cells[r->n_cells])
		r->n_cells++;
	else
		t->err = -ENOMEM;
}

void table_cellf(struct table *t, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		t->err = -ENOMEM;
		return;
	}
	table_cell(t, text);
	free(text);
}

void table_span(struct table *t, enum table_style style, int indent, const char *fmt, ...)
{
	struct row *r = new_row(t, style);
	char *text = NULL;
	va_list ap;
	int len;

	if (!r)
		return;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	r->indent = indent;
	if (len >= 0) {
		r->span = text_clean_dup(text);
		free(text);
	}
	if (!r->span)
		t->err = -ENOMEM;
}

size_t table_rows(const struct table *t)
{
	return t->n_rows;
}

static bool elastic(const struct table_column *c)
{
	return c->align == TABLE_NAME || c->align == TABLE_PATH;
}

static const char *cell_of(const struct row *r, size_t c)
{
	return c < r->n_cells ? r->cells[c] : "";
}

static int natural_width(const struct table *t, size_t c)
{
	const struct table_column *col = &t->cols[c];
	int width = text_width(col->title), w;
	bool empty = true;
	size_t i;

	if (!elastic(col) && col->least > width)
		width = col->least;
	for (i = 0; i < t->n_rows; i++) {
		const char *cell = t->rows[i].span ? "" : cell_of(&t->rows[i], c);

		if (*cell)
			empty = false;
		w = text_width(cell);
		if (col->most && w > col->most)
			w = col->most;
		if (w > width)
			width = w;
	}
	return empty && col->quiet ? 0 : width;
}

static int total_width(const struct table *t)
{
	int total = -GAP;
	size_t c;

	for (c = 0; c < t->n_cols; c++) {
		if (t->widths[c])
			total += t->widths[c] + GAP;
	}
	return total;
}

/* Take what is too much from the widest elastic columns, down to their least width or to one. */
static void narrow(struct table *t, int width, bool hard)
{
	int over = total_width(t) - width;

	while (over > 0) {
		int *widest = NULL;
		size_t c;

		for (c = 0; c < t->n_cols; c++) {
			int least = hard || t->cols[c].least < 1 ? 1 : t->cols[c].least;

			if (elastic(&t->cols[c]) && t->widths[c] > least &&
			    (!widest || t->widths[c] > *widest))
				widest = &t->widths[c];
		}
		if (!widest)
			return;
		(*widest)--;
		over--;
	}
}

int table_fit(struct table *t, int width)
{
	size_t c;

	if (t->err)
		return t->err;
	t->width = width;
	for (c = 0; c < t->n_cols; c++)
		t->widths[c] = natural_width(t, c);
	if (width <= 0)
		return 0;
	for (;;) {
		size_t out = t->n_cols;

		narrow(t, width, false);
		if (total_width(t) <= width)
			break;
		for (c = 0; c < t->n_cols; c++) {
			if (t->widths[c] && t->cols[c].drop &&
			    (out == t->n_cols || t->cols[c].drop > t->cols[out].drop))
				out = c;
		}
		if (out == t->n_cols) {
			narrow(t, width, true);
			break;
		}
		t->widths[out] = 0;
		/* The room that this gives may let the elastic ones have more again. */
		for (c = 0; c < t->n_cols; c++) {
			if (t->widths[c] && elastic(&t->cols[c]))
				t->widths[c] = natural_width(t, c);
		}
	}
	return 0;
}

static int print_cell(FILE *out, const struct table_column *col, const char *cell, int width)
{
	int pad = width - text_width(cell);
	char *cut = NULL;

	if (pad < 0) {
		size_t size = strlen(cell) + 8;

		cut = malloc(size);
		if (!cut)
			return -ENOMEM;
		cell = text_cut(cut, size, cell, width,
				col->align == TABLE_PATH ? TEXT_CUT_START : TEXT_CUT_END);
		pad = width - text_width(cell);
	}
	if (col->align == TABLE_RIGHT)
		fprintf(out, "%*s%s", pad, "", cell);
	else
		fprintf(out, "%s%*s", cell, pad, "");
	free(cut);
	return 0;
}

/* Without trailing spaces and never wider than the table, however narrow that is. */
static char *finish_line(char *line, int width)
{
	size_t len = strlen(line), size;
	char *cut;

	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	if (width <= 0 || text_width(line) <= width)
		return line;
	size = len + 8;
	cut = malloc(size);
	if (cut)
		text_cut(cut, size, line, width, TEXT_CUT_END);
	free(line);
	return cut;
}

char *table_line(const struct table *t, long i)
{
	const struct row *r = i < 0 ? NULL : &t->rows[i];
	char *line = NULL;
	bool first = true;
	size_t size, c;
	FILE *out = open_memstream(&line, &size);
	int err = 0;

	if (!out)
		return NULL;
	if (r && r->span) {
		fprintf(out, "%*s%s", r->indent, "", r->span);
	} else {
		for (c = 0; c < t->n_cols && !err; c++) {
			if (!t->widths[c])
				continue;
			if (!first)
				fprintf(out, "%*s", GAP, "");
			first = false;
			err = print_cell(out, &t->cols[c], r ? cell_of(r, c) : t->cols[c].title,
					 t->widths[c]);
		}
	}
	if (fclose(out) || err) {
		free(line);
		return NULL;
	}
	return finish_line(line, t->width);
}

enum table_style table_style_of(const struct table *t, long i)
{
	return i < 0 ? TABLE_HEAD : t->rows[i].style;
}

static const char *const sgr[] = {
	[TABLE_PLAIN] = "",	   [TABLE_STRONG] = "\033[1m", [TABLE_DIM] = "\033[2m",
	[TABLE_WARN] = "\033[33m", [TABLE_HEAD] = "\033[2m",
};

void style_begin(FILE *out, enum table_style style, bool colour)
{
	if (colour)
		fputs(sgr[style], out);
}

void style_end(FILE *out, enum table_style style, bool colour)
{
	if (colour && sgr[style][0])
		fputs("\033[0m", out);
}

int table_print(FILE *out, struct table *t, int width, bool colour)
{
	bool titles = false;
	int err = table_fit(t, width);
	size_t c;
	long i;

	if (err)
		return err;
	for (c = 0; c < t->n_cols; c++)
		titles |= t->cols[c].title[0] != '\0';
	for (i = titles ? -1 : 0; i < (long)t->n_rows; i++) {
		enum table_style style = table_style_of(t, i);

		style_begin(out, style, colour);
		if (i >= 0 && t->rows[i].span) {
			err = text_wrap(out, t->rows[i].span, width, t->rows[i].indent, t->rows[i].indent);
		} else {
			char *line = table_line(t, i);

			if (line)
				fputs(line, out);
			else
				err = -ENOMEM;
			free(line);
		}
		style_end(out, style, colour);
		fputc('\n', out);
		if (err)
			return err;
	}
	return 0;
}
