// SPDX-License-Identifier: GPL-2.0-only
/* The JSON of report and live: parsed back and compared with the model. */
#include "test_view.h"

#include <jansson.h>

static json_t *parse(const char *text)
{
	json_error_t e;
	json_t *v = json_loads(text, JSON_REJECT_DUPLICATES, &e);

	if (!v)
		fail_msg("line %d, column %d: %s", e.line, e.column, e.text);
	return v;
}

static json_t *report(const struct model *m)
{
	char *text = render_json(view_report_json, m);
	json_t *v = parse(text);

	free(text);
	return v;
}

/* The member of an object along a path of keys and indices: "containers.1.streams.0.stream". */
static const json_t *at(const json_t *v, const char *path)
{
	char copy[256], *key, *rest = copy;

	assert_true(strlen(path) < sizeof(copy));
	strcpy(copy, path);
	while ((key = strsep(&rest, ".")) != NULL) {
		v = json_is_array(v) ? json_array_get(v, (size_t)atoi(key)) : json_object_get(v, key);
		if (!v)
			fail_msg("no \"%s\" of %s", key, path);
	}
	return v;
}

static void assert_number(const json_t *v, const char *path, int64_t want)
{
	v = at(v, path);
	if (want == FACT_UNKNOWN) {
		assert_true(json_is_null(v));
		return;
	}
	if (!json_is_integer(v))
		fail_msg("%s is no integer", path);
	assert_int_equal(json_integer_value(v), want);
}

static void assert_text(const json_t *v, const char *path, const char *want)
{
	v = at(v, path);
	if (!want) {
		assert_true(json_is_null(v));
		return;
	}
	assert_true(json_is_string(v));
	assert_string_equal(json_string_value(v), want);
}

static void assert_flag(const json_t *v, const char *path, bool want)
{
	v = at(v, path);
	assert_true(json_is_boolean(v));
	assert_int_equal(json_is_true(v), want);
}

static void assert_real(const json_t *v, const char *path, double want)
{
	double got;

	v = at(v, path);
	if (!json_is_real(v))
		fail_msg("%s is no real number", path);
	got = json_real_value(v);
	assert_true(got > want * 0.999999 && got < want * 1.000001);
}

/* The object of an array whose member has this value. */
static const json_t *with(const json_t *array, const char *key, const char *value)
{
	const char *got;
	size_t i;

	for (i = 0; i < json_array_size(array); i++) {
		got = json_string_value(json_object_get(json_array_get(array, i), key));
		if (got && !strcmp(got, value))
			return json_array_get(array, i);
	}
	fail_msg("no element with %s = %s", key, value);
	return NULL;
}

static void head(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v = report(&f->m);

	(void)state;
	assert_text(v, "schema", "shimscope/1");
	assert_text(v, "tool.version", "0.1.0");
	assert_text(v, "host.hostname", "node-1");
	assert_text(v, "host.kernel", "6.12.1");
	assert_text(v, "host.arch", "x86_64");
	assert_number(v, "host.cpus", 2);
	assert_text(v, "host.boot_id", "5f1c2a7e-0000-4000-8000-000000000001");
	assert_text(v, "capture.start", "2026-01-02T03:04:05.123456789Z");
	assert_number(v, "capture.duration_ns", INT64_C(30000000000));
	assert_number(v, "capture.interval_ns", 1000000000);
	assert_number(v, "capture.windows", 30);
	assert_text(v, "capture.backend", "fentry");
	assert_flag(v, "capture.complete", true);
	assert_text(v, "capture.note", NULL);
	assert_number(v, "runtimes.0.pid", 812);
	assert_text(v, "runtimes.0.version", "1.6.20~ds1");
	assert_text(v, "runtimes.0.go_version", "go1.19.8");
	assert_text(v, "runtimes.0.address", "/run/containerd/containerd.sock");
	assert_text(v, "runtimes.0.state", "/run/containerd");
	assert_text(v, "runtimes.0.config_path", "/etc/containerd/config.toml");
	assert_text(v, "runtimes.0.config_sha256", NULL);
	json_decref(v);
	fixture_free(f);
}

