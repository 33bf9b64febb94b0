/* SPDX-License-Identifier: GPL-2.0-only */
/* uthash as the session uses it: out of memory ends the program with a message, nothing is half added. */
#ifndef SHIMSCOPE_TRACE_HASH_H
#define SHIMSCOPE_TRACE_HASH_H

#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg)                                \
	do {                                             \
		fprintf(stderr, "shimscope: %s\n", msg); \
		exit(1);                                 \
	} while (0)
#include <uthash.h>

#endif
