// SPDX-License-Identifier: GPL-2.0-only
/* shimscope map: who holds which end of which channel now. */
#include <string.h>

#include "cmd/cmd.h"

struct map_args {
	struct trace_args trace; /* the selection only */
	enum format format;
};

enum { OPT_FORMAT = 512 };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "text or json (default: text)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct map_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		state->child_inputs[0] = &a->trace;
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, false, &a->format))
			cmd_usage_error(state, "--format takes text or json, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		cmd_usage_error(state, "'%s' is too much: map takes options only", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &selection_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Tell who holds which end of which channel now: containerd, shims, pods, containers, FIFOs, "
	       "sockets, log files. Nothing is traced.",
	.children = children,
};

int cmd_map(int argc, char **argv)
{
	static struct map_args a;
	struct view_options o;
	struct fact_sink sink;
	struct model *m;
	char err[512];
	int ret;

	trace_args_init(&a.trace);
	ret = cmd_parse(&argp, argc, argv, &a);
	if (ret)
		return ret;
	m = model_new();
	if (!m) {
		cmd_error("out of memory");
		return EXIT_WORK;
	}
	sink = model_sink(m);
	ret = session_snapshot(&a.trace.session.selection, a.trace.session.tracer.btf_path, &sink, err,
			       sizeof(err));
	if (!ret && (ret = model_resolve(m, MODEL_TOTAL)))
		snprintf(err, sizeof(err), "%s", strerror(-ret));
	if (ret) {
		cmd_error("%s", err);
		ret = cmd_exit_code(ret);
	} else {
		view_options_init(&o, stdout);
		if (a.format == FORMAT_JSON)
			view_map_json(stdout, m);
		else
			view_map_text(stdout, m, &o);
		ret = output_finish(stdout, "standard output");
	}
	model_free(m);
	return ret;
}
