/* SPDX-License-Identifier: GPL-2.0-only */
/* What this process may do. */
#ifndef SHIMSCOPE_PROBE_PRIVILEGES_H
#define SHIMSCOPE_PROBE_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

struct privilege {
	const char *name; /* "CAP_BPF" */
	const char *use;  /* "to load BPF programs and maps" */
	bool own;	  /* held */
	bool have;	  /* held, or another one stands for it */
};

#define PRIVILEGES 4

/* Look at the effective capabilities. */
void privileges_read(struct privilege list[PRIVILEGES]);

/* The missing ones' names, with commas. Returns how many. */
size_t privileges_missing(char *ret, size_t size);

#endif
