// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live screen, on a real terminal: this program runs itself (--screen) within a tmux of its own
 * and reads what is on the screen. Skipped only where tmux is missing.
 */
#include "test_view.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "view/tui.h"

/* --- what runs within the terminal ---------------------------------------------------------- */

static struct fixture *node_named(const char *name)
{
	if (!strcmp(name, "hostile"))
		return fixture_hostile();
	if (!strcmp(name, "crowd"))
		return fixture_crowd(60);
	return fixture_node();
}

/* Paint a model ten times a second, each time a second later, until a key says to leave. */
static int screen(const char *node, const char *how)
{
	bool painted = false;
	struct fixture *f;
	struct tui *t;
	sigset_t winch;

	if (!setlocale(LC_ALL, ""))
		return 3;
	signal(SIGHUP, SIG_IGN);
	if (!strcmp(how, "deaf")) {
		sigemptyset(&winch);
		sigaddset(&winch, SIGWINCH);
		sigprocmask(SIG_BLOCK, &winch, NULL);
	}
	t = tui_open();
	if (!t) {
		printf("no screen: %s\n", strerror(errno));
		return 1;
	}
	f = node_named(node);
	if (!strcmp(how, "lossy"))
		f->m.loss.ring_dropped = 17;
	for (;;) {
		struct pollfd p = { .fd = tui_fd(t), .events = POLLIN };

		if (!painted || strcmp(how, "once") != 0)
			painted = tui_paint(t, &f->m) == 0;
		if (!painted)
			return 2;
		poll(&p, 1, 100);
		if (tui_keys(t))
			break;
		f->m.trace.scope_realtime_ns += 1000000000;
	}
	fixture_free(f);
	if (!strcmp(how, "exit"))
		exit(0); /* without tui_close(): the terminal is given back all the same */
	tui_close(t);
	printf("the screen was left\n");
	return 0;
}

/*
 * --- the test
 * -------------------------------------------------------------------------------------
 */

static char dir[] = "/tmp/shimscope-tui-XXXXXX";
static char self[4096];
static bool have_tmux;

/* Run a shell command; its output, which the caller frees. *status is its exit code. */
static char *run(int *status, const char *fmt, ...)
{
	char command[8192], buf[4096], *text = NULL;
	FILE *in, *out;
	size_t size, n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	in = popen(command, "r");
	assert_non_null(in);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		fwrite(buf, 1, n, out);
	fclose(out);
	n = (size_t)pclose(in);
	if (status)
		*status = WIFEXITED((int)n) ? WEXITSTATUS((int)n) : -1;
	return text;
}

/* Each terminal has a server of its own: one that ends takes its socket with it, some time. */
static unsigned int server;

#define TMUX "env -u TMUX LC_ALL=C.UTF-8 tmux -u -S %s/socket-%u -f /dev/null "

static void tmux(const char *arguments)
{
	int status;
	char *text = run(&status, TMUX "%s 2>&1", dir, server, arguments);

	if (status)
		fail_msg("tmux %s: %s", arguments, text);
	free(text);
}

/* A terminal that runs `ENVIRONMENT self --screen NODE HOW` between two marks. */
static void start(const char *environment, const char *node, const char *how, int columns, int lines)
{
	char command[8192 + 512], script[64];
	FILE *f;

	snprintf(script, sizeof(script), "%s/run", dir);
	f = fopen(script, "w");
	assert_non_null(f);
	/* It outlives a terminal that goes away only until it has told so: cat finds an end. */
	fprintf(f,
		"trap '' HUP\n"
		"echo BEFORE; stty -g >%s/before\n"
		"%s '%s' --screen %s %s; echo \"AFTER $?\"\n"
		"stty -g >%s/after; echo AFTER >>%s/after\n"
		"exec cat >/dev/null\n",
		dir, environment, self, node, how, dir, dir);
	assert_int_equal(fclose(f), 0);
	server++;
	snprintf(command, sizeof(command), "new-session -d -x %d -y %d 'exec sh %s'", columns, lines, script);
	tmux(command);
}

