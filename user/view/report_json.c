// SPDX-License-Identifier: GPL-2.0-only
/* The report as JSON: the object of the public contract, and more. */
#include "view/json_out.h"
#include "view/number.h"
#include "view/report.h"
#include "view/view.h"

/* [[bucket, calls], …] of the buckets that are not empty. */
static json_t *buckets(const uint64_t *list, size_t n)
{
	json_t *ret = json_array();
	size_t i;

	for (i = 0; i < n && ret; i++) {
		if (!list[i])
			continue;
		if (json_array_append_new(
			    ret, json_pack("[I, I]", (json_int_t)i, (json_int_t)number_signed(list[i])))) {
			json_decref(ret);
			ret = NULL;
		}
	}
	return ret;
}

static json_t *end(const struct model_end *e)
{
	const struct model_process *p = e->process;
	struct figures n = { 0 };
	json_t *v = json_object();

	figures_add(&n, &e->n);
	json_set_number(&v, "pid", p ? p->pid : FACT_UNKNOWN);
	json_set_string(&v, "process", p ? process_role_name(p->role) : NULL);
	json_set_string(&v, "comm", p ? p->comm : NULL);
	json_set_string(&v, "direction", direction_name(e->direction));
	json_set_counter(&v, "calls", n.calls);
	json_set_counter(&v, "bytes", n.bytes);
	json_set_counter(&v, "moved_bytes", n.moved_bytes);
	json_set_counter(&v, "peek_bytes", e->n.peek_bytes);
	json_set_counter(&v, "eagain", n.eagain);
	json_set_counter(&v, "errors", n.errors);
	json_set_number(&v, "cpu_ns", figures_cpu(&n));
	json_set_number(&v, "blocked_ns", figures_blocked(&n));
	json_set_counter(&v, "untimed", n.untimed);
	json_set(&v, "size_log2", buckets(e->n.size_log2, FACT_SIZE_BUCKETS));
	json_set(&v, "cpu_log2", buckets(e->n.cpu_log2, FACT_CPU_BUCKETS));
	return v;
}

static void append(json_t **array, json_t *v)
{
	if (!*array) {
		json_decref(v);
		return;
	}
	if (json_array_append_new(*array, v)) {
		json_decref(*array);
		*array = NULL;
	}
}

