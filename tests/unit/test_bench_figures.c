// SPDX-License-Identifier: GPL-2.0-only
/* What follows from samples: medians, the crossover, the cost of other sizes, a capture's sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "bench/bench.h"
#include "fixture_model.h"

#define NEAR(got, want) assert_true((got) > (want)-1e-6 && (got) < (want) + 1e-6)

static void spreads(void **state)
{
	double odd[] = { 9, 1, 5, 3, 200 }, even[] = { 4, 1, 3, 2 }, one[] = { 7.5 };
	struct bench_spread s = bench_spread_of(odd, 5);

	(void)state;
	NEAR(s.median, 5);
	NEAR(s.min, 1);
	NEAR(s.max, 200);
	s = bench_spread_of(even, 4);
	NEAR(s.median, 2.5);
	s = bench_spread_of(one, 1);
	NEAR(s.median, 7.5);
	NEAR(s.min, 7.5);
	NEAR(s.max, 7.5);
}

static void set(struct bench_size *s, uint32_t size, double fifo, double stream)
{
	memset(s, 0, sizeof(*s));
	s->size = size;
	if (fifo >= 0)
		s->cells[BENCH_FIFO] = (struct bench_cell){ .measured = true, .cpu.median = fifo };
	if (stream >= 0)
		s->cells[BENCH_UNIX_STREAM] = (struct bench_cell){ .measured = true, .cpu.median = stream };
}

static void crossovers(void **state)
{
	struct bench_crossover c;
	struct bench_size s[5];

	(void)state;
	/* 1000 apart on one side, 3000 on the other: a quarter of the way from 4096 to 32768. */
	set(&s[0], 100, 800, 2000);
	set(&s[1], 4096, 1800, 2800);
	set(&s[2], 32768, 9000, 6000);
	c = bench_crossover_of(s, 3);
	assert_true(c.found);
	assert_int_equal(c.low, 4096);
	assert_int_equal(c.high, 32768);
	NEAR(c.bytes, 4096 + 28672 / 4.0);
	assert_int_equal(c.cheaper_below, BENCH_FIFO);
	assert_int_equal(c.crossings, 1);
	/* No change of sign. */
	c = bench_crossover_of(s, 2);
	assert_false(c.found);
	assert_int_equal(c.crossings, 0);
	/* A size without both is passed over. */
	set(&s[1], 4096, 1800, -1);
	c = bench_crossover_of(s, 3);
	assert_true(c.found);
	assert_int_equal(c.low, 100);
	assert_int_equal(c.high, 32768);
	/* The other way round, and more than once: the lowest counts. */
	set(&s[0], 10, 50, 40);
	set(&s[1], 20, 50, 60);
	set(&s[2], 30, 50, 40);
	set(&s[3], 40, 50, 50);
	set(&s[4], 50, 51, 50);
	c = bench_crossover_of(s, 5);
	assert_true(c.found);
	NEAR(c.bytes, 15);
	assert_int_equal(c.cheaper_below, BENCH_UNIX_STREAM);
	assert_int_equal(c.crossings, 4);
	assert_false(bench_crossover_of(s, 0).found);
	assert_false(bench_crossover_of(s, 1).found);
}

static void costs(void **state)
{
	static struct bench_result r;
	static struct bench_load l;

	(void)state;
	set(&r.sizes[0], 100, 1000, 2000);
	set(&r.sizes[1], 200, -1, 2500);
	set(&r.sizes[2], 1100, 3000, 4000);
	r.n_sizes = 3;
	NEAR(bench_cpu_ns(&r, BENCH_FIFO, 100), 1000);
	NEAR(bench_cpu_ns(&r, BENCH_FIFO, 1), 1000);
	NEAR(bench_cpu_ns(&r, BENCH_FIFO, 350), 1500);
	NEAR(bench_cpu_ns(&r, BENCH_UNIX_STREAM, 150), 2250);
	NEAR(bench_cpu_ns(&r, BENCH_UNIX_STREAM, 200), 2500);
	NEAR(bench_cpu_ns(&r, BENCH_FIFO, 2200), 6000);
	assert_true(bench_cpu_ns(&r, BENCH_PIPE, 100) < 0);

	assert_true(bench_load_cpu_ns(&r, &l, BENCH_FIFO) < 0);
	l.n = 2;
	l.parts[0].size = 350;
	l.parts[0].messages = 10;
	l.parts[1].size = 1100;
	l.parts[1].messages = 2.5;
	NEAR(bench_load_cpu_ns(&r, &l, BENCH_FIFO), 10 * 1500 + 2.5 * 3000);
	assert_true(bench_load_cpu_ns(&r, &l, BENCH_PIPE) < 0);
}

