/* SPDX-License-Identifier: GPL-2.0-only */
/* What --fail-on says: METRIC>N%. */
#ifndef SHIMSCOPE_DIFF_FAIL_ON_H
#define SHIMSCOPE_DIFF_FAIL_ON_H

#include "diff/metrics.h"

struct fail_on {
	enum diff_metric metric;
	double bound; /* worse than this share: 0.05 for 5% */
};

/*
 * Read "cpu_per_mb>5%"; blanks are allowed around its parts. Returns 0, or -EINVAL with a message that
 * says what is wrong in err.
 */
int fail_on_parse(const char *text, struct fail_on *ret, char *err, size_t err_size);

#endif
