// SPDX-License-Identifier: GPL-2.0-only
/* The end of a trace in a few lines: the transports side by side and what was lost. */
#include <errno.h>

#include "view/report.h"
#include "view/text.h"

int view_summary_text(FILE *out, const struct model *m, const struct view_options *o)
{
	struct names *names = names_new(m);
	int err = names ? report_head(out, m, names, o) : -ENOMEM;

	if (!err)
		err = report_transports(out, m, o);
	if (!err && !m->exact)
		err = report_losses(out, m, o);
	names_free(names);
	return err ? err : text_finish(out);
}