static void losses(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v;

	(void)state;
	f->m.loss = (struct fact_loss){ 0, 12345, FACT_UNKNOWN, 7, 0, 2 };
	f->m.exact = f->m.trace.complete = false;
	v = report(&f->m);
	assert_number(v, "loss.ring_dropped", 0);
	assert_number(v, "loss.folded", 12345);
	assert_number(v, "loss.map_full", FACT_UNKNOWN);
	assert_number(v, "loss.hook_missed", 7);
	assert_number(v, "loss.unseen", 0);
	assert_number(v, "loss.untimed", 2);
	assert_flag(v, "loss.exact", false);
	assert_flag(v, "capture.complete", false);
	json_decref(v);
	fixture_free(f);
}

static void assert_end(const json_t *v, const struct model_end *e)
{
	assert_number(v, "pid", e->process->pid);
	assert_text(v, "process", process_role_name(e->process->role));
	assert_text(v, "direction", e->direction == DIRECTION_WRITE ? "write" : "read");
	assert_number(v, "calls", (int64_t)e->n.calls);
	assert_number(v, "bytes", (int64_t)e->n.bytes);
	assert_number(v, "moved_bytes", (int64_t)e->n.moved_bytes);
	assert_number(v, "peek_bytes", (int64_t)e->n.peek_bytes);
	assert_number(v, "eagain", (int64_t)e->n.eagain);
	assert_number(v, "errors", (int64_t)e->n.errors);
	assert_number(v, "untimed", (int64_t)e->n.untimed);
	if (e->n.calls && e->n.untimed == e->n.calls) {
		assert_number(v, "cpu_ns", FACT_UNKNOWN);
		assert_number(v, "blocked_ns", FACT_UNKNOWN);
	} else {
		assert_number(v, "cpu_ns", (int64_t)e->n.cpu_ns);
		assert_number(v, "blocked_ns", (int64_t)e->n.blocked_ns);
	}
}

/* Only buckets with something in them, in order. */
static void assert_buckets(const json_t *v, const uint64_t *list, size_t n)
{
	size_t i, k = 0;

	assert_true(json_is_array(v));
	for (i = 0; i < n; i++) {
		const json_t *pair = json_array_get(v, k);

		if (!list[i])
			continue;
		assert_int_equal(json_array_size(pair), 2);
		assert_int_equal(json_integer_value(json_array_get(pair, 0)), i);
		assert_int_equal(json_integer_value(json_array_get(pair, 1)), list[i]);
		k++;
	}
	assert_int_equal(json_array_size(v), k);
}

static void channels(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v;
	size_t i, j;

	(void)state;
	f->m.channels[1]->ends[0]->n.peek_bytes = 99;
	f->m.channels[1]->ends[0]->n.errors = 3;
	f->m.channels[1]->ends[0]->n.size_log2[31] = 4;
	v = report(&f->m);
	assert_int_equal(json_array_size(at(v, "channels")), f->m.n_channels);
	for (i = 0; i < f->m.n_channels; i++) {
		const struct model_channel *ch = f->m.channels[i];
		const json_t *got = json_array_get(at(v, "channels"), i);

		assert_text(got, "id", ch->id);
		assert_text(got, "transport", transport_name(ch->transport));
		assert_text(got, "role", channel_role_name(ch->role));
		assert_text(got, "protocol", protocol_name(ch->protocol));
		assert_text(got, "path", ch->path);
		assert_text(got, "container", ch->container);
		assert_text(got, "stream", ch->stream);
		assert_text(got, "exec", ch->exec);
		assert_int_equal(json_array_size(at(got, "ends")), ch->n_ends);
		for (j = 0; j < ch->n_ends; j++) {
			const json_t *end = json_array_get(at(got, "ends"), j);

			assert_end(end, ch->ends[j]);
			assert_buckets(at(end, "size_log2"), ch->ends[j]->n.size_log2, FACT_SIZE_BUCKETS);
			assert_buckets(at(end, "cpu_log2"), ch->ends[j]->n.cpu_log2, FACT_CPU_BUCKETS);
		}
	}
	json_decref(v);
	fixture_free(f);
}

