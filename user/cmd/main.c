// SPDX-License-Identifier: GPL-2.0-only
/* shimscope: what container logging costs on a containerd node. The table of commands. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "version.h"

static const struct command commands[] = {
	{ "live", "watch transports and streams, refreshed each interval", cmd_live },
	{ "record", "write a capture", cmd_record },
	{ "report", "what a capture holds", cmd_report },
	{ "diff", "what changed between two captures, and how sure that is", cmd_diff },
	{ "map", "who holds which end of which channel now, without tracing", cmd_map },
	{ "bench", "the same bytes over each transport on this machine (synthetic)", cmd_bench },
	{ "doctor", "what works here, and what to do about what does not", cmd_doctor },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: shimscope COMMAND [OPTION...]\n"
		     "Tell what container logging costs on a containerd node.\n\nCommands:\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\n`shimscope help COMMAND` tells a command's options; an unambiguous prefix of a "
		     "command serves.\n");
}

/* Returns NULL after a message when the name is none or not clear. */
static const struct command *command_find(const char *name)
{
	const struct command *found = NULL;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		if (strncmp(commands[i].name, name, strlen(name)) != 0)
			continue;
		if (found) {
			cmd_error("'%s' is ambiguous: %s or %s?", name, found->name, commands[i].name);
			return NULL;
		}
		found = &commands[i];
	}
	if (!found)
		cmd_error("there is no command '%s' (try `shimscope help`)", name);
	return found;
}

static int command_run(const struct command *c, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "shimscope %s", c->name);
	argv[0] = name;
	return c->run(argc, argv);
}

static int help(int argc, char **argv)
{
	char option[] = "--help", *help_argv[] = { NULL, option, NULL };
	const struct command *c;

	if (argc < 2) {
		usage(stdout);
		return output_finish(stdout, "standard output");
	}
	c = command_find(argv[1]);
	return c ? command_run(c, 2, help_argv) : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *c;

	setlocale(LC_CTYPE, "");
	/* A reader that went away is found when output fails, and is no failure. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2 || !argv[1][0]) {
		cmd_error("no command given (try `shimscope help`)");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("shimscope %s\n", SHIMSCOPE_VERSION);
		return output_finish(stdout, "standard output");
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	if (argv[1][0] == '-') {
		cmd_error("'%s' is no command (try `shimscope help`)", argv[1]);
		return EXIT_USAGE;
	}
	c = command_find(argv[1]);
	return c ? command_run(c, argc - 1, argv + 1) : EXIT_USAGE;
}
