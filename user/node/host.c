// SPDX-License-Identifier: GPL-2.0-only
/* The machine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "node/internal.h"

int node_host_read(struct node_host *ret)
{
	struct utsname u;
	long cpus;

	memset(ret, 0, sizeof(*ret));
	if (uname(&u))
		return -errno;
	snprintf(ret->hostname, sizeof(ret->hostname), "%s", u.nodename);
	snprintf(ret->kernel, sizeof(ret->kernel), "%s", u.release);
	snprintf(ret->arch, sizeof(ret->arch), "%.63s", u.machine);
	if (node_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret->boot_id, sizeof(ret->boot_id)) <
	    0)
		ret->boot_id[0] = '\0';
	ret->boot_id[strcspn(ret->boot_id, "\n")] = '\0';
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	ret->cpus = cpus > 0 ? cpus : FACT_UNKNOWN;
	return 0;
}
