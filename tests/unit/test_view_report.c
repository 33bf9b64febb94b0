// SPDX-License-Identifier: GPL-2.0-only
/* The text report: what it says, that it adds up, that it fits. */
#include "test_view.h"

static const int widths[] = { 40, 60, 80, 120, 0 };
#define N_WIDTHS (sizeof(widths) / sizeof(widths[0]))

static void headline(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_report_text, &f->m, 0);

	(void)state;
	line_of(text, "Traced 1 containerd, 2 shims, 4 containers, 4 other processes on node-1 for "
		      "30.0 s, backend "
		      "fentry: complete, exact.\n");
	line_of(text, "Began 2026-01-02T03:04:05.123456789Z, windows of 1.00 s; Linux 6.12.1 "
		      "x86_64, 2 CPUs; "
		      "shimscope 0.1.0; with the writers.\n");
	line_of(text, "containerd 1.6.20~ds1, go1.19.8, pid 812, at "
		      "/run/containerd/containerd.sock, configured by "
		      "/etc/containerd/config.toml\n");
	assert_null(strstr(text, "Note:"));
	free(text);

	f->m.trace.complete = f->m.exact = false;
	f->m.trace.note = fixture_string(f, "before the upgrade");
	f->m.trace.selection = fixture_string(f, "--pod web-0");
	text = render_width(view_report_text, &f->m, 0);
	assert_int_equal(strncmp(text, "Traced ", 7), 0);
	assert_non_null(
		strstr(text, "backend fentry: INCOMPLETE (the end of the trace is missing), NOT EXACT"));
	assert_non_null(strstr(text, "; selected: --pod web-0;"));
	assert_non_null(strstr(text, "\nNote: before the upgrade\n"));
	free(text);
	fixture_free(f);
}

/* Every row of the transports, and their sum, to the unit. */
static void transports(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_report_text, &f->m, 130);
	const char *head = line_of(text, "transport "), *row, *total = line_of(text, "total ");
	int64_t calls = 0, channels = 0, want_calls = 0, want_channels = 0;
	size_t i;

	(void)state;
	for (row = next_line(head); row != total; row = next_line(row)) {
		calls += number_in(head, row, "calls");
		channels += number_in(head, row, "channels");
	}
	for (i = 0; i < f->m.n_transports; i++) {
		want_calls += (int64_t)f->m.transports[i].n.calls;
		want_channels += (int64_t)f->m.transports[i].channels;
	}
	assert_int_equal(calls, want_calls);
	assert_int_equal(channels, want_channels);
	assert_int_equal(number_in(head, total, "calls"), calls);
	assert_int_equal(number_in(head, total, "channels"), channels);
	/* 421,000 records of 140 bytes, 2100 ns each. */
	row = line_of(text, "file ");
	assert_cell(head, row, "channels", "2");
	assert_cell(head, row, "calls", "421,000");
	assert_cell(head, row, "EAGAIN", "0%");
	assert_cell(head, row, "bytes", "56.2 MiB");
	assert_cell(head, row, "B/call", "140 B");
	assert_cell(head, row, "CPU", "884 ms");
	assert_cell(head, row, "CPU/call", "2.10 µs");
	assert_cell(head, row, "CPU/byte", "15.0 ns");
	/* Moved bytes stand apart from copied ones. */
	assert_cell(head, row, "moved", "");
	assert_cell(head, line_of(text, "fifo "), "moved", "68.4 KiB");
	/* Two calls that began before the trace: counted, but nobody knows their time. */
	row = line_of(text, "pipe unknown ");
	assert_cell(head, row, "calls", "2");
	assert_cell(head, row, "CPU", "?");
	assert_cell(head, row, "CPU/call", "?");
	assert_cell(head, row, "blocked", "?");
	line_of(text, "unix-stream ttrpc ");
	free(text);
	fixture_free(f);
}

