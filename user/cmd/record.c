// SPDX-License-Identifier: GPL-2.0-only
/* shimscope record: write a capture. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/capture.h"
#include "cmd/cmd.h"

#define POLL_MS 20

struct record_args {
	struct trace_args trace; /* first: the child parser's input */
	const char *output;
	int64_t duration_ns;
	char **command; /* NULL: none */
};

enum { OPT_DURATION = 512 };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "The capture (required)", 0 },
	{ "duration", OPT_DURATION, "S", 0, "End after this many seconds", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct record_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		cmd_quiet(state);
		state->child_inputs[0] = &a->trace;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case OPT_DURATION:
		if (seconds_parse(arg, &a->duration_ns))
			cmd_usage_error(state, "--duration takes seconds from 0.01 on, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARGS:
		a->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (!a->output)
			cmd_usage_error(state, "name the capture with -o FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &trace_argp, 0, NULL, 0 }, { 0 } };
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "-o FILE [-- COMMAND...]",
	.doc = "Record a trace into a capture file until interrupted, for a duration, or for as long as "
	       "COMMAND "
	       "runs.",
	.children = children,
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Returns 0, or a negative errno after a message when the command could not be run. */
static int command_start(char **command, pid_t *ret)
{
	int fds[2], failure = 0;
	ssize_t n;
	pid_t pid;

	/* Closed by a successful exec; a failed one says why through it. */
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0) {
		execvp(command[0], command);
		failure = errno;
		n = write(fds[1], &failure, sizeof(failure));
		_exit(n == sizeof(failure) ? 127 : 126);
	}
	failure = pid < 0 ? errno : 0;
	close(fds[1]);
	do {
		n = pid > 0 ? read(fds[0], &failure, sizeof(failure)) : 0;
	} while (n < 0 && errno == EINTR);
	close(fds[0]);
	if (failure) {
		cmd_error("%s: %s", command[0], strerror(failure));
		return -failure;
	}
	*ret = pid;
	return 0;
}

static void command_told(const char *name, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status))
		cmd_error("%s ended with status %d", name, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		cmd_error("%s was ended by signal %d", name, WTERMSIG(status));
}

/* Returns 0 or a negative errno (of the capture). */
static int record_run(const struct record_args *a, struct session *s, struct capture_writer *w,
		      bool *ret_failed)
{
	int64_t end = a->duration_ns ? now_ns() + a->duration_ns : INT64_MAX;
	pid_t child = 0;
	int n, status;

	*ret_failed = a->command && command_start(a->command, &child);
	if (*ret_failed)
		return session_finish(s);
	while (!stop_requested() && now_ns() < end) {
		int64_t left_ms = (end - now_ns()) / 1000000 + 1;

		n = session_poll(s, left_ms < POLL_MS ? (int)left_ms : POLL_MS);
		if (n < 0)
			return n;
		if (n > 0)
			n = capture_flush(w);
		if (n < 0)
			return n;
		if (child && child_ended() && waitpid(child, &status, WNOHANG) == child) {
			command_told(a->command[0], status);
			break;
		}
	}
	return session_finish(s);
}

static int summary_print(const char *path)
{
	struct capture_status status;
	struct view_options o;
	struct model *m = model_new();
	struct fact_sink sink;
	char err[256];
	int ret = EXIT_WORK;

	if (!m)
		return EXIT_WORK;
	sink = model_sink(m);
	if (capture_read(path, &sink, &status, err, sizeof(err)) == 0 && model_resolve(m, MODEL_TOTAL) == 0) {
		view_options_init(&o, stdout);
		view_summary_text(stdout, m, &o);
		ret = output_finish(stdout, "standard output");
	} else {
		cmd_error("%s", err);
	}
	model_free(m);
	return ret;
}

int cmd_record(int argc, char **argv)
{
	static struct record_args a;
	struct capture_writer *w = NULL;
	struct session *s = NULL;
	struct fact_sink sink;
	bool command_failed = false;
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
	/* Only now: a capture that stands there is not given up for a trace that cannot be taken. */
	ret = capture_create(a.output, &w, err, sizeof(err));
	if (ret) {
		cmd_error("%s", err);
		session_close(s);
		return EXIT_WORK;
	}
	fprintf(stderr, "tracing: %zu processes, backend %s\n", session_targets(s),
		backend_name(session_backend(s)));
	sink = capture_sink(w);
	session_sink(s, &sink);
	ret = session_describe(s);
	if (!ret)
		ret = record_run(&a, s, w, &command_failed);
	session_close(s);
	if (!ret)
		ret = capture_close(w);
	else
		capture_close(w);
	if (ret) {
		cmd_error("writing %s: %s; what was written before is kept and readable", a.output,
			  strerror(-ret));
		return EXIT_WORK;
	}
	if (command_failed)
		return EXIT_WORK;
	return summary_print(a.output);
}
