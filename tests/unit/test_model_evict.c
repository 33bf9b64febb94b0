// SPDX-License-Identifier: GPL-2.0-only
/* Forgetting channels: the numbers stay. */
#include "test_model.h"

/* Two containers' pipes; the first is used in the first window, the second in each. */
static struct feed feed_pipes(void)
{
	struct feed f = feed_node();

	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	feed_object(&f, 11, TRANSPORT_PIPE, NULL);
	feed_second(&f, 0);
	feed_read(&f, 10, SHIM, 31, 1009, 101);
	feed_write(&f, 10, WRITER, 37, 1013, 103);
	feed_read(&f, 11, SHIM, 5, 7, 11);
	feed_second(&f, 1);
	feed_read(&f, 11, SHIM, 5, 7, 11);
	return f;
}

static void end_process(struct feed *f, uint32_t process, int64_t ns)
{
	FEED(f, usage, .process = process, .ns = ns, .cpu_ns = 1, .user_ns = FACT_UNKNOWN,
	     .system_ns = FACT_UNKNOWN, .rss_bytes = FACT_UNKNOWN, .pss_bytes = FACT_UNKNOWN,
	     .anon_bytes = FACT_UNKNOWN, .final = true);
}

static void numbers_stay(void **state)
{
	struct feed f = feed_pipes();
	const struct model_transport *t;

	(void)state;
	feed_object(&f, 12, TRANSPORT_PIPE, NULL); /* told of at the end of the second window, unused */
	feed_second(&f, 2);
	feed_read(&f, 11, SHIM, 5, 7, 11);
	assert_int_equal(model_evict(f.m, START + SECOND), 0); /* used until then */
	assert_int_equal(model_evict(f.m, START + SECOND + 1), 1);
	assert_int_equal(f.m->n_channels, 2);
	assert_int_equal(model_evict(f.m, START + 2 * SECOND + 1), 1);
	assert_int_equal(f.m->n_channels, 1); /* resolved already */
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	assert_string_equal(f.m->channels[0]->id, "pipe:0:24:11000");
	assert_int_equal(f.m->n_transports, 1);
	t = transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW);
	assert_int_equal(t->channels, 2);
	assert_int_equal(t->n.calls, 31 + 37 + 15);
	assert_int_equal(t->n.bytes, 1009 + 1013 + 21);
	assert_int_equal(t->n.cpu_ns, 101 + 103 + 33);
	assert_int_equal(process_of_id(f.m, SHIM)->traced_cpu_ns, 134);
	assert_int_equal(process_of_id(f.m, WRITER)->traced_cpu_ns, 103);
	resolve(&f, MODEL_WINDOW);
	t = transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW);
	assert_int_equal(t->channels, 1);
	assert_int_equal(t->n.calls, 5);
	assert_int_equal(process_of_id(f.m, SHIM)->traced_cpu_ns, 11);
	assert_int_equal(process_of_id(f.m, WRITER)->traced_cpu_ns, 0);
	model_free(f.m);
}

/* The tracer may still know a channel that the model has forgotten. */
static void what_is_told_of_it_later(void **state)
{
	struct feed f = feed_pipes();
	const struct model_transport *t;

	(void)state;
	assert_int_equal(model_evict(f.m, START + SECOND + 1), 1);
	feed_second(&f, 2);
	feed_read(&f, 10, SHIM, 3, 5, 7);
	feed_read(&f, 10, SHIM, 2, 4, 6);
	feed_read(&f, 10, SHIM, 1, 1, 1);
	FEED(&f, holder, .channel = 10, .process = SHIM, .fd = 3);
	FEED(&f, link, .from = 10, .to = 11, .process = SHIM, .votes = 3);
	resolve(&f, MODEL_WINDOW);
	t = transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW);
	assert_int_equal(t->channels, 1);
	assert_int_equal(t->n.calls, 6);
	assert_int_equal(process_of_id(f.m, SHIM)->traced_cpu_ns, 14);
	resolve(&f, MODEL_TOTAL);
	t = transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW);
	assert_int_equal(t->channels, 2);
	assert_int_equal(t->n.calls, 31 + 37 + 10 + 6);
	assert_int_equal(process_of_id(f.m, SHIM)->traced_cpu_ns, 137);
	/* announced again, it is there again */
	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	feed_read(&f, 10, SHIM, 1, 2, 3);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(object_channel(f.m, TRANSPORT_PIPE, 10)->ends[0]->n.calls, 1);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->n.calls, 31 + 37 + 10 + 6 + 1);
	REFUSED(&f, holder, .channel = 999, .process = SHIM, .fd = 3);
	model_free(f.m);
}

