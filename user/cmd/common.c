// SPDX-License-Identifier: GPL-2.0-only
/* What the commands share: messages, exit codes, formats, signals, the terminal. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"

void cmd_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("shimscope: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}

void cmd_usage_error(const struct argp_state *state, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", state->name);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, " (try `%s --help`)\n", state->name);
	va_end(args);
	exit(EXIT_USAGE);
}

void cmd_quiet(struct argp_state *state)
{
	FILE *nowhere = fopen("/dev/null", "we");

	if (nowhere)
		state->err_stream = nowhere;
}

int cmd_exit_code(int err)
{
	switch (err) {
	case 0:
		return EXIT_OK;
	case -EPERM:
	case -EACCES:
	case -ENOENT: /* no BTF */
	case -EOPNOTSUPP:
	case -ENOSYS:
		return EXIT_UNSUPPORTED;
	default:
		return EXIT_WORK;
	}
}

int cmd_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	error_t err;

	argp_err_exit_status = EXIT_USAGE;
	err = argp_parse(argp, argc, argv, 0, NULL, input);
	if (err) {
		cmd_error("%s", strerror(err));
		return EXIT_WORK;
	}
	return 0;
}

int format_parse(const char *name, bool csv, enum format *ret)
{
	if (strcmp(name, "text") == 0)
		*ret = FORMAT_TEXT;
	else if (strcmp(name, "json") == 0)
		*ret = FORMAT_JSON;
	else if (csv && strcmp(name, "csv") == 0)
		*ret = FORMAT_CSV;
	else
		return -EINVAL;
	return 0;
}

int seconds_parse(const char *text, int64_t *ret_ns)
{
	char *end;
	double s;

	errno = 0;
	s = strtod(text, &end);
	if (errno || end == text || *end || !(s >= 0.01 && s <= 1e6))
		return -EINVAL;
	*ret_ns = (int64_t)(s * 1e9);
	return 0;
}

void view_options_init(struct view_options *o, FILE *out)
{
	const char *columns = getenv("COLUMNS"), *no_color = getenv("NO_COLOR");
	struct winsize size;
	int fd = fileno(out);

	memset(o, 0, sizeof(*o));
	if (fd >= 0 && isatty(fd)) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
			o->width = size.ws_col;
		else
			o->width = columns ? atoi(columns) : 80;
		o->colour = !(no_color && no_color[0]);
	}
}

static volatile sig_atomic_t stop_signal, child_signal;

static void on_stop(int sig)
{
	stop_signal = sig;
}

static void on_child(int sig)
{
	child_signal = sig;
}

void stop_signals_catch(void)
{
	struct sigaction stop = { .sa_handler = on_stop }, child = { .sa_handler = on_child };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGCHLD, &child, NULL);
}

bool stop_requested(void)
{
	return stop_signal != 0;
}

bool child_ended(void)
{
	return child_signal != 0;
}

int output_finish(FILE *out, const char *name)
{
	if (fflush(out) == 0 && !ferror(out))
		return EXIT_OK;
	if (errno == EPIPE)
		return EXIT_OK;
	cmd_error("writing %s: %s", name, strerror(errno ? errno : EIO));
	return EXIT_WORK;
}