static void put_channels(struct json_out *o, const struct model *m)
{
	size_t i, j;

	json_out_open(o, "channels", '[');
	for (i = 0; i < m->n_channels; i++) {
		const struct model_channel *ch = m->channels[i];
		json_t *v = json_channel(ch), *ends = json_array();

		for (j = 0; j < ch->n_ends; j++)
			append(&ends, end(ch->ends[j]));
		json_set(&v, "ends", ends);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static json_t *hop(const struct model_hop *h)
{
	json_t *v = json_object();

	json_set_string(&v, "channel", h->channel->id);
	json_set_string(&v, "transport", transport_name(h->channel->transport));
	json_set_string(&v, "from", process_role_name(h->from));
	json_set_string(&v, "to", process_role_name(h->to));
	json_set_flag(&v, "shared", h->shared);
	json_set(&v, "in", h->in ? end(h->in) : json_null());
	json_set(&v, "out", h->out ? end(h->out) : json_null());
	return v;
}

static json_t *stream(const struct model_stream *s)
{
	json_t *v = json_object(), *hops = json_array();
	size_t i;

	json_set_string(&v, "stream", s->stream);
	if (s->exec)
		json_set_string(&v, "exec", s->exec);
	json_set_number(&v, "log_bytes", s->log_bytes);
	json_set_number(&v, "log_records", s->log_records);
	json_set_number(&v, "file_bytes", s->file_bytes);
	json_set_counter(&v, "copied_bytes", s->copied_bytes);
	json_set_counter(&v, "moved_bytes", s->moved_bytes);
	json_set_counter(&v, "calls", s->calls);
	json_set_counter(&v, "eagain", s->eagain);
	json_set_counter(&v, "cpu_ns", s->cpu_ns);
	json_set_counter(&v, "blocked_ns", s->blocked_ns);
	for (i = 0; i < s->n_hops; i++)
		append(&hops, hop(&s->hops[i]));
	json_set(&v, "hops", hops);
	return v;
}

static json_t *streams(const struct model_stream *list, size_t n)
{
	json_t *ret = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		append(&ret, stream(&list[i]));
	return ret;
}

static void put_containers(struct json_out *o, const struct model *m)
{
	size_t i;

	json_out_open(o, "containers", '[');
	for (i = 0; i < m->n_containers; i++) {
		const struct model_container *c = m->containers[i];
		json_t *v = json_container(c);

		json_set_number(&v, "log_bytes", c->log_bytes);
		json_set_number(&v, "log_records", c->log_records);
		json_set_number(&v, "file_bytes", c->file_bytes);
		json_set_counter(&v, "copied_bytes", c->copied_bytes);
		json_set_counter(&v, "calls", c->calls);
		json_set_counter(&v, "cpu_ns", c->cpu_ns);
		json_set(&v, "streams", streams(c->streams, c->n_streams));
		json_set(&v, "execs", streams(c->execs, c->n_execs));
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static void put_transports(struct json_out *o, const struct model *m)
{
	size_t i;

	json_out_open(o, "transports", '[');
	for (i = 0; i < m->n_transports; i++) {
		const struct model_transport *t = &m->transports[i];
		struct figures n = { 0 };
		json_t *v = json_object();

		figures_add(&n, &t->n);
		json_set_string(&v, "transport", transport_name(t->transport));
		json_set_string(&v, "protocol", protocol_name(t->protocol));
		json_set_counter(&v, "channels", t->channels);
		json_set_counter(&v, "calls", n.calls);
		json_set_counter(&v, "bytes", n.bytes);
		json_set_counter(&v, "moved_bytes", n.moved_bytes);
		json_set_counter(&v, "peek_bytes", t->n.peek_bytes);
		json_set_counter(&v, "eagain", n.eagain);
		json_set_counter(&v, "errors", n.errors);
		json_set_number(&v, "cpu_ns", figures_cpu(&n));
		json_set_number(&v, "blocked_ns", figures_blocked(&n));
		json_set_counter(&v, "untimed", n.untimed);
		json_set_real(&v, "cpu_ns_per_byte", figures_cpu_per_byte(&n));
		json_set_real(&v, "cpu_ns_per_call", figures_cpu_per_call(&n));
		json_set_real(&v, "bytes_per_call", figures_bytes_per_call(&n));
		json_set(&v, "size_log2", buckets(t->n.size_log2, FACT_SIZE_BUCKETS));
		json_set(&v, "cpu_log2", buckets(t->n.cpu_log2, FACT_CPU_BUCKETS));
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static void put_processes(struct json_out *o, const struct model *m)
{
	size_t i;

	json_out_open(o, "processes", '[');
	for (i = 0; i < m->n_processes; i++) {
		const struct model_process *p = m->processes[i];
		json_t *v = json_object();

		json_set_number(&v, "pid", p->pid);
		json_set_number(&v, "ppid", p->ppid);
		json_set_string(&v, "role", process_role_name(p->role));
		json_set_string(&v, "comm", p->comm);
		json_set_string(&v, "exe", p->exe);
		json_set_string(&v, "version", p->version);
		json_set_string(&v, "go_version", p->go_version);
		json_set_string(&v, "namespace", p->namespace);
		json_set_string(&v, "shim_id", p->shim_id);
		json_set_string(&v, "container", p->container);
		json_set_number(&v, "cpu_ns", p->cpu_ns);
		json_set_number(&v, "user_ns", p->user_ns);
		json_set_number(&v, "system_ns", p->system_ns);
		json_set_number(&v, "rss_bytes", p->rss_bytes);
		json_set_number(&v, "pss_bytes", p->pss_bytes);
		json_set_number(&v, "anon_bytes", p->anon_bytes);
		json_set_counter(&v, "traced_cpu_ns", p->traced_cpu_ns);
		json_set_flag(&v, "ended", p->ended);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
}

static void put_capture(struct json_out *o, const struct model *m)
{
	json_t *v = json_object();
	char start[64];

	json_set_string(&v, "start", number_time(start, sizeof(start), m->trace.scope_realtime_ns));
	json_set_number(&v, "duration_ns", m->trace.duration_ns);
	json_set_number(&v, "interval_ns", m->trace.interval_ns > 0 ? m->trace.interval_ns : FACT_UNKNOWN);
	json_set_counter(&v, "windows", m->trace.windows);
	json_set_string(&v, "backend", m->trace.backend);
	json_set_flag(&v, "complete", m->trace.complete);
	json_set_flag(&v, "writers", m->trace.writers);
	json_set_string(&v, "selection", m->trace.selection);
	json_set_string(&v, "note", m->trace.note);
	json_out_put(o, "capture", v);
}

static void put_loss(struct json_out *o, const struct model *m)
{
	struct report_loss list[REPORT_LOSSES];
	json_t *v = json_object();
	size_t i;

	report_loss_list(m, list);
	for (i = 0; i < REPORT_LOSSES; i++)
		json_set_number(&v, list[i].name, list[i].n);
	json_set_flag(&v, "exact", m->exact);
	json_out_put(o, "loss", v);
}

static void put_report(struct json_out *o, const char *key, const struct model *m)
{
	json_out_open(o, key, '{');
	json_out_head(o, m);
	put_capture(o, m);
	json_out_runtimes(o, m);
	put_loss(o, m);
	put_channels(o, m);
	put_containers(o, m);
	put_transports(o, m);
	put_processes(o, m);
	json_out_close(o, '}');
}

int view_report_json(FILE *out, const struct model *m)
{
	struct json_out o = { .out = out };

	put_report(&o, NULL, m);
	return json_out_finish(&o);
}

int view_report_json_line(FILE *out, const struct model *m)
{
	struct json_out o = { .out = out, .lines = true };

	put_report(&o, NULL, m);
	return json_out_finish(&o);
}

int view_report_json_named(FILE *out, const struct model *m, const char *source)
{
	struct json_out o = { .out = out };

	json_out_open(&o, NULL, '{');
	json_out_put(&o, "source", json_text(source));
	put_report(&o, "report", m);
	json_out_close(&o, '}');
	return json_out_finish(&o);
}
