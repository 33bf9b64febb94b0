// SPDX-License-Identifier: GPL-2.0-only
/* shimscope report: what captures hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/capture.h"
#include "cmd/cmd.h"

struct report_args {
	enum format format;
	const char *output;
	char **files;
	int n_files;
};

enum { OPT_FORMAT = 512 };

static const struct argp_option options[] = {
	{ "format", OPT_FORMAT, "FORMAT", 0, "text, json or csv (default: text)", 0 },
	{ "output", 'o', "OUT", 0, "Write here instead of to standard output", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct report_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, true, &a->format))
			cmd_usage_error(state, "--format takes text, json or csv, not '%s'", arg);
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->n_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		cmd_usage_error(state, "name at least one capture");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE...",
	.doc = "Tell what captures hold.",
};

static int report_file(const struct report_args *a, int i, FILE *out)
{
	struct capture_status status;
	struct view_options o;
	struct model *m = model_new();
	struct fact_sink sink;
	char err[512];
	int ret = EXIT_WORK, failed;

	if (!m) {
		cmd_error("out of memory");
		return EXIT_WORK;
	}
	sink = model_sink(m);
	failed = capture_read(a->files[i], &sink, &status, err, sizeof(err));
	if (failed) {
		cmd_error("%s", err);
		goto out;
	}
	if (status.warning[0])
		cmd_error("%s: %s", a->files[i], status.warning);
	failed = model_resolve(m, MODEL_TOTAL);
	if (failed) {
		cmd_error("%s: %s", a->files[i], strerror(-failed));
		goto out;
	}
	ret = EXIT_OK;
	switch (a->format) {
	case FORMAT_JSON:
		failed = a->n_files == 1 ? view_report_json(out, m)
					 : view_report_json_named(out, m, a->files[i]);
		break;
	case FORMAT_CSV:
		failed = view_report_csv(out, m, a->files[i], i == 0);
		break;
	case FORMAT_TEXT:
		view_options_init(&o, out);
		if (a->n_files > 1)
			fprintf(out, "%s== %s ==\n", i ? "\n" : "", a->files[i]);
		failed = view_report_text(out, m, &o);
		break;
	}
	if (failed && !ferror(out)) {
		cmd_error("%s: %s", a->files[i], strerror(-failed));
		ret = EXIT_WORK;
	}
out:
	model_free(m);
	return ret;
}

int cmd_report(int argc, char **argv)
{
	struct report_args a = {};
	FILE *out = stdout;
	int ret = cmd_parse(&argp, argc, argv, &a), finished;

	if (ret)
		return ret;
	if (a.output) {
		out = fopen(a.output, "we");
		if (!out) {
			cmd_error("%s: %s", a.output, strerror(errno));
			return EXIT_WORK;
		}
	}
	if (a.format == FORMAT_JSON && a.n_files > 1)
		fputs("[\n", out);
	for (int i = 0; i < a.n_files && !ret; i++) {
		if (a.format == FORMAT_JSON && i > 0)
			fputs(",\n", out);
		ret = report_file(&a, i, out);
	}
	if (a.format == FORMAT_JSON && a.n_files > 1)
		fputs("]\n", out);
	finished = output_finish(out, a.output ? a.output : "standard output");
	if (a.output && fclose(out) && !finished) {
		cmd_error("writing %s: %s", a.output, strerror(errno));
		finished = EXIT_WORK;
	}
	return ret ? ret : finished;
}
