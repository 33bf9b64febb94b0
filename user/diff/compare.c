// SPDX-License-Identifier: GPL-2.0-only
/* The figures of two traces, side by side. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff/compare.h"
#include "diff/lines.h"

const char *diff_kind_name(enum diff_kind kind)
{
	static const char *const names[] = { "node", "transport", "role", "container", "channel" };

	return names[kind];
}

const char *diff_verdict_name(enum diff_verdict verdict)
{
	static const char *const names[] = { "no change", "better", "worse", "too little data" };

	return names[verdict];
}

/* Windows with something to divide by. */
static size_t windows_with(const struct stats_series *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->den[i] > 0;
	return n;
}

/* false: a column is not known. */
static bool series_of(const struct sums *s, const struct sums_scope *scope,
		      const struct diff_metric_info *info, struct stats_series *ret)
{
	*ret = (struct stats_series){ scope->columns[info->num], scope->columns[info->den], s->n };
	if ((info->den == COLUMN_LOG_MB || info->num == COLUMN_LOG_MB) && !s->logged)
		return false;
	return ret->num && ret->den && s->n;
}

static enum diff_verdict verdict_of(const struct diff_figure *f)
{
	if (fabs(f->change) < diff_metrics[f->metric].floor)
		return VERDICT_NO_CHANGE;
	if (f->low > 0)
		return VERDICT_WORSE;
	return f->high < 0 ? VERDICT_BETTER : VERDICT_NO_CHANGE;
}

/* Returns 0 or -ENOMEM. */
static int figure(const struct diff *d, const struct sums_scope *before, const struct sums_scope *after,
		  enum diff_metric metric, struct diff_figure *ret)
{
	const struct diff_metric_info *info = &diff_metrics[metric];
	struct stats_series b, a;
	struct stats_change c;
	bool known_b = series_of(d->before.sums, before, info, &b);
	bool known_a = series_of(d->after.sums, after, info, &a);
	int err;

	*ret = (struct diff_figure){ metric, NAN, NAN, NAN, NAN, NAN, 0, 0, VERDICT_TOO_LITTLE };
	if (known_b) {
		ret->before = stats_ratio(&b) * info->scale;
		ret->windows_before = windows_with(&b);
	}
	if (known_a) {
		ret->after = stats_ratio(&a) * info->scale;
		ret->windows_after = windows_with(&a);
	}
	if (ret->windows_before < DIFF_WINDOWS_LEAST || ret->windows_after < DIFF_WINDOWS_LEAST)
		return 0;
	err = stats_compare(&b, &a, 0, STATS_RESAMPLES, &c);
	if (err)
		return err == -ENOMEM ? err : 0;
	ret->change = c.change;
	ret->low = c.low;
	ret->high = c.high;
	ret->verdict = verdict_of(ret);
	return 0;
}

static int fill_scopes(struct diff *d)
{
	const struct sums *b = d->before.sums;
	size_t i;
	int err = 0;

	d->scopes = calloc(b->n_scopes + 1, sizeof(*d->scopes));
	if (!d->scopes)
		return -ENOMEM;
	for (i = 0; i < b->n_scopes && !err; i++) {
		const struct sums_scope *before = b->scopes[i];
		const struct sums_scope *after = sums_find(d->after.sums, before->kind, before->name);
		struct diff_scope *scope = &d->scopes[d->n_scopes];
		unsigned int m;

		if (!after)
			continue;
		d->n_scopes++;
		scope->kind = before->kind;
		scope->name = before->name;
		for (m = 0; m < METRIC_COUNT && !err; m++) {
			if (before->kind == DIFF_NODE || !diff_metrics[m].node_only)
				err = figure(d, before, after, (enum diff_metric)m,
					     &scope->figures[scope->n_figures++]);
		}
	}
	return err;
}

/* The containers that the model knows, sandboxes aside: one that wrote nothing has no scope. */
static bool has_container(const struct diff_side *side, const char *name, int *err)
{
	size_t i;

	for (i = 0; i < side->m->n_containers && !*err; i++) {
		char *other;
		bool same;

		if (side->m->containers[i]->is_sandbox)
			continue;
		other = diff_container_name(side->m->containers[i]);
		same = other && !strcmp(other, name);
		*err = other ? 0 : -ENOMEM;
		free(other);
		if (same)
			return true;
	}
	return false;
}