static void stop(void)
{
	char path[64];

	tmux("kill-server");
	snprintf(path, sizeof(path), "%s/after", dir);
	unlink(path);
}

static void keys(const char *names)
{
	char arguments[256];

	snprintf(arguments, sizeof(arguments), "send-keys %s", names);
	tmux(arguments);
}

static char *shot(const char *options)
{
	return run(NULL, TMUX "capture-pane -p %s", dir, server, options);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* What is on the screen once it holds this; fails after ten seconds. */
static char *wait_for(const char *what)
{
	char *text = NULL;
	int i;

	for (i = 0; i < 200; i++) {
		free(text);
		text = shot("");
		if (strstr(text, what))
			return text;
		pause_ms(50);
	}
	fail_msg("\"%s\" did not come:\n%s", what, text);
	return NULL;
}

static void expect(const char *what)
{
	free(wait_for(what));
}

static void expect_gone(const char *what)
{
	int i;

	for (i = 0; i < 200; i++) {
		char *text = shot("");
		bool gone = !strstr(text, what);

		free(text);
		if (gone)
			return;
		pause_ms(50);
	}
	fail_msg("\"%s\" stayed", what);
}

#define NEEDS_TMUX()            \
	do {                    \
		if (!have_tmux) \
			skip(); \
	} while (0)

static void rows(void **state)
{
	char *text;
	const char *head;

	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 110, 36);
	text = wait_for("q quit");
	assert_fits(text, 110);
	assert_int_equal(strncmp(text, "shimscope on node-1, backend fentry, every 30.0 s\n", 50), 0);
	assert_non_null(strstr(text, "2,929,680 calls, 217 MiB, CPU 3.02 s (10% of a CPU)\n"));
	assert_non_null(strstr(text, "losses: untimed 2\n"));
	head = line_of(text, "transport ");
	assert_cell(head, line_of(head, "file "), "calls", "421,000");
	assert_cell(head, line_of(head, "unix-stream ttrpc "), "channels", "3");
	line_of(text, "7 streams by CPU (all on this screen)\n");
	head = line_of(text, "stream ");
	assert_cell(head, line_of(head, "shop/web-0/app stdout "), "logged", "38.1 MiB");
	assert_true(line_of(head, "shop/web-0/app stdout ") < line_of(head, "default/job-1 stdout "));
	free(text);
	stop();
}

static void lists_and_orders(void **state)
{
	char *text;
	const char *head;

	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 120, 40);
	expect("7 streams by CPU");
	keys("n");
	expect("7 streams by calls");
	keys("b");
	expect("7 streams by bytes");
	keys("e");
	expect("7 streams by EAGAIN");
	keys("Tab");
	text = wait_for("19 channels by EAGAIN");
	head = line_of(text, "channel ");
	assert_cell(head, next_line(head), "calls", "1,200,000");
	assert_non_null(strstr(text, "fifo container-log"));
	free(text);
	keys("Tab c");
	text = wait_for("processes by CPU");
	head = line_of(text, "process ");
	assert_int_equal(strncmp(next_line(head), "containerd 1.6.20~ds1 ", 22), 0);
	assert_cell(head, next_line(head), "pid", "812");
	free(text);
	keys("Tab");
	expect("7 streams by CPU");
	keys("BTab");
	expect("processes by CPU");
	stop();
}

static void scrolling(void **state)
{
	(void)state;
	NEEDS_TMUX();
	start("", "crowd", "plain", 100, 24);
	/* 24 lines: 4 of head, 4 of transports, a blank, the list's 2 titles, the last line. */
	expect("streams 1 to 12 of 60, by CPU");
	expect("shop/crowd-59/app stdout");
	keys("Down");
	expect("streams 2 to 13 of 60");
	keys("NPage");
	expect("streams 14 to 25 of 60");
	keys("End");
	expect("streams 49 to 60 of 60");
	expect("shop/crowd-0/app stdout");
	keys("Down NPage");
	expect("streams 49 to 60 of 60");
	keys("PPage Up");
	expect("streams 36 to 47 of 60");
	keys("Home");
	expect("streams 1 to 12 of 60");
	keys("Up PPage");
	expect("streams 1 to 12 of 60");
	stop();
}

