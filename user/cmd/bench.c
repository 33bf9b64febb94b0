// SPDX-License-Identifier: GPL-2.0-only
/* shimscope bench: the same bytes over each transport on this machine. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"
#include "capture/capture.h"
#include "cmd/cmd.h"
#include "node/node.h"
#include "view/bench_view.h"
#include "version.h"

struct bench_args {
	struct bench_options bench;
	const char *from;
	enum format format;
	bool sizes_given;
};

enum { OPT_FORMAT = 512, OPT_FROM, OPT_CPUS, OPT_REPETITIONS, OPT_SIZE };

static const struct argp_option options[] = {
	{ "from", OPT_FROM, "FILE", 0,
	  "Also the sizes that shims wrote in this capture, and what its bytes would cost", 0 },
	{ "size", OPT_SIZE, "BYTES", 0, "Instead of 100, 4096 and 32768 (repeatable)", 0 },
	{ "cpus", OPT_CPUS, "same|separate", 0,
	  "Both processes on one CPU, or one each (default: same, which is steadier)", 0 },
	{ "repetitions", OPT_REPETITIONS, "N", 0, "At least 7 (default: 7)", 0 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "text or json (default: text)", 0 },
	{ 0 },
};

/* A decimal number within bounds. Returns 0 or -EINVAL. */
static int number_parse(const char *text, unsigned long least, unsigned long most, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] < '0' || text[0] > '9' || *ret < least || *ret > most)
		return -EINVAL;
	return 0;
}

static void add_size(struct bench_args *a, const char *arg, const struct argp_state *state)
{
	unsigned long size;

	if (number_parse(arg, 1, BENCH_READ_SIZE, &size))
		cmd_usage_error(state, "--size takes 1 to %d bytes, not '%s'", BENCH_READ_SIZE, arg);
	if (!a->sizes_given)
		a->bench.n_sizes = 0;
	a->sizes_given = true;
	/* Room is left for a capture's and for the way to the crossover. */
	if (a->bench.n_sizes == BENCH_SIZES_MAX / 4)
		cmd_usage_error(state, "--size %s: more than %d sizes", arg, BENCH_SIZES_MAX / 4);
	a->bench.sizes[a->bench.n_sizes++] = (uint32_t)size;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bench_args *a = state->input;
	unsigned long n;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		return 0;
	case OPT_FROM:
		a->from = arg;
		return 0;
	case OPT_SIZE:
		add_size(a, arg, state);
		return 0;
	case OPT_CPUS:
		if (strcmp(arg, "same") != 0 && strcmp(arg, "separate") != 0)
			cmd_usage_error(state, "--cpus takes same or separate, not '%s'", arg);
		a->bench.separate = strcmp(arg, "separate") == 0;
		return 0;
	case OPT_REPETITIONS:
		if (number_parse(arg, BENCH_REPETITIONS_LEAST, BENCH_REPETITIONS_MOST, &n))
			cmd_usage_error(state, "--repetitions takes %d to %d, not '%s'",
					BENCH_REPETITIONS_LEAST, BENCH_REPETITIONS_MOST, arg);
		a->bench.repetitions = (unsigned int)n;
		return 0;
	case OPT_FORMAT:
		if (format_parse(arg, false, &a->format))
			cmd_usage_error(state, "--format takes text or json, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARG:
		cmd_usage_error(state, "'%s' is too much: bench takes options only", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Send the same bytes in the same sizes over a pipe, a FIFO, a UNIX stream, a UNIX seqpacket "
	       "and a "
	       "UNIX stream of ttrpc frames on this machine, and tell their CPU time: a calibration, "
	       "synthetic. Needs no privileges and traces nothing.",
};

/* The sizes of a capture. Returns an exit code. */
static int load_capture(const char *path, struct bench_load *ret)
{
	struct capture_status status;
	struct model *m = model_new();
	struct fact_sink sink;
	char err[512];
	int failed = -ENOMEM;

	if (!m) {
		cmd_error("out of memory");
		return EXIT_WORK;
	}
	sink = model_sink(m);
	failed = capture_read(path, &sink, &status, err, sizeof(err));
	if (failed) {
		cmd_error("%s", err);
		goto out;
	}
	if (status.warning[0])
		cmd_error("%s: %s", path, status.warning);
	failed = model_resolve(m, MODEL_TOTAL);
	if (failed) {
		cmd_error("%s: %s", path, strerror(-failed));
		goto out;
	}
	failed = bench_load_collect(ret, m);
	if (failed)
		cmd_error("%s: no writes into a container's log FIFO: there are no sizes to take", path);
	snprintf(ret->file, sizeof(ret->file), "%s", path);
out:
	model_free(m);
	return failed ? EXIT_WORK : EXIT_OK;
}

static void show_progress(void *ctx, unsigned int percent)
{
	(void)ctx;
	fprintf(stderr, percent < 100 ? "\rmeasuring: %u %%" : "\r\033[K", percent);
}

static void tell_host(struct bench_result *r)
{
	struct node_host host;

	snprintf(r->tool_version, sizeof(r->tool_version), "%s", SHIMSCOPE_VERSION);
	if (node_host_read(&host))
		return;
	snprintf(r->hostname, sizeof(r->hostname), "%s", host.hostname);
	snprintf(r->kernel, sizeof(r->kernel), "%s", host.kernel);
	snprintf(r->arch, sizeof(r->arch), "%s", host.arch);
	snprintf(r->boot_id, sizeof(r->boot_id), "%s", host.boot_id);
	r->cpus = host.cpus;
}

int cmd_bench(int argc, char **argv)
{
	static struct bench_result result;
	static struct bench_load load;
	struct bench_args a = {};
	struct view_options o;
	char err[512] = "";
	int ret, failed;

	bench_options_init(&a.bench);
	ret = cmd_parse(&argp, argc, argv, &a);
	if (ret)
		return ret;
	if (a.from) {
		ret = load_capture(a.from, &load);
		if (ret)
			return ret;
		a.bench.load = &load;
	}
	stop_signals_catch();
	a.bench.stop = stop_requested;
	if (isatty(STDERR_FILENO))
		a.bench.progress = show_progress;
	failed = bench_run(&a.bench, &result, err, sizeof(err));
	if (a.bench.progress)
		show_progress(NULL, 100);
	if (failed) {
		cmd_error("%s", err);
		return failed == -ERANGE ? EXIT_UNSUPPORTED : EXIT_WORK;
	}
	tell_host(&result);
	view_options_init(&o, stdout);
	failed = a.format == FORMAT_JSON ? view_bench_json(stdout, &result)
					 : view_bench_text(stdout, &result, &o);
	if (failed && !ferror(stdout)) {
		cmd_error("bench: %s", strerror(-failed));
		return EXIT_WORK;
	}
	return output_finish(stdout, "standard output");
}
