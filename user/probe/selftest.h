/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The self-test: a known, prime number of operations through an own pipe, FIFO and UNIX socket pair must
 * arrive, to the unit. A hook that attaches but does not fire (an inlined or renamed function) is the
 * field's commonest silent failure.
 */
#ifndef SHIMSCOPE_PROBE_SELFTEST_H
#define SHIMSCOPE_PROBE_SELFTEST_H

#include <stddef.h>

struct selftest;
struct tracer;
struct tracer_handler;

/* Make the channels and put the test's own functions into *handler (the tracer's). 0 or negative errno. */
int selftest_new(struct selftest **ret, struct tracer_handler *handler);
/*
 * Do the operations and compare. The tracer must be in self-test mode with this process as a target.
 * Returns 0, or -EIO with what was wrong in why.
 */
int selftest_run(struct selftest *s, struct tracer *t, char *why, size_t why_size);
/* Take the test's channels out of the kernel's table. */
void selftest_forget(struct selftest *s, struct tracer *t);
void selftest_free(struct selftest *s);

#endif
