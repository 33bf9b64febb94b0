/* SPDX-License-Identifier: GPL-2.0-only */
/* Two traces compared, as text and JSON. */
#ifndef SHIMSCOPE_VIEW_DIFF_VIEW_H
#define SHIMSCOPE_VIEW_DIFF_VIEW_H

#include "diff/compare.h"
#include "diff/fail_on.h"
#include "view/view.h"

int view_diff_text(FILE *out, const struct diff *d, const struct view_options *o);
int view_diff_json(FILE *out, const struct diff *d);

#endif
