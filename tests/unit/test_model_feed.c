// SPDX-License-Identifier: GPL-2.0-only
/* The model's sink: what it accepts, refuses and completes. */
#include "test_model.h"

static void an_empty_model_resolves(void **state)
{
	struct feed f = feed_new();
	int scope;

	(void)state;
	for (scope = MODEL_TOTAL; scope <= MODEL_WINDOW; scope++) {
		resolve(&f, (enum model_scope)scope);
		assert_int_equal(f.m->n_channels, 0);
		assert_int_equal(f.m->n_containers, 0);
		assert_int_equal(f.m->n_transports, 0);
		assert_int_equal(f.m->n_processes, 0);
		assert_int_equal(f.m->n_runtimes, 0);
		assert_true(f.m->trace.duration_ns == FACT_UNKNOWN);
		assert_false(f.m->exact);
	}
	assert_true(f.m->loss.ring_dropped == FACT_UNKNOWN);
	assert_true(f.m->host.cpus == FACT_UNKNOWN);
	model_free(f.m);
	model_free(NULL);
}

static void strangers_are_refused(void **state)
{
	struct feed f = feed_node();
	struct counters n = { .calls = 1 };

	(void)state;
	feed_object(&f, 7, TRANSPORT_PIPE, NULL);
	feed_second(&f, 0);
	/* unknown ids */
	REFUSED(&f, end, .channel = 8, .process = SHIM, .direction = DIRECTION_READ, .counters = &n);
	REFUSED(&f, end, .channel = 7, .process = 99, .direction = DIRECTION_READ, .counters = &n);
	REFUSED(&f, holder, .channel = 8, .process = SHIM, .fd = 1);
	REFUSED(&f, holder, .channel = 7, .process = 99, .fd = 1);
	REFUSED(&f, link, .from = 7, .to = 8, .process = SHIM, .votes = 1);
	REFUSED(&f, link, .from = 8, .to = 7, .process = SHIM, .votes = 1);
	REFUSED(&f, link, .from = 7, .to = 7, .process = 99, .votes = 1);
	REFUSED(&f, usage, .process = 99, .ns = START, .cpu_ns = 1);
	/* absurd values */
	REFUSED(&f, end, .channel = 7, .process = SHIM, .direction = (enum direction)2, .counters = &n);
	REFUSED(&f, end, .channel = 7, .process = SHIM, .direction = DIRECTION_READ, .counters = NULL);
	REFUSED(&f, channel, .id = 9, .transport = TRANSPORT_NONE);
	REFUSED(&f, channel, .id = 9, .transport = TRANSPORT_COUNT);
	REFUSED(&f, channel, .id = 9, .transport = (enum transport) - 1);
	REFUSED(&f, channel, .id = 0, .transport = TRANSPORT_PIPE);
	REFUSED(&f, process, .id = 0, .pid = 5);
	REFUSED(&f, process, .id = 9, .pid = 5, .role = PROCESS_ROLE_COUNT);
	REFUSED(&f, container, .id = NULL);
	REFUSED(&f, container, .id = "");
	REFUSED(&f, runtime, .pid = 0);
	REFUSED(&f, holder, .channel = 7, .process = SHIM, .fd = -1);
	REFUSED(&f, window, .start_ns = START, .duration_ns = -1);
	REFUSED(&f, window, .start_ns = -1, .duration_ns = 1);
	REFUSED(&f, window, .start_ns = INT64_MAX, .duration_ns = 1);
	REFUSED(&f, usage, .process = SHIM, .ns = -1, .cpu_ns = 1);
	REFUSED(&f, finish, .end_ns = -1);
	/* contradictions */
	REFUSED(&f, channel, .id = 7, .transport = TRANSPORT_FIFO, .dev = 24, .ino = 7000);
	REFUSED(&f, channel, .id = 7, .transport = TRANSPORT_PIPE, .dev = 24, .ino = 7001);
	REFUSED(&f, channel, .id = 7, .transport = TRANSPORT_PIPE, .dev = 25, .ino = 7000);
	REFUSED(&f, process, .id = SHIM, .pid = 201);
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_channels, 1);
	assert_int_equal(f.m->channels[0]->n_ends, 0);
	assert_int_equal(f.m->n_processes, 4);
	model_free(f.m);
}

