/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracer: BPF programs of one backend, attached and self-tested, whose records it hands on. It knows
 * processes by number and channels by key; what they mean is not its business.
 *
 * Life: tracer_open (attached, silent) → tracer_target_add… → tracer_start → tracer_poll, tracer_sweep …
 * → tracer_stop → tracer_close.
 */
#ifndef SHIMSCOPE_PROBE_TRACER_H
#define SHIMSCOPE_PROBE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "probe/backend.h"

#define TRACER_RING_DEFAULT	((size_t)8 << 20)
#define TRACER_CHANNELS_DEFAULT 32768

struct tracer_options {
	enum backend backend;
	size_t ring_bytes;     /* a power of two of at least one page */
	unsigned channels_max; /* size of the kernel's channel table */
	const char *btf_path;  /* NULL: the running kernel's own */
	bool writers;	       /* the processes that feed the shims as well */
	bool follow_all;       /* new containerds and shims of whatever origin */
	bool verbose;	       /* libbpf's messages to standard error */
};

/* Receives what the tracer has. Called from tracer_poll(), tracer_sweep() and tracer_stop() only. */
struct tracer_handler {
	void *ctx;
	void (*op)(void *ctx, const struct ss_op *op);
	void (*channel)(void *ctx, const struct ss_channel *c);
	void (*process)(void *ctx, const struct ss_process *p);
	void (*fold)(void *ctx, const struct ss_end_key *end, const struct ss_fold *fold);
};

/* What came of trying one backend. */
struct tracer_attempt {
	bool tried;
	int error; /* 0: it works */
	char why[256];
};

struct tracer;

/*
 * Load, attach and self-test. attempts[b] tells what came of backend b. With BACKEND_AUTO the best that
 * passes the self-test is taken. handler is copied, its ctx must outlive the tracer.
 * Returns 0; -EPERM (missing capability), -ENOENT (no BTF), -EOPNOTSUPP (no backend works), with one line
 * in err that says what to do.
 */
int tracer_open(const struct tracer_options *o, const struct tracer_handler *handler, struct tracer **ret,
		struct tracer_attempt attempts[BACKEND_COUNT], char *err, size_t err_size);

enum backend tracer_backend(const struct tracer *t);
/* The options that took effect (the ring's size is rounded). */
const struct tracer_options *tracer_options_get(const struct tracer *t);

/* flags: enum ss_target_flags. Returns 0 or a negative errno (-E2BIG: too many targets). */
int tracer_target_add(struct tracer *t, uint32_t tgid, uint32_t flags);
int tracer_target_delete(struct tracer *t, uint32_t tgid);
/* Is it a target, by the kernel's own table? */
bool tracer_target_has(struct tracer *t, uint32_t tgid);
/* A pipe that a shim reads: others' writes into it count (--writers). */
int tracer_channel_watch(struct tracer *t, const struct ss_channel_key *key);
/* Forget a channel: it is announced again if it is used again. */
int tracer_channel_forget(struct tracer *t, const struct ss_channel_key *key);

/* From here on every operation of a target is recorded. */
void tracer_start(struct tracer *t);

/*
 * Hand on what is in the ring. Waits up to timeout_ms for an announcement (operations do not wake).
 * Returns the number of records, or a negative errno (-EINTR: a signal came).
 */
int tracer_poll(struct tracer *t, int timeout_ms);
/* End the current tracer_poll() after the record in hand; for handlers. */
void tracer_break(struct tracer *t);
/* Readable when an announcement waits. */
int tracer_fd(const struct tracer *t);

/* Hand on what was folded since the last sweep. Returns the number of ends or a negative errno. */
int tracer_sweep(struct tracer *t);

/* Stop recording, hand on everything that is left. */
int tracer_stop(struct tracer *t);

struct tracer_loss {
	struct ss_stats stats;
	int64_t recursion_misses; /* runs of programs that the kernel skipped; -1 unknown */
	int64_t kprobe_misses;	  /* likewise of probes; -1 unknown, 0 without probes */
};
void tracer_loss_read(struct tracer *t, struct tracer_loss *ret);

/* Detach and free. */
void tracer_close(struct tracer *t);

#endif