static double bytes_of(const struct bench_load *l)
{
	double sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += l->parts[i].size * l->parts[i].messages;
	return sum;
}

static void loads(void **state)
{
	uint64_t h[FACT_SIZE_BUCKETS] = { 0 };
	struct bench_load l;

	(void)state;
	assert_int_equal(bench_load_of(&l, h, 0), -ENODATA);
	/* One bucket: its mean size, whatever it is. */
	h[6] = 1000;
	assert_int_equal(bench_load_of(&l, h, 100000), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.parts[0].size, 100);
	NEAR(l.parts[0].messages, 1000);
	assert_int_equal(l.calls, 1000);
	assert_int_equal(l.bytes, 100000);
	/* Two: a common fraction, so that the bytes add up: 1000·64·1.5 + 10·4096·1.5. */
	h[12] = 10;
	assert_int_equal(bench_load_of(&l, h, 96000 + 61440), 0);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.parts[0].size, 96);
	assert_int_equal(l.parts[1].size, 6144);
	assert_int_equal(l.calls, 1010);
	/* Above what is read at once: pieces, the same bytes. 65536 B are two of 32768 B. */
	memset(h, 0, sizeof(h));
	h[15] = 3;
	h[16] = 5;
	assert_int_equal(bench_load_of(&l, h, 3 * 32768 + 5 * 65536), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.parts[0].size, BENCH_READ_SIZE);
	assert_int_equal(l.calls, 8);
	NEAR(l.parts[0].messages, 13);
	NEAR(bytes_of(&l), 3 * 32768 + 5 * 65536);
	/* Bucket 0 are single bytes (and empty writes). */
	memset(h, 0, sizeof(h));
	h[0] = 9;
	assert_int_equal(bench_load_of(&l, h, 9), 0);
	assert_int_equal(l.parts[0].size, 1);
	/* Nonsense of a stranger's file stays within the sizes that can be sent. */
	for (size_t k = 0; k < FACT_SIZE_BUCKETS; k++)
		h[k] = UINT64_MAX;
	assert_int_equal(bench_load_of(&l, h, UINT64_MAX), 0);
	assert_true(l.n >= 15 && l.n <= FACT_SIZE_BUCKETS);
	for (size_t i = 0; i < l.n; i++)
		assert_in_range(l.parts[i].size, i ? l.parts[i - 1].size + 1 : 1, BENCH_READ_SIZE);
}

static void of_model(void **state)
{
	struct fixture *f = fixture_new();
	struct model_process *shim = fixture_process(f, PROCESS_SHIM, 10, "shim");
	struct model_process *cd = fixture_process(f, PROCESS_CONTAINERD, 11, "containerd");
	struct model_channel *fifo, *other;
	struct model_end *in, *out;
	struct bench_load l;

	(void)state;
	assert_int_equal(bench_load_collect(&l, &f->m), -ENODATA);
	fifo = fixture_channel(f, "fifo:0:1:2", TRANSPORT_FIFO, ROLE_CONTAINER_LOG, PROTOCOL_RAW,
			       "/x-stdout");
	other = fixture_channel(f, "fifo:0:1:3", TRANSPORT_FIFO, ROLE_SHIM_LOG, PROTOCOL_RAW, "/log");
	in = fixture_end(f, fifo, shim, DIRECTION_WRITE, 4, 0, 4 * 300, 1000);
	memset(in->n.size_log2, 0, sizeof(in->n.size_log2));
	in->n.size_log2[8] = 4;
	out = fixture_end(f, fifo, cd, DIRECTION_READ, 1, 0, 4 * 300, 1000);
	memset(out->n.size_log2, 0, sizeof(out->n.size_log2));
	out->n.size_log2[10] = 1;
	in = fixture_end(f, other, shim, DIRECTION_WRITE, 100, 0, 5000, 1000);
	in->n.size_log2[5] = 100;
	/* Writes of the container's log alone. */
	assert_int_equal(bench_load_collect(&l, &f->m), 0);
	assert_int_equal(l.calls, 4);
	assert_int_equal(l.bytes, 1200);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.parts[0].size, 300);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spreads), cmocka_unit_test(crossovers), cmocka_unit_test(costs),
		cmocka_unit_test(loads),   cmocka_unit_test(of_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
