/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways to observe operations: which programs each of them needs. */
#ifndef SHIMSCOPE_PROBE_BACKEND_H
#define SHIMSCOPE_PROBE_BACKEND_H

#include <stddef.h>

#include "probe/kernel.h"

struct bpf_object;

/* Best first: `auto` takes the first that works. */
enum backend {
	BACKEND_FENTRY = 0,
	BACKEND_KPROBE,
	BACKEND_SYSCALL,
	BACKEND_COUNT,
	BACKEND_AUTO = BACKEND_COUNT,
};

const char *backend_name(enum backend b);
/* What it measures, in one sentence. */
const char *backend_description(enum backend b);
/* Returns 0, or -EINVAL for a name that is none; "auto" is one. */
int backend_parse(const char *name, enum backend *ret);

/*
 * Select the programs of a backend for loading. Returns 0, or -EOPNOTSUPP with the reason in why when the
 * kernel lacks what it cannot do without.
 */
int backend_select(enum backend b, const struct kernel *k, struct bpf_object *obj, char *why,
		   size_t why_size);

#endif