static void who_holds_keeps(void **state)
{
	struct feed f = feed_pipes();

	(void)state;
	FEED(&f, holder, .channel = 10, .process = SHIM, .fd = 3, .f_flags = O_RDONLY);
	assert_int_equal(model_evict(f.m, START + 60 * SECOND), 1); /* the other */
	resolve(&f, MODEL_TOTAL);
	object_channel(f.m, TRANSPORT_PIPE, 10);
	/* its open files are told again, without it */
	feed_object(&f, 12, TRANSPORT_PIPE, NULL);
	feed_second(&f, 3);
	FEED(&f, holder, .channel = 12, .process = SHIM, .fd = 4, .f_flags = O_RDONLY);
	assert_int_equal(model_evict(f.m, START + SECOND), 0);
	assert_int_equal(model_evict(f.m, START + 60 * SECOND), 1);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	object_channel(f.m, TRANSPORT_PIPE, 12);
	/* a process that ended holds nothing */
	end_process(&f, SHIM, START + 4 * SECOND);
	assert_int_equal(model_evict(f.m, START + 60 * SECOND), 1);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 0);
	model_free(f.m);
}

static void a_pair_goes_together(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, channel, .id = 20, .transport = TRANSPORT_UNIX_STREAM, .ino = 20, .peer_ino = 21,
	     .path = "/run/containerd/s/" SHA);
	FEED(&f, channel, .id = 21, .transport = TRANSPORT_UNIX_STREAM, .ino = 21);
	feed_second(&f, 0);
	feed_read(&f, 20, SHIM, 3, 5, 7);
	feed_second(&f, 1);
	feed_write(&f, 21, CONTAINERD, 11, 13, 17);
	assert_int_equal(model_evict(f.m, START + 2 * SECOND), 0);
	assert_int_equal(model_evict(f.m, START + 2 * SECOND + 1), 1);
	feed_second(&f, 2);
	feed_read(&f, 20, SHIM, 1, 1, 1);
	feed_read(&f, 21, CONTAINERD, 1, 1, 1);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 0);
	assert_int_equal(transport_row(f.m, TRANSPORT_UNIX_STREAM, PROTOCOL_TTRPC)->channels, 1);
	assert_int_equal(transport_row(f.m, TRANSPORT_UNIX_STREAM, PROTOCOL_TTRPC)->n.calls, 16);
	assert_int_equal(transport_row(f.m, TRANSPORT_UNIX_STREAM, PROTOCOL_TTRPC)->n.bytes, 20);
	model_free(f.m);
}

static size_t count_containers(const struct model *m, const char *id)
{
	size_t i, n = 0;

	for (i = 0; i < m->n_containers; i++)
		n += !strcmp(m->containers[i]->id, id);
	return n;
}

/* With its channels gone and its shim ended a container is forgotten, and so is the shim. */
static void processes_and_containers_go_as_well(void **state)
{
	struct feed f = feed_node();

	(void)state;
	feed_pod(&f);
	feed_container(&f, CID_A, "app", 300);
	FEED(&f, container, .id = "unrelated", .shim_pid = 777);
	feed_object(&f, 10, TRANSPORT_FIFO, CRI_IO CID_A "/io/1/" CID_A "-stdout");
	feed_second(&f, 0);
	feed_write(&f, 10, SHIM, 3, 5, 7);
	model_evict(f.m, START + 60 * SECOND);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_processes, 4);
	assert_int_equal(count_containers(f.m, CID_A), 1); /* its shim lives */
	end_process(&f, SHIM, START + SECOND);
	model_evict(f.m, START + SECOND);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_processes, 4); /* it was there until then */
	model_evict(f.m, START + 60 * SECOND);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_processes, 3);
	assert_int_equal(count_containers(f.m, CID_A), 0);
	assert_int_equal(count_containers(f.m, CID_S), 0);
	assert_int_equal(count_containers(f.m, "unrelated"), 1);
	assert_int_equal(transport_row(f.m, TRANSPORT_FIFO, PROTOCOL_RAW)->n.calls, 3);
	model_free(f.m);
}

