/* SPDX-License-Identifier: GPL-2.0-only */
/* The open files of the node that are ends of channels, read in one pass without touching them. */
#ifndef SHIMSCOPE_PROBE_OPENFILES_H
#define SHIMSCOPE_PROBE_OPENFILES_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

struct openfiles;

/* Load the iterator. Returns 0; -ENOENT (no BTF), -EPERM… with one line in err when the kernel refuses it. */
int openfiles_open(const char *btf_path, struct openfiles **ret, char *err, size_t err_size);

/*
 * Call fn for each open pipe, FIFO, UNIX socket and pty of every process, and for each regular file of the
 * processes in owners[n]. path is the file's path or socket address ("@name" if abstract), NULL for none.
 * Stops at fn's first non-zero result and returns it; another negative errno comes with one line in err.
 */
int openfiles_read(struct openfiles *o, const uint32_t *owners, size_t n,
		   int (*fn)(void *ctx, const struct ss_open_file *f, const char *path), void *ctx, char *err,
		   size_t err_size);

void openfiles_close(struct openfiles *o);

#endif