static void streams(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_report_text, &f->m, 120);
	const char *section = line_of(text, "Streams and their hops\n");
	const char *head = next_line(next_line(section)), *block, *row;
	int64_t sum = 0;

	(void)state;
	block = line_of(section, "shop/web-0/app ");
	/* Dearest first. */
	assert_ptr_equal(block, next_line(head));
	assert_true(line_of(section, "shop/web-0/sidecar ") < line_of(section, "shop/web-0/shell "));
	line_of(block, "  stdout: 38.1 MiB logged\n");
	row = line_of(block, "    pipe  writer → shim ");
	assert_cell(head, row, "in", "38.1 MiB");
	assert_cell(head, row, "out", "38.1 MiB");
	assert_cell(head, row, "calls", "1,200,000");
	assert_cell(head, row, "EAGAIN", "33%");
	assert_cell(head, row, "CPU", "880 ms");
	assert_cell(head, row, "CPU/log B", "22.0 ns");
	/* The file that both streams share is told once, with what belongs to both. */
	row = line_of(block, "  stdout+stderr: 401,000 records, 53.5 MiB in the file\n");
	row = next_line(row);
	assert_int_equal(
		strncmp(row, "    file  containerd → 0.log ", strlen("    file  containerd → 0.log ")), 0);
	assert_cell(head, row, "in", "53.5 MiB");
	assert_cell(head, row, "out", "");
	/* The hops' calls are the container's. */
	for (row = next_line(block); row[0] == ' '; row = next_line(row)) {
		if (!strncmp(row, "    ", 4))
			sum += number_in(head, row, "calls");
	}
	assert_int_equal(sum, number_in(head, block, "calls"));
	assert_int_equal(sum, 2807000);
	/* Nobody traced these writes: unknown, not none. */
	row = line_of(line_of(section, "shop/web-0/sidecar "), "    pipe  writer → shim ");
	assert_cell(head, row, "in", "?");
	assert_cell(head, row, "out", "1.9 MiB");
	line_of(row, "  stderr: nothing passed\n");
	line_of(section, "  stdout: 1.9 MiB logged, 20,000 records, 2.7 MiB in the file\n");
	/* Bytes that stayed in the FIFO, and those that were moved. */
	line_of(line_of(section, "shop/web-0/shell "),
		"          3 B written and not read within this trace\n");
	line_of(section, "  exec probe-7 stdout: 68.4 KiB logged\n");
	line_of(section, "          68.4 KiB of this moved by splice or its kin, not copied\n");
	free(text);
	fixture_free(f);
}

/* Streams, others and what is gone are all there is: the transports' total. */
static void adds_up(void **state)
{
	struct fixture *f = fixture_node();
	const char *head, *row, *section;
	int64_t calls = 0, channels = 0;
	char *text;

	(void)state;
	/* Channels of which the model kept only the sum, in the transports' row. */
	f->m.transports[0].n.calls += 1234;
	f->m.transports[0].channels += 5;
	text = render_width(view_report_text, &f->m, 140);
	section = line_of(text, "Other channels, by role\n");
	head = next_line(section);
	for (row = next_line(head); strncmp(row, "total ", 6); row = next_line(row)) {
		calls += number_in(head, row, "calls");
		channels += number_in(head, row, "channels");
	}
	assert_int_equal(number_in(head, row, "calls"), calls);
	assert_int_equal(number_in(head, row, "channels"), channels);
	assert_int_equal(number_in(line_of(text, "transport "), line_of(text, "total "), "calls"), calls);
	assert_cell(head, line_of(section, "closed earlier "), "calls", "1,234");
	assert_cell(head, line_of(section, "closed earlier "), "channels", "5");
	assert_cell(head, line_of(section, "streams, above "), "calls", "2,927,431");
	row = line_of(section, "ttrpc-task ");
	assert_non_null(strstr(row, "unix-stream ttrpc"));
	assert_cell(head, row, "channels", "2");
	assert_cell(head, row, "calls", "150");
	line_of(section, "ttrpc-events ");
	line_of(section, "grpc-api ");
	line_of(section, "journald ");
	assert_non_null(strstr(line_of(section, "shim-log "), "shim → containerd"));
	free(text);
	fixture_free(f);
}