/* All of it, in a window in which it was used, and again. */
static void everything_at_once(void **state)
{
	struct feed f = feed_pipes();
	int i;

	(void)state;
	FEED(&f, link, .from = 10, .to = 11, .process = SHIM, .votes = 3);
	assert_int_equal(model_evict(f.m, INT64_MAX), 2);
	assert_int_equal(model_evict(f.m, INT64_MAX), 0);
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->channels, 1);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->n.calls, 5);
	for (i = 0; i < 100; i++) {
		feed_object(&f, 50 + (uint32_t)i, TRANSPORT_PIPE, NULL);
		feed_second(&f, 2 + (uint64_t)i);
		feed_read(&f, 50 + (uint32_t)i, SHIM, 2, 3, 1);
		assert_int_equal(model_evict(f.m, INT64_MAX), 1);
	}
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->channels, 102);
	assert_int_equal(transport_row(f.m, TRANSPORT_PIPE, PROTOCOL_RAW)->n.calls, 31 + 37 + 10 + 200);
	model_free(f.m);
}

/* Writers come and go without a last word; then their pids are used again. */
static void processes_whose_pid_is_used_again(void **state)
{
	struct feed f = feed_node();
	uint32_t i;

	(void)state;
	feed_object(&f, 10, TRANSPORT_PIPE, NULL);
	for (i = 0; i < 100; i++) {
		FEED(&f, process, .id = 50 + i, .pid = 1000 + i % 3, .role = PROCESS_WRITER);
		FEED(&f, holder, .channel = 10, .process = 50 + i, .fd = 1, .f_flags = O_WRONLY);
		feed_second(&f, i);
	}
	model_evict(f.m, START);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_processes, 104);
	assert_int_equal(f.m->channels[0]->n_holders, 3);
	feed_second(&f, 100);
	feed_read(&f, 10, SHIM, 1, 1, 1);
	model_evict(f.m, START + 101 * SECOND);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_processes, 4 + 3);
	assert_int_equal(process_of_id(f.m, 149)->pid, 1000);
	assert_int_equal(f.m->n_channels, 1);
	model_free(f.m);
}

/* As the live view does it: resolve, forget, show. */
static void it_stays_resolved(void **state)
{
	struct feed f = feed_pipes();

	(void)state;
	resolve(&f, MODEL_WINDOW);
	assert_int_equal(f.m->trace.now_ns, START + 2 * SECOND);
	assert_int_equal(model_evict(f.m, f.m->trace.now_ns), 1);
	assert_int_equal(f.m->n_channels, 1);
	assert_int_equal(f.m->trace.duration_ns, SECOND);
	assert_int_equal(f.m->channels[0]->ends[0]->n.calls, 5);
	assert_int_equal(model_evict(f.m, f.m->trace.now_ns), 0);
	assert_int_equal(f.m->n_channels, 1);
	model_free(f.m);
}

static void nothing_to_forget(void **state)
{
	struct feed f = feed_new();

	(void)state;
	assert_int_equal(model_evict(f.m, INT64_MAX), 0);
	assert_int_equal(model_evict(f.m, INT64_MIN), 0);
	model_free(f.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_stay),
		cmocka_unit_test(what_is_told_of_it_later),
		cmocka_unit_test(who_holds_keeps),
		cmocka_unit_test(a_pair_goes_together),
		cmocka_unit_test(processes_and_containers_go_as_well),
		cmocka_unit_test(everything_at_once),
		cmocka_unit_test(processes_whose_pid_is_used_again),
		cmocka_unit_test(it_stays_resolved),
		cmocka_unit_test(nothing_to_forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
