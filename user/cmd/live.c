// SPDX-License-Identifier: GPL-2.0-only
/* shimscope live: watch transports and streams. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "view/tui.h"

#define POLL_MS	 20
/* A channel that nobody used for this long leaves the model, its figures stay in the transports' rows. */
#define EVICT_NS (60LL * 1000000000)

struct live_args {
	struct trace_args trace; /* first: the child parser's input */
	enum format format;
	bool plain;
	unsigned long count; /* 0: no end */
};

enum { OPT_FORMAT = 512, OPT_PLAIN, OPT_COUNT };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0,
	  "text, or json: one object an interval, one a line (default: text)", 0 },
	{ "plain", OPT_PLAIN, NULL, 0, "Rows instead of a screen, on a terminal too", 0 },
	{ "count", OPT_COUNT, "N", 0, "End after N intervals", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct live_args *a = state->input;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		state->child_inputs[0] = &a->trace;
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, false, &a->format))
			cmd_usage_error(state, "--format takes text or json, not '%s'", arg);
		return 0;
	case OPT_PLAIN:
		a->plain = true;
		return 0;
	case OPT_COUNT:
		errno = 0;
		a->count = strtoul(arg, &end, 10);
		if (errno || *end || end == arg || arg[0] == '-' || !a->count)
			cmd_usage_error(state, "--count takes a whole number from 1 on, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		cmd_usage_error(state, "'%s' is too much: live takes options only", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &trace_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Watch what each transport, stream and channel costs, refreshed each interval.",
	.children = children,
};

/* Show the window that ended last. Returns 0, or a negative errno of the output. */
static int interval_show(const struct live_args *a, struct model *m, struct tui *t)
{
	struct view_options o;
	int err = model_resolve(m, MODEL_WINDOW);

	if (err)
		return err;
	model_evict(m, m->trace.now_ns - EVICT_NS);
	if (t)
		return tui_paint(t, m);
	view_options_init(&o, stdout);
	err = a->format == FORMAT_JSON ? view_report_json_line(stdout, m) : view_live_text(stdout, m, &o);
	if (!err && fflush(stdout))
		err = -errno;
	return err;
}

static int live_run(const struct live_args *a, struct session *s, struct model *m, struct tui *t)
{
	unsigned long shown = 0;
	int n = 0;

	while (!stop_requested()) {
		n = session_poll(s, POLL_MS);
		if (n < 0)
			return n;
		if (t && tui_keys(t) == 1)
			return 0;
		if (n == 0)
			continue;
		n = interval_show(a, m, t);
		if (n < 0)
			return n;
		if (a->count && ++shown >= a->count)
			return 0;
	}
	return 0;
}

int cmd_live(int argc, char **argv)
{
	static struct live_args a;
	struct session *s = NULL;
	struct fact_sink sink;
	struct tui *t = NULL;
	struct model *m = NULL;
	char err[512];
	int ret;

	trace_args_init(&a.trace);
	ret = cmd_parse(&argp, argc, argv, &a);
	if (ret)
		return ret;
	stop_signals_catch();
	ret = session_open(&a.trace.session, &s, err, sizeof(err));
	if (ret) {
		cmd_error("%s", err);
		return cmd_exit_code(ret);
	}
	fprintf(stderr, "tracing: %zu processes, backend %s\n", session_targets(s),
		backend_name(session_backend(s)));
	m = model_new();
	if (!m) {
		ret = -ENOMEM;
		goto out;
	}
	sink = model_sink(m);
	session_sink(s, &sink);
	ret = session_describe(s);
	if (ret)
		goto out;
	if (a.format == FORMAT_TEXT && !a.plain && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
		t = tui_open();
	ret = live_run(&a, s, m, t);
	tui_close(t);
	if (!ret)
		ret = session_finish(s);
	/* The summary: everything since the start. */
	if (!ret && a.format == FORMAT_TEXT && !a.count) {
		struct view_options o;

		view_options_init(&o, stdout);
		ret = model_resolve(m, MODEL_TOTAL);
		if (!ret)
			view_summary_text(stdout, m, &o);
	}
out:
	session_close(s);
	model_free(m);
	if (ret == -EPIPE)
		return EXIT_OK;
	if (ret) {
		cmd_error("%s", strerror(-ret));
		return EXIT_WORK;
	}
	return output_finish(stdout, "standard output");
}
