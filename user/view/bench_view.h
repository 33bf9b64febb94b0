/* SPDX-License-Identifier: GPL-2.0-only */
/* A result of the bench, for people and for programs; both say that it is synthetic. */
#ifndef SHIMSCOPE_VIEW_BENCH_VIEW_H
#define SHIMSCOPE_VIEW_BENCH_VIEW_H

#include <stdio.h>

#include "bench/bench.h"
#include "view/view.h"

/* Each returns 0 or a negative errno, the output flushed. */
int view_bench_text(FILE *out, const struct bench_result *r, const struct view_options *o);
/* One object, which bench_result_read() reads back. */
int view_bench_json(FILE *out, const struct bench_result *r);

#endif
