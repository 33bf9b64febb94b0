/* SPDX-License-Identifier: GPL-2.0-only */
/* The open files of the node that are ends of channels, read in one pass without touching them. */
#ifndef SHIMSCOPE_PROBE_OPENFILES_H
#define SHIMSCOPE_PROBE_OPENFILES_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/*
 * Call fn for each open pipe, FIFO, UNIX socket and pty of every process, and for each regular file of the
 * processes in owners[n]. path is the file's path or socket address ("@name" if abstract), NULL for none.
 * Stops at fn's first non-zero result and returns it. -EPERM, -EOPNOTSUPP… with one line in err when the
 * kernel refuses the iterator.
 */
int openfiles_read(const uint32_t *owners, size_t n, const char *btf_path,
		   int (*fn)(void *ctx, const struct ss_open_file *f, const char *path), void *ctx, char *err,
		   size_t err_size);

#endif