static void containers(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v = report(&f->m);
	const json_t *app, *sidecar, *job;

	(void)state;
	assert_int_equal(json_array_size(at(v, "containers")), 5);
	app = with(at(v, "containers"), "name", "app");
	assert_text(app, "namespace", "k8s.io");
	assert_text(app, "pod", "web-0");
	assert_text(app, "pod_namespace", "shop");
	assert_number(app, "shim_pid", 1201);
	assert_number(app, "init_pid", FACT_UNKNOWN);
	assert_text(app, "log_path", "/var/log/pods/shop_web-0_0b1/app/0.log");
	assert_text(app, "sandbox", "3f9a1c52d0e74b6689a1c52d0e74b6683f9a1c52d0e74b6689a1c52d0e74b668");
	assert_number(app, "log_records", 401000);
	assert_number(app, "file_bytes", 56140000);
	assert_number(app, "log_bytes", 40100000);
	assert_text(app, "streams.0.stream", "stdout");
	assert_number(app, "streams.0.log_bytes", 40000000);
	/* One file for two streams: whose records these are nobody knows. */
	assert_number(app, "streams.0.log_records", FACT_UNKNOWN);
	assert_number(app, "streams.0.file_bytes", FACT_UNKNOWN);
	assert_number(app, "streams.0.copied_bytes", 4 * 40000000 + 56140000);
	assert_number(app, "streams.0.calls", 2400000 + 401000);
	assert_number(app, "streams.0.cpu_ns", INT64_C(400000) * 5100 + INT64_C(401000) * 2100);
	assert_int_equal(json_array_size(at(app, "streams.0.hops")), 3);
	assert_text(app, "streams.0.hops.0.channel", "pipe:0:14:7000");
	assert_text(app, "streams.0.hops.0.from", "writer");
	assert_text(app, "streams.0.hops.0.to", "shim");
	assert_number(app, "streams.0.hops.0.in.pid", 1302);
	assert_number(app, "streams.0.hops.0.in.bytes", 40000000);
	assert_text(app, "streams.0.hops.0.in.direction", "write");
	assert_number(app, "streams.0.hops.0.out.calls", 800000);
	assert_flag(app, "streams.0.hops.0.shared", false);
	assert_flag(app, "streams.0.hops.2.shared", true);
	assert_text(app, "streams.0.hops.2.from", "containerd");
	assert_true(json_is_null(at(app, "streams.0.hops.2.out")));
	sidecar = with(at(v, "containers"), "name", "sidecar");
	assert_true(json_is_null(at(sidecar, "streams.0.hops.0.in")));
	assert_number(sidecar, "streams.0.log_records", 20000);
	job = with(at(v, "containers"), "id", "job-1");
	assert_text(job, "pod", NULL);
	assert_text(job, "execs.0.exec", "probe-7");
	assert_number(job, "execs.0.hops.0.in.moved_bytes", 70000);
	assert_number(job, "log_records", FACT_UNKNOWN);
	json_decref(v);
	fixture_free(f);
}

