// SPDX-License-Identifier: GPL-2.0-only
/* The options that say what is traced and how. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

enum {
	OPT_ADDRESS = 256,
	OPT_CONTAINER,
	OPT_POD,
	OPT_NAMESPACE,
	OPT_WRITERS,
	OPT_BACKEND,
	OPT_RING,
	OPT_CHANNELS,
	OPT_BTF,
	OPT_NOTE,
	OPT_INTERVAL,
	OPT_VERBOSE
};

static const struct argp_option selection_options[] = {
	{ NULL, 0, NULL, 0, "What is traced:", 1 },
	{ "address", OPT_ADDRESS, "SOCK", 0,
	  "A containerd, by its gRPC socket (repeatable; default: every one found)", 1 },
	{ "pid", 'p', "PID", 0, "A process more, with its children (repeatable)", 1 },
	{ "container", OPT_CONTAINER, "ID-PREFIX", 0, "The shim of this container", 1 },
	{ "pod", OPT_POD, "[NS/]NAME", 0, "The shim of this pod", 1 },
	{ "namespace", OPT_NAMESPACE, "NS", 0, "Shims of this containerd namespace", 1 },
	{ "btf", OPT_BTF, "FILE", 0, "The kernel's BTF, where the kernel has none of its own", 3 },
	{ 0 },
};

static const struct argp_option trace_options[] = {
	{ "writers", OPT_WRITERS, NULL, 0, "Also the processes that write into the shims' pipes", 1 },
	{ NULL, 0, NULL, 0, "How:", 2 },
	{ "backend", OPT_BACKEND, "NAME", 0,
	  "auto, fentry, kprobe or syscall (default: auto, the best that works)", 2 },
	{ "interval", OPT_INTERVAL, "S", 0, "Seconds of a window (default: 1)", 2 },
	{ "note", OPT_NOTE, "TEXT", 0, "Kept with the trace", 2 },
	{ "ring-size", OPT_RING, "BYTES", 0, "Size of the ring buffer (default: 8388608)", 3 },
	{ "channels", OPT_CHANNELS, "N", 0, "Size of the kernel's channel table (default: 32768)", 3 },
	{ "verbose", 'v', NULL, 0, "Show what libbpf says", 3 },
	{ 0 },
};

static void selection_note(struct trace_args *a, const char *option, const char *value)
{
	size_t used = strlen(a->selection);

	snprintf(a->selection + used, sizeof(a->selection) - used, "%s--%s %s", used ? " " : "", option,
		 value);
	a->session.selection_text = a->selection;
}

static unsigned long number(struct argp_state *state, const char *option, const char *arg, unsigned long min,
			    unsigned long max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || arg[0] == '-' || n < min || n > max)
		cmd_usage_error(state, "--%s takes a whole number from %lu to %lu, not '%s'", option, min,
				max, arg);
	return n;
}

static error_t selection_parse(int key, char *arg, struct argp_state *state)
{
	struct trace_args *a = state->input;
	struct session_selection *sel;

	/* argp asks each parser about keys of its own before there is any input. */
	if (!a)
		return ARGP_ERR_UNKNOWN;
	sel = &a->session.selection;
	switch (key) {
	case OPT_ADDRESS:
		if (sel->n_addresses == sizeof(a->addresses) / sizeof(a->addresses[0]))
			cmd_usage_error(state, "too many --address");
		a->addresses[sel->n_addresses++] = arg;
		selection_note(a, "address", arg);
		return 0;
	case 'p':
		if (sel->n_pids == sizeof(a->pids) / sizeof(a->pids[0]))
			cmd_usage_error(state, "too many --pid");
		a->pids[sel->n_pids++] = (int64_t)number(state, "pid", arg, 1, 1UL << 22);
		selection_note(a, "pid", arg);
		return 0;
	case OPT_CONTAINER:
		sel->container = arg;
		selection_note(a, "container", arg);
		return 0;
	case OPT_POD:
		sel->pod = arg;
		selection_note(a, "pod", arg);
		return 0;
	case OPT_NAMESPACE:
		sel->namespace = arg;
		selection_note(a, "namespace", arg);
		return 0;
	case OPT_BTF:
		a->session.tracer.btf_path = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t trace_parse(int key, char *arg, struct argp_state *state)
{
	struct trace_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = a;
		return 0;
	case OPT_WRITERS:
		a->session.tracer.writers = true;
		return 0;
	case OPT_BACKEND:
		if (strcmp(arg, "fsession") == 0) {
			cmd_error("backend fsession is not in this build: it needs Linux 7.0 and libbpf 1.7; "
				  "use fentry or auto");
			exit(EXIT_UNSUPPORTED);
		}
		if (backend_parse(arg, &a->session.tracer.backend))
			cmd_usage_error(state, "--backend takes auto, fentry, kprobe or syscall, not '%s'",
					arg);
		return 0;
	case OPT_RING:
		a->session.tracer.ring_bytes = number(state, "ring-size", arg, 4096, 1UL << 30);
		return 0;
	case OPT_CHANNELS:
		a->session.tracer.channels_max = (unsigned)number(state, "channels", arg, 16, 1UL << 22);
		return 0;
	case OPT_NOTE:
		a->session.note = arg;
		return 0;
	case OPT_INTERVAL:
		if (seconds_parse(arg, &a->session.interval_ns))
			cmd_usage_error(state, "--interval takes seconds from 0.01 on, not '%s'", arg);
		return 0;
	case 'v':
		a->session.tracer.verbose = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp selection_argp = { .options = selection_options, .parser = selection_parse };
static const struct argp_child trace_children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };
const struct argp trace_argp = { .options = trace_options,
				 .parser = trace_parse,
				 .children = trace_children };

void trace_args_init(struct trace_args *a)
{
	memset(a, 0, sizeof(*a));
	a->session.interval_ns = 1000000000;
	a->session.tracer.backend = BACKEND_AUTO;
	a->session.tracer.ring_bytes = TRACER_RING_DEFAULT;
	a->session.tracer.channels_max = TRACER_CHANNELS_DEFAULT;
	a->session.selection.addresses = a->addresses;
	a->session.selection.pids = a->pids;
}
