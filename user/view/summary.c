// SPDX-License-Identifier: GPL-2.0-only
/* The end of a trace in a few lines: the transports side by side and what was lost. */
#include "view/report.h"
#include "view/text.h"

int view_summary_text(FILE *out, const struct model *m, const struct view_options *o)
{
	int err = report_head(out, m, o);

	if (!err)
		err = report_transports(out, m, o);
	if (!err && !m->exact)
		err = report_losses(out, m, o);
	return err ? err : text_finish(out);
}