static int fill_only(struct diff_side *mine, const struct diff_side *other)
{
	const struct sums *s = mine->sums;
	size_t i;
	int err = 0;

	mine->only = calloc(s->n_scopes + s->n_channels + 1, sizeof(*mine->only));
	if (!mine->only)
		return -ENOMEM;
	for (i = 0; i < s->n_scopes + s->n_channels && !err; i++) {
		const struct sums_scope *scope =
			i < s->n_scopes ? s->scopes[i] : s->channels[i - s->n_scopes];

		if (sums_find(other->sums, scope->kind, scope->name))
			continue;
		if (scope->kind == DIFF_CONTAINER && has_container(other, scope->name, &err))
			continue;
		mine->only[mine->n_only++] = (struct diff_missing){ scope->kind, scope->name };
	}
	return err;
}

static bool same_address(const struct model_runtime *a, const struct model_runtime *b)
{
	return a->address && b->address && !strcmp(a->address, b->address);
}

static int add_config(struct diff *d, const struct model_runtime *before, const struct model_runtime *after)
{
	struct diff_config *c = &d->configs[d->n_configs++];

	c->before = before;
	c->after = after;
	if (!before || !after || !before->config_text || !after->config_text)
		return 0;
	return lines_diff(before->config_text, after->config_text, &c->lines);
}

/* Containerds with one address belong together, then those left in their order. */
static int fill_configs(struct diff *d)
{
	const struct model *b = d->before.m, *a = d->after.m;
	bool *done_b = calloc(b->n_runtimes + 1, sizeof(*done_b));
	bool *done_a = calloc(a->n_runtimes + 1, sizeof(*done_a));
	size_t i, j;
	int pass, err = -ENOMEM;

	d->configs = calloc(b->n_runtimes + a->n_runtimes + 1, sizeof(*d->configs));
	if (!done_b || !done_a || !d->configs)
		goto out;
	err = 0;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < b->n_runtimes; i++) {
			for (j = 0; j < a->n_runtimes && !done_b[i] && !err; j++) {
				if (done_a[j] || (!pass && !same_address(b->runtimes[i], a->runtimes[j])))
					continue;
				done_b[i] = done_a[j] = true;
				err = add_config(d, b->runtimes[i], a->runtimes[j]);
			}
		}
	}
	for (i = 0; i < b->n_runtimes && !err; i++)
		err = done_b[i] ? 0 : add_config(d, b->runtimes[i], NULL);
	for (j = 0; j < a->n_runtimes && !err; j++)
		err = done_a[j] ? 0 : add_config(d, NULL, a->runtimes[j]);
out:
	free(done_b);
	free(done_a);
	return err;
}

int diff_new(const struct diff_input *before, const struct diff_input *after, struct diff **ret)
{
	struct diff *d = calloc(1, sizeof(*d));
	bool writers;
	int err;

	*ret = NULL;
	if (!d)
		return -ENOMEM;
	d->before.source = before->source;
	d->before.m = before->m;
	d->after.source = after->source;
	d->after.m = after->m;
	writers = before->m->trace.writers && after->m->trace.writers;
	d->writers_left_out = before->m->trace.writers != after->m->trace.writers;
	err = sums_new(before->m, before->s, writers, &d->before.sums);
	if (!err)
		err = sums_new(after->m, after->s, writers, &d->after.sums);
	if (!err)
		err = diff_differences(d);
	if (!err)
		err = fill_scopes(d);
	if (!err)
		err = fill_only(&d->before, &d->after);
	if (!err)
		err = fill_only(&d->after, &d->before);
	if (!err)
		err = fill_configs(d);
	if (err) {
		diff_free(d);
		return err;
	}
	*ret = d;
	return 0;
}

void diff_free(struct diff *d)
{
	size_t i;

	if (!d)
		return;
	for (i = 0; i < d->n_differences; i++) {
		free(d->differences[i].before);
		free(d->differences[i].after);
	}
	for (i = 0; i < d->n_configs; i++)
		free(d->configs[i].lines);
	free(d->differences);
	free(d->configs);
	free(d->scopes);
	free(d->before.only);
	free(d->after.only);
	sums_free(d->before.sums);
	sums_free(d->after.sums);
	free(d);
}

const struct diff_figure *diff_node_figure(const struct diff *d, enum diff_metric metric)
{
	return &d->scopes[0].figures[metric];
}
