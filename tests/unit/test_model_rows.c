// SPDX-License-Identifier: GPL-2.0-only
/* Transports side by side, processes, windows and the scope's times. */
#include "test_model.h"

static void feed_usage(struct feed *f, uint32_t process, int64_t ns, int64_t cpu, int64_t user, int64_t rss,
		       bool final)
{
	FEED(f, usage, .process = process, .ns = ns, .cpu_ns = cpu, .user_ns = user,
	     .system_ns = user == FACT_UNKNOWN ? FACT_UNKNOWN : cpu - user, .rss_bytes = rss,
	     .pss_bytes = FACT_UNKNOWN, .anon_bytes = FACT_UNKNOWN, .final = final);
}

static struct feed feed_channels(void)
{
	struct feed f = feed_node();

	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	feed_object(&f, 11, TRANSPORT_PIPE, NULL);
	feed_object(&f, 12, TRANSPORT_PIPE, NULL);
	FEED(&f, channel, .id = 20, .transport = TRANSPORT_UNIX_STREAM, .ino = 20, .peer_ino = 21,
	     .path = "/run/containerd/s/" SHA);
	FEED(&f, channel, .id = 21, .transport = TRANSPORT_UNIX_STREAM, .ino = 21);
	FEED(&f, channel, .id = 30, .transport = TRANSPORT_UNIX_STREAM, .ino = 30,
	     .path = "/x/containerd.sock");
	FEED(&f, channel, .id = 31, .transport = TRANSPORT_UNIX_STREAM, .ino = 31);
	feed_object(&f, 40, TRANSPORT_FILE, "/x");
	return f;
}

static void transports_side_by_side(void **state)
{
	struct feed f = feed_channels();
	const struct model_transport *t;

	(void)state;
	feed_second(&f, 0);
	feed_read(&f, 10, SHIM, 3, 31, 100);
	feed_write(&f, 10, WRITER, 5, 37, 10);
	feed_read(&f, 11, SHIM, 7, 41, 1);
	feed_read(&f, 20, SHIM, 11, 43, 500);
	feed_write(&f, 21, CONTAINERD, 13, 47, 7);
	feed_write(&f, 30, CONTAINERD, 17, 53, 111);
	feed_write(&f, 31, CONTAINERD, 19, 59, 113);
	feed_read(&f, 40, CONTAINERD, 0, 0, 0);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_transports, 4);
	t = &f.m->transports[0];
	assert_int_equal(t->transport, TRANSPORT_UNIX_STREAM);
	assert_int_equal(t->protocol, PROTOCOL_TTRPC);
	assert_int_equal(t->channels, 1);
	assert_int_equal(t->n.calls, 24);
	assert_int_equal(t->n.bytes, 90);
	assert_int_equal(t->n.cpu_ns, 507);
	assert_int_equal(f.m->transports[1].protocol, PROTOCOL_UNKNOWN);
	assert_int_equal(f.m->transports[1].n.cpu_ns, 113);
	/* the same CPU time: the order of transports decides */
	assert_int_equal(f.m->transports[2].transport, TRANSPORT_PIPE);
	assert_int_equal(f.m->transports[3].protocol, PROTOCOL_GRPC);
	t = transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW);
	assert_int_equal(t->channels, 2); /* of three */
	assert_int_equal(t->n.calls, 15);
	assert_int_equal(t->n.bytes, 109);
	/* the next window: another order, the same rows */
	feed_second(&f, 1);
	feed_read(&f, 12, SHIM, 23, 61, 1000);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(f.m->n_transports, 4);
	assert_int_equal(f.m->transports[0].transport, TRANSPORT_PIPE);
	assert_int_equal(f.m->transports[0].channels, 1);
	assert_int_equal(f.m->transports[0].n.calls, 23);
	assert_int_equal(transport_row(f.m, TRANSPORT_UNIX_STREAM, PROTOCOL_TTRPC)->channels, 0);
	assert_int_equal(transport_row(f.m, TRANSPORT_UNIX_STREAM, PROTOCOL_TTRPC)->n.calls, 0);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->channels, 3);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->n.cpu_ns, 1111);
	model_free(f.m);
}

