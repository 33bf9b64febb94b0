// SPDX-License-Identifier: GPL-2.0-only
/* Numbers as people read them, and the figures that rows add up. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view/number.h"
#include "view/text.h"
#include "view/view.h"

void figures_add(struct figures *to, const struct counters *n)
{
	to->calls += n->calls;
	to->bytes += n->bytes;
	to->moved_bytes += n->moved_bytes;
	to->eagain += n->eagain;
	to->errors += n->errors;
	to->cpu_ns += n->cpu_ns;
	to->blocked_ns += n->blocked_ns;
	to->untimed += n->untimed;
}

void figures_sum(struct figures *to, const struct figures *n)
{
	to->channels += n->channels;
	to->calls += n->calls;
	to->bytes += n->bytes;
	to->moved_bytes += n->moved_bytes;
	to->eagain += n->eagain;
	to->errors += n->errors;
	to->cpu_ns += n->cpu_ns;
	to->blocked_ns += n->blocked_ns;
	to->untimed += n->untimed;
}

static uint64_t without(uint64_t sum, uint64_t part)
{
	return sum > part ? sum - part : 0;
}

struct figures figures_without(const struct figures *sum, const struct figures *part)
{
	return (struct figures){
		.channels = without(sum->channels, part->channels),
		.calls = without(sum->calls, part->calls),
		.bytes = without(sum->bytes, part->bytes),
		.moved_bytes = without(sum->moved_bytes, part->moved_bytes),
		.eagain = without(sum->eagain, part->eagain),
		.errors = without(sum->errors, part->errors),
		.cpu_ns = without(sum->cpu_ns, part->cpu_ns),
		.blocked_ns = without(sum->blocked_ns, part->blocked_ns),
		.untimed = without(sum->untimed, part->untimed),
	};
}

static bool no_times(const struct figures *n)
{
	return n->calls && n->untimed >= n->calls;
}

int64_t figures_cpu(const struct figures *n)
{
	return no_times(n) ? FACT_UNKNOWN : number_signed(n->cpu_ns);
}

int64_t figures_blocked(const struct figures *n)
{
	return no_times(n) ? FACT_UNKNOWN : number_signed(n->blocked_ns);
}

double figures_cpu_per_call(const struct figures *n)
{
	return number_ratio(figures_cpu(n), number_signed(without(n->calls, n->untimed)));
}

double figures_cpu_per_byte(const struct figures *n)
{
	return number_ratio(figures_cpu(n), number_signed(n->bytes + n->moved_bytes));
}

double figures_bytes_per_call(const struct figures *n)
{
	return number_ratio(number_signed(n->bytes + n->moved_bytes), number_signed(n->calls));
}

int64_t number_signed(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

double number_ratio(int64_t a, int64_t b)
{
	if (a == FACT_UNKNOWN || b == FACT_UNKNOWN || a < 0 || b <= 0)
		return NUMBER_UNKNOWN;
	return (double)a / (double)b;
}

/* Three significant digits of 0 <= v < 1000, without a zero tail of a whole number below 10. */
static void three_digits(char *buf, size_t size, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	snprintf(buf, size, "%.*f %s", decimals, v, unit);
}

char *number_ns(char *buf, size_t size, double ns)
{
	const char *micro = text_utf8() ? "µs" : "us";

	if (ns < 0)
		snprintf(buf, size, "?");
	else if (ns == 0)
		snprintf(buf, size, "0 ns");
	else if (ns < 999.5)
		three_digits(buf, size, ns, "ns");
	else if (ns < 999.5e3)
		three_digits(buf, size, ns / 1e3, micro);
	else if (ns < 999.5e6)
		three_digits(buf, size, ns / 1e6, "ms");
	else if (ns < 999.5e9)
		three_digits(buf, size, ns / 1e9, "s");
	else {
		char n[NUMBER_SIZE];

		ns = ns / 1e9 + 0.5;
		snprintf(buf, size, "%s s", view_count(n, sizeof(n), ns < 9e18 ? (int64_t)ns : INT64_MAX));
	}
	return buf;
}

