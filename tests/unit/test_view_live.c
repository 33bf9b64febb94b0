// SPDX-License-Identifier: GPL-2.0-only
/* One block of the live view, and the copy of an interval that the live screen works on. */
#include "test_view.h"

#include "view/live.h"

static void block(void **state)
{
	struct fixture *f = fixture_node();
	char *text = render_width(view_live_text, &f->m, 0);
	const char *head, *row, *other;
	int64_t sum = 0, total = 0;
	size_t i;

	(void)state;
	line_of(text, "2026-01-02T03:04:05.123Z + 30.0 s, fentry on node-1: 2,929,680 calls, 217 "
		      "MiB, CPU 3.02 s (10% of a "
		      "CPU); losses: untimed 2\n");
	head = line_of(text, "transport ");
	assert_cell(head, line_of(head, "file "), "calls", "421,000");
	for (i = 0; i < f->m.n_transports; i++)
		total += (int64_t)f->m.transports[i].n.calls;
	head = line_of(text, "stream ");
	row = line_of(head, "shop/web-0/app stdout ");
	assert_ptr_equal(row, next_line(head)); /* the dearest first */
	assert_cell(head, row, "logged", "38.1 MiB");
	assert_cell(head, row, "calls", "2,400,000");
	assert_cell(head, row, "EAGAIN", "33%");
	assert_cell(head, row, "CPU", "2.04 s");
	assert_cell(head, row, "CPU/log B", "51.0 ns");
	assert_cell(head, line_of(head, "shop/web-0/app stdout+stderr "), "calls", "401,000");
	line_of(head, "default/job-1 exec probe-7 stdout ");
	/* Every call is in one row. */
	other = line_of(head, "other channels ");
	for (row = next_line(head); row <= other; row = next_line(row))
		sum += number_in(head, row, "calls");
	assert_int_equal(sum, total);
	/* Blocks are told apart by an empty line. */
	assert_string_equal(next_line(other), "\n");
	free(text);
	fixture_free(f);
}

static void rows(void **state)
{
	struct fixture *f = fixture_crowd(30);
	char *text = render(view_live_text, &f->m,
			    &(struct view_options){ .width = 100, .rows = 4, .sort = VIEW_SORT_NAME });
	const char *head = line_of(text, "stream "), *row;
	int64_t sum = 0;
	size_t n = 0;

	(void)state;
	for (row = next_line(head); *row != '\n'; row = next_line(row)) {
		sum += number_in(head, row, "calls");
		n++;
	}
	assert_int_equal(n, 5);
	assert_int_equal(sum, 60 * 30 * 31 / 2);
	assert_non_null(strstr(next_line(head), "shop/crowd-0/app stdout"));
	line_of(text, "26 more streams ");
	free(text);
	fixture_free(f);
}

static void quiet(void **state)
{
	struct fixture *f = fixture_new();
	char *text;

	(void)state;
	/* Whether the trace will end well is not known yet: no loss to speak of. */
	f->m.trace.complete = f->m.exact = false;
	text = render_width(view_live_text, &f->m, 0);
	assert_string_equal(text, "2026-01-02T03:04:05.123Z + 30.0 s, fentry on node-1: 0 calls, 0 "
				  "B, CPU 0 ns (0% of a "
				  "CPU); losses: none\n\n");
	free(text);
	f->m.loss = (struct fact_loss){ 3, 12345, FACT_UNKNOWN, 0, 0, 0 };
	f->m.trace.duration_ns = FACT_UNKNOWN;
	text = render_width(view_live_text, &f->m, 0);
	assert_non_null(strstr(text, "; losses: ring_dropped 3, folded 12,345, map_full ?\n"));
	assert_non_null(strstr(text, "(? of a CPU)"));
	free(text);
	fixture_free(f);
}

static void lists(void **state)
{
	struct fixture *f = fixture_node();
	const struct live_row *r;
	struct figures sum = { 0 };
	struct live l;
	size_t i;

	(void)state;
	assert_int_equal(live_collect(&l, &f->m), 0);
	assert_int_equal(l.lists[LIVE_TRANSPORTS].n, f->m.n_transports);
	assert_int_equal(l.lists[LIVE_CHANNELS].n, f->m.n_channels - 3); /* but three that nobody used */
	for (i = 0; i < l.lists[LIVE_CHANNELS].n; i++)
		figures_sum(&sum, &l.lists[LIVE_CHANNELS].rows[i].n);
	assert_int_equal(sum.calls, l.total.calls);
	assert_int_equal(sum.bytes, l.total.bytes);
	assert_int_equal(sum.cpu_ns, l.total.cpu_ns);
	memset(&sum, 0, sizeof(sum));
	for (i = 0; i < l.lists[LIVE_PROCESSES].n; i++)
		figures_sum(&sum, &l.lists[LIVE_PROCESSES].rows[i].n);
	assert_int_equal(sum.calls, l.total.calls);
	assert_int_equal(sum.eagain, l.total.eagain);

	/* It is a copy: the model may go. */
	fixture_free(f);
	live_sort(&l, LIVE_PROCESSES, VIEW_SORT_CPU);
	r = &l.lists[LIVE_PROCESSES].rows[0];
	assert_string_equal(r->name, "containerd 1.6.20~ds1");
	assert_int_equal(r->pid, 812);
	assert_int_equal(r->cpu_ns, 4100000000);
	assert_int_equal(r->rss_bytes, 48 << 20);
	live_sort(&l, LIVE_CHANNELS, VIEW_SORT_EAGAIN);
	for (i = 1; i < l.lists[LIVE_CHANNELS].n; i++)
		assert_true(l.lists[LIVE_CHANNELS].rows[i - 1].n.eagain >=
			    l.lists[LIVE_CHANNELS].rows[i].n.eagain);
	live_sort(&l, LIVE_CHANNELS, VIEW_SORT_CALLS);
	for (i = 1; i < l.lists[LIVE_CHANNELS].n; i++)
		assert_true(l.lists[LIVE_CHANNELS].rows[i - 1].n.calls >=
			    l.lists[LIVE_CHANNELS].rows[i].n.calls);
	live_sort(&l, LIVE_STREAMS, VIEW_SORT_BYTES);
	assert_string_equal(l.lists[LIVE_STREAMS].rows[0].name, "shop/web-0/app stdout");
	live_free(&l);
}

static void fits(void **state)
{
	static const int widths[] = { 40, 60, 80, 120, 0 };
	struct fixture *nodes[] = { fixture_node(), fixture_hostile(), fixture_crowd(12) };
	size_t i, n;

	(void)state;
	for (n = 0; n < sizeof(nodes) / sizeof(nodes[0]); n++) {
		for (i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
			char *text = render_width(view_live_text, &nodes[n]->m, widths[i]);

			assert_fits(text, widths[i]);
			free(text);
		}
		fixture_free(nodes[n]);
	}
}

static int live_80(FILE *out, const struct model *m)
{
	return view_live_text(out, m, &(struct view_options){ .width = 80 });
}

static void disk_full(void **state)
{
	struct fixture *f = fixture_node();

	(void)state;
	assert_int_equal(full_disk(live_80, &f->m), -ENOSPC);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(block, utf8_locale),	cmocka_unit_test_setup(rows, utf8_locale),
		cmocka_unit_test_setup(quiet, utf8_locale),	cmocka_unit_test_setup(lists, utf8_locale),
		cmocka_unit_test_setup(fits, utf8_locale),	cmocka_unit_test_setup(fits, ascii_locale),
		cmocka_unit_test_setup(disk_full, utf8_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