static void windows_and_totals(void **state)
{
	struct feed f = feed_channels();
	struct counters n = {
		.calls = 3, .bytes = 31, .size_log2 = { [4] = 2, [31] = 1 }, .cpu_log2 = { [39] = 3 }
	};
	const struct model_end *end;

	(void)state;
	feed_second(&f, 0);
	FEED(&f, end, .channel = 10, .process = SHIM, .direction = DIRECTION_READ, .counters = &n);
	FEED(&f, end, .channel = 10, .process = SHIM, .direction = DIRECTION_READ, .counters = &n);
	resolve(&f, MODEL_WINDOW);
	end = end_of(object_channel(f.m, TRANSPORT_PIPE, 10), SHIM, DIRECTION_READ);
	assert_int_equal(end->n.calls, 6);
	assert_int_equal(end->n.size_log2[4], 4);
	feed_second(&f, 1);
	FEED(&f, end, .channel = 10, .process = SHIM, .direction = DIRECTION_READ, .counters = &n);
	resolve(&f, MODEL_WINDOW);
	end = end_of(object_channel(f.m, TRANSPORT_PIPE, 10), SHIM, DIRECTION_READ);
	assert_int_equal(end->n.calls, 3);
	assert_int_equal(end->n.bytes, 31);
	assert_int_equal(end->n.size_log2[31], 1);
	assert_int_equal(process_of_id(f.m, SHIM)->traced_cpu_ns, 0);
	feed_second(&f, 2);
	feed_read(&f, 10, CLIENT, 1, 2, 5);
	resolve(&f, MODEL_WINDOW);
	/* an end that was seen before stays, with nothing */
	end = end_of(object_channel(f.m, TRANSPORT_PIPE, 10), SHIM, DIRECTION_READ);
	assert_int_equal(end->n.calls, 0);
	resolve(&f, MODEL_TOTAL);
	end = end_of(object_channel(f.m, TRANSPORT_PIPE, 10), SHIM, DIRECTION_READ);
	assert_int_equal(end->n.calls, 9);
	assert_int_equal(end->n.bytes, 93);
	assert_int_equal(end->n.size_log2[4], 6);
	assert_int_equal(end->n.size_log2[31], 3);
	assert_int_equal(end->n.cpu_log2[39], 9);
	assert_int_equal(f.m->trace.windows, 3);
	model_free(f.m);
}

static void times_of_the_scope(void **state)
{
	struct feed f = feed_node();

	(void)state;
	resolve(&f, MODEL_TOTAL);
	assert_true(f.m->trace.duration_ns == FACT_UNKNOWN);
	assert_int_equal(f.m->trace.scope_realtime_ns, START_REALTIME);
	feed_second(&f, 0);
	FEED(&f, window, .index = 1, .start_ns = START + SECOND, .duration_ns = 700 * MS);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->trace.duration_ns, 1700 * MS);
	assert_int_equal(f.m->trace.scope_realtime_ns, START_REALTIME);
	assert_false(f.m->trace.complete);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(f.m->trace.duration_ns, 700 * MS);
	assert_int_equal(f.m->trace.scope_realtime_ns, START_REALTIME + SECOND);
	FEED(&f, finish, .end_ns = START + 1733 * MS);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->trace.duration_ns, 1733 * MS);
	assert_true(f.m->trace.complete);
	/* an end before the last window's is none */
	FEED(&f, finish, .end_ns = 3);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->trace.duration_ns, 1700 * MS);
	model_free(f.m);
}

