// SPDX-License-Identifier: GPL-2.0-only
/* The live screen. It paints from a copy of the last interval, so that keys need no model. */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view/live.h"
#include "view/names.h"
#include "view/text.h"
#include "view/tui.h"

#define PAIR_WARN 1

struct tui {
	SCREEN *screen;
	struct live live;
	bool filled; /* live holds an interval */
	enum live_list list;
	enum view_sort sort;
	size_t first; /* the list's first row on the screen */
	size_t page;  /* rows of the list on the screen */
	bool paused, help, colour;
};

/* An exit() from anywhere must not leave the terminal in curses' hands. */
static bool screen_taken;

static void give_back(void)
{
	if (!screen_taken)
		return;
	screen_taken = false;
	endwin();
}

struct tui *tui_open(void)
{
	const char *no_colour = getenv("NO_COLOR");
	static bool registered;
	struct tui *t;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		errno = ENOTTY;
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->list = LIVE_STREAMS;
	t->screen = newterm(NULL, stdout, stdin);
	if (!t->screen) {
		free(t);
		errno = ENOTSUP;
		return NULL;
	}
	screen_taken = true;
	if (!registered)
		registered = !atexit(give_back);
	set_term(t->screen);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	if (has_colors() && !(no_colour && *no_colour)) {
		start_color();
		use_default_colors();
		t->colour = init_pair(PAIR_WARN, COLOR_YELLOW, -1) != ERR;
	}
	return t;
}

void tui_close(struct tui *t)
{
	if (!t)
		return;
	give_back();
	delscreen(t->screen);
	live_free(&t->live);
	free(t);
}

int tui_fd(const struct tui *t)
{
	(void)t;
	return STDIN_FILENO;
}

static attr_t attribute(const struct tui *t, enum table_style style)
{
	switch (style) {
	case TABLE_STRONG:
		return A_BOLD;
	case TABLE_DIM:
		return A_DIM;
	case TABLE_HEAD:
		return A_UNDERLINE;
	case TABLE_WARN:
		return t->colour ? COLOR_PAIR(PAIR_WARN) | A_BOLD : A_BOLD;
	case TABLE_PLAIN:
		break;
	}
	return A_NORMAL;
}

/* One line at row y, cut to the screen; text is made printable. */
static void line(const struct tui *t, int y, enum table_style style, const char *text)
{
	char buf[1024];

	if (y < 0 || y >= LINES)
		return;
	attrset((int)attribute(t, style));
	mvaddstr(y, 0, view_clean(buf, sizeof(buf), text, COLS));
	attrset(A_NORMAL);
}

__attribute__((format(printf, 4, 5))) static void linef(const struct tui *t, int y, enum table_style style,
							const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	line(t, y, style, buf);
}

/* A table from row y on, at most room rows with its titles. Returns the rows used, or -ENOMEM. */
static int paint_table(const struct tui *t, struct table *table, int y, int room)
{
	int used = 0;
	long i;

	if (!table || table_fit(table, COLS))
		return -ENOMEM;
	for (i = -1; i < (long)table_rows(table) && used < room; i++, used++) {
		char *text = table_line(table, i);

		if (!text)
			return -ENOMEM;
		line(t, y + used, table_style_of(table, i), text);
		free(text);
	}
	return used;
}

static const char *const help_lines[] = {
	"c      sort by CPU time",
	"b      sort by bytes",
	"n      sort by number of calls",
	"e      sort by EAGAIN returns",
	"Tab    streams, channels, processes",
	"Up Down PgUp PgDn Home End    scroll",
	"p      pause, and go on",
	"q      quit",
	"",
	"CPU is time on a CPU inside traced calls; blocked is time off it inside them.",
	"Of a process, CPU is all of its CPU time, in traced calls and elsewhere.",
	"CPU/log B is CPU time on the way per byte that the container logged.",
	"EAGAIN is the share of calls that found nothing to read or no room to write.",
	"",
	"Any key closes this.",
};

static const char *sort_name(enum view_sort sort)
{
	static const char *const names[] = { "CPU", "bytes", "calls", "EAGAIN", "name" };

	return names[sort];
}

static int paint_transports(struct tui *t, int y, int room)
{
	struct table *table;
	int used;

	live_sort(&t->live, LIVE_TRANSPORTS, VIEW_SORT_CPU);
	table = live_table(&t->live, LIVE_TRANSPORTS, 0, (size_t)room);
	used = paint_table(t, table, y, room);
	table_free(table);
	return used;
}

/* Show the list from this row on, as far as a full page goes. */
static void scroll_to(struct tui *t, size_t first)
{
	size_t n = t->live.lists[t->list].n, last = n > t->page ? n - t->page : 0;

	t->first = first < last ? first : last;
}