static void pausing(void **state)
{
	char *first, *second, when[32];

	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 100, 30);
	expect("q quit");
	keys("p");
	first = wait_for("[PAUSED]");
	snprintf(when, sizeof(when), "%.24s", next_line(first));
	assert_int_equal(strncmp(when, "2026-01-02T03:", 14), 0);
	pause_ms(500); /* some intervals later */
	second = shot("");
	assert_string_equal(first, second);
	keys("n"); /* keys work on what stands still */
	free(wait_for("streams by calls"));
	expect(when);
	keys("p");
	expect_gone("[PAUSED]");
	expect_gone(when);
	free(first);
	free(second);
	stop();
}

static void help(void **state)
{
	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 100, 30);
	expect("q quit");
	keys("'?'");
	expect("Any key closes this.");
	keys("x");
	expect("streams by CPU");
	stop();
}

static void resizing(void **state)
{
	static const struct {
		int columns, lines;
		const char *want;
	} sizes[] = {
		{ 60, 20, "streams 1 to 6 of 7" },
		{ 140, 50, "7 streams by CPU (all on this screen)" },
		{ 20, 6, "shimscope on" },
		{ 3, 2, "s" },
		{ 80, 24, "7 streams by CPU (all on this screen)" },
	};
	char arguments[64], *text;
	const char *head;
	size_t i;

	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 110, 36);
	expect("q quit");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(arguments, sizeof(arguments), "resize-window -x %d -y %d", sizes[i].columns,
			 sizes[i].lines);
		tmux(arguments);
		pause_ms(300);
		text = wait_for(sizes[i].want);
		assert_fits(text, sizes[i].columns);
		if (sizes[i].columns >= 60) {
			line_of(text, "shimscope on node-1, ");
			line_of(text, "q quit ");
			head = line_of(text, "stream ");
			assert_cell(head, line_of(text, "shop/web-0/app stdout "), "CPU", "2.04 s");
		}
		free(text);
	}
	expect("q quit");
	stop();
}

/* A new size is seen also when its signal is not. */
static void resizing_unheard(void **state)
{
	char *text;

	(void)state;
	NEEDS_TMUX();
	start("", "node", "deaf", 110, 36);
	expect("q quit");
	tmux("resize-window -x 60 -y 20");
	pause_ms(400);
	text = wait_for("streams 1 to 6 of 7");
	assert_fits(text, 60);
	line_of(text, "q quit  ? help ");
	free(text);
	stop();
}

/* Keys are answered at once, not with the next interval. */
static void between_intervals(void **state)
{
	(void)state;
	NEEDS_TMUX();
	start("", "node", "once", 110, 36);
	expect("7 streams by CPU");
	keys("Tab");
	expect("19 channels by CPU");
	keys("n");
	expect("19 channels by calls");
	stop();
}

/* The terminal is as it was: what stood on it, its settings, its cursor. */
static void assert_given_back(const char *mark)
{
	char *text, *same;
	int status;

	text = wait_for(mark);
	line_of(text, "BEFORE\n");
	assert_null(strstr(text, "shimscope on"));
	assert_null(strstr(text, "q quit"));
	free(text);
	same = run(&status,
		   "for i in $(seq 100); do grep -q AFTER %s/after && break; sleep 0.05; done; "
		   "grep -v AFTER %s/after | cmp - %s/before",
		   dir, dir, dir);
	assert_int_equal(status, 0);
	free(same);
	text = run(NULL, TMUX "display-message -p '#{cursor_flag}#{alternate_on}'", dir, server);
	assert_string_equal(text, "10\n");
	free(text);
}

static void leaving(void **state)
{
	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 100, 30);
	expect("q quit");
	keys("q");
	expect("the screen was left");
	assert_given_back("AFTER 0");
	stop();
	start("", "node", "exit", 100, 30);
	expect("q quit");
	keys("q");
	assert_given_back("AFTER 0");
	stop();
}

