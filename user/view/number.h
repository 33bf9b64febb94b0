/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures of rows and numbers as people read them, beyond what view.h offers. A negative double
 * stands for unknown and is shown as "?", as FACT_UNKNOWN is.
 */
#ifndef SHIMSCOPE_VIEW_NUMBER_H
#define SHIMSCOPE_VIEW_NUMBER_H

#include <stddef.h>

#include "model/model.h"

/* Enough for every number here. */
#define NUMBER_SIZE 40

#define NUMBER_UNKNOWN (-1.0)

/* What a row adds up: struct counters without the histograms. */
struct figures {
	uint64_t channels, calls, bytes, moved_bytes, eagain, errors, cpu_ns, blocked_ns, untimed;
};

void figures_add(struct figures *to, const struct counters *n);
void figures_sum(struct figures *to, const struct figures *n);
/* What is left of a sum without a part; 0 where the part is larger. */
struct figures figures_without(const struct figures *sum, const struct figures *part);

/* CPU and blocked time: FACT_UNKNOWN when there were calls and none of them was timed. */
int64_t figures_cpu(const struct figures *n);
int64_t figures_blocked(const struct figures *n);
/*
 * CPU time per timed call and per byte copied or moved; bytes copied or moved per call, failed ones
 * included.
 */
double figures_cpu_per_call(const struct figures *n);
double figures_cpu_per_byte(const struct figures *n);
double figures_bytes_per_call(const struct figures *n);

/* A counter as a signed number: no counter is above INT64_MAX, save in a damaged capture. */
int64_t number_signed(uint64_t n);
/* a/b, unknown when either is or b is 0. */
double number_ratio(int64_t a, int64_t b);

char *number_ns(char *buf, size_t size, double ns);			  /* "20.1 ns" */
char *number_size(char *buf, size_t size, double bytes);		  /* "322 B" */
char *number_percent(char *buf, size_t size, uint64_t part, uint64_t of); /* "24%"; 0 of 0 is "0%" */
char *number_duration(char *buf, size_t size, int64_t ns);		  /* "2 min 3 s" */
/* RFC 3339 in UTC with nanoseconds; NULL when the time is not known. */
char *number_time(char *buf, size_t size, int64_t realtime_ns);

#endif