static int paint_list(struct tui *t, int y, int room)
{
	size_t n = t->live.lists[t->list].n;
	struct table *table;
	int used;

	t->page = room > 2 ? (size_t)(room - 2) : 1;
	scroll_to(t, t->first);
	linef(t, y, TABLE_STRONG, "%zu %s by %s%s", n, live_list_name(t->list), sort_name(t->sort),
	      n > t->page ? "" : " (all on this screen)");
	if (n > t->page)
		linef(t, y, TABLE_STRONG, "%s %zu to %zu of %zu, by %s", live_list_name(t->list),
		      t->first + 1, t->first + t->page, n, sort_name(t->sort));
	live_sort(&t->live, t->list, t->sort);
	table = live_table(&t->live, t->list, t->first, t->page);
	used = paint_table(t, table, y + 1, room - 1);
	table_free(table);
	return used;
}

static int paint_live(struct tui *t)
{
	char summary[256], every[64];
	struct live *l = &t->live;
	int y = 0, used, room;

	linef(t, y++, TABLE_STRONG, "shimscope on %s, backend %s, every %s%s", l->host, l->backend,
	      number_duration(every, sizeof(every), l->duration_ns), t->paused ? "  [PAUSED]" : "");
	linef(t, y++, TABLE_PLAIN, "%s  %s", l->when, live_summary(summary, sizeof(summary), l));
	linef(t, y++, l->lossless ? TABLE_PLAIN : TABLE_WARN, "losses: %s", l->losses);
	y++;
	/* The transports take what they need, up to a third of the screen. */
	room = LINES / 3;
	used = paint_transports(t, y, room);
	if (used < 0)
		return used;
	y += used + 1;
	used = paint_list(t, y, LINES - 1 - y);
	return used < 0 ? used : 0;
}

/* The signal that tells of a new size may have been taken by someone else: look. */
static bool resize(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col ||
	    (size.ws_row == LINES && size.ws_col == COLS))
		return false;
	return resizeterm(size.ws_row, size.ws_col) != ERR;
}

static int paint(struct tui *t)
{
	int err = 0;
	size_t i;

	erase();
	if (t->help) {
		for (i = 0; i < sizeof(help_lines) / sizeof(help_lines[0]); i++)
			line(t, (int)i, TABLE_PLAIN, help_lines[i]);
	} else if (t->filled) {
		err = paint_live(t);
		line(t, LINES - 1, TABLE_DIM,
		     "q quit  ? help  Tab next list  c CPU  b bytes  n calls  e EAGAIN  p pause");
	} else {
		line(t, 0, TABLE_DIM, "Waiting for the first interval. q quits.");
	}
	refresh();
	return err;
}

int tui_paint(struct tui *t, const struct model *m)
{
	struct live fresh;
	int err;

	if (!t->paused) {
		err = live_collect(&fresh, m);
		if (err) {
			live_free(&fresh);
			return err;
		}
		live_free(&t->live);
		t->live = fresh;
		t->filled = true;
	}
	resize();
	return paint(t);
}

static void scroll_up(struct tui *t, size_t rows)
{
	scroll_to(t, t->first > rows ? t->first - rows : 0);
}

static void sort_by(struct tui *t, enum view_sort sort)
{
	t->sort = sort;
	t->first = 0;
}

/* Returns 1 when the key means to leave. */
static int key(struct tui *t, int c)
{
	if (c == 'q' || c == 'Q')
		return 1;
	if (t->help && c != KEY_RESIZE) {
		t->help = false;
		return 0;
	}
	switch (c) {
	case 'c':
		sort_by(t, VIEW_SORT_CPU);
		break;
	case 'b':
		sort_by(t, VIEW_SORT_BYTES);
		break;
	case 'n':
		sort_by(t, VIEW_SORT_CALLS);
		break;
	case 'e':
		sort_by(t, VIEW_SORT_EAGAIN);
		break;
	case '\t':
		t->list = t->list == LIVE_PROCESSES ? LIVE_STREAMS : t->list + 1;
		t->first = 0;
		break;
	case KEY_BTAB:
		t->list = t->list == LIVE_STREAMS ? LIVE_PROCESSES : t->list - 1;
		t->first = 0;
		break;
	case KEY_UP:
		scroll_up(t, 1);
		break;
	case KEY_DOWN:
		scroll_to(t, t->first + 1);
		break;
	case KEY_PPAGE:
		scroll_up(t, t->page);
		break;
	case KEY_NPAGE:
		scroll_to(t, t->first + t->page);
		break;
	case KEY_HOME:
		t->first = 0;
		break;
	case KEY_END:
		scroll_to(t, SIZE_MAX);
		break;
	case 'p':
	case ' ':
		t->paused = !t->paused;
		break;
	case '?':
	case 'h':
		t->help = true;
		break;
	case 'L' & 0x1f:
		clearok(stdscr, TRUE);
		break;
	default:
		break;
	}
	return 0;
}

int tui_keys(struct tui *t)
{
	struct pollfd gone = { .fd = STDIN_FILENO };
	bool changed = resize();
	int c;

	while ((c = getch()) != ERR) {
		if (key(t, c))
			return 1;
		changed = true;
	}
	/* A terminal that hung up is readable for ever and says nothing. */
	if (poll(&gone, 1, 0) > 0 && gone.revents & (POLLHUP | POLLERR | POLLNVAL))
		return 1;
	if (changed)
		paint(t);
	return 0;
}
