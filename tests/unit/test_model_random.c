// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random facts, as a stranger's capture may hold them: whatever they are, a resolved model is sound, and
 * no number gets lost or is counted twice.
 */
#include "test_model.h"

#define IDS    60 /* channels and processes have few ids, so that facts meet */
#define ROUNDS 400
#define FACTS  60

static uint64_t seed;

/* xorshift64* (Vigna 2016) */
static uint64_t draw(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 2685821657736338717ULL;
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(draw() >> 33) % n;
}

static const char *draw_path(void)
{
	static const char *const paths[] = {
		NULL,
		"",
		"/",
		CRI_IO "a/io/1/a-stdout",
		CRI_IO "a/io/1/a-stderr",
		CRI_IO "a/io/2/x-stdout",
		CRI_IO "b/io/1/b-stdout",
		CRI_IO "c/io/1/c-stdin",
		"/run/containerd/fifo/1/b-stderr",
		"/run/containerd/fifo/1/y-stdout",
		BUNDLES "n/a/log",
		"/run/containerd/s/" SHA,
		"@x",
		"/dev/log",
		"/run/containerd/containerd.sock",
		"/run/containerd/containerd.sock.ttrpc",
		"/logs/p/a/0.log",
		"/logs/p/b/0.log",
		"/logs/p/b/1.log (deleted)",
		"/logs/p/x",
		"/logs/q",
		"/var/log/pods/x/y/0.log",
		"/d/a-json.log",
		"\033[1m\n",
	};

	return paths[below(sizeof(paths) / sizeof(paths[0]))];
}

static const char *draw_id(void)
{
	static const char *const ids[] = { NULL, "a", "b", "c", "s", "x" };

	return ids[below(sizeof(ids) / sizeof(ids[0]))];
}

/* What was fed and accepted. */
struct sums {
	uint64_t calls, bytes, cpu_ns, window_calls;
};

static void feed_random_end(struct feed *f, struct sums *sums)
{
	struct counters n = {
		.calls = 1 + below(100), .bytes = below(100000), .cpu_ns = below(1000), .eagain = below(50)
	};
	struct fact_end end = { .channel = below(IDS),
				.process = below(IDS),
				.counters = &n,
				.direction = (enum direction)below(2) };

	if (f->s.end(f->s.ctx, &end))
		return;
	sums->calls += n.calls;
	sums->bytes += n.bytes;
	sums->cpu_ns += n.cpu_ns;
	sums->window_calls += n.calls;
}