char *view_ns(char *buf, size_t size, int64_t ns)
{
	if (ns == FACT_UNKNOWN)
		snprintf(buf, size, "?");
	else if (ns > -1000 && ns < 1000)
		snprintf(buf, size, "%" PRId64 " ns", ns);
	else if (ns < 0) {
		char n[NUMBER_SIZE];

		snprintf(buf, size, "-%s", number_ns(n, sizeof(n), -(double)ns));
	} else {
		number_ns(buf, size, (double)ns);
	}
	return buf;
}

static const char *const size_units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

char *number_size(char *buf, size_t size, double bytes)
{
	size_t unit = 0;

	if (bytes < 0) {
		snprintf(buf, size, "?");
		return buf;
	}
	if (bytes < 1023.5) {
		snprintf(buf, size, "%.*f B", bytes < 9.95 && bytes != (double)(int)bytes ? 1 : 0, bytes);
		return buf;
	}
	/* 1023.95 KiB would be shown as 1024 KiB: it is 1.0 MiB. */
	while (bytes >= 1023.5 && unit < sizeof(size_units) / sizeof(size_units[0]) - 1) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buf, size, "%.*f %s", bytes < 99.95 ? 1 : 0, bytes, size_units[unit]);
	return buf;
}

char *view_bytes(char *buf, size_t size, int64_t bytes)
{
	if (bytes == FACT_UNKNOWN) {
		snprintf(buf, size, "?");
	} else if (bytes < 0) {
		char n[NUMBER_SIZE];

		snprintf(buf, size, "-%s", number_size(n, sizeof(n), -(double)bytes));
	} else {
		number_size(buf, size, (double)bytes);
	}
	return buf;
}

char *view_count(char *buf, size_t size, int64_t n)
{
	uint64_t v = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char tmp[NUMBER_SIZE], *p = tmp + sizeof(tmp);
	int digits = 0;

	if (n == FACT_UNKNOWN) {
		snprintf(buf, size, "?");
		return buf;
	}
	*--p = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--p = ',';
		*--p = (char)('0' + v % 10);
		v /= 10;
		digits++;
	} while (v);
	if (n < 0)
		*--p = '-';
	snprintf(buf, size, "%s", p);
	return buf;
}

char *number_percent(char *buf, size_t size, uint64_t part, uint64_t of)
{
	double p = of ? 100.0 * (double)part / (double)of : 0;

	/* Rounding must not turn some into none or most into all. */
	if (part && p < 0.1)
		snprintf(buf, size, "<0.1%%");
	else if (part && p < 9.95)
		snprintf(buf, size, "%.1f%%", p);
	else if (part < of && p > 99)
		snprintf(buf, size, ">99%%");
	else
		snprintf(buf, size, "%.0f%%", p);
	return buf;
}

char *number_duration(char *buf, size_t size, int64_t ns)
{
	int64_t s;

	if (ns == FACT_UNKNOWN || ns < 60 * INT64_C(1000000000))
		return view_ns(buf, size, ns);
	s = ns / 1000000000;
	if (s < 3600)
		snprintf(buf, size, "%" PRId64 " min %" PRId64 " s", s / 60, s % 60);
	else
		snprintf(buf, size, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
	return buf;
}

char *number_time(char *buf, size_t size, int64_t realtime_ns)
{
	time_t s = (time_t)(realtime_ns / 1000000000);
	char day[32];
	struct tm tm;

	/* A trace that says 1970 has not said when it was taken. */
	if (realtime_ns <= 0 || !gmtime_r(&s, &tm) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
		return NULL;
	snprintf(buf, size, "%s.%09" PRId64 "Z", day, realtime_ns % 1000000000);
	return buf;
}
