// SPDX-License-Identifier: GPL-2.0-only
/* The metrics' table. */
#include <stdio.h>
#include <string.h>

#include "diff/metrics.h"

/*
 * The floors. Windows of one trace tell how much a figure varies within it; that pods started anew settle
 * on other CPUs and wake in other rhythms, only repetition tells. Traces of one unchanged configuration
 * differ by this as well, so a change is called one only above what they differ by on an idle node.
 */
#define FLOOR_CPU 0.10
#define FLOOR_CALLS 0.05
#define FLOOR_BYTES 0.02
#define FLOOR_MEMORY 0.05
#define FLOOR_RPC 0.10

const struct diff_metric_info diff_metrics[METRIC_COUNT] = {
	[METRIC_CPU_PER_MB] = { "cpu_per_mb", "CPU per MB logged", UNIT_NS, COLUMN_CPU_NS, COLUMN_LOG_MB, 1,
				false, FLOOR_CPU },
	[METRIC_CPU_PER_RECORD] = { "cpu_per_record", "CPU per record", UNIT_NS, COLUMN_CPU_NS, COLUMN_RECORDS, 1,
				    false, FLOOR_CPU },
	[METRIC_CPU_PER_S] = { "cpu_per_s", "CPU per second", UNIT_NS, COLUMN_CPU_NS, COLUMN_SECONDS, 1, false,
			       FLOOR_CPU },
	[METRIC_CALLS_PER_RECORD] = { "calls_per_record", "calls per record", UNIT_COUNT, COLUMN_CALLS,
				      COLUMN_RECORDS, 1, false, FLOOR_CALLS },
	[METRIC_BYTES_PER_RECORD] = { "bytes_per_record", "bytes copied per record", UNIT_BYTES, COLUMN_COPIED_MB,
				      COLUMN_RECORDS, 1e6, false, FLOOR_BYTES },
	[METRIC_EAGAIN_SHARE] = { "eagain_share", "EAGAIN share of calls", UNIT_SHARE, COLUMN_EAGAIN,
				  COLUMN_CALLS, 1, false, FLOOR_CALLS },
	[METRIC_COPIED_PER_LOGGED] = { "copied_per_logged", "bytes copied per byte logged", UNIT_COUNT,
				       COLUMN_COPIED_MB, COLUMN_LOG_MB, 1, false, FLOOR_BYTES },
	[METRIC_CONTAINERD_CPU] = { "containerd_cpu", "containerd's CPU per MB logged", UNIT_NS,
				    COLUMN_CONTAINERD_NS, COLUMN_LOG_MB, 1, true, FLOOR_CPU },
	[METRIC_SHIM_CPU] = { "shim_cpu", "shims' CPU per MB logged", UNIT_NS, COLUMN_SHIM_NS, COLUMN_LOG_MB, 1,
			      true, FLOOR_CPU },
	[METRIC_CONTAINERD_PSS] = { "containerd_pss", "PSS of a containerd", UNIT_BYTES, COLUMN_CONTAINERD_PSS,
				    COLUMN_CONTAINERD_PSS_SECONDS, 1, true, FLOOR_MEMORY },
	[METRIC_SHIM_PSS] = { "shim_pss", "PSS of a shim", UNIT_BYTES, COLUMN_SHIM_PSS, COLUMN_SHIM_PSS_SECONDS,
			      1, true, FLOOR_MEMORY },
	[METRIC_RPC_CALLS] = { "rpc_calls", "RPC calls per second", UNIT_COUNT, COLUMN_RPC_CALLS, COLUMN_SECONDS,
			       1, true, FLOOR_RPC },
	[METRIC_RPC_BYTES] = { "rpc_bytes", "RPC bytes per second", UNIT_BYTES, COLUMN_RPC_MB, COLUMN_SECONDS,
			       1e6, true, FLOOR_RPC },
};

enum diff_metric diff_metric_find(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < METRIC_COUNT; i++) {
		if (strlen(diff_metrics[i].name) == len && !strncmp(diff_metrics[i].name, name, len))
			break;
	}
	return (enum diff_metric)i;
}

char *diff_metric_names(char *buf, size_t size)
{
	size_t at = 0;
	unsigned int i;

	buf[0] = '\0';
	for (i = 0; i < METRIC_COUNT && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", diff_metrics[i].name);
	return buf;
}
