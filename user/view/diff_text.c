// SPDX-License-Identifier: GPL-2.0-only
/* A diff as text: what else differed, the figures, what is on one side only, the configurations. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/diff_view.h"
#include "view/number.h"
#include "view/report.h"
#include "view/table.h"
#include "view/text.h"

/* Rows of a list that is not a table of figures, unless the options say otherwise. */
#define ROWS 40

static const struct table_column difference_columns[] = {
	{ .title = "", .align = TABLE_LEFT },
	{ .title = "before", .align = TABLE_NAME, .least = 16 },
	{ .title = "after", .align = TABLE_NAME, .least = 16 },
};

static int print_differences(FILE *out, const struct diff *d, const struct view_options *o)
{
	struct table *t;
	size_t i;
	int err;

	err = report_heading(out, o, "What else differed",
			     d->n_differences ? NULL
					      : "Nothing that is known: host, versions and workload are the "
						"same.");
	if (err || !d->n_differences)
		return err;
	t = table_new(difference_columns, sizeof(difference_columns) / sizeof(difference_columns[0]));
	if (!t)
		return -ENOMEM;
	for (i = 0; i < d->n_differences; i++) {
		const struct diff_difference *x = &d->differences[i];

		table_row(t, TABLE_PLAIN);
		table_cell(t, x->what);
		table_cell(t, x->before ? x->before : "?");
		table_cell(t, x->after ? x->after : "?");
	}
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

/* Figures are not negative. */
static const char *print_value(char *buf, size_t size, enum diff_unit unit, double v)
{
	if (isnan(v))
		return "?";
	switch (unit) {
	case UNIT_NS:
		return number_ns(buf, size, v);
	case UNIT_BYTES:
		return number_size(buf, size, v);
	case UNIT_SHARE:
		snprintf(buf, size, "%.1f%%", v * 100);
		return buf;
	case UNIT_COUNT:
		break;
	}
	snprintf(buf, size, "%.*f", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v);
	return buf;
}

static const char *print_change(char *buf, size_t size, double v)
{
	if (isnan(v))
		return "?";
	if (isinf(v))
		return "from 0";
	snprintf(buf, size, "%+.*f%%", fabs(v) < 0.0995 ? 1 : 0, v * 100);
	return buf;
}

static const struct table_column node_columns[] = {
	{ .title = "metric", .align = TABLE_NAME, .least = 16 },
	{ .title = "before", .align = TABLE_RIGHT },
	{ .title = "after", .align = TABLE_RIGHT },
	{ .title = "change", .align = TABLE_RIGHT },
	{ .title = "95% interval", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "verdict", .align = TABLE_LEFT },
	{ .title = "across", .align = TABLE_LEFT, .quiet = true },
};

static const struct table_column scope_columns[] = {
	{ .title = "", .align = TABLE_NAME, .least = 16 },
	{ .title = "metric", .align = TABLE_NAME, .least = 14 },
	{ .title = "before", .align = TABLE_RIGHT },
	{ .title = "after", .align = TABLE_RIGHT },
	{ .title = "change", .align = TABLE_RIGHT },
	{ .title = "95% interval", .align = TABLE_RIGHT, .drop = 1 },
	{ .title = "verdict", .align = TABLE_LEFT },
	{ .title = "across", .align = TABLE_LEFT, .quiet = true },
};

static const char *across(const struct diff *d)
{
	if (d->across_kernels && d->across_backends)
		return "kernel, backend";
	if (d->across_kernels)
		return "kernel";
	return d->across_backends ? "backend" : "";
}

/* scope NULL: the table has no column for it. */
static void figure_row(struct table *t, const struct diff *d, const char *scope, const struct diff_figure *f)
{
	const struct diff_metric_info *info = &diff_metrics[f->metric];
	char a[NUMBER_SIZE], b[NUMBER_SIZE];

	table_row(t, f->verdict == VERDICT_WORSE	? TABLE_WARN
		     : f->verdict == VERDICT_BETTER	? TABLE_STRONG
		     : f->verdict == VERDICT_TOO_LITTLE ? TABLE_DIM
							: TABLE_PLAIN);
	if (scope)
		table_cell(t, scope);
	table_cell(t, info->title);
	table_cell(t, print_value(a, sizeof(a), info->unit, f->before));
	table_cell(t, print_value(a, sizeof(a), info->unit, f->after));
	table_cell(t, print_change(a, sizeof(a), f->change));
	if (isnan(f->low))
		table_cell(t, "?");
	else
		table_cellf(t, "%s to %s", print_change(a, sizeof(a), f->low),
			    print_change(b, sizeof(b), f->high));
	table_cell(t, diff_verdict_name(f->verdict));
	table_cell(t, across(d));
}

static int print_node(FILE *out, const struct diff *d, const struct view_options *o)
{
	struct table *t;
	size_t i;
	int err;

	err = report_heading(
		out, o, "The whole node",
		d->writers_left_out
			? "Only one of the two traced the containers' own writes: they are left out."
			: "In traced calls, by what the containers logged (1 MB: 1,000,000 bytes).");
	if (err)
		return err;
	t = table_new(node_columns, sizeof(node_columns) / sizeof(node_columns[0]));
	if (!t)
		return -ENOMEM;
	for (i = 0; i < d->scopes[0].n_figures; i++)
		figure_row(t, d, NULL, &d->scopes[0].figures[i]);
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

/* Of a scope within the node these tell most; JSON has them all. */
static bool shown(const struct diff_figure *f)
{
	return f->metric == METRIC_CPU_PER_MB || f->metric == METRIC_CALLS_PER_RECORD ||
	       f->metric == METRIC_EAGAIN_SHARE;
}

static int print_scopes(FILE *out, const struct diff *d, const struct view_options *o, enum diff_kind kind,
			const char *title)
{
	size_t rows = o->rows > 0 ? (size_t)o->rows : ROWS, n = 0, i, j;
	struct table *t = NULL;
	int err = 0;

	for (i = 0; i < d->n_scopes; i++) {
		const struct diff_scope *scope = &d->scopes[i];

		if (scope->kind != kind)
			continue;
		if (!t) {
			t = table_new(scope_columns, sizeof(scope_columns) / sizeof(scope_columns[0]));
			if (!t)
				return -ENOMEM;
		}
		for (j = 0; j < scope->n_figures && n < rows; j++) {
			if (shown(&scope->figures[j]))
				figure_row(t, d,
					   scope->figures[j].metric == METRIC_CPU_PER_MB ? scope->name : "",
					   &scope->figures[j]);
		}
		n++;
	}
	if (!t)
		return 0;
	if (n > rows)
		table_span(t, TABLE_DIM, 0, "%zu more are in --format json.", n - rows);
	err = report_heading(out, o, title, NULL);
	if (!err)
		err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

static const struct table_column only_columns[] = {
	{ .title = "", .align = TABLE_LEFT },
	{ .title = "", .align = TABLE_NAME, .least = 30 },
};

static int print_only(FILE *out, const struct diff_side *side, const struct view_options *o,
		      const char *title)
{
	size_t rows = o->rows > 0 ? (size_t)o->rows : ROWS, i;
	struct table *t;
	int err;

	if (!side->n_only)
		return 0;
	err = report_heading(out, o, title, NULL);
	if (err)
		return err;
	t = table_new(only_columns, sizeof(only_columns) / sizeof(only_columns[0]));
	if (!t)
		return -ENOMEM;
	for (i = 0; i < side->n_only && i < rows; i++) {
		table_row(t, TABLE_PLAIN);
		table_cell(t, diff_kind_name(side->only[i].kind));
		table_cell(t, side->only[i].name);
	}
	if (side->n_only > rows)
		table_span(t, TABLE_DIM, 0, "%zu more are in --format json.", side->n_only - rows);
	err = table_print(out, t, o->width, o->colour);
	table_free(t);
	return err;
}

static int print_line(FILE *out, const char *prefix, const char *line, size_t len)
{
	char *copy = strndup(line, len), *clean = copy ? text_clean_dup(copy) : NULL;

	if (clean)
		fprintf(out, "%s%s\n", prefix, clean);
	free(copy);
	free(clean);
	return clean ? 0 : -ENOMEM;
}

static int print_lines(FILE *out, const char *lines, const struct view_options *o)
{
	int err = 0;

	while (*lines && !err) {
		size_t len = strcspn(lines, "\n");
		enum table_style style = *lines == '@'	 ? TABLE_DIM
					 : *lines == ' ' ? TABLE_PLAIN
							 : TABLE_STRONG;

		style_begin(out, style, o->colour);
		err = print_line(out, "", lines, len);
		style_end(out, style, o->colour);
		lines += len + (lines[len] == '\n');
	}
	return err;
}

static int print_path(FILE *out, const char *prefix, const struct model_runtime *r)
{
	const char *path = r && r->config_path ? r->config_path : "?";

	return print_line(out, prefix, path, strlen(path));
}

static int print_config(FILE *out, const struct diff_config *c, const struct view_options *o)
{
	bool both = c->before && c->after;
	bool redacted = both && c->before->config_sha256 && c->after->config_sha256 &&
			strcmp(c->before->config_sha256, c->after->config_sha256) != 0;
	const char *note = NULL;
	int err;

	if (!both)
		note = c->before ? "This containerd is only before." : "This containerd is only after.";
	else if (!c->lines)
		note = "Not known on both sides.";
	else if (!c->lines[0])
		note = redacted ? "The files differ, but not in what a capture keeps of them."
				: "No difference.";
	err = report_heading(out, o, "Configuration of containerd", note);
	if (!err && (note == NULL || !both))
		err = c->before ? print_path(out, "--- ", c->before) : 0;
	if (!err && (note == NULL || !both))
		err = c->after ? print_path(out, "+++ ", c->after) : 0;
	return err || note ? err : print_lines(out, c->lines, o);
}

static int print_headline(FILE *out, const struct diff *d, const struct view_options *o)
{
	const struct diff_side *sides[] = { &d->before, &d->after };
	size_t i;
	int err = 0;

	for (i = 0; i < 2 && !err; i++) {
		const struct model *m = sides[i]->m;
		char when[64], lasted[NUMBER_SIZE], name[256], line[512];
		const char *start = number_time(when, sizeof(when), m->trace.scope_realtime_ns);
		bool sound = m->trace.complete && m->exact;

		snprintf(line, sizeof(line), "%s: %s, began %s, %s in %zu window%s: %s%s",
			 i ? "After" : "Before", view_clean(name, sizeof(name), sides[i]->source, 100),
			 start ? start : "?", number_duration(lasted, sizeof(lasted), m->trace.duration_ns),
			 sides[i]->sums->n, sides[i]->sums->n == 1 ? "" : "s",
			 m->trace.complete ? "complete" : "INCOMPLETE (the end of the trace is missing)",
			 m->exact ? ", exact." : ", NOT EXACT.");
		style_begin(out, sound ? TABLE_STRONG : TABLE_WARN, o->colour);
		err = text_wrap(out, line, o->width, 0, 2);
		style_end(out, sound ? TABLE_STRONG : TABLE_WARN, o->colour);
		fputc('\n', out);
	}
	return err;
}

int view_diff_text(FILE *out, const struct diff *d, const struct view_options *o)
{
	size_t i;
	int err = print_headline(out, d, o);

	if (!err)
		err = print_differences(out, d, o);
	if (!err)
		err = print_node(out, d, o);
	if (!err)
		err = print_scopes(out, d, o, DIFF_TRANSPORT, "Transports");
	if (!err)
		err = print_scopes(out, d, o, DIFF_ROLE, "Roles of channels");
	if (!err)
		err = print_scopes(out, d, o, DIFF_CONTAINER, "Containers");
	if (!err)
		err = print_only(out, &d->before, o, "Only before");
	if (!err)
		err = print_only(out, &d->after, o, "Only after");
	for (i = 0; i < d->n_configs && !err; i++)
		err = print_config(out, &d->configs[i], o);
	return err ? err : text_finish(out);
}