static void cpu_of_processes(void **state)
{
	struct feed f = feed_node();
	const struct model_process *p;

	(void)state;
	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	FEED(&f, process, .id = 9, .pid = 900, .start_ns = START + 300 * MS, .role = PROCESS_SHIM);
	feed_usage(&f, CONTAINERD, START, 1000003, 400009, 31, false);
	feed_usage(&f, SHIM, START, 2000003, 100003, 37, false);
	resolve(&f, MODEL_TOTAL);
	/* one sample is no difference */
	assert_true(process_of_id(f.m, CONTAINERD)->cpu_ns == FACT_UNKNOWN);
	assert_int_equal(process_of_id(f.m, CONTAINERD)->rss_bytes, 31);
	assert_true(process_of_id(f.m, WRITER)->cpu_ns == FACT_UNKNOWN);
	assert_true(process_of_id(f.m, WRITER)->rss_bytes == FACT_UNKNOWN);
	feed_second(&f, 0);
	feed_read(&f, 10, SHIM, 1, 2, 71);
	feed_read(&f, 10, CONTAINERD, 1, 2, 73);
	feed_write(&f, 10, SHIM, 1, 2, 79);
	feed_usage(&f, CONTAINERD, START + SECOND, 1000103, 400039, FACT_UNKNOWN, false);
	feed_usage(&f, SHIM, START + SECOND, 2000007, FACT_UNKNOWN, 41, false);
	feed_usage(&f, 9, START + SECOND, 5003, 1009, 43, false);
	resolve(&f, MODEL_TOTAL);
	p = process_of_id(f.m, CONTAINERD);
	assert_int_equal(p->cpu_ns, 100);
	assert_int_equal(p->user_ns, 30);
	assert_int_equal(p->system_ns, 70);
	assert_int_equal(p->rss_bytes, 31);
	assert_true(p->pss_bytes == FACT_UNKNOWN);
	assert_int_equal(p->traced_cpu_ns, 73);
	p = process_of_id(f.m, SHIM);
	assert_int_equal(p->cpu_ns, 4);
	assert_true(p->user_ns == FACT_UNKNOWN);
	assert_int_equal(p->traced_cpu_ns, 150);
	p = process_of_id(f.m, 9); /* it began in the trace: from nothing */
	assert_int_equal(p->cpu_ns, 5003);
	assert_int_equal(p->user_ns, 1009);
	assert_false(p->ended);
	/* its last word, between two windows; what comes after it is not heard */
	feed_usage(&f, 9, START + 1400 * MS, 7001, FACT_UNKNOWN, FACT_UNKNOWN, true);
	feed_usage(&f, 9, START + 1500 * MS, 1, 1, 1, false);
	feed_second(&f, 1);
	feed_usage(&f, CONTAINERD, START + 2 * SECOND, 1000204, 400040, 47, false);
	resolve(&f, MODEL_TOTAL);
	p = process_of_id(f.m, 9);
	assert_int_equal(p->cpu_ns, 7001);
	assert_true(p->user_ns == FACT_UNKNOWN);
	assert_int_equal(p->rss_bytes, 43);
	assert_true(p->ended);
	assert_int_equal(process_of_id(f.m, CONTAINERD)->cpu_ns, 201);
	assert_int_equal(process_of_id(f.m, CONTAINERD)->rss_bytes, 47);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(process_of_id(f.m, 9)->cpu_ns, 1998);
	assert_int_equal(process_of_id(f.m, CONTAINERD)->cpu_ns, 101);
	assert_int_equal(process_of_id(f.m, CONTAINERD)->traced_cpu_ns, 0);
	/* the shim's sample is too old to tell of this window */
	assert_true(process_of_id(f.m, SHIM)->cpu_ns == FACT_UNKNOWN);
	/* a window after its end: nothing, and that is known */
	feed_second(&f, 2);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(process_of_id(f.m, 9)->cpu_ns, 0);
	assert_true(process_of_id(f.m, CONTAINERD)->cpu_ns == FACT_UNKNOWN);
	model_free(f.m);
}