static void transports(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v = report(&f->m);
	const json_t *file, *pipe;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(at(v, "transports")), f->m.n_transports);
	file = with(at(v, "transports"), "transport", "file");
	assert_text(file, "protocol", "raw");
	assert_number(file, "channels", 2);
	assert_number(file, "calls", 421000);
	assert_number(file, "bytes", 421000 * 140);
	assert_number(file, "eagain", 0);
	assert_number(file, "cpu_ns", INT64_C(421000) * 2100);
	assert_number(file, "blocked_ns", 0);
	assert_real(file, "cpu_ns_per_byte", 15.0);
	assert_real(file, "cpu_ns_per_call", 2100.0);
	assert_real(file, "bytes_per_call", 140.0);
	for (i = 0; i < f->m.n_transports; i++) {
		pipe = json_array_get(at(v, "transports"), i);
		if (strcmp(json_string_value(at(pipe, "protocol")), "unknown") != 0)
			continue;
		assert_number(pipe, "calls", 2);
		assert_number(pipe, "cpu_ns", FACT_UNKNOWN);
		assert_number(pipe, "cpu_ns_per_call", FACT_UNKNOWN);
		assert_number(pipe, "cpu_ns_per_byte", FACT_UNKNOWN);
	}
	json_decref(v);
	fixture_free(f);
}

static void processes(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v = report(&f->m);
	const json_t *p;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(at(v, "processes")), f->m.n_processes);
	for (i = 0; i < f->m.n_processes; i++) {
		const struct model_process *want = f->m.processes[i];

		p = json_array_get(at(v, "processes"), i);
		assert_number(p, "pid", want->pid);
		assert_text(p, "role", process_role_name(want->role));
		assert_text(p, "comm", want->comm);
		assert_text(p, "exe", want->exe);
		assert_text(p, "go_version", want->go_version);
		assert_number(p, "cpu_ns", want->cpu_ns);
		assert_number(p, "user_ns", want->user_ns);
		assert_number(p, "system_ns", want->system_ns);
		assert_number(p, "rss_bytes", want->rss_bytes);
		assert_number(p, "pss_bytes", want->pss_bytes);
		assert_number(p, "anon_bytes", want->anon_bytes);
		assert_number(p, "traced_cpu_ns", (int64_t)want->traced_cpu_ns);
	}
	assert_number(v, "processes.0.cpu_ns", INT64_C(4100000000));
	assert_number(v, "processes.6.cpu_ns", FACT_UNKNOWN);
	json_decref(v);
	fixture_free(f);
}

static void unknown(void **state)
{
	struct model m = { .trace.duration_ns = FACT_UNKNOWN, .trace.scope_realtime_ns = FACT_UNKNOWN };
	json_t *v = report(&m);

	(void)state;
	assert_text(v, "tool.version", NULL);
	assert_text(v, "host.hostname", NULL);
	assert_number(v, "host.cpus", FACT_UNKNOWN);
	assert_text(v, "capture.start", NULL);
	assert_number(v, "capture.duration_ns", FACT_UNKNOWN);
	assert_number(v, "capture.interval_ns", FACT_UNKNOWN);
	assert_text(v, "capture.backend", NULL);
	assert_flag(v, "capture.complete", false);
	assert_int_equal(json_array_size(at(v, "channels")), 0);
	assert_true(json_is_array(at(v, "processes")));
	json_decref(v);
}

/* One line, the same object. */
static void lines(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_json(view_report_json_line, &f->m);
	json_t *v = parse(text), *same = report(&f->m);

	(void)state;
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_true(json_equal(v, same));
	json_decref(v);
	json_decref(same);
	free(text);
	fixture_free(f);
}

static int named(FILE *out, const struct model *m)
{
	return view_report_json_named(out, m, fixture_hostile_name);
}

static void sources(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_json(named, &f->m);
	json_t *v = parse(text), *same = report(&f->m);

	(void)state;
	assert_int_equal(json_object_size(v), 2);
	assert_non_null(strstr(json_string_value(at(v, "source")), "owned"));
	assert_true(json_equal(at(v, "report"), same));
	json_decref(v);
	json_decref(same);
	free(text);
	fixture_free(f);
}

