// SPDX-License-Identifier: GPL-2.0-only
/* A result of the bench as one JSON object. */
#include "view/bench_view.h"
#include "view/json_out.h"

static const char *text_or_null(const char *s)
{
	return s[0] ? s : NULL;
}

static void put_head(struct json_out *o, const struct bench_result *r)
{
	json_t *tool = json_object(), *host = json_object(), *pinned = json_object();
	char time[64];

	json_out_put(o, "schema", json_string("shimscope/1"));
	json_out_put(o, "kind", json_string("bench"));
	json_out_put(o, "synthetic", json_true());
	json_set_string(&tool, "version", text_or_null(r->tool_version));
	json_out_put(o, "tool", tool);
	json_set_string(&host, "hostname", text_or_null(r->hostname));
	json_set_string(&host, "kernel", text_or_null(r->kernel));
	json_set_string(&host, "arch", text_or_null(r->arch));
	json_set_number(&host, "cpus", r->cpus);
	json_set_string(&host, "boot_id", text_or_null(r->boot_id));
	json_out_put(o, "host", host);
	json_out_put(o, "start", json_text(number_time(time, sizeof(time), r->start_realtime_ns)));
	json_out_put(o, "start_realtime_ns",
		     r->start_realtime_ns == FACT_UNKNOWN ? json_null() : json_integer(r->start_realtime_ns));
	json_out_put(o, "duration_ns",
		     r->duration_ns == FACT_UNKNOWN ? json_null() : json_integer(r->duration_ns));
	json_set_string(&pinned, "cpus", r->separate ? "separate" : "same");
	json_set_number(&pinned, "producer", r->producer_cpu);
	json_set_number(&pinned, "consumer", r->consumer_cpu);
	json_out_put(o, "pinned", pinned);
	json_out_put(o, "fifo_filesystem", json_text(text_or_null(r->fifo_filesystem)));
	json_out_put(o, "read_size", json_integer(BENCH_READ_SIZE));
	json_out_put(o, "repetitions", json_integer(r->repetitions));
	json_out_put(o, "repetitions_wanted", json_integer(r->wanted));
	json_out_put(o, "complete", json_boolean(r->repetitions == r->wanted));
}

static void set_spread(json_t **obj, const char *key, const struct bench_spread *s, double divisor)
{
	json_t *v = json_object();

	json_set_real(&v, "median", s->median / divisor);
	json_set_real(&v, "min", s->min / divisor);
	json_set_real(&v, "max", s->max / divisor);
	json_set(obj, key, v);
}

static void set_transport(json_t **obj, enum bench_transport t)
{
	json_set_string(obj, "transport", transport_name(bench_transport_kind(t)));
	json_set_string(obj, "protocol", protocol_name(bench_transport_protocol(t)));
}

static json_t *cell(enum bench_transport t, const struct bench_cell *c, uint32_t size)
{
	json_t *v = json_object();

	set_transport(&v, t);
	json_set_counter(&v, "messages", c->messages);
	json_set_counter(&v, "bytes", c->messages * size);
	set_spread(&v, "cpu_ns_per_message", &c->cpu, 1);
	set_spread(&v, "producer_cpu_ns_per_message", &c->producer, 1);
	set_spread(&v, "consumer_cpu_ns_per_message", &c->consumer, 1);
	set_spread(&v, "wall_ns_per_message", &c->wall, 1);
	set_spread(&v, "cpu_ns_per_byte", &c->cpu, size);
	set_spread(&v, "wall_ns_per_byte", &c->wall, size);
	set_spread(&v, "writes_per_message", &c->writes, 1);
	set_spread(&v, "reads_per_message", &c->reads, 1);
	return v;
}

static void put_sizes(struct json_out *o, const struct bench_result *r)
{
	json_out_open(o, "sizes", '[');
	for (size_t i = 0; i < r->n_sizes; i++) {
		const struct bench_size *s = &r->sizes[i];

		json_out_open(o, NULL, '{');
		json_out_put(o, "size", json_integer(s->size));
		json_out_put(o, "origin", json_string(bench_origin_name(s->origin)));
		json_out_open(o, "transports", '[');
		for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
			if (s->cells[t].measured)
				json_out_put(o, NULL, cell(t, &s->cells[t], s->size));
		}
		json_out_close(o, ']');
		json_out_close(o, '}');
	}
	json_out_close(o, ']');
}

static void put_crossover(struct json_out *o, const struct bench_crossover *c)
{
	json_t *v = json_object();

	json_out_put(o, "crossover_bytes",
		     c->found ? json_integer((json_int_t)(c->bytes + 0.5)) : json_null());
	json_set_flag(&v, "derived", true);
	if (c->found) {
		json_set_real(&v, "bytes", c->bytes);
		json_set_number(&v, "measured_below", c->low);
		json_set_number(&v, "measured_above", c->high);
		json_set_string(&v, "cheaper_below", transport_name(bench_transport_kind(c->cheaper_below)));
	}
	json_set_number(&v, "crossings", c->crossings);
	json_out_put(o, "crossover", v);
}

static void put_load(struct json_out *o, const struct bench_result *r)
{
	const struct bench_load *l = &r->load;

	if (!l->n) {
		json_out_put(o, "from", json_null());
		return;
	}
	json_out_open(o, "from", '{');
	json_out_put(o, "file", json_text(text_or_null(l->file)));
	json_out_put(o, "calls", json_integer(number_signed(l->calls)));
	json_out_put(o, "bytes", json_integer(number_signed(l->bytes)));
	json_out_put(o, "derived", json_true());
	json_out_open(o, "sizes", '[');
	for (size_t i = 0; i < l->n; i++) {
		json_t *v = json_object();

		json_set_number(&v, "size", l->parts[i].size);
		json_set_real(&v, "messages", l->parts[i].messages);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
	json_out_open(o, "transports", '[');
	for (enum bench_transport t = 0; t < BENCH_TRANSPORTS; t++) {
		double ns = bench_load_cpu_ns(r, l, t);
		json_t *v = json_object();

		set_transport(&v, t);
		json_set_real(&v, "cpu_ns", ns);
		json_set_real(&v, "cpu_ns_per_byte", ns < 0 ? NUMBER_UNKNOWN : ns / (double)l->bytes);
		json_out_put(o, NULL, v);
	}
	json_out_close(o, ']');
	json_out_close(o, '}');
}

int view_bench_json(FILE *out, const struct bench_result *r)
{
	struct json_out o = { .out = out };

	json_out_open(&o, NULL, '{');
	put_head(&o, r);
	put_sizes(&o, r);
	put_crossover(&o, &r->crossover);
	put_load(&o, r);
	json_out_close(&o, '}');
	return json_out_finish(&o);
}