static void samples_out_of_order(void **state)
{
	struct feed f = feed_node();

	(void)state;
	/* no window, no difference over it */
	feed_usage(&f, SHIM, START, 1000, 500, 1, false);
	feed_usage(&f, SHIM, START + SECOND, 1100, 500, 1, false);
	resolve(&f, MODEL_WINDOW);
	assert_true(process_of_id(f.m, SHIM)->cpu_ns == FACT_UNKNOWN);
	/* the same moment again: what was said last */
	feed_usage(&f, SHIM, START + SECOND, 1101, 501, 1, false);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, 101);
	assert_int_equal(process_of_id(f.m, SHIM)->user_ns, 1);
	/* late: of no use */
	feed_usage(&f, SHIM, START + 500 * MS, 7, 7, 1, false);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, 101);
	/* memory alone */
	feed_usage(&f, SHIM, START + 2 * SECOND, FACT_UNKNOWN, FACT_UNKNOWN, 43, false);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, 101);
	assert_int_equal(process_of_id(f.m, SHIM)->rss_bytes, 43);
	/* a last word counts, late or not */
	feed_usage(&f, SHIM, START + 900 * MS, 1103, 502, 1, true);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, 103);
	model_free(f.m);
}

/* Samples are taken a little after a window's end, and perhaps told before the window is. */
static void samples_at_the_windows_ends(void **state)
{
	struct feed f = feed_node();
	int64_t w;

	(void)state;
	feed_usage(&f, SHIM, START, 1000, 0, 1, false);
	for (w = 0; w < 20; w++) {
		int64_t jitter = w % 3 ? 13 * MS : -7 * MS;

		if (w % 2)
			feed_second(&f, (uint64_t)w);
		feed_usage(&f, SHIM, START + (w + 1) * SECOND + jitter, 1000 + (w + 1) * (w + 1), 0, 1,
			   false);
		if (!(w % 2))
			feed_second(&f, (uint64_t)w);
		resolve(&f, MODEL_WINDOW);
		assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, (w + 1) * (w + 1) - w * w);
		resolve(&f, MODEL_TOTAL);
		assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, (w + 1) * (w + 1));
	}
	/* a process of this window, and one that came and went within it */
	FEED(&f, process, .id = 9, .pid = 900, .start_ns = START + 20 * SECOND + 5, .role = PROCESS_SHIM);
	FEED(&f, process, .id = 10, .pid = 901, .start_ns = START + 20 * SECOND + 7, .role = PROCESS_SHIM);
	feed_usage(&f, 9, START + 21 * SECOND, 101, 50, 1, false);
	feed_usage(&f, 10, START + 20 * SECOND + 9, 103, 50, 1, true);
	feed_second(&f, 20);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(process_of_id(f.m, 9)->cpu_ns, 101);
	assert_int_equal(process_of_id(f.m, 10)->cpu_ns, 103);
	assert_true(process_of_id(f.m, SHIM)->cpu_ns == FACT_UNKNOWN);
	model_free(f.m);
}

static void times_from_a_stranger(void **state)
{
	struct feed f = feed_new();

	(void)state;
	FEED(&f, trace, .start_ns = INT64_MAX, .start_realtime_ns = INT64_MIN + 1, .interval_ns = 0);
	FEED(&f, process, .id = 1, .pid = 1, .start_ns = INT64_MAX);
	feed_usage(&f, 1, 0, INT64_MAX, 0, INT64_MAX, false);
	FEED(&f, window, .index = UINT64_MAX, .start_ns = 0, .duration_ns = INT64_MAX);
	resolve(&f, MODEL_TOTAL);
	resolve(&f, MODEL_WINDOW);
	FEED(&f, window, .index = 0, .start_ns = INT64_MAX, .duration_ns = 0);
	feed_usage(&f, 1, INT64_MAX, 0, 0, 0, false);
	resolve(&f, MODEL_TOTAL);
	assert_true(f.m->trace.duration_ns >= 0);
	resolve(&f, MODEL_WINDOW);
	FEED(&f, trace, .start_ns = 0, .start_realtime_ns = INT64_MAX, .interval_ns = INT64_MAX);
	FEED(&f, finish, .end_ns = INT64_MAX);
	resolve(&f, MODEL_WINDOW);
	assert_true(f.m->trace.scope_realtime_ns == INT64_MAX);
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transports_side_by_side), cmocka_unit_test(windows_and_totals),
		cmocka_unit_test(times_of_the_scope),	   cmocka_unit_test(cpu_of_processes),
		cmocka_unit_test(samples_out_of_order),	   cmocka_unit_test(samples_at_the_windows_ends),
		cmocka_unit_test(times_from_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
