/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of text: columns as wide as their cells, aligned, fitted into a width by narrowing
 * elastic columns and then by leaving out those that matter least. Cells are made printable when
 * they are added.
 */
#ifndef SHIMSCOPE_VIEW_TABLE_H
#define SHIMSCOPE_VIEW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_align {
	TABLE_LEFT,
	TABLE_RIGHT,
	TABLE_NAME, /* left, elastic: cut at its end when there is no room */
	TABLE_PATH, /* left, elastic: cut at its beginning */
};

struct table_column {
	const char *title;
	enum table_align align;
	/* Elastic: keeps at least this width while others can be left out; else: never narrower. */
	int least;
	int most;   /* cells are cut to this width, 0: never */
	int drop;   /* 0: always there; otherwise the highest is left out first */
	bool quiet; /* left out when every cell of it is empty */
};

enum table_style {
	TABLE_PLAIN,
	TABLE_STRONG,
	TABLE_DIM,
	TABLE_WARN,
	TABLE_HEAD, /* the titles' row */
};

struct table;

/* cols must outlive the table. NULL when out of memory. */
struct table *table_new(const struct table_column *cols, size_t n);
void table_free(struct table *t);

/*
 * Begin a row; its cells follow from left to right, missing ones are empty. A failed allocation is
 * remembered and returned by table_print() and table_fit().
 */
void table_row(struct table *t, enum table_style style);
void table_cell(struct table *t, const char *text);
__attribute__((format(printf, 2, 3))) void table_cellf(struct table *t, const char *fmt, ...);
/* A row of one text across all columns, indented, wrapped when printed. */
__attribute__((format(printf, 4, 5))) void table_span(struct table *t, enum table_style style, int indent,
						      const char *fmt, ...);

/* Choose widths for width columns (0: unlimited). Returns 0 or -ENOMEM. */
int table_fit(struct table *t, int width);
size_t table_rows(const struct table *t);
/*
 * After table_fit(): row i as one line without a newline, the titles for i = -1. The caller frees
 * it; NULL when out of memory. A spanning row is cut to the width here.
 */
char *table_line(const struct table *t, long i);
enum table_style table_style_of(const struct table *t, long i);

/* Fit and print everything: titles (unless all are empty), rows. Returns 0 or -ENOMEM. */
int table_print(FILE *out, struct table *t, int width, bool colour);

/* Switch a style on and off again; nothing without colour. */
void style_begin(FILE *out, enum table_style style, bool colour);
void style_end(FILE *out, enum table_style style, bool colour);

#endif
