// SPDX-License-Identifier: GPL-2.0-only
/* The views over the real model, fed with facts as a trace does: what they promise each other. */
#include "test_view.h"

#include <jansson.h>

#define SECOND	INT64_C(1000000000)
#define START	(1000 * SECOND)
#define SANDBOX "5555555555555555555555555555555555555555555555555555555555555555"
#define APP	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define FIFOS	"/run/containerd/io.containerd.grpc.v1.cri/containers/" APP "/io/17/" APP "-"

enum { CONTAINERD = 1, SHIM, WRITER };
enum { OUT_PIPE = 1, OUT_FIFO, ERR_PIPE, ERR_FIFO, LOG_FILE, TASK, TASK_PEER, STRAY };

#define FEED(s, kind, ...) assert_int_equal((s).kind((s).ctx, &(struct fact_##kind){ __VA_ARGS__ }), 0)

static void feed_io(const struct fact_sink *s, uint32_t channel, uint32_t process, enum direction d,
		    uint64_t calls, uint64_t eagain, uint64_t bytes)
{
	struct counters n = { .calls = calls, .eagain = eagain, .bytes = bytes, .cpu_ns = calls * 1000 };

	FEED(*s, end, .channel = channel, .process = process, .direction = d, .counters = &n);
}

static void feed_node(const struct fact_sink *s)
{
	FEED(*s, host, .hostname = "node-1", .kernel = "6.12.1", .arch = "x86_64", .cpus = 2);
	FEED(*s, trace, .tool_version = "0.1.0", .backend = "syscall",
	     .start_realtime_ns = 1767323045 * SECOND, .start_ns = START, .interval_ns = SECOND,
	     .writers = true);
	FEED(*s, runtime, .pid = 812, .version = "1.6.20", .address = "/run/containerd/containerd.sock",
	     .state = "/run/containerd");
	FEED(*s, process, .id = CONTAINERD, .pid = 812, .role = PROCESS_CONTAINERD, .comm = "containerd",
	     .version = "1.6.20");
	FEED(*s, process, .id = SHIM, .pid = 1201, .role = PROCESS_SHIM, .comm = "containerd-shim",
	     .shim_id = SANDBOX, .address = "/run/containerd/containerd.sock");
	FEED(*s, process, .id = WRITER, .pid = 1302, .ppid = 1201, .role = PROCESS_WRITER, .comm = "app",
	     .container = APP);
	FEED(*s, container, .id = SANDBOX, .namespace = "k8s.io", .is_sandbox = true, .sandbox = SANDBOX,
	     .pod = "web", .pod_namespace = "shop", .shim_pid = 1201, .init_pid = FACT_UNKNOWN,
	     .log_directory = "/var/log/pods/shop_web_u1");
	FEED(*s, container, .id = APP, .namespace = "k8s.io", .sandbox = SANDBOX, .name = "app",
	     .shim_pid = 1201, .init_pid = 1302);
	FEED(*s, channel, .id = OUT_PIPE, .transport = TRANSPORT_PIPE, .dev = 14, .ino = 71);
	FEED(*s, channel, .id = OUT_FIFO, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 81,
	     .path = FIFOS "stdout");
	FEED(*s, channel, .id = ERR_PIPE, .transport = TRANSPORT_PIPE, .dev = 14, .ino = 72);
	FEED(*s, channel, .id = ERR_FIFO, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 82,
	     .path = FIFOS "stderr");
	FEED(*s, channel, .id = LOG_FILE, .transport = TRANSPORT_FILE, .dev = 2049, .ino = 91,
	     .path = "/var/log/pods/shop_web_u1/app/0.log");
	FEED(*s, channel, .id = TASK, .transport = TRANSPORT_UNIX_STREAM, .ino = 501, .peer_ino = 502,
	     .path = "/run/containerd/s/"
		     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	FEED(*s, channel, .id = TASK_PEER, .transport = TRANSPORT_UNIX_STREAM, .ino = 502, .peer_ino = 501);
	FEED(*s, link, .from = OUT_PIPE, .to = OUT_FIFO, .process = SHIM, .votes = 9);
	FEED(*s, link, .from = ERR_PIPE, .to = ERR_FIFO, .process = SHIM, .votes = 9);
}

static void feed_window(const struct fact_sink *s, uint64_t index)
{
	FEED(*s, window, .index = index, .start_ns = START + (int64_t)index * SECOND, .duration_ns = SECOND);
	feed_io(s, OUT_PIPE, WRITER, DIRECTION_WRITE, 100, 0, 10000);
	feed_io(s, OUT_PIPE, SHIM, DIRECTION_READ, 201, 101, 10000);
	feed_io(s, OUT_FIFO, SHIM, DIRECTION_WRITE, 103, 0, 10000);
	feed_io(s, OUT_FIFO, CONTAINERD, DIRECTION_READ, 205, 102, 10000);
	feed_io(s, ERR_PIPE, WRITER, DIRECTION_WRITE, 7, 0, 70);
	feed_io(s, ERR_PIPE, SHIM, DIRECTION_READ, 14, 7, 70);
	feed_io(s, ERR_FIFO, SHIM, DIRECTION_WRITE, 7, 0, 70);
	feed_io(s, ERR_FIFO, CONTAINERD, DIRECTION_READ, 14, 7, 70);
	feed_io(s, LOG_FILE, CONTAINERD, DIRECTION_WRITE, 107, 0, 14350);
	feed_io(s, TASK, SHIM, DIRECTION_READ, 26, 13, 2700);
	feed_io(s, TASK_PEER, CONTAINERD, DIRECTION_WRITE, 13, 0, 2700);
}

#define WINDOW_CALLS (100 + 201 + 103 + 205 + 7 + 14 + 7 + 14 + 107 + 26 + 13)

static void assert_adds_up(const char *text, int64_t calls)
{
	const char *section = line_of(text, "Other channels, by role\n"), *head = next_line(section), *row;
	int64_t sum = 0;

	for (row = next_line(head); strncmp(row, "total ", 6) != 0; row = next_line(row))
		sum += number_in(head, row, "calls");
	assert_int_equal(sum, calls);
	assert_int_equal(number_in(head, row, "calls"), calls);
	assert_int_equal(number_in(line_of(text, "transport "), line_of(text, "total "), "calls"), calls);
}

static void report(void **state)
{
	struct model *m = model_new();
	struct fact_sink s = model_sink(m);
	const char *section, *head, *row;
	char *text;

	(void)state;
	feed_node(&s);
	feed_window(&s, 0);
	feed_window(&s, 1);
	FEED(s, loss, .folded = 3);
	FEED(s, finish, .end_ns = START + 2 * SECOND);
	assert_int_equal(model_resolve(m, MODEL_TOTAL), 0);
	text = render_width(view_report_text, m, 130);
	assert_fits(text, 130);
	line_of(text, "Traced 1 containerd, 1 shim, 1 container, 1 other process on node-1 for "
		      "2.00 s, backend syscall: "
		      "complete, exact.\n");
	section = line_of(text, "Streams and their hops\n");
	head = next_line(next_line(section));
	assert_int_equal(number_in(head, line_of(section, "shop/web/app "), "calls"),
			 2 * (WINDOW_CALLS - 39));
	line_of(section, "  stdout: 19.5 KiB logged\n");
	row = line_of(section, "    pipe  writer → shim ");
	assert_cell(head, row, "in", "19.5 KiB");
	assert_cell(head, row, "calls", "602");
	row = line_of(section, "    fifo  shim → containerd ");
	assert_cell(head, row, "calls", "616");
	row = next_line(line_of(section, "  stdout+stderr: 214 records, 28.0 KiB in the file\n"));
	assert_cell(head, row, "calls", "214");
	assert_adds_up(text, 2 * WINDOW_CALLS);
	row = line_of(text, "ttrpc-task ");
	assert_non_null(strstr(row, "unix-stream ttrpc"));
	free(text);
	model_free(m);
}

/* A window of a live trace, and what is left of channels that the model forgot. */
static void live(void **state)
{
	struct model *m = model_new();
	struct fact_sink s = model_sink(m);
	const char *head;
	char *text;

	(void)state;
	feed_node(&s);
	feed_window(&s, 0);
	FEED(s, channel, .id = STRAY, .transport = TRANSPORT_PIPE, .dev = 14, .ino = 99);
	feed_io(&s, STRAY, CONTAINERD, DIRECTION_WRITE, 17, 0, 17);
	feed_window(&s, 1);
	feed_window(&s, 2);
	assert_int_equal(model_resolve(m, MODEL_WINDOW), 0);
	text = render_width(view_live_text, m, 120);
	assert_int_equal(
		strncmp(text, "2026-01-02T03:04:07.000Z + 1.00 s, syscall on node-1: 797 calls, ", 65), 0);
	assert_int_equal(WINDOW_CALLS, 797);
	head = line_of(text, "stream ");
	assert_cell(head, line_of(head, "shop/web/app stdout "), "calls", "609");
	assert_cell(head, line_of(head, "shop/web/app stdout "), "logged", "9.8 KiB");
	assert_cell(head, line_of(head, "other channels "), "calls", "39");
	free(text);

	assert_int_equal(model_evict(m, START + SECOND + SECOND / 2), 1);
	assert_int_equal(model_resolve(m, MODEL_TOTAL), 0);
	text = render_width(view_report_text, m, 130);
	head = next_line(line_of(text, "Other channels, by role\n"));
	assert_cell(head, line_of(head, "closed earlier "), "calls", "17");
	assert_cell(head, line_of(head, "closed earlier "), "channels", "1");
	assert_adds_up(text, 3 * WINDOW_CALLS + 17);
	free(text);
	model_free(m);
}

static void json(void **state)
{
	struct model *m = model_new();
	struct fact_sink s = model_sink(m);
	json_t *v, *list, *hops;
	size_t i;
	char *text;

	(void)state;
	feed_node(&s);
	feed_window(&s, 0);
	assert_int_equal(model_resolve(m, MODEL_TOTAL), 0);
	text = render_json(view_report_json, m);
	v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(v);
	/* Nothing ended this trace. */
	assert_true(json_is_false(json_object_get(json_object_get(v, "capture"), "complete")));
	assert_true(json_is_false(json_object_get(json_object_get(v, "loss"), "exact")));
	list = json_object_get(v, "containers");
	for (i = 0; i < json_array_size(list); i++) {
		json_t *c = json_array_get(list, i);

		if (strcmp(json_string_value(json_object_get(c, "id")), APP) != 0)
			continue;
		assert_string_equal(json_string_value(json_object_get(c, "pod")), "web");
		assert_int_equal(json_integer_value(json_object_get(c, "log_records")), 107);
		assert_int_equal(json_integer_value(json_object_get(c, "log_bytes")), 10070);
		hops = json_object_get(json_array_get(json_object_get(c, "streams"), 0), "hops");
		assert_int_equal(json_array_size(hops), 3);
		assert_true(json_is_true(json_object_get(json_array_get(hops, 2), "shared")));
		break;
	}
	assert_true(i < json_array_size(list));
	json_decref(v);
	free(text);
	model_free(m);
}

static void nothing(void **state)
{
	struct model *m = model_new();
	char *text;

	(void)state;
	assert_int_equal(model_resolve(m, MODEL_TOTAL), 0);
	text = render_width(view_report_text, m, 80);
	assert_fits(text, 80);
	assert_non_null(strstr(text, "INCOMPLETE"));
	free(text);
	text = render_width(view_map_text, m, 80);
	assert_fits(text, 80);
	free(text);
	text = render_width(view_live_text, m, 80);
	assert_fits(text, 80);
	free(text);
	free(render_json(view_report_json, m));
	free(render_json(view_map_json, m));
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(report, utf8_locale),
		cmocka_unit_test_setup(live, utf8_locale),
		cmocka_unit_test_setup(json, utf8_locale),
		cmocka_unit_test_setup(nothing, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