static void without_the_gone(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_report_text, &f->m, 140);

	(void)state;
	assert_null(strstr(text, "closed earlier"));
	free(text);
	fixture_free(f);
}

/* Of many execs the dearest are told, the others summed. */
static void execs(void **state)
{
	struct fixture *f = fixture_new();
	struct model_process *shim = fixture_process(f, PROCESS_SHIM, 7, "shim");
	struct model_container *c = fixture_container(f, "id", "pod", "app", shim);
	const char *section, *head, *row;
	int64_t sum = 0;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < 7; i++) {
		struct model_channel *ch;
		struct model_stream *s;
		char id[32];

		snprintf(id, sizeof(id), "probe-%zu", i);
		ch = fixture_channel(f, id, TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW, NULL);
		s = fixture_stream(f, c, "stdout", id, 10);
		fixture_hop(f, s, ch, PROCESS_SHIM, PROCESS_CLIENT,
			    fixture_end(f, ch, shim, DIRECTION_WRITE, i + 1, 0, 10, 100 * (i + 1)), NULL);
	}
	fixture_resolve(f);
	text = render_width(view_report_text, &f->m, 120);
	section = line_of(text, "Streams and their hops\n");
	head = next_line(next_line(section));
	assert_true(line_of(section, "  exec probe-6 stdout: ") <
		    line_of(section, "  exec probe-3 stdout: "));
	assert_null(strstr(text, "probe-2"));
	row = line_of(section, "  3 more streams of execs ");
	assert_cell(head, row, "calls", "6");
	for (row = next_line(line_of(section, "shop/pod/app ")); *row == ' '; row = next_line(row)) {
		if (!strncmp(row, "    ", 4) || !strncmp(row, "  3 more", 8))
			sum += number_in(head, row, "calls");
	}
	assert_int_equal(sum, 28);
	assert_cell(head, line_of(section, "shop/pod/app "), "calls", "28");
	free(text);
	fixture_free(f);
}

/* Bytes that a shim read and did not write on, and the other way round. */
static void between_hops(void **state)
{
	struct fixture *f = fixture_crowd(1);
	struct model_stream *s = &f->m.containers[0]->streams[0];
	char *text = render_width(view_report_text, &f->m, 120);

	(void)state;
	assert_null(strstr(text, "within this trace"));
	free(text);
	((struct model_end *)s->hops[1].in)->n.bytes -= 12;
	((struct model_end *)s->hops[1].out)->n.bytes -= 12;
	text = render_width(view_report_text, &f->m, 120);
	line_of(text, "          12 B read and not written on within this trace\n");
	free(text);
	((struct model_end *)s->hops[1].in)->n.bytes += 13;
	((struct model_end *)s->hops[1].out)->n.bytes += 14;
	text = render_width(view_report_text, &f->m, 120);
	line_of(text, "          1 B written on that were not read within this trace\n");
	line_of(text, "          1 B read that were not written within this trace\n");
	free(text);
	fixture_free(f);
}

/* A file that two containers log to: told with both, counted with one. */
static void file_of_two(void **state)
{
	struct fixture *f = fixture_crowd(2);
	struct model_channel *file = NULL;
	struct model_container *c = f->m.containers[0];
	const char *section, *head, *row;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < f->m.n_channels; i++) {
		if (f->m.channels[i]->transport == TRANSPORT_FILE)
			file = f->m.channels[i]; /* of the second */
	}
	assert_non_null(file);
	fixture_hop(f, &c->streams[0], file, PROCESS_CONTAINERD, PROCESS_OTHER, file->ends[0], NULL);
	text = render_width(view_report_text, &f->m, 120);
	section = line_of(text, "Streams and their hops\n");
	head = next_line(next_line(section));
	line_of(section, "          shared with another container, and counted there\n");
	row = line_of(section, "all streams ");
	assert_int_equal(number_in(head, row, "calls"), 180);
	assert_int_equal(number_in(head, line_of(section, "shop/crowd-0/app "), "calls") +
				 number_in(head, line_of(section, "shop/crowd-1/app "), "calls"),
			 180);
	free(text);
	fixture_free(f);
}

