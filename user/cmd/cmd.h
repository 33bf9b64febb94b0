/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands, and what they share. */
#ifndef SHIMSCOPE_CMD_CMD_H
#define SHIMSCOPE_CMD_CMD_H

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#include "trace/session.h"
#include "view/view.h"

/* Exit codes: a public contract. */
enum {
	EXIT_OK = 0,
	EXIT_WORK = 1, /* the work failed */
	EXIT_USAGE = 2,
	EXIT_UNSUPPORTED = 3, /* not permitted or not supported here */
	EXIT_REGRESSION = 4,
};

struct command {
	const char *name;
	const char *summary;		   /* one line for the list of commands */
	int (*run)(int argc, char **argv); /* argv[0] is "shimscope NAME"; returns an exit code */
};

int cmd_live(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/* One line on standard error: "shimscope: …". */
void cmd_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The exit code for a negative errno of a trace. */
int cmd_exit_code(int err);

/* A usage error: one line that says what is wrong, and exit. */
void cmd_usage_error(const struct argp_state *state, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* For a parser's ARGP_KEY_INIT: keep argp from adding its "Try …" to an error. */
void cmd_quiet(struct argp_state *state);

/* argp_parse() with the project's exit code for usage errors; returns 0 or an exit code to leave with. */
int cmd_parse(const struct argp *argp, int argc, char **argv, void *input);

enum format { FORMAT_TEXT = 0, FORMAT_JSON, FORMAT_CSV };
/* Returns 0, or -EINVAL for a name that is not among text, json (and csv if allowed). */
int format_parse(const char *name, bool csv, enum format *ret);

/* A number of seconds ("1", "0.5") as ns. Returns 0, or -EINVAL unless 0.01 ≤ s ≤ 1e6. */
int seconds_parse(const char *text, int64_t *ret_ns);

/* The options that say what is traced and how; a child parser, its input a struct trace_args. */
struct trace_args {
	struct session_options session;
	const char *addresses[64];
	int64_t pids[256];
	char selection[1024];
};
extern const struct argp trace_argp;
/* --address, --pid, --container, --pod, --namespace only (map). */
extern const struct argp selection_argp;
void trace_args_init(struct trace_args *a);

/* Width, colour and rows of the text output on a stream. */
void view_options_init(struct view_options *o, FILE *out);

/* Signals that end a trace: SIGINT, SIGTERM (and SIGCHLD for a command's end). */
void stop_signals_catch(void);
bool stop_requested(void);
bool child_ended(void);

/* Flush and check standard output. Returns an exit code; a closed pipe is no failure. */
int output_finish(FILE *out, const char *name);

#endif
