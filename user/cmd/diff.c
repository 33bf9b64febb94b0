// SPDX-License-Identifier: GPL-2.0-only
/* shimscope diff: two captures, before and after. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "cmd/cmd.h"
#include "diff/compare.h"
#include "diff/fail_on.h"
#include "view/diff_view.h"

#define FAIL_ON_MOST 64

struct diff_args {
	enum format format;
	const char *files[2];
	struct fail_on fail_on[FAIL_ON_MOST];
	const char *fail_on_text[FAIL_ON_MOST];
	size_t n_fail_on;
};

enum { OPT_FORMAT = 512, OPT_FAIL_ON };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "text or json (default: text)", 0 },
	{ "fail-on", OPT_FAIL_ON, "METRIC>N%", 0,
	  "Exit with 4 when the node's METRIC is worse by more than N percent with confidence: the 95% "
	  "interval "
	  "lies above it (repeatable)",
	  0 },
	{ 0 },
};

static void take_fail_on(struct diff_args *a, char *text, const struct argp_state *state)
{
	char err[1024];

	if (a->n_fail_on == FAIL_ON_MOST)
		cmd_usage_error(state, "at most %d times --fail-on", FAIL_ON_MOST);
	if (fail_on_parse(text, &a->fail_on[a->n_fail_on], err, sizeof(err)))
		cmd_usage_error(state, "--fail-on: %s", err);
	a->fail_on_text[a->n_fail_on++] = text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, false, &a->format))
			cmd_usage_error(state, "--format takes text or json, not '%s'", arg);
		return 0;
	case OPT_FAIL_ON:
		take_fail_on(a, arg, state);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num >= 2)
			cmd_usage_error(state, "two captures are compared, '%s' is one more", arg);
		a->files[state->arg_num] = arg;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			cmd_usage_error(state, "name two captures: BEFORE and AFTER");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "BEFORE AFTER",
	.doc = "Tell what changed between two captures, and how sure that is.",
};

/* Returns 0 or -1 after a message. */
static int read_side(const char *path, struct model **m, struct series **s)
{
	struct capture_status status;
	struct fact_sink sink;
	char err[512];
	int failed;

	*m = model_new();
	*s = *m ? series_new(*m) : NULL;
	if (!*s) {
		cmd_error("out of memory");
		return -1;
	}
	sink = series_sink(*s);
	if (capture_read(path, &sink, &status, err, sizeof(err))) {
		cmd_error("%s", err);
		return -1;
	}
	if (status.warning[0])
		cmd_error("%s: %s", path, status.warning);
	failed = model_resolve(*m, MODEL_TOTAL);
	if (failed)
		cmd_error("%s: %s", path, strerror(-failed));
	return failed ? -1 : 0;
}

/* One line for each bound that is passed, or that cannot be told. */
static int judge(const struct diff_args *a, const struct diff *d)
{
	int ret = EXIT_OK;
	size_t i;

	for (i = 0; i < a->n_fail_on; i++) {
		const struct diff_figure *f = diff_node_figure(d, a->fail_on[i].metric);
		const char *name = diff_metrics[f->metric].name;

		if (f->verdict == VERDICT_TOO_LITTLE) {
			cmd_error("--fail-on '%s': %s cannot be judged: too little data", a->fail_on_text[i],
				  name);
			continue;
		}
		if (!(f->low > a->fail_on[i].bound))
			continue;
		ret = EXIT_REGRESSION;
		if (isinf(f->low))
			cmd_error("--fail-on '%s': %s was 0 and is not any more", a->fail_on_text[i], name);
		else
			cmd_error(
				"--fail-on '%s': %s is worse by %.1f%%, with confidence by more than %.1f%%",
				a->fail_on_text[i], name, f->change * 100, f->low * 100);
	}
	return ret;
}

int cmd_diff(int argc, char **argv)
{
	struct diff_args a = {};
	struct model *m[2] = { NULL, NULL };
	struct series *s[2] = { NULL, NULL };
	struct diff *d = NULL;
	struct view_options o;
	int ret = cmd_parse(&argp, argc, argv, &a), failed, finished;

	if (ret)
		return ret;
	ret = EXIT_WORK;
	if (read_side(a.files[0], &m[0], &s[0]) || read_side(a.files[1], &m[1], &s[1]))
		goto out;
	failed = diff_new(&(struct diff_input){ a.files[0], m[0], s[0] },
			  &(struct diff_input){ a.files[1], m[1], s[1] }, &d);
	if (!failed && a.format == FORMAT_JSON) {
		failed = view_diff_json(stdout, d);
	} else if (!failed) {
		view_options_init(&o, stdout);
		failed = view_diff_text(stdout, d, &o);
	}
	if (failed && !ferror(stdout)) {
		cmd_error("%s", strerror(-failed));
		goto out;
	}
	finished = output_finish(stdout, "standard output");
	ret = judge(&a, d);
	if (finished)
		ret = finished;
out:
	diff_free(d);
	series_free(s[0]);
	series_free(s[1]);
	model_free(m[0]);
	model_free(m[1]);
	return ret;
}
