// SPDX-License-Identifier: GPL-2.0-only
/* The metrics' table. */
#include <stdio.h>
#include <string.h>

#include "diff/metrics.h"

/*
 * The floors. The windows of a trace tell how much a figure varies within it; that pods started anew settle
 * on other CPUs and wake in other rhythms, and that a node is busy otherwise, only repetition tells: longer
 * blocks of windows do not. So a change counts as one only above what traces of one unchanged
 * configuration, taken one after the other, differ by as well. These floors are from 20 pairs of traces (8 s
 * in windows of 0.25 s, containerd 1.6, two containers at 2,000 and 8,000 lines/s, two CPUs shared with
 * compilations); on 12 more such pairs none had a verdict. Traces minutes apart, between which the load of
 * the node changed, can differ by more: no interval over windows covers that.
 */
#define FLOOR_CPU	     0.20
#define FLOOR_CONTAINERD_CPU 0.35
#define FLOOR_SHIM_CPU	     0.50
#define FLOOR_CALLS	     0.15
#define FLOOR_BYTES	     0.02
#define FLOOR_MEMORY	     0.20
#define FLOOR_RPC	     0.20

const struct diff_metric_info diff_metrics[METRIC_COUNT] = {
	[METRIC_CPU_PER_MB] = { "cpu_per_mb", "CPU per MB logged", UNIT_NS, COLUMN_CPU_NS, COLUMN_LOG_MB,
				false, 1, FLOOR_CPU },
	[METRIC_CPU_PER_RECORD] = { "cpu_per_record", "CPU per record", UNIT_NS, COLUMN_CPU_NS,
				    COLUMN_RECORDS, false, 1, FLOOR_CPU },
	[METRIC_CPU_PER_S] = { "cpu_per_s", "CPU per second", UNIT_NS, COLUMN_CPU_NS, COLUMN_SECONDS, false,
			       1, FLOOR_CPU },
	[METRIC_CALLS_PER_RECORD] = { "calls_per_record", "calls per record", UNIT_COUNT, COLUMN_CALLS,
				      COLUMN_RECORDS, false, 1, FLOOR_CALLS },
	[METRIC_BYTES_PER_RECORD] = { "bytes_per_record", "bytes copied per record", UNIT_BYTES,
				      COLUMN_COPIED_MB, COLUMN_RECORDS, false, 1e6, FLOOR_BYTES },
	[METRIC_EAGAIN_SHARE] = { "eagain_share", "EAGAIN share of calls", UNIT_SHARE, COLUMN_EAGAIN,
				  COLUMN_CALLS, false, 1, FLOOR_CALLS },
	[METRIC_COPIED_PER_LOGGED] = { "copied_per_logged", "bytes copied per byte logged", UNIT_COUNT,
				       COLUMN_COPIED_MB, COLUMN_LOG_MB, false, 1, FLOOR_BYTES },
	[METRIC_CONTAINERD_CPU] = { "containerd_cpu", "containerd's CPU per MB logged", UNIT_NS,
				    COLUMN_CONTAINERD_NS, COLUMN_LOG_MB, true, 1, FLOOR_CONTAINERD_CPU },
	[METRIC_SHIM_CPU] = { "shim_cpu", "shims' CPU per MB logged", UNIT_NS, COLUMN_SHIM_NS, COLUMN_LOG_MB,
			      true, 1, FLOOR_SHIM_CPU },
	[METRIC_CONTAINERD_PSS] = { "containerd_pss", "PSS of a containerd", UNIT_BYTES,
				    COLUMN_CONTAINERD_PSS, COLUMN_CONTAINERD_PSS_SECONDS, true, 1,
				    FLOOR_MEMORY },
	[METRIC_SHIM_PSS] = { "shim_pss", "PSS of a shim", UNIT_BYTES, COLUMN_SHIM_PSS,
			      COLUMN_SHIM_PSS_SECONDS, true, 1, FLOOR_MEMORY },
	[METRIC_RPC_CALLS] = { "rpc_calls", "RPC calls per second", UNIT_COUNT, COLUMN_RPC_CALLS,
			       COLUMN_SECONDS, true, 1, FLOOR_RPC },
	[METRIC_RPC_BYTES] = { "rpc_bytes", "RPC bytes per second", UNIT_BYTES, COLUMN_RPC_MB, COLUMN_SECONDS,
			       true, 1e6, FLOOR_RPC },
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