static void later_facts_complete_earlier_ones(void **state)
{
	struct feed f = feed_node();
	const struct model_process *p;
	const struct model_container *c;
	const struct model_channel *ch;

	(void)state;
	FEED(&f, process, .id = 9, .pid = 900, .comm = "containerd");
	FEED(&f, process, .id = 9, .comm = "containerd-shim", .role = PROCESS_SHIM, .exe = "/usr/bin/shim",
	     .start_ns = 77);
	FEED(&f, process, .id = 9, .go_version = "go1.19.8", .pid = 900, .ppid = 1);
	FEED(&f, container, .id = "c", .shim_pid = 200);
	FEED(&f, container, .id = "c", .namespace = "default", .name = "web", .tty = true, .init_pid = 333);
	FEED(&f, container, .id = "c", .namespace = "default", .image = "bb:1");
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO, .ino = 41, .path = "x/log",
	     .path_truncated = true);
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO, .dev = 3 << 20 | 5, .path = "/run/x/log");
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO, .gen = 43, .path = "log",
	     .path_truncated = true);
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO);
	FEED(&f, host, .hostname = "n1", .cpus = 2);
	FEED(&f, host, .kernel = "6.1", .arch = "x86_64", .boot_id = "b", .cpus = FACT_UNKNOWN);
	FEED(&f, runtime, .pid = 100, .config_text = "version = 2", .config_sha256 = "ab");
	FEED(&f, trace, .note = "before", .start_ns = START, .start_realtime_ns = START_REALTIME,
	     .writers = true);
	resolve(&f, MODEL_TOTAL);
	p = process_of_id(f.m, 9);
	assert_int_equal(p->pid, 900);
	assert_int_equal(p->ppid, 1);
	assert_int_equal(p->start_ns, 77);
	assert_int_equal(p->role, PROCESS_SHIM);
	assert_string_equal(p->comm, "containerd-shim");
	assert_string_equal(p->exe, "/usr/bin/shim");
	assert_string_equal(p->go_version, "go1.19.8");
	c = container_of_id(f.m, "c");
	assert_string_equal(c->namespace, "default");
	assert_string_equal(c->name, "web");
	assert_string_equal(c->image, "bb:1");
	assert_true(c->tty);
	assert_int_equal(c->shim_pid, 200);
	assert_int_equal(c->init_pid, 333);
	assert_int_equal(f.m->n_containers, 1);
	ch = channel_of(f.m, "fifo:3:5:41:43");
	assert_string_equal(ch->path, "/run/x/log");
	assert_false(ch->path_truncated);
	assert_string_equal(f.m->host.hostname, "n1");
	assert_string_equal(f.m->host.kernel, "6.1");
	assert_int_equal(f.m->host.cpus, 2);
	assert_int_equal(f.m->n_runtimes, 1);
	assert_string_equal(f.m->runtimes[0]->version, "1.6.20");
	assert_string_equal(f.m->runtimes[0]->config_text, "version = 2");
	assert_string_equal(f.m->trace.backend, "fentry");
	assert_string_equal(f.m->trace.note, "before");
	assert_true(f.m->trace.writers);
	model_free(f.m);
}

/* A negative quantity is none: a clock that ran backwards must not end a trace. */
static void negative_quantities_are_unknown(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, loss, .ring_dropped = -1);
	FEED(&f, host, .cpus = -3);
	FEED(&f, usage, .process = SHIM, .ns = START, .cpu_ns = 1000, .user_ns = -1, .rss_bytes = -1);
	FEED(&f, usage, .process = SHIM, .ns = START + 1, .cpu_ns = 997, .user_ns = 3, .rss_bytes = -1);
	FEED(&f, finish, .end_ns = START + 1);
	resolve(&f, MODEL_TOTAL);
	assert_true(f.m->loss.ring_dropped == FACT_UNKNOWN);
	assert_true(f.m->host.cpus == FACT_UNKNOWN);
	assert_false(f.m->exact);
	assert_int_equal(process_of_id(f.m, SHIM)->cpu_ns, 0);
	assert_true(process_of_id(f.m, SHIM)->user_ns == FACT_UNKNOWN);
	assert_true(process_of_id(f.m, SHIM)->rss_bytes == FACT_UNKNOWN);
	assert_int_equal(process_of_id(f.m, SHIM)->pss_bytes, 0);
	model_free(f.m);
}

