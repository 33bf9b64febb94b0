// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench's plan: how many messages make a run, repetitions that take turns over the transports so that
 * drift meets all of them alike, and the way to the crossover.
 */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "bench/bench.h"
#include "bench/pair.h"

#define NS_PER_S	INT64_C(1000000000)
#define TIMEOUT_NS	(30 * NS_PER_S)
#define MESSAGES_LEAST	101
#define MESSAGES_MOST	20000000
#define CALIBRATIONS	8
#define GROWTH_MOST	16 /* from one calibration to the next: short ones mislead */
#define ALL_TRANSPORTS	((1U << BENCH_TRANSPORTS) - 1)
#define CROSSING	((1U << BENCH_FIFO) | (1U << BENCH_UNIX_STREAM))
#define CROSSOVER_STEPS 6
/* Nearer than this, in size or in cost, a further step would follow the noise. */
#define CLOSE_SIZE	1.08
#define CLOSE_COST	0.02

struct bench {
	const struct bench_options *o;
	struct bench_result *result;
	char directory[256];
	char *err;
	size_t err_size;
};

/* The samples of one size over one transport. */
struct samples {
	uint64_t messages;
	struct pair_sample *s;
};

void bench_options_init(struct bench_options *o)
{
	memset(o, 0, sizeof(*o));
	o->sizes[0] = 100;
	o->sizes[1] = 4096;
	o->sizes[2] = 32768;
	o->n_sizes = 3;
	o->repetitions = BENCH_REPETITIONS_LEAST;
	o->run_ns = NS_PER_S * 6 / 100;
}

static void fail(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct bench *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(b->err, b->err_size, fmt, args);
	va_end(args);
}

static bool is_prime(uint64_t n)
{
	if (n < 4 || n % 2 == 0)
		return n == 2 || n == 3;
	for (uint64_t d = 3; d * d <= n; d += 2) {
		if (n % d == 0)
			return false;
	}
	return true;
}

/* A prime number of messages: a whole fraction of them cannot pass for all. */
static uint64_t prime_from(double n)
{
	uint64_t p = n < MESSAGES_LEAST ? MESSAGES_LEAST : n > MESSAGES_MOST ? MESSAGES_MOST : (uint64_t)n;

	while (!is_prime(p))
		p++;
	return p;
}

static int run_once(struct bench *b, enum bench_transport t, uint32_t size, uint64_t messages,
		    struct pair_sample *ret)
{
	struct pair_job job = {
		.transport = t,
		.size = size,
		.messages = messages,
		.warm_up = messages / 8 + 1,
		.producer_cpu = b->result->producer_cpu,
		.consumer_cpu = b->result->consumer_cpu,
		.directory = b->directory,
		.timeout_ns = TIMEOUT_NS,
		.stop = b->o->stop,
	};
	enum protocol p = bench_transport_protocol(t);
	char why[256];
	int err = pair_run(&job, ret, why, sizeof(why));

	if (err == -EINTR)
		fail(b, "interrupted before the first repetition was whole: nothing to show");
	else if (err)
		fail(b, "%s%s%s, messages of %" PRIu32 " B: %s", transport_name(bench_transport_kind(t)),
		     p == PROTOCOL_RAW ? "" : " ", p == PROTOCOL_RAW ? "" : protocol_name(p), size, why);
	return err;
}

/* How many messages take run_ns. */
static int calibrate(struct bench *b, enum bench_transport t, uint32_t size, uint64_t *messages)
{
	struct pair_sample s;
	uint64_t n = MESSAGES_LEAST;
	double wall, factor;
	int err;

	for (int i = 0;; i++) {
		err = run_once(b, t, size, n, &s);
		if (err)
			return err;
		wall = s.wall_ns > 0 ? (double)s.wall_ns : 1;
		if (i == CALIBRATIONS || wall * 4 >= (double)b->o->run_ns || n >= MESSAGES_MOST)
			break;
		factor = (double)b->o->run_ns / 2 / wall;
		n = prime_from((double)n * (factor < GROWTH_MOST ? factor : GROWTH_MOST));
	}
	*messages = prime_from((double)n * (double)b->o->run_ns / wall);
	return 0;
}

static struct bench_spread spread(const struct samples *c, unsigned int n, double *values,
				  double (*figure)(const struct pair_sample *s))
{
	for (unsigned int i = 0; i < n; i++)
		values[i] = figure(&c->s[i]) / (double)c->messages;
	return bench_spread_of(values, n);
}

static double cpu_of(const struct pair_sample *s)
{
	return (double)(s->producer_ns + s->consumer_ns);
}

static double producer_of(const struct pair_sample *s)
{
	return (double)s->producer_ns;
}

static double consumer_of(const struct pair_sample *s)
{
	return (double)s->consumer_ns;
}