/* Input typed into a terminal goes the other way: no part of the stream, and still counted. */
static void terminal_input(void **state)
{
	struct fixture *f = fixture_node();
	struct model_channel *pty = NULL;
	struct model_container *c;
	const char *section, *row;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < f->m.n_channels; i++) {
		if (f->m.channels[i]->transport == TRANSPORT_PTY)
			pty = f->m.channels[i];
	}
	assert_non_null(pty);
	fixture_end(f, pty, pty->ends[0]->process, DIRECTION_WRITE, 11, 0, 55, 11000);
	for (i = 0; i < f->m.n_transports; i++) {
		if (f->m.transports[i].transport == TRANSPORT_PTY)
			f->m.transports[i].n.calls += 11;
	}
	text = render_width(view_report_text, &f->m, 140);
	section = line_of(text, "Other channels, by role\n");
	row = line_of(section, "container-output ");
	assert_cell(next_line(section), row, "calls", "11");
	assert_cell(next_line(section), row, "channels", "0"); /* it is counted with the streams */
	assert_null(strstr(section, "closed earlier"));
	free(text);
	/* Its line ends grow on the way: more comes out than went in, and nothing is amiss. */
	c = f->m.containers[3];
	assert_ptr_equal(c->streams[0].hops[0].channel, pty);
	c->streams[0].hops[0].in =
		fixture_end(f, pty, f->m.processes[6], DIRECTION_WRITE, 9, 0, 100101, 9000);
	text = render_width(view_report_text, &f->m, 140);
	assert_null(strstr(text, "read that were not written"));
	free(text);
	fixture_free(f);
}

static void processes(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_report_text, &f->m, 140);
	const char *section = line_of(text, "Processes\n"), *head = next_line(section), *row;

	(void)state;
	row = line_of(section, "containerd 1.6.20~ds1 ");
	assert_ptr_equal(row, next_line(head));
	assert_cell(head, row, "pid", "812");
	assert_cell(head, row, "CPU", "4.10 s");
	assert_cell(head, row, "of a CPU", "14%");
	assert_cell(head, row, "RSS", "48.0 MiB");
	assert_cell(head, row, "PSS", "24.0 MiB");
	assert_non_null(strstr(row, "go1.19.8"));
	line_of(section, "shim shop/web-0 ");
	line_of(section, "shim default/job-1 ");
	row = line_of(section, "writer nginx in shop/web-0/app ");
	assert_cell(head, row, "CPU", "?");
	assert_cell(head, row, "RSS", "?");
	assert_cell(head, row, "in traced calls", "361 ms");
	/* Some are not known: the sum is a least value. RSS does not add up. */
	row = line_of(section, "total ");
	assert_cell(head, row, "CPU", "≥6.60 s");
	assert_cell(head, row, "PSS", "≥52.0 MiB");
	assert_cell(head, row, "RSS", "");
	free(text);
	fixture_free(f);
}

/* `shim start` and its kin end at once: summed, and no shims to speak of. */
static void helpers(void **state)
{
	struct fixture *f = fixture_node();
	const char *section, *head, *row;
	char *text;
	size_t i;

	(void)state;
	f->m.processes[1]->ended = true; /* the shim of web-0: it serves containers */
	for (i = 0; i < 3; i++) {
		struct model_process *p = fixture_process(f, i ? PROCESS_SHIM : PROCESS_CONTAINERD,
							  5000 + (int64_t)i, "helper");

		fixture_usage(p, 7000000, 1 << 20);
		p->ended = true;
	}
	fixture_process(f, PROCESS_SHIM, 6000, "living"); /* of which no container is known */
	text = render_width(view_report_text, &f->m, 140);
	line_of(text, "Traced 1 containerd, 3 shims, 4 containers, 7 other processes on node-1 ");
	section = line_of(text, "Processes\n");
	head = next_line(section);
	row = line_of(section, "3 short-lived helpers ");
	assert_cell(head, row, "CPU", "21.0 ms");
	assert_cell(head, row, "RSS", "");
	assert_cell(head, line_of(section, "total "), "CPU", "≥6.62 s");
	line_of(section, "shim living ");
	line_of(section, "shim shop/web-0 ");
	assert_null(strstr(section, "helper "));
	free(text);
	fixture_free(f);
}

