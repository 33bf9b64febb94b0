// SPDX-License-Identifier: GPL-2.0-only
/* What --fail-on takes and what it refuses. */
#include "test_model.h"

#include "diff/fail_on.h"

static void takes(const char *text, enum diff_metric metric, double bound)
{
	struct fail_on f;
	char err[1024];

	assert_int_equal(fail_on_parse(text, &f, err, sizeof(err)), 0);
	assert_int_equal(f.metric, metric);
	assert_true(f.bound > bound - 1e-12 && f.bound < bound + 1e-12);
}

static void refuses(const char *text, const char *why)
{
	struct fail_on f;
	char err[1024] = "";

	assert_int_equal(fail_on_parse(text, &f, err, sizeof(err)), -EINVAL);
	if (!strstr(err, why))
		fail_msg("'%s': '%s' does not say '%s'", text, err, why);
}

static void bounds(void **state)
{
	(void)state;
	takes("cpu_per_mb>5%", METRIC_CPU_PER_MB, 0.05);
	takes(" rpc_bytes \t> 12.5 % ", METRIC_RPC_BYTES, 0.125);
	takes("eagain_share>0%", METRIC_EAGAIN_SHARE, 0);
	takes("shim_pss>1000%", METRIC_SHIM_PSS, 10);
}

static void mistakes(void **state)
{
	(void)state;
	refuses("", "is no metric");
	refuses("cpu>5%", "'cpu' is no metric; there are cpu_per_mb, cpu_per_record");
	refuses("cpu>5%", "rpc_bytes");
	refuses("cpu_per_mb", "comes >");
	refuses("cpu_per_mb<5%", "comes >");
	refuses("cpu_per_mb>=5%", "percentage");
	refuses("cpu_per_mb>5", "percentage");
	refuses("cpu_per_mb>5.%", "percentage");
	refuses("cpu_per_mb>.5%", "percentage");
	refuses("cpu_per_mb>-5%", "percentage");
	refuses("cpu_per_mb>inf%", "percentage");
	refuses("cpu_per_mb>1e3%", "percentage");
	refuses("cpu_per_mb>5%%", "percentage");
	refuses("cpu_per_mb>5% x", "percentage");
	refuses("cpu_per_mb>1234567890123%", "percentage");
	refuses("CPU_PER_MB>5%", "is no metric");
}

/* Each name leads to its metric, and the table names everything. */
static void names(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < METRIC_COUNT; i++) {
		const struct diff_metric_info *m = &diff_metrics[i];

		assert_int_equal(diff_metric_find(m->name, strlen(m->name)), i);
		assert_int_equal(diff_metric_find(m->name, strlen(m->name) - 1), METRIC_COUNT);
		assert_non_null(m->title);
		assert_true(m->scale > 0);
		assert_true(m->floor > 0 && m->floor < 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