/* Any bytes in names: valid JSON, what was valid is as it was. */
static void hostile(void **state)
{
	struct fixture *f = fixture_hostile();
	json_t *v;

	(void)state;
	f->m.processes[0]->exe = fixture_string(f, "plain \"quoted\" \\ \n \033 漢字 é");
	f->m.processes[1]->exe = fixture_string(f, "a\xff"
						   "b\xc0\xaf\xed\xa0\x80 漢");
	v = report(&f->m);
	assert_text(v, "processes.0.exe", "plain \"quoted\" \\ \n \033 漢字 é");
	assert_text(v, "processes.1.exe", "a\\xffb\\xc0\\xaf\\xed\\xa0\\x80 漢");
	/* All 4 KiB of it. */
	assert_true(json_string_length(at(v, "containers.0.pod_namespace")) >= 4096);
	json_decref(v);
	fixture_free(f);
}

/* Counters that no trace can reach do not become negative. */
static void enormous(void **state)
{
	struct fixture *f = fixture_node();
	json_t *v;

	(void)state;
	f->m.channels[1]->ends[0]->n.bytes = UINT64_MAX;
	v = report(&f->m);
	assert_number(v, "channels.1.ends.0.bytes", INT64_MAX);
	json_decref(v);
	fixture_free(f);
}

static void indented(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_json(view_report_json, &f->m);

	(void)state;
	line_of(text, "  \"schema\": \"shimscope/1\",\n");
	line_of(text, "  \"channels\": [\n");
	line_of(text, "    {\n");
	line_of(text, "      \"id\": \"file:8:1:9031\",\n");
	line_of(text, "  ],\n");
	assert_string_equal(text + strlen(text) - 2, "}\n");
	free(text);
	fixture_free(f);
}

/* What jansson holds, now and at most. */
static size_t held, most_held;

static void *counting_malloc(size_t size)
{
	size_t *p = malloc(sizeof(max_align_t) + size);

	if (!p)
		return NULL;
	*p = size;
	held += size;
	most_held = held > most_held ? held : most_held;
	return (char *)p + sizeof(max_align_t);
}

static void counting_free(void *ptr)
{
	size_t *p = ptr ? (size_t *)((char *)ptr - sizeof(max_align_t)) : NULL;

	if (p)
		held -= *p;
	free(p);
}

/* A large model is never held twice: each element is printed and freed. */
static void memory(void **state)
{
	struct fixture *f = fixture_crowd(6700);
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(out);
	assert_true(f->m.n_channels >= 20000);
	json_set_alloc_funcs(counting_malloc, counting_free);
	assert_int_equal(view_report_json(out, &f->m), 0);
	assert_int_equal(view_map_json(out, &f->m), 0);
	json_set_alloc_funcs(malloc, free);
	fclose(out);
	assert_int_equal(held, 0);
	assert_in_range(most_held, 1, 128 * 1024);
	fixture_free(f);
}

static void disk_full(void **state)
{
	struct fixture *f = fixture_crowd(50);

	(void)state;
	assert_int_equal(full_disk(view_report_json, &f->m), -ENOSPC);
	assert_int_equal(full_disk(view_report_json_line, &f->m), -ENOSPC);
	fixture_free(f);
	f = fixture_new(); /* so small that nothing is written before the end */
	assert_int_equal(full_disk(view_report_json, &f->m), -ENOSPC);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(head, utf8_locale),
		cmocka_unit_test_setup(losses, utf8_locale),
		cmocka_unit_test_setup(channels, utf8_locale),
		cmocka_unit_test_setup(containers, utf8_locale),
		cmocka_unit_test_setup(transports, utf8_locale),
		cmocka_unit_test_setup(processes, utf8_locale),
		cmocka_unit_test_setup(unknown, utf8_locale),
		cmocka_unit_test_setup(lines, utf8_locale),
		cmocka_unit_test_setup(sources, utf8_locale),
		cmocka_unit_test_setup(hostile, utf8_locale),
		cmocka_unit_test_setup(hostile, ascii_locale),
		cmocka_unit_test_setup(enormous, utf8_locale),
		cmocka_unit_test_setup(indented, utf8_locale),
		cmocka_unit_test_setup(memory, utf8_locale),
		cmocka_unit_test_setup(disk_full, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
