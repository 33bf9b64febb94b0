// SPDX-License-Identifier: GPL-2.0-only
#include "probe/privileges.h"

#include <stdio.h>
#include <string.h>

#include <cap-ng.h>

static const struct {
	unsigned cap;
	const char *name, *use;
	bool admin; /* CAP_SYS_ADMIN stands for it: the only one before Linux 5.8, and it still does */
} wanted[PRIVILEGES] = {
	{ CAP_BPF, "CAP_BPF", "to load BPF programs and maps", true },
	{ CAP_PERFMON, "CAP_PERFMON", "to attach them to the kernel's functions and tracepoints", true },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "to read other users' processes in /proc", false },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", "to read containerd's configuration and bundles",
	  false },
};

void privileges_read(struct privilege list[PRIVILEGES])
{
	bool admin;

	capng_get_caps_process();
	admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
	for (size_t i = 0; i < PRIVILEGES; i++) {
		list[i].name = wanted[i].name;
		list[i].use = wanted[i].use;
		list[i].own = capng_have_capability(CAPNG_EFFECTIVE, wanted[i].cap);
		list[i].have = list[i].own || (wanted[i].admin && admin);
	}
}

size_t privileges_missing(char *ret, size_t size)
{
	struct privilege list[PRIVILEGES];
	size_t n = 0;

	ret[0] = '\0';
	privileges_read(list);
	for (size_t i = 0; i < PRIVILEGES; i++) {
		size_t used = strlen(ret);

		if (list[i].have)
			continue;
		snprintf(ret + used, size - used, "%s%s", n ? ", " : "", list[i].name);
		n++;
	}
	return n;
}