static double wall_of(const struct pair_sample *s)
{
	return (double)s->wall_ns;
}

static double writes_of(const struct pair_sample *s)
{
	return (double)s->writes;
}

static double reads_of(const struct pair_sample *s)
{
	return (double)s->reads;
}

static void summarise(struct bench_cell *cell, const struct samples *c, unsigned int n, double *values)
{
	cell->measured = true;
	cell->messages = c->messages;
	cell->cpu = spread(c, n, values, cpu_of);
	cell->producer = spread(c, n, values, producer_of);
	cell->consumer = spread(c, n, values, consumer_of);
	cell->wall = spread(c, n, values, wall_of);
	cell->writes = spread(c, n, values, writes_of);
	cell->reads = spread(c, n, values, reads_of);
}

/* One run of each size over each transport, each repetition beginning with another transport. */
static int repeat(struct bench *b, const struct bench_size *sizes, size_t n, unsigned int transports,
		  struct samples *all, unsigned int repetition)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned int k = 0; k < BENCH_TRANSPORTS; k++) {
			enum bench_transport t = (k + repetition) % BENCH_TRANSPORTS;
			struct samples *c = &all[i * BENCH_TRANSPORTS + t];
			int err;

			if (!(transports & 1U << t))
				continue;
			err = run_once(b, t, sizes[i].size, c->messages, &c->s[repetition]);
			if (err)
				return err;
		}
		if (b->o->progress && n > 1)
			b->o->progress(b->o->ctx, (unsigned int)((100 * ((size_t)repetition * n + i + 1)) /
								 ((size_t)b->o->repetitions * n)));
	}
	return 0;
}

/*
 * Measure these sizes over a set of transports. *done is the number of whole repetitions: fewer than asked
 * for when stopped (which is no error unless there is none).
 */
static int measure(struct bench *b, struct bench_size *sizes, size_t n, unsigned int transports,
		   unsigned int *done)
{
	unsigned int wanted = b->o->repetitions, t;
	size_t cells = n * BENCH_TRANSPORTS, i;
	struct samples *all = calloc(cells, sizeof(*all));
	struct pair_sample *store = calloc(cells * wanted, sizeof(*store));
	double *values = calloc(wanted, sizeof(*values));
	int err = 0;

	*done = 0;
	if (!all || !store || !values) {
		fail(b, "out of memory");
		err = -ENOMEM;
		goto out;
	}
	for (i = 0; i < cells && !err; i++) {
		t = i % BENCH_TRANSPORTS;
		all[i].s = store + i * wanted;
		if (transports & 1U << t)
			err = calibrate(b, t, sizes[i / BENCH_TRANSPORTS].size, &all[i].messages);
	}
	while (!err && *done < wanted) {
		err = repeat(b, sizes, n, transports, all, *done);
		if (!err)
			++*done;
	}
	if (err == -EINTR && *done)
		err = 0;
	for (i = 0; i < cells && !err; i++) {
		t = i % BENCH_TRANSPORTS;
		if (transports & 1U << t)
			summarise(&sizes[i / BENCH_TRANSPORTS].cells[t], &all[i], *done, values);
	}
out:
	free(all);
	free(store);
	free(values);
	return err;
}

static const struct bench_size *size_find(const struct bench_result *r, uint32_t size)
{
	for (size_t i = 0; i < r->n_sizes; i++) {
		if (r->sizes[i].size == size)
			return &r->sizes[i];
	}
	return NULL;
}

/* In its place; passed over when it is there already or there are too many. */
static void size_insert(struct bench_result *r, const struct bench_size *size)
{
	size_t i = r->n_sizes;

	if (size_find(r, size->size) || r->n_sizes == BENCH_SIZES_MAX)
		return;
	for (; i && r->sizes[i - 1].size > size->size; i--)
		r->sizes[i] = r->sizes[i - 1];
	r->sizes[i] = *size;
	r->n_sizes++;
}

