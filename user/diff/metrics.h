/* SPDX-License-Identifier: GPL-2.0-only */
/* What a diff measures: each metric a ratio of two columns, summed over windows. */
#ifndef SHIMSCOPE_DIFF_METRICS_H
#define SHIMSCOPE_DIFF_METRICS_H

#include <stdbool.h>
#include <stddef.h>

/* What is summed in a window. MB: 10^6 bytes. */
enum diff_column {
	COLUMN_SECONDS = 0,
	COLUMN_LOG_MB,	/* what the containers wrote */
	COLUMN_RECORDS, /* written to log files */
	COLUMN_CPU_NS,	/* inside traced operations */
	COLUMN_CALLS,
	COLUMN_COPIED_MB,
	COLUMN_EAGAIN,
	COLUMN_CONTAINERD_NS, /* CPU of the processes */
	COLUMN_SHIM_NS,
	COLUMN_CONTAINERD_PSS, /* bytes × seconds */
	COLUMN_CONTAINERD_PSS_SECONDS,
	COLUMN_SHIM_PSS,
	COLUMN_SHIM_PSS_SECONDS,
	COLUMN_RPC_CALLS, /* on sockets that speak ttrpc or gRPC */
	COLUMN_RPC_MB,
	COLUMN_COUNT
};

enum diff_metric {
	METRIC_CPU_PER_MB = 0,
	METRIC_CPU_PER_RECORD,
	METRIC_CPU_PER_S,
	METRIC_CALLS_PER_RECORD,
	METRIC_BYTES_PER_RECORD,
	METRIC_EAGAIN_SHARE,
	METRIC_COPIED_PER_LOGGED,
	METRIC_CONTAINERD_CPU,
	METRIC_SHIM_CPU,
	METRIC_CONTAINERD_PSS,
	METRIC_SHIM_PSS,
	METRIC_RPC_CALLS,
	METRIC_RPC_BYTES,
	METRIC_COUNT
};

enum diff_unit {
	UNIT_NS = 0,
	UNIT_BYTES,
	UNIT_COUNT, /* calls, EAGAIN, bytes by bytes */
	UNIT_SHARE, /* 0 to 1 */
};

struct diff_metric_info {
	const char *name;  /* as --fail-on and JSON have it */
	const char *title; /* as text has it */
	enum diff_unit unit;
	enum diff_column num, den;
	bool node_only; /* has no meaning for a transport, role or container */
	double scale;	/* the ratio times this is in the unit */
	/* A change below this share is no news, however sure it is (metrics.c tells why). */
	double floor;
};

/* Every metric is the better the smaller it is. */
extern const struct diff_metric_info diff_metrics[METRIC_COUNT];

/* METRIC_COUNT when there is none of this name (of len bytes). */
enum diff_metric diff_metric_find(const char *name, size_t len);

/* All names, separated by ", ": for a message. buf is returned. */
char *diff_metric_names(char *buf, size_t size);

#endif