static void feed_random(struct feed *f, struct sums *sums, uint64_t *window)
{
	struct fact_sink *s = &f->s;

	switch (below(12)) {
	case 0:
		s->process(s->ctx, &(struct fact_process){ .id = below(IDS),
							   .pid = below(20),
							   .start_ns = below(3),
							   .role = (enum process_role)below(6),
							   .container = draw_id(),
							   .shim_id = draw_id(),
							   .address = draw_path() });
		break;
	case 1:
	case 2:
	case 3:
		s->channel(s->ctx, &(struct fact_channel){ .id = below(IDS),
							   .transport = (enum transport)below(9),
							   .dev = below(2),
							   .ino = below(12),
							   .gen = below(2),
							   .peer_ino = below(12),
							   .path = draw_path(),
							   .path_truncated = !below(4) });
		break;
	case 4:
	case 5:
		s->holder(s->ctx, &(struct fact_holder){ .channel = below(IDS),
							 .process = below(IDS),
							 .fd = (int)below(6) - 1,
							 .f_flags = below(4) });
		break;
	case 6:
		s->container(s->ctx,
			     &(struct fact_container){ .id = draw_id(),
						       .namespace = below(3) ? "n" : draw_id(),
						       .sandbox = draw_id(),
						       .is_sandbox = !below(4),
						       .name = draw_id(),
						       .bundle = draw_path(),
						       .log_directory = below(2) ? "/logs/p" : draw_path(),
						       .shim_pid = below(20),
						       .init_pid = below(20),
						       .tty = !below(3),
						       .address = below(4) ? NULL : draw_path() });
		break;
	case 7:
		s->link(s->ctx, &(struct fact_link){ .from = below(IDS),
						     .to = below(IDS),
						     .process = below(IDS),
						     .votes = below(5) });
		break;
	case 8:
		s->usage(s->ctx, &(struct fact_usage){ .process = below(IDS),
						       .ns = (int64_t)*window * SECOND,
						       .cpu_ns = below(1000),
						       .user_ns = FACT_UNKNOWN,
						       .final = !below(40) });
		break;
	case 9:
		if (below(4))
			break;
		assert_int_equal(
			s->window(s->ctx, &(struct fact_window){ .index = *window,
								 .start_ns = (int64_t)*window * SECOND,
								 .duration_ns = SECOND }),
			0);
		++*window;
		sums->window_calls = 0;
		break;
	default:
		feed_random_end(f, sums);
		break;
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_ids(const struct model *m)
{
	const char **ids = calloc(m->n_channels + 1, sizeof(*ids));
	size_t i;

	assert_non_null(ids);
	for (i = 0; i < m->n_channels; i++)
		ids[i] = m->channels[i]->id;
	qsort(ids, m->n_channels, sizeof(*ids), by_text);
	for (i = 1; i < m->n_channels; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	free(ids);
}

static bool has_channel(const struct model *m, const struct model_channel *ch)
{
	size_t i;

	for (i = 0; i < m->n_channels; i++) {
		if (m->channels[i] == ch)
			return true;
	}
	return false;
}

static void check_stream(const struct model *m, const struct model_container *c, const struct model_stream *s)
{
	uint64_t copied = 0, calls = 0;
	size_t i;

	assert_non_null(s->stream);
	assert_true(s->n_hops > 0);
	for (i = 0; i < s->n_hops; i++) {
		const struct model_hop *hop = &s->hops[i];

		assert_true(has_channel(m, hop->channel));
		assert_string_equal(hop->channel->container, c->id);
		if (hop->in) {
			assert_int_equal(hop->in->direction, DIRECTION_WRITE);
			assert_non_null(hop->in->process);
			copied += hop->in->n.bytes;
			calls += hop->in->n.calls;
		}
		if (hop->out) {
			assert_int_equal(hop->out->direction, DIRECTION_READ);
			copied += hop->out->n.bytes;
			calls += hop->out->n.calls;
		}
	}
	assert_int_equal(s->copied_bytes, copied);
	assert_int_equal(s->calls, calls);
	assert_true(s->log_bytes == FACT_UNKNOWN || s->log_bytes >= 0);
}

static void check_model(const struct model *m, const struct sums *sums, enum model_scope scope,
			uint64_t forgotten_cpu)
{
	uint64_t calls = 0, bytes = 0, cpu_ns = 0;
	size_t i, j;

	for (i = 0; i < m->n_transports; i++) {
		calls += m->transports[i].n.calls;
		bytes += m->transports[i].n.bytes;
		if (i)
			assert_true(m->transports[i - 1].n.cpu_ns >= m->transports[i].n.cpu_ns);
	}
	for (i = 0; i < m->n_processes; i++)
		cpu_ns += m->processes[i]->traced_cpu_ns;
	if (scope == MODEL_TOTAL) {
		assert_int_equal(calls, sums->calls);
		assert_int_equal(bytes, sums->bytes);
		assert_true(cpu_ns + forgotten_cpu == sums->cpu_ns);
	} else {
		assert_int_equal(calls, sums->window_calls);
	}
	for (i = 0; i < m->n_channels; i++) {
		for (j = 1; j < m->channels[i]->n_ends; j++)
			assert_true(m->channels[i]->ends[j - 1]->process->id <=
				    m->channels[i]->ends[j]->process->id);
	}
	for (i = 0; i < m->n_containers; i++) {
		const struct model_container *c = m->containers[i];

		assert_true(c->n_streams <= 2);
		for (j = 0; j < c->n_streams; j++)
			check_stream(m, c, &c->streams[j]);
		for (j = 0; j < c->n_execs; j++) {
			assert_non_null(c->execs[j].exec);
			check_stream(m, c, &c->execs[j]);
		}
	}
	check_ids(m);
}

/* The CPU time of the processes that a model_evict() will forget, or has. */
static uint64_t traced_cpu(const struct model *m)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < m->n_processes; i++)
		sum += m->processes[i]->traced_cpu_ns;
	return sum;
}

static void random_facts(void **state)
{
	int run, round, i;

	(void)state;
	for (run = 1; run <= 8; run++) {
		struct feed f = feed_new();
		struct sums sums = { 0 };
		uint64_t window = 0, forgotten_cpu = 0;

		seed = 0x9e3779b97f4a7c15ULL * (uint64_t)run;
		for (round = 0; round < ROUNDS; round++) {
			for (i = 0; i < FACTS; i++)
				feed_random(&f, &sums, &window);
			resolve(&f, MODEL_WINDOW);
			check_model(f.m, &sums, MODEL_WINDOW, 0);
			resolve(&f, MODEL_TOTAL);
			check_model(f.m, &sums, MODEL_TOTAL, forgotten_cpu);
			if (below(4))
				continue;
			forgotten_cpu += traced_cpu(f.m);
			model_evict(f.m, ((int64_t)window - below(5)) * SECOND);
			resolve(&f, MODEL_TOTAL);
			forgotten_cpu -= traced_cpu(f.m);
			check_model(f.m, &sums, MODEL_TOTAL, forgotten_cpu);
		}
		assert_true(sums.calls > 1000);
		model_free(f.m);
	}
}

/* The same facts give the same model, to the letter. */
static void the_same_twice(void **state)
{
	struct model *models[2];
	size_t i, j;
	int round;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct feed f = feed_new();
		struct sums sums = { 0 };
		uint64_t window = 0;

		seed = 4711;
		for (round = 0; round < 3000; round++)
			feed_random(&f, &sums, &window);
		/* resolving in between changes nothing */
		if (i)
			resolve(&f, MODEL_WINDOW);
		resolve(&f, MODEL_TOTAL);
		models[i] = f.m;
	}
	assert_int_equal(models[0]->n_channels, models[1]->n_channels);
	for (i = 0; i < models[0]->n_channels; i++) {
		const struct model_channel *a = models[0]->channels[i], *b = models[1]->channels[i];

		assert_string_equal(a->id, b->id);
		assert_int_equal(a->role, b->role);
		assert_text(a->container, b->container);
		assert_int_equal(a->n_ends, b->n_ends);
		assert_int_equal(a->n_holders, b->n_holders);
		for (j = 0; j < a->n_holders; j++)
			assert_int_equal(a->holders[j].fd, b->holders[j].fd);
	}
	assert_int_equal(models[0]->n_containers, models[1]->n_containers);
	for (i = 0; i < models[0]->n_containers; i++)
		assert_int_equal(models[0]->containers[i]->n_streams, models[1]->containers[i]->n_streams);
	model_free(models[0]);
	model_free(models[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_facts),
		cmocka_unit_test(the_same_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
