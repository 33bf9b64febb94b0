// SPDX-License-Identifier: GPL-2.0-only
/* A diff as JSON. */
#include <math.h>

#include "view/diff_view.h"
#include "view/json_out.h"

static const char *unit_name(enum diff_unit unit)
{
	static const char *const names[] = { "ns", "bytes", "count", "share" };

	return names[unit];
}

/* null: not known, or from nothing to something. */
static void set_real(json_t **obj, const char *key, double v)
{
	json_set(obj, key, isfinite(v) ? json_real(v) : json_null());
}

static json_t *across(const struct diff *d)
{
	json_t *list = json_array();

	if (list && d->across_kernels)
		json_array_append_new(list, json_string("kernel"));
	if (list && d->across_backends)
		json_array_append_new(list, json_string("backend"));
	return list;
}

static void put_side(struct json_out *o, const char *key, const struct diff_side *side)
{
	const struct model *m = side->m;
	json_t *v = json_object();
	char start[64];

	json_out_open(o, key, '{');
	json_out_put(o, "source", json_text(side->source));
	json_out_head(o, m);
	json_set_string(&v, "start", number_time(start, sizeof(start), m->trace.scope_realtime_ns));
	json_set_number(&v, "duration_ns", m->trace.duration_ns);
	json_set_number(&v, "interval_ns", m->trace.interval_ns);
	json_set_string(&v, "backend", m->trace.backend);
	json_set_flag(&v, "complete", m->trace.complete);
	json_set_flag(&v, "exact", m->exact);
	json_set_flag(&v, "writers", m->trace.writers);
	json_set_string(&v, "note", m->trace.note);
	json_out_put(o, "capture", v);
	json_out_runtimes(o, m);
	json_out_close(o, '}');
}

static void put_method(struct json_out *o, const struct diff *d)
{
	json_t *v = json_object();

	json_set_string(&v, "interval", "circular block bootstrap over windows, expanded percentile");
	json_set_real(&v, "level", STATS_LEVEL);
	json_set_number(&v, "resamples", STATS_RESAMPLES);
	json_set_number(&v, "windows_least", DIFF_WINDOWS_LEAST);
	json_set_flag(&v, "writers_left_out", d->writers_left_out);
	json_out_put(o, "method", v);
}

static json_t *json_figure(const struct diff *d, const struct diff_scope *scope, const struct diff_figure *f)
{
	const struct diff_metric_info *info = &diff_metrics[f->metric];
	json_t *v = json_object();

	json_set_string(&v, "scope", diff_kind_name(scope->kind));
	json_set_string(&v, "name", scope->name);
	json_set_string(&v, "metric", info->name);
	json_set_string(&v, "unit", unit_name(info->unit));
	set_real(&v, "before", f->before);
	set_real(&v, "after", f->after);
	set_real(&v, "change", f->change);
	set_real(&v, "low", f->low);
	set_real(&v, "high", f->high);
	json_set_real(&v, "floor", info->floor);
	json_set_number(&v, "windows_before", (int64_t)f->windows_before);
	json_set_number(&v, "windows_after", (int64_t)f->windows_after);
	json_set_string(&v, "verdict", diff_verdict_name(f->verdict));
	json_set(&v, "across", across(d));
	return v;
}

static void put_only(struct json_out *o, const char *key, const struct diff_side *side)
{
	size_t i;

	json_out_open(o, key, '[');
	for (i = 0; i < side->n_only; i++) {
		json_t *v = json_object();

		json_set_string(&v, "kind", diff_kind_name(side->only[i].kind));
		json_set_string(&v, "name", side->only[i].name);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static void put_configs(struct json_out *o, const struct diff *d)
{
	size_t i;

	json_out_open(o, "configurations", '[');
	for (i = 0; i < d->n_configs; i++) {
		const struct diff_config *c = &d->configs[i];
		json_t *v = json_object();

		json_set_string(&v, "before", c->before ? c->before->config_path : NULL);
		json_set_string(&v, "after", c->after ? c->after->config_path : NULL);
		json_set_string(&v, "before_sha256", c->before ? c->before->config_sha256 : NULL);
		json_set_string(&v, "after_sha256", c->after ? c->after->config_sha256 : NULL);
		json_set_string(&v, "diff", c->lines);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

int view_diff_json(FILE *out, const struct diff *d)
{
	struct json_out o = { .out = out };
	size_t i, j;

	json_out_open(&o, NULL, '{');
	json_out_put(&o, "schema", json_string("shimscope/1"));
	put_side(&o, "before", &d->before);
	put_side(&o, "after", &d->after);
	json_out_open(&o, "differences", '[');
	for (i = 0; i < d->n_differences; i++) {
		json_t *v = json_object();

		json_set_string(&v, "what", d->differences[i].what);
		json_set_string(&v, "before", d->differences[i].before);
		json_set_string(&v, "after", d->differences[i].after);
		json_out_put(&o, NULL, v);
	}
	json_out_close(&o, ']');
	json_out_put(&o, "across", across(d));
	put_method(&o, d);
	json_out_open(&o, "figures", '[');
	for (i = 0; i < d->n_scopes; i++) {
		for (j = 0; j < d->scopes[i].n_figures; j++)
			json_out_put(&o, NULL, json_figure(d, &d->scopes[i], &d->scopes[i].figures[j]));
	}
	json_out_close(&o, ']');
	put_only(&o, "only_before", &d->before);
	put_only(&o, "only_after", &d->after);
	put_configs(&o, d);
	json_out_close(&o, '}');
	return json_out_finish(&o);
}
