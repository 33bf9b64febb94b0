// SPDX-License-Identifier: GPL-2.0-only
/* Counters, numbers and names of the model. */
#include "test_model.h"

#include "model/counters.h"

static void adds_every_member(void **state)
{
	struct counters a = { 2, 3, 5, 7, 11, 13, 17, 19, 23, { 0 }, { 0 } };
	struct counters b = { 29, 31, 37, 41, 43, 47, 53, 59, 61, { 0 }, { 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < FACT_SIZE_BUCKETS; i++) {
		a.size_log2[i] = i;
		b.size_log2[i] = 100 * i;
	}
	for (i = 0; i < FACT_CPU_BUCKETS; i++) {
		a.cpu_log2[i] = 3 * i;
		b.cpu_log2[i] = 1000 * i;
	}
	counters_add(&a, &b);
	assert_int_equal(a.calls, 31);
	assert_int_equal(a.bytes, 34);
	assert_int_equal(a.moved_bytes, 42);
	assert_int_equal(a.peek_bytes, 48);
	assert_int_equal(a.eagain, 54);
	assert_int_equal(a.errors, 60);
	assert_int_equal(a.cpu_ns, 70);
	assert_int_equal(a.blocked_ns, 78);
	assert_int_equal(a.untimed, 84);
	for (i = 0; i < FACT_SIZE_BUCKETS; i++)
		assert_int_equal(a.size_log2[i], 101 * i);
	for (i = 0; i < FACT_CPU_BUCKETS; i++)
		assert_int_equal(a.cpu_log2[i], 1003 * i);
}

static void numbers_stay_defined(void **state)
{
	(void)state;
	assert_int_equal(counters_passed(&(struct counters){ .bytes = 31, .moved_bytes = 37 }), 68);
	assert_int_equal(counters_succeeded(&(struct counters){ .calls = 31, .eagain = 7, .errors = 5 }), 19);
	assert_int_equal(counters_succeeded(&(struct counters){ .calls = 3, .eagain = 7 }), 0);
	assert_true(number_of(UINT64_MAX) == INT64_MAX);
	assert_true(number_of(97) == 97);
	assert_true(number_sum(3, FACT_UNKNOWN) == FACT_UNKNOWN);
	assert_true(number_sum(FACT_UNKNOWN, 3) == FACT_UNKNOWN);
	assert_true(number_sum(INT64_MAX, 3) == INT64_MAX);
	assert_true(number_sum(3, 4) == 7);
	assert_true(number_since(7, 3) == 4);
	assert_true(number_since(3, 7) == 0);
	assert_true(number_since(FACT_UNKNOWN, 7) == FACT_UNKNOWN);
	assert_true(number_since(7, FACT_UNKNOWN) == FACT_UNKNOWN);
	assert_true(number_since(INT64_MAX, -5) == INT64_MAX);
	assert_true(number_since(INT64_MIN + 1, 5) == 0);
}

static void names_are_those_of_the_interface(void **state)
{
	static const char *const transports[] = { "none",	"pipe",		  "fifo", "unix-stream",
						  "unix-dgram", "unix-seqpacket", "pty",  "file" };
	static const char *const roles[] = {
		"other",      "container-output", "container-log", "container-stdin", "shim-log", "log-file",
		"ttrpc-task", "ttrpc-events",	  "grpc-api",	   "journald",	      "nri",	  "debug"
	};
	static const char *const protocols[] = { "unknown", "raw", "ttrpc", "grpc", "http", "syslog" };
	static const char *const processes[] = { "other", "containerd", "shim", "writer", "client" };
	int i;

	(void)state;
	for (i = 0; i < TRANSPORT_COUNT; i++)
		assert_string_equal(transport_name((enum transport)i), transports[i]);
	for (i = 0; i < ROLE_COUNT; i++)
		assert_string_equal(channel_role_name((enum channel_role)i), roles[i]);
	for (i = 0; i < PROTOCOL_COUNT; i++)
		assert_string_equal(protocol_name((enum protocol)i), protocols[i]);
	for (i = 0; i < PROCESS_ROLE_COUNT; i++)
		assert_string_equal(process_role_name((enum process_role)i), processes[i]);
	assert_string_equal(direction_name(DIRECTION_READ), "read");
	assert_string_equal(direction_name(DIRECTION_WRITE), "write");
	assert_string_equal(channel_role_name((enum channel_role)1000), "other");
	assert_string_equal(protocol_name((enum protocol)1000), "unknown");
	assert_string_equal(transport_name((enum transport)1000), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_every_member),
		cmocka_unit_test(numbers_stay_defined),
		cmocka_unit_test(names_are_those_of_the_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
