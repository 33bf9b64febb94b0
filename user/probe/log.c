// SPDX-License-Identifier: GPL-2.0-only
#include "probe/log.h"

#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static bool log_verbose;
static char log_first[256];

static int log_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	va_list copy;

	va_copy(copy, args);
	if (log_verbose)
		vfprintf(stderr, fmt, args);
	if (level == LIBBPF_WARN && !log_first[0]) {
		vsnprintf(log_first, sizeof(log_first), fmt, copy);
		log_first[strcspn(log_first, "\n")] = '\0';
	}
	va_end(copy);
	return 0;
}

void probe_log_init(bool verbose)
{
	log_verbose = verbose;
	libbpf_set_print(log_print);
}

void probe_log_clear(void)
{
	log_first[0] = '\0';
}

const char *probe_log_first(void)
{
	return log_first;
}