/* The geometric mean, rounded down. */
static uint32_t between(uint32_t a, uint32_t b)
{
	uint64_t product = (uint64_t)a * b;
	uint32_t low = a, high = b;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if ((uint64_t)middle * middle <= product)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Halve the interval (of the logarithm) in which the crossover lies, by measuring its middle. */
static int crossover_search(struct bench *b)
{
	struct bench_result *r = b->result;

	r->crossover = bench_crossover_of(r->sizes, r->n_sizes);
	for (int step = 0; step < CROSSOVER_STEPS && r->crossover.found; step++) {
		const struct bench_crossover *c = &r->crossover;
		struct bench_size middle = { .origin = BENCH_CROSSOVER };
		unsigned int done;
		double fifo, stream;
		int err;

		middle.size = between(c->low, c->high);
		if (c->high < c->low * CLOSE_SIZE || size_find(r, middle.size) ||
		    r->n_sizes == BENCH_SIZES_MAX)
			break;
		err = measure(b, &middle, 1, CROSSING, &done);
		/* Stopped: what is whole stays, with the crossover that it tells. */
		if (err == -EINTR || (!err && done < r->repetitions))
			break;
		if (err)
			return err;
		size_insert(r, &middle);
		r->crossover = bench_crossover_of(r->sizes, r->n_sizes);
		fifo = middle.cells[BENCH_FIFO].cpu.median;
		stream = middle.cells[BENCH_UNIX_STREAM].cpu.median;
		if (fifo - stream < CLOSE_COST * fifo && stream - fifo < CLOSE_COST * fifo)
			break;
	}
	return 0;
}

/* The highest CPU allowed, as the lowest serves most interrupts; the lowest for a second. */
static int choose_cpus(struct bench *b)
{
	struct bench_result *r = b->result;
	int first = -1, last = -1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set)) {
		int err = -errno;

		fail(b, "asking for the allowed CPUs: %s", strerror(-err));
		return err;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (first < 0)
			first = cpu;
		last = cpu;
	}
	if (b->o->separate && first == last) {
		fail(b, "--cpus separate: this process may run on CPU %d only", last);
		return -ERANGE;
	}
	r->separate = b->o->separate;
	r->consumer_cpu = last;
	r->producer_cpu = r->separate ? first : last;
	return 0;
}

/* Where containerd makes its FIFOs if possible: the filesystem is asked for times at each call. */
static void choose_directory(struct bench *b)
{
	static const struct {
		unsigned int magic;
		const char *name;
	} names[] = {
		{ TMPFS_MAGIC, "tmpfs" },
		{ EXT4_SUPER_MAGIC, "ext4" },
		{ XFS_SUPER_MAGIC, "xfs" },
		{ BTRFS_SUPER_MAGIC, "btrfs" },
		{ OVERLAYFS_SUPER_MAGIC, "overlay" },
	};
	const char *const places[] = { "/run", getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp" };
	char *name = b->result->fifo_filesystem;
	struct statfs fs;

	snprintf(b->directory, sizeof(b->directory), "/tmp");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!places[i] || !places[i][0] || access(places[i], W_OK | X_OK))
			continue;
		if (snprintf(b->directory, sizeof(b->directory), "%s", places[i]) < (int)sizeof(b->directory))
			break;
	}
	name[0] = '\0';
	if (statfs(b->directory, &fs))
		return;
	snprintf(name, BENCH_TEXT, "0x%lx", (unsigned long)fs.f_type & 0xffffffff);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (((unsigned long)fs.f_type & 0xffffffff) == names[i].magic)
			snprintf(name, BENCH_TEXT, "%s", names[i].name);
	}
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int choose_sizes(struct bench *b)
{
	const struct bench_options *o = b->o;
	struct bench_result *r = b->result;
	struct bench_size s = { 0 };
	size_t i;

	if (o->load)
		r->load = *o->load;
	for (i = 0; i < o->n_sizes; i++) {
		if (o->sizes[i] < 1 || o->sizes[i] > BENCH_READ_SIZE) {
			fail(b, "messages of %" PRIu32 " B: a size is from 1 to %d B", o->sizes[i],
			     BENCH_READ_SIZE);
			return -EINVAL;
		}
		s.size = o->sizes[i];
		size_insert(r, &s);
	}
	for (i = 0; i < r->load.n; i++) {
		s.size = r->load.parts[i].size;
		s.origin = BENCH_CAPTURE;
		size_insert(r, &s);
	}
	if (!r->n_sizes) {
		fail(b, "no size to measure");
		return -EINVAL;
	}
	return 0;
}

int bench_run(const struct bench_options *o, struct bench_result *ret, char *err, size_t err_size)
{
	struct bench b = { .o = o, .result = ret, .err = err, .err_size = err_size };
	int64_t begin = now(CLOCK_MONOTONIC);
	int failed;

	memset(ret, 0, sizeof(*ret));
	ret->cpus = FACT_UNKNOWN;
	ret->start_realtime_ns = now(CLOCK_REALTIME);
	ret->wanted = o->repetitions;
	choose_directory(&b);
	failed = o->repetitions < 1 ? -EINVAL : choose_cpus(&b);
	if (!failed)
		failed = choose_sizes(&b);
	if (!failed)
		failed = measure(&b, ret->sizes, ret->n_sizes, ALL_TRANSPORTS, &ret->repetitions);
	if (!failed)
		failed = crossover_search(&b);
	ret->duration_ns = now(CLOCK_MONOTONIC) - begin;
	return failed;
}