static void unknown_stays_unknown(void **state)
{
	struct feed f = feed_node();
	const struct model_container *c;

	(void)state;
	FEED(&f, container, .id = "c", .shim_pid = FACT_UNKNOWN, .init_pid = 0);
	FEED(&f, process, .id = 9, .pid = FACT_UNKNOWN, .ppid = FACT_UNKNOWN, .start_ns = FACT_UNKNOWN);
	FEED(&f, channel, .id = 4, .transport = TRANSPORT_FIFO, .ino = 41, .path = "");
	resolve(&f, MODEL_TOTAL);
	c = container_of_id(f.m, "c");
	assert_true(c->shim_pid == FACT_UNKNOWN);
	assert_true(c->init_pid == FACT_UNKNOWN);
	assert_null(c->namespace);
	assert_null(c->log_path);
	assert_true(c->log_bytes == FACT_UNKNOWN);
	assert_true(c->log_records == FACT_UNKNOWN);
	assert_true(process_of_id(f.m, 9)->pid == FACT_UNKNOWN);
	assert_true(process_of_id(f.m, 9)->rss_bytes == FACT_UNKNOWN);
	assert_null(process_of_id(f.m, 9)->comm);
	assert_null(f.m->channels[0]->path);
	assert_true(f.m->loss.folded == FACT_UNKNOWN);
	model_free(f.m);
}

/* Two containerds or namespaces of a node may have the same id. */
static void the_same_id_twice(void **state)
{
	struct feed f = feed_node();

	(void)state;
	FEED(&f, container, .id = "web", .namespace = "default", .address = "/a.sock", .name = "one");
	FEED(&f, container, .id = "web", .namespace = "other", .address = "/a.sock", .name = "two");
	FEED(&f, container, .id = "web", .namespace = "default", .address = "/b.sock", .name = "three");
	FEED(&f, container, .id = "web", .namespace = "other", .image = "i2");
	resolve(&f, MODEL_TOTAL);
	assert_int_equal(f.m->n_containers, 3);
	assert_string_equal(f.m->containers[0]->name, "one");
	assert_null(f.m->containers[0]->image);
	assert_string_equal(f.m->containers[1]->name, "two");
	assert_string_equal(f.m->containers[1]->image, "i2");
	assert_string_equal(f.m->containers[2]->name, "three");
	model_free(f.m);
}

static void exact_is_only_what_is_known_to_be(void **state)
{
	static const struct {
		struct fact_loss loss;
		bool exact;
	} cases[] = {
		{ { 0, 0, 0, 0, 0, 0 }, true },
		{ { 0, 31, 0, 0, 0, 37 }, true }, /* folded and untimed: counted */
		{ { 1, 0, 0, 0, 0, 0 }, false },
		{ { 0, 0, 1, 0, 0, 0 }, false },
		{ { 0, 0, 0, 1, 0, 0 }, false },
		{ { 0, 0, 0, 0, 1, 0 }, false },
		{ { FACT_UNKNOWN, 0, 0, 0, 0, 0 }, false },
		{ { 0, 0, FACT_UNKNOWN, 0, 0, 0 }, false },
		{ { 0, 0, 0, FACT_UNKNOWN, 0, 0 }, false },
		{ { 0, 0, 0, 0, FACT_UNKNOWN, 0 }, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feed f = feed_node();

		assert_int_equal(f.s.loss(f.s.ctx, &cases[i].loss), 0);
		resolve(&f, MODEL_TOTAL);
		assert_false(f.m->exact); /* not complete */
		assert_int_equal(f.m->loss.folded, cases[i].loss.folded);
		FEED(&f, finish, .end_ns = START + SECOND);
		resolve(&f, MODEL_TOTAL);
		assert_true(f.m->trace.complete);
		assert_int_equal(f.m->exact, cases[i].exact);
		model_free(f.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_model_resolves),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(later_facts_complete_earlier_ones),
		cmocka_unit_test(negative_quantities_are_unknown),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(the_same_id_twice),
		cmocka_unit_test(exact_is_only_what_is_known_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
