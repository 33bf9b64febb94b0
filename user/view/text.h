/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text for a terminal: what is safe to print, how many columns it takes, where it is cut. Where the
 * locale's codeset is not UTF-8, everything that is printed is ASCII.
 */
#ifndef SHIMSCOPE_VIEW_TEXT_H
#define SHIMSCOPE_VIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Is the locale's codeset UTF-8? (setlocale(LC_CTYPE, "") is the program's to call.) */
bool text_utf8(void);

const char *text_arrow(void);	 /* "→" or "->" */
const char *text_both(void);	 /* "↔" or "<->" */
const char *text_ellipsis(void); /* "…" or "~": one column either way */
const char *text_at_least(void); /* "≥" or ">=" */

/*
 * Decode one character. Returns its length in bytes (1 to 4), 0 when s does not begin with valid
 * UTF-8 (overlong forms, surrogates and what lies beyond U+10FFFF are not) or left is 0.
 */
size_t text_decode(const char *s, size_t left, uint32_t *cp);

/*
 * Turn one character of an untrusted name into what is printed: itself, or its bytes as \xNN when
 * it is invalid, a control or format character, or foreign to the locale. piece takes at least
 * TEXT_PIECE bytes and is terminated; *columns is its width. Returns the bytes of s that it stands
 * for (s is not empty).
 */
#define TEXT_PIECE 17
size_t text_piece(const char *s, size_t left, char *piece, int *columns);

/* A whole name made printable, the caller's to free; NULL when out of memory. */
char *text_clean_dup(const char *name);

/* Columns that printable text takes. */
int text_width(const char *s);

enum text_cut {
	TEXT_CUT_END,	/* keep the beginning: names */
	TEXT_CUT_START, /* keep the end: paths */
};

/*
 * Printable text cut to at most columns columns, with an ellipsis where something is missing. buf
 * is returned; size limits as well.
 */
char *text_cut(char *buf, size_t size, const char *s, int columns, enum text_cut cut);

/*
 * Print text as a paragraph: words wrapped to width columns (0: one line), its first line indented
 * by first, the others by rest; the last newline is left to the caller. The text is made printable
 * here. Returns 0 or -ENOMEM.
 */
int text_wrap(FILE *out, const char *text, int width, int first, int rest);

/*
 * Flush. Returns 0, or a negative errno (-EIO when it is no longer known) if anything could not be
 * written.
 */
int text_finish(FILE *out);

#endif
