/* SPDX-License-Identifier: GPL-2.0-only */
/* The unified diff of two texts, line by line. */
#ifndef SHIMSCOPE_DIFF_LINES_H
#define SHIMSCOPE_DIFF_LINES_H

/*
 * What diff -U3 prints after its two file names: hunks of " ", "-" and "+" lines, each ending in a newline
 * (a last line without one is taken as if it had it). An empty string when the texts are the same. *ret is
 * the caller's to free. The edit script is the shortest (E. Myers, An O(ND) Difference Algorithm and Its
 * Variations, Algorithmica 1, 1986) unless the texts differ in more than LINES_MOST lines: then all between
 * the first and the last difference is replaced. Returns 0 or -ENOMEM.
 */
int lines_diff(const char *before, const char *after, char **ret);

#define LINES_MOST    2000
#define LINES_CONTEXT 3

#endif
