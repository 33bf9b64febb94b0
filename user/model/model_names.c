// SPDX-License-Identifier: GPL-2.0-only
/* The words of interface.md for the model's values. */
#include "model/model.h"

static const char *const transports[TRANSPORT_COUNT] = {
	[TRANSPORT_NONE] = "none",
	[TRANSPORT_PIPE] = "pipe",
	[TRANSPORT_FIFO] = "fifo",
	[TRANSPORT_UNIX_STREAM] = "unix-stream",
	[TRANSPORT_UNIX_DGRAM] = "unix-dgram",
	[TRANSPORT_UNIX_SEQPACKET] = "unix-seqpacket",
	[TRANSPORT_PTY] = "pty",
	[TRANSPORT_FILE] = "file",
};

static const char *const roles[ROLE_COUNT] = {
	[ROLE_OTHER] = "other",
	[ROLE_CONTAINER_OUTPUT] = "container-output",
	[ROLE_CONTAINER_LOG] = "container-log",
	[ROLE_CONTAINER_STDIN] = "container-stdin",
	[ROLE_SHIM_LOG] = "shim-log",
	[ROLE_LOG_FILE] = "log-file",
	[ROLE_TTRPC_TASK] = "ttrpc-task",
	[ROLE_TTRPC_EVENTS] = "ttrpc-events",
	[ROLE_GRPC_API] = "grpc-api",
	[ROLE_JOURNALD] = "journald",
	[ROLE_NRI] = "nri",
	[ROLE_DEBUG] = "debug",
};

static const char *const protocols[PROTOCOL_COUNT] = {
	[PROTOCOL_UNKNOWN] = "unknown", [PROTOCOL_RAW] = "raw",	  [PROTOCOL_TTRPC] = "ttrpc",
	[PROTOCOL_GRPC] = "grpc",	[PROTOCOL_HTTP] = "http", [PROTOCOL_SYSLOG] = "syslog",
};

static const char *const processes[PROCESS_ROLE_COUNT] = {
	[PROCESS_OTHER] = "other",   [PROCESS_CONTAINERD] = "containerd", [PROCESS_SHIM] = "shim",
	[PROCESS_WRITER] = "writer", [PROCESS_CLIENT] = "client",
};

static const char *name_of(const char *const *names, unsigned int count, unsigned int value,
			   unsigned int otherwise)
{
	return names[value < count ? value : otherwise];
}

const char *transport_name(enum transport t)
{
	return name_of(transports, TRANSPORT_COUNT, (unsigned int)t, TRANSPORT_NONE);
}

const char *channel_role_name(enum channel_role r)
{
	return name_of(roles, ROLE_COUNT, (unsigned int)r, ROLE_OTHER);
}

const char *protocol_name(enum protocol p)
{
	return name_of(protocols, PROTOCOL_COUNT, (unsigned int)p, PROTOCOL_UNKNOWN);
}

const char *process_role_name(enum process_role r)
{
	return name_of(processes, PROCESS_ROLE_COUNT, (unsigned int)r, PROCESS_OTHER);
}

const char *direction_name(enum direction d)
{
	return d == DIRECTION_WRITE ? "write" : "read";
}
