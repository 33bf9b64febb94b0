/* SPDX-License-Identifier: GPL-2.0-only */
/* What libbpf says while it loads, kept to explain a failure instead of printed. */
#ifndef SHIMSCOPE_PROBE_LOG_H
#define SHIMSCOPE_PROBE_LOG_H

#include <stdbool.h>

/* Take libbpf's messages. verbose: print them to standard error as well. */
void probe_log_init(bool verbose);
/* Forget what was kept. */
void probe_log_clear(void);
/* The first warning since then, one line, "" without one. Valid until the next probe_log_clear(). */
const char *probe_log_first(void);

#endif