static void losses(void **state)
{
	struct fixture *f = fixture_node();
	static const char *const names[] = { "ring_dropped ", "folded ", "map_full ",
					     "hook_missed ",  "unseen ", "untimed " };
	char *text, number[32];
	const char *section, *row;
	size_t i;

	(void)state;
	f->m.loss = (struct fact_loss){ 0, 12345, FACT_UNKNOWN, 7, 0, 2 };
	text = render_width(view_report_text, &f->m, 100);
	section = line_of(text, "Losses\n");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		static const char *const want[] = { "0", "12,345", "?", "7", "0", "2" };

		row = line_of(section, names[i]);
		assert_int_equal(sscanf(row + strlen(names[i]), " %31s", number), 1);
		assert_string_equal(number, want[i]);
	}
	free(text);
	fixture_free(f);
}

/* Nothing at all: no figure is made up. */
static void empty(void **state)
{
	struct model m = { .trace.duration_ns = FACT_UNKNOWN, .trace.scope_realtime_ns = FACT_UNKNOWN };
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < N_WIDTHS; i++) {
		text = render_width(view_report_text, &m, widths[i]);
		assert_fits(text, widths[i]);
		free(text);
	}
	assert_non_null(
		strstr(text = render_width(view_report_text, &m, 0), " for ?, backend ?: INCOMPLETE"));
	assert_non_null(strstr(text, "Began ?; Linux ?"));
	line_of(text, "No stream of a container was seen.\n");
	free(text);
}

static void fits(void **state)
{
	struct fixture *nodes[] = { fixture_node(), fixture_hostile(), fixture_crowd(12) };
	size_t i, n;

	(void)state;
	for (n = 0; n < sizeof(nodes) / sizeof(nodes[0]); n++) {
		for (i = 0; i < N_WIDTHS; i++) {
			char *text = render_width(view_report_text, &nodes[n]->m, widths[i]);

			assert_fits(text, widths[i]);
			free(text);
			text = render_width(view_summary_text, &nodes[n]->m, widths[i]);
			assert_fits(text, widths[i]);
			free(text);
		}
		fixture_free(nodes[n]);
	}
}

/* What belongs into each row is there at each width, in whole. */
static void narrow(void **state)
{
	struct fixture *f = fixture_node();
	size_t i;

	(void)state;
	for (i = 1; i < N_WIDTHS; i++) {
		char *text = render_width(view_report_text, &f->m, widths[i]);
		const char *head = line_of(text, "transport "), *section, *row;

		assert_cell(head, line_of(text, "file "), "calls", "421,000");
		assert_cell(head, line_of(text, "file "), "CPU", "884 ms");
		section = line_of(text, "Streams and their hops\n");
		row = line_of(section, "    fifo  shim → containerd ");
		while (strncmp(section, "      ", 6))
			section = next_line(section);
		assert_cell(section, row, "in", "38.1 MiB");
		assert_cell(section, row, "out", "38.1 MiB");
		assert_cell(section, row, "CPU", "1.16 s");
		section = line_of(text, "Processes\n");
		assert_cell(next_line(section), line_of(section, "shim shop/web-0 "), "CPU", "2.30 s");
		free(text);
	}
	fixture_free(f);
}

/* Shortened lists keep their sums. */
static void rows(void **state)
{
	struct fixture *f = fixture_crowd(30);
	char *text = render(view_report_text, &f->m, &(struct view_options){ .width = 100, .rows = 4 });
	const char *section = line_of(text, "Streams and their hops\n"), *head = section, *row;
	int64_t sum = 0;

	(void)state;
	while (strncmp(head, "      ", 6))
		head = next_line(head);
	for (row = next_line(head); strncmp(row, "all streams ", 12); row = next_line(row)) {
		if (row[0] != ' ')
			sum += number_in(head, row, "calls");
	}
	assert_int_equal(number_in(head, row, "calls"), sum);
	line_of(section, "26 more containers ");
	line_of(section, "shop/crowd-29/app ");
	assert_null(strstr(text, "shop/crowd-25/app "));
	section = line_of(text, "Processes\n");
	line_of(section, "27 more ");
	free(text);
	fixture_free(f);
}

