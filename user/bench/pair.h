/* SPDX-License-Identifier: GPL-2.0-only */
/* One run: two processes, one transport, messages of one size. */
#ifndef SHIMSCOPE_BENCH_PAIR_H
#define SHIMSCOPE_BENCH_PAIR_H

#include "bench/bench.h"

struct pair_job {
	enum bench_transport transport;
	uint32_t size;
	uint64_t messages; /* measured */
	uint64_t warm_up;  /* sent, received and waited for before */
	int producer_cpu, consumer_cpu;
	const char *directory; /* for a FIFO */
	int64_t timeout_ns;
	bool (*stop)(void); /* NULL without */
};

/* Of the measured messages alone. */
struct pair_sample {
	int64_t producer_ns, consumer_ns; /* CLOCK_PROCESS_CPUTIME_ID */
	int64_t wall_ns;		  /* from before the first write until after the last read */
	uint64_t writes, reads;
};

/*
 * Run. Every byte is counted on both sides, and that none follows is checked; both processes are gone
 * when this returns. Returns 0, or a negative errno with a message: -EINTR when stopped, -ETIMEDOUT.
 */
int pair_run(const struct pair_job *job, struct pair_sample *ret, char *err, size_t err_size);

#endif
