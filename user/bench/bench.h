/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bench: the same bytes in the same sizes over each transport, between two processes of its own.
 * A calibration of this machine, synthetic: nothing here was observed on a container's log.
 *
 * Times in ns, sizes in bytes. A cell that was not measured says so and has no figures.
 */
#ifndef SHIMSCOPE_BENCH_BENCH_H
#define SHIMSCOPE_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/* What the consumer reads at most at once, as containerd does; no message is larger. */
#define BENCH_READ_SIZE		32768
#define BENCH_SIZES_MAX		64
#define BENCH_REPETITIONS_LEAST 7
#define BENCH_REPETITIONS_MOST	999
#define BENCH_TEXT		256

enum bench_transport {
	BENCH_PIPE = 0,
	BENCH_FIFO,
	BENCH_UNIX_STREAM,
	BENCH_UNIX_SEQPACKET,
	BENCH_TTRPC, /* a UNIX stream that carries ttrpc frames */
	BENCH_TRANSPORTS
};

/* Transport and protocol in the words of a report: "unix-stream", "ttrpc". */
enum transport bench_transport_kind(enum bench_transport t);
enum protocol bench_transport_protocol(enum bench_transport t);

/* Why a size was measured. */
enum bench_origin {
	BENCH_CHOSEN = 0, /* a default, or asked for */
	BENCH_CAPTURE,	  /* seen in a capture */
	BENCH_CROSSOVER,  /* on the way to the crossover: FIFO and UNIX stream only */
	BENCH_ORIGINS
};

const char *bench_origin_name(enum bench_origin o); /* "chosen" */

/* Over the repetitions. */
struct bench_spread {
	double median, min, max;
};

/* Of n > 0 values, which are put in order. The median of an even number is the middle of the two. */
struct bench_spread bench_spread_of(double *values, size_t n);

/* One size over one transport, each figure per message. */
struct bench_cell {
	bool measured;
	uint64_t messages;			/* in one repetition */
	struct bench_spread cpu;		/* on-CPU ns of both processes */
	struct bench_spread producer, consumer; /* its parts */
	struct bench_spread wall;
	struct bench_spread writes, reads; /* system calls */
};

struct bench_size {
	uint32_t size;
	enum bench_origin origin;
	struct bench_cell cells[BENCH_TRANSPORTS];
};

/* Writes seen in a capture, as messages to be priced: derived from its histogram. */
struct bench_load {
	char file[BENCH_TEXT];
	uint64_t calls, bytes; /* as captured */
	size_t n;
	struct {
		uint32_t size;
		double messages; /* not whole where larger writes were cut into pieces */
	} parts[FACT_SIZE_BUCKETS];
};

/*
 * What shims wrote into the containers' log FIFOs (role container-log) in a resolved model. Each bucket
 * becomes one size, a common fraction into the bucket, such that the bytes add up to those captured; what
 * is larger than BENCH_READ_SIZE counts as pieces of that. Returns 0, or -ENODATA when there are no
 * such writes.
 */
int bench_load_collect(struct bench_load *ret, const struct model *m);
/* The same of a histogram: calls by the logarithm of their size, bytes of all. */
int bench_load_of(struct bench_load *ret, const uint64_t size_log2[FACT_SIZE_BUCKETS], uint64_t bytes);

/*
 * Where FIFO and UNIX stream cost the same CPU time per message: interpolated between the two nearest
 * sizes that were measured.
 */
struct bench_crossover {
	bool found;
	double bytes;
	uint32_t low, high; /* measured; the sign of the difference changes between them */
	enum bench_transport cheaper_below;
	/* Sign changes over all sizes measured: with more than one, this is the lowest. */
	unsigned int crossings;
};

struct bench_result {
	char tool_version[BENCH_TEXT];
	char hostname[BENCH_TEXT], kernel[BENCH_TEXT], arch[BENCH_TEXT],
		boot_id[BENCH_TEXT]; /* "": unknown */
	int64_t cpus;		     /* online, FACT_UNKNOWN */
	int64_t start_realtime_ns;   /* FACT_UNKNOWN */
	int64_t duration_ns;	     /* FACT_UNKNOWN */
	bool separate;		     /* one CPU for each process, not one for both */
	int producer_cpu, consumer_cpu;
	char fifo_filesystem[BENCH_TEXT];
	unsigned int repetitions;		  /* done */
	unsigned int wanted;			  /* asked for: more than done when interrupted */
	struct bench_size sizes[BENCH_SIZES_MAX]; /* ascending */
	size_t n_sizes;
	struct bench_crossover crossover;
	struct bench_load load; /* n is 0 without a capture */
};

struct bench_options {
	uint32_t sizes[BENCH_SIZES_MAX]; /* 1 to BENCH_READ_SIZE; double ones count once */
	size_t n_sizes;
	const struct bench_load *load; /* adds its sizes; NULL without */
	unsigned int repetitions;
	bool separate;
	int64_t run_ns;	    /* how long one repetition of one size over one transport should take */
	bool (*stop)(void); /* ends the bench early, NULL without */
	void (*progress)(void *ctx, unsigned int percent);
	void *ctx;
};

/* 100 B, 4 KiB, 32 KiB; 7 repetitions of about 60 ms; both processes on one CPU. */
void bench_options_init(struct bench_options *o);

/*
 * Measure. Fills everything but tool_version and the host's members. When stopped after at least one whole
 * repetition, the result covers those that are whole. Returns 0, or a negative errno with a
 * message in err: -EINTR when stopped before, -ERANGE when too few CPUs are allowed for what was asked.
 */
int bench_run(const struct bench_options *o, struct bench_result *ret, char *err, size_t err_size);

/* From sizes measured; derived. */
struct bench_crossover bench_crossover_of(const struct bench_size *sizes, size_t n);

/*
 * CPU ns of one message of any size over a transport, from what was measured; derived. Linear between
 * the neighbouring sizes; a smaller message than all measured costs as the smallest (an upper bound),
 * a larger one as so many of the largest. Negative when the transport was not measured.
 */
double bench_cpu_ns(const struct bench_result *r, enum bench_transport t, double size);

/* CPU ns of a whole load over a transport; derived. Negative when not known. */
double bench_load_cpu_ns(const struct bench_result *r, const struct bench_load *l, enum bench_transport t);

/*
 * Read a result that the JSON view wrote. It is not trusted: every member is checked, what is not known
 * here is passed over. Strings may hold any characters: make them printable before showing them.
 * Returns 0, or a negative errno with a message that names name: -EPROTO for what is no result of a
 * bench, -EPROTONOSUPPORT for another schema, -EFBIG.
 */
int bench_result_read(const char *path, struct bench_result *ret, char *err, size_t err_size);
int bench_result_parse(const char *text, size_t len, const char *name, struct bench_result *ret, char *err,
		       size_t err_size);

#endif