static void sorting(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render(view_report_text, &f->m, &(struct view_options){ .sort = VIEW_SORT_NAME });

	(void)state;
	assert_true(line_of(text, "default/job-1 ") < line_of(text, "shop/web-0/app "));
	assert_true(line_of(text, "shop/web-0/shell ") < line_of(text, "shop/web-0/sidecar "));
	free(text);
	text = render(view_report_text, &f->m, &(struct view_options){ .sort = VIEW_SORT_BYTES });
	assert_true(line_of(text, "shop/web-0/app ") < line_of(text, "shop/web-0/sidecar "));
	assert_true(line_of(text, "shop/web-0/sidecar ") < line_of(text, "default/job-1 "));
	free(text);
	fixture_free(f);
}

static void ascii(void **state)
{
	struct fixture *nodes[] = { fixture_node(), fixture_hostile() };
	const char *c;
	size_t n;

	(void)state;
	for (n = 0; n < 2; n++) {
		char *text = render_width(view_report_text, &nodes[n]->m, 100);

		for (c = text; *c; c++)
			assert_true((*c >= 0x20 && *c < 0x7f) || *c == '\n');
		assert_non_null(strstr(text, "shim -> containerd"));
		free(text);
		fixture_free(nodes[n]);
	}
}

static void colours(void **state)
{
	struct fixture *f = fixture_hostile();
	char *plain = render_width(view_report_text, &f->m, 90), *text, *from, *to;

	(void)state;
	assert_null(strchr(plain, '\033'));
	text = render(view_report_text, &f->m, &(struct view_options){ .width = 90, .colour = true });
	assert_non_null(strchr(text, '\033'));
	/* Without its colours it is the plain one: names bring no sequences of their own. */
	for (from = to = text; *from; from++) {
		if (*from == '\033') {
			from += strcspn(from, "m");
			continue;
		}
		*to++ = *from;
	}
	*to = '\0';
	assert_string_equal(text, plain);
	free(text);
	free(plain);
	fixture_free(f);
}

static int report_80(FILE *out, const struct model *m)
{
	return view_report_text(out, m, &(struct view_options){ .width = 80 });
}

static void disk_full(void **state)
{
	struct fixture *f = fixture_node();

	(void)state;
	assert_int_equal(full_disk(report_80, &f->m), -ENOSPC);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(headline, utf8_locale),
		cmocka_unit_test_setup(transports, utf8_locale),
		cmocka_unit_test_setup(streams, utf8_locale),
		cmocka_unit_test_setup(adds_up, utf8_locale),
		cmocka_unit_test_setup(without_the_gone, utf8_locale),
		cmocka_unit_test_setup(execs, utf8_locale),
		cmocka_unit_test_setup(between_hops, utf8_locale),
		cmocka_unit_test_setup(file_of_two, utf8_locale),
		cmocka_unit_test_setup(terminal_input, utf8_locale),
		cmocka_unit_test_setup(processes, utf8_locale),
		cmocka_unit_test_setup(helpers, utf8_locale),
		cmocka_unit_test_setup(losses, utf8_locale),
		cmocka_unit_test_setup(empty, utf8_locale),
		cmocka_unit_test_setup(fits, utf8_locale),
		cmocka_unit_test_setup(fits, ascii_locale),
		cmocka_unit_test_setup(narrow, utf8_locale),
		cmocka_unit_test_setup(rows, utf8_locale),
		cmocka_unit_test_setup(sorting, utf8_locale),
		cmocka_unit_test_setup(ascii, ascii_locale),
		cmocka_unit_test_setup(colours, utf8_locale),
		cmocka_unit_test_setup(disk_full, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