static void colours(void **state)
{
	char *text;

	(void)state;
	NEEDS_TMUX();
	/* Yellow where something was lost, if there are colours and nobody minds them. */
	start("", "node", "lossy", 100, 30);
	expect("losses: ring_dropped 17, untimed 2");
	text = shot("-e");
	assert_non_null(strstr(text, "33m"));
	free(text);
	stop();
	start("NO_COLOR=1", "node", "lossy", 100, 30);
	expect("losses: ring_dropped 17, untimed 2");
	text = shot("-e");
	assert_null(strstr(text, "33m"));
	free(text);
	stop();
	start("TERM=vt100", "node", "lossy", 100, 30); /* monochrome */
	expect("losses: ring_dropped 17, untimed 2");
	keys("q");
	expect("AFTER 0");
	stop();
}

static void hostile(void **state)
{
	char *text;

	(void)state;
	NEEDS_TMUX();
	start("", "hostile", "plain", 90, 30);
	text = wait_for("q quit");
	assert_fits(text, 90);
	assert_non_null(strstr(text, "\\x1b[2J"));
	assert_int_equal(strncmp(text, "shimscope on =cmd|' /C calc'", 28), 0);
	free(text);
	keys("Tab");
	expect("channels by CPU");
	keys("Tab");
	text = wait_for("processes by CPU");
	assert_fits(text, 90);
	free(text);
	/* In a locale without UTF-8 as well. */
	stop();
	start("LC_ALL=C", "hostile", "plain", 90, 30);
	text = wait_for("q quit");
	assert_non_null(strstr(text, "us"));
	assert_null(strstr(text, "µ"));
	free(text);
	stop();
}

/*
 * A terminal that goes away ends the program, though the signal is ignored and standard input
 * readable.
 */
static void hanging_up(void **state)
{
	char *text;
	int status;

	(void)state;
	NEEDS_TMUX();
	start("", "node", "plain", 90, 30);
	expect("q quit");
	tmux("kill-server");
	text = run(&status,
		   "for i in $(seq 200); do grep -q AFTER %s/after 2>/dev/null && exit 0; sleep "
		   "0.05; done; exit 1",
		   dir);
	free(text);
	assert_int_equal(status, 0);
}

static void no_terminal(void **state)
{
	char *text;
	int status;

	(void)state;
	text = run(&status, "'%s' --screen node plain </dev/null", self);
	assert_int_equal(status, 1);
	assert_string_equal(text, "no screen: Inappropriate ioctl for device\n");
	free(text);
	NEEDS_TMUX();
	start("TERM=no-such-terminal", "node", "plain", 90, 30);
	expect("no screen: Operation not supported");
	expect("AFTER 1");
	stop();
}

static int set_up(void **state)
{
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *text;
	int status;

	(void)state;
	if (len < 0 || !mkdtemp(dir))
		return -1;
	self[len] = '\0';
	text = run(&status, "command -v tmux");
	have_tmux = status == 0;
	free(text);
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

static int tear_down(void **state)
{
	char *text;

	(void)state;
	/* A test that failed leaves its terminal. */
	for (; have_tmux && server; server--)
		free(run(NULL, TMUX "kill-server 2>&1", dir, server));
	text = run(NULL, "rm -rf %s", dir);
	free(text);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(lists_and_orders),
		cmocka_unit_test(scrolling),
		cmocka_unit_test(pausing),
		cmocka_unit_test(help),
		cmocka_unit_test(resizing),
		cmocka_unit_test(resizing_unheard),
		cmocka_unit_test(between_intervals),
		cmocka_unit_test(leaving),
		cmocka_unit_test(colours),
		cmocka_unit_test(hostile),
		cmocka_unit_test(hanging_up),
		cmocka_unit_test(no_terminal),
	};

	if (argc == 4 && !strcmp(argv[1], "--screen"))
		return screen(argv[2], argv[3]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
