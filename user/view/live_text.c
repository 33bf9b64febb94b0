// SPDX-License-Identifier: GPL-2.0-only
/* One block of rows per interval: the live view on a pipe. */
#include <errno.h>
#include <stdlib.h>

#include "view/live.h"
#include "view/names.h"
#include "view/text.h"

static int print_head(FILE *out, const struct live *l, const struct view_options *o)
{
	char summary[4 * NUMBER_SIZE], every[NUMBER_SIZE], *text = NULL;
	enum table_style style = l->lossless ? TABLE_STRONG : TABLE_WARN;
	int err;

	if (asprintf(&text, "%s + %s, %s on %s: %s; losses: %s", l->when,
		     number_duration(every, sizeof(every), l->duration_ns), l->backend, l->host,
		     live_summary(summary, sizeof(summary), l), l->losses) < 0)
		return -ENOMEM;
	style_begin(out, style, o->colour);
	err = text_wrap(out, text, o->width, 0, 2);
	style_end(out, style, o->colour);
	fputc('\n', out);
	free(text);
	return err;
}

/* Streams by cost, then what others the transports' total is made of. */
static int print_streams(FILE *out, const struct live *l, const struct view_options *o)
{
	size_t n = l->lists[LIVE_STREAMS].n, shown = n, i;
	struct figures rest = { 0 };
	char name[NAME_SIZE];
	struct table *t;
	int err;

	if (o->rows > 0 && shown > (size_t)o->rows)
		shown = (size_t)o->rows;
	t = live_table(l, LIVE_STREAMS, 0, shown);
	if (!t)
		return -ENOMEM;
	for (i = shown; i < n; i++)
		figures_sum(&rest, &l->lists[LIVE_STREAMS].rows[i].n);
	if (shown < n) {
		snprintf(name, sizeof(name), "%zu more stream%s", n - shown, n - shown == 1 ? "" : "s");
		live_sum_row(t, LIVE_STREAMS, TABLE_DIM, name, &rest);
	}
	if (l->others.calls)
		live_sum_row(t, LIVE_STREAMS, TABLE_DIM, "other channels", &l->others);
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

int view_live_text(FILE *out, const struct model *m, const struct view_options *o)
{
	struct table *t;
	struct live l;
	int err = live_collect(&l, m);

	if (err)
		goto out;
	err = print_head(out, &l, o);
	if (err)
		goto out;
	live_sort(&l, LIVE_TRANSPORTS, VIEW_SORT_CPU);
	live_sort(&l, LIVE_STREAMS, o->sort);
	if (l.lists[LIVE_TRANSPORTS].n) {
		t = live_table(&l, LIVE_TRANSPORTS, 0, l.lists[LIVE_TRANSPORTS].n);
		err = t ? table_print(out, t, o->width, o->colour) : -ENOMEM;
		table_free(t);
		if (!err)
			err = print_streams(out, &l, o);
	}
	fputc('\n', out);
out:
	live_free(&l);
	return err ? err : text_finish(out);
}
