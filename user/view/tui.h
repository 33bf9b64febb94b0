/* SPDX-License-Identifier: GPL-2.0-only */
/* The live screen (ncurses): repaints a block per interval, keys to sort, scroll and leave. */
#ifndef SHIMSCOPE_VIEW_TUI_H
#define SHIMSCOPE_VIEW_TUI_H

#include "view/view.h"

struct tui;

/*
 * Take over the terminal. NULL with errno set when it cannot: ENOTTY when standard input or output
 * is no terminal, ENOTSUP when TERM is not known. An exit() gives the terminal back as well.
 */
struct tui *tui_open(void);
/* Repaint from a resolved model, of which it keeps nothing. Returns 0 or -ENOMEM. */
int tui_paint(struct tui *t, const struct model *m);
/* The descriptor to wait on for keys (standard input). */
int tui_fd(const struct tui *t);
/*
 * Handle waiting keys and a changed size of the terminal; cheap when there is nothing, and never
 * waits. Returns 1 when the user wants to leave or the terminal is gone, 0 otherwise.
 */
int tui_keys(struct tui *t);
void tui_close(struct tui *t); /* gives the terminal back as it was */

#endif
