// SPDX-License-Identifier: GPL-2.0
/*
 * loggen: write a known number of log lines, and say exactly what was written.
 *
 * The oracle of the end-to-end tests: its report counts the bytes that write(2) returned and the
 * calls that it took, for each stream. Statically linked, for it runs as pid 1 of a container.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NUMBER_WIDTH  10
#define STAMP_WIDTH   19
#define MAX_BUFFER    (256UL << 20)

struct stream {
	int fd;
	uint64_t bytes;
	uint64_t lines;
	uint64_t writes;
	uint64_t errors;
};

struct options {
	uint64_t lines;
	uint64_t line_size;
	uint64_t batch;
	double rate;
	uint64_t delay_ms;
	uint64_t linger_ms;
	bool endless;
	bool use_stderr;
	bool both;
	bool stamp;
	const char *start_file;
	const char *hold_file;
	const char *report;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(deadline_ns % NSEC_PER_SEC),
	};

	while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void wait_for_file(const char *path)
{
	while (!stopped && access(path, F_OK) != 0)
		sleep_until(now_ns(CLOCK_MONOTONIC) + NSEC_PER_MSEC);
}

/*
 * A line is its number, with --stamp the time of day in ns, then letters that depend on the number
 * only. A line too short for its number keeps the number's last digits.
 */
static void fill_line(char *line, const struct options *opt, uint64_t number)
{
	char head[NUMBER_WIDTH + STAMP_WIDTH + 8];
	size_t room = opt->line_size - 1, len;
	int n;

	if (opt->stamp)
		n = snprintf(head, sizeof(head), "%010llu %019llu ",
			     (unsigned long long)(number % 10000000000ULL),
			     (unsigned long long)now_ns(CLOCK_REALTIME));
	else
		n = snprintf(head, sizeof(head), "%010llu ", (unsigned long long)(number % 10000000000ULL));
	len = (size_t)n;

	if (room < len) {
		size_t skip = room < NUMBER_WIDTH ? NUMBER_WIDTH - room : 0;

		memcpy(line, head + skip, room);
	} else {
		memcpy(line, head, len);
		for (size_t i = len; i < room; i++)
			line[i] = (char)('a' + (number + i) % 26);
	}
	line[room] = '\n';
}

static int write_all(struct stream *s, const char *buf, size_t len, uint64_t line_size)
{
	uint64_t before = s->bytes;

	while (len > 0) {
		ssize_t n = write(s->fd, buf, len);

		if (n < 0) {
			s->errors++;
			/* A stop asked for while the pipe is full: the rest is not written, and the
			 * report says how much was.
			 */
			if (errno == EINTR && !stopped)
				continue;
			s->lines += (s->bytes - before) / line_size;
			return -errno;
		}
		s->writes++;
		s->bytes += (uint64_t)n;
		buf += n;
		len -= (size_t)n;
	}
	s->lines += (s->bytes - before) / line_size;
	return 0;
}

static int generate(const struct options *opt, struct stream out[2])
{
	uint64_t size = opt->line_size * opt->batch, done = 0, batches = 0, start;
	char *buf;
	int err = 0;

	buf = malloc(size);
	if (!buf) {
		fprintf(stderr, "loggen: no memory for %llu bytes\n", (unsigned long long)size);
		return -ENOMEM;
	}

	start = now_ns(CLOCK_MONOTONIC);
	while (!stopped && (opt->endless || done < opt->lines)) {
		uint64_t n = opt->batch;
		unsigned int which = opt->use_stderr;

		if (!opt->endless && n > opt->lines - done)
			n = opt->lines - done;
		if (opt->both)
			which = batches & 1;
		if (opt->rate > 0)
			sleep_until(start + (uint64_t)((double)done * 1e9 / opt->rate));
		if (stopped)
			break;
		for (uint64_t i = 0; i < n; i++)
			fill_line(buf + i * opt->line_size, opt, done + i);
		err = write_all(&out[which], buf, n * opt->line_size, opt->line_size);
		if (err)
			break;
		done += n;
		batches++;
	}
	free(buf);
	return err == -EINTR ? 0 : err;
}

static void print_stream(FILE *f, const char *name, const struct stream *s)
{
	fprintf(f, "\"%s\": {\"bytes\": %llu, \"lines\": %llu, \"writes\": %llu, \"errors\": %llu}", name,
		(unsigned long long)s->bytes, (unsigned long long)s->lines, (unsigned long long)s->writes,
		(unsigned long long)s->errors);
}

/* Written beside and renamed, so that a reader never sees half a report. */
static int write_report(const struct options *opt, const struct stream out[2], uint64_t duration_ns)
{
	char tmp[4096];
	FILE *f;
	int n;

	n = snprintf(tmp, sizeof(tmp), "%s.tmp", opt->report);
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return -ENAMETOOLONG;
	f = fopen(tmp, "we");
	if (!f)
		return -errno;
	fprintf(f, "{\"line_size\": %llu, \"batch\": %llu, \"complete\": %s, \"duration_ns\": %llu, ",
		(unsigned long long)opt->line_size, (unsigned long long)opt->batch,
		!stopped && out[0].lines + out[1].lines == opt->lines ? "true" : "false",
		(unsigned long long)duration_ns);
	print_stream(f, "stdout", &out[0]);
	fprintf(f, ", ");
	print_stream(f, "stderr", &out[1]);
	fprintf(f, "}\n");
	if (fclose(f) != 0 || rename(tmp, opt->report) != 0)
		return -errno;
	return 0;
}

static const char usage_text[] =
	"usage: loggen [option...]\n"
	"  --lines N          lines in all, over both streams (default 0)\n"
	"  --endless          until SIGTERM or SIGINT\n"
	"  --line-size B      bytes of a line, its newline included (default 100)\n"
	"  --batch K          lines in one write(2) (default 1)\n"
	"  --rate R           lines a second; 0: as fast as it goes (default)\n"
	"  --stderr           write to stderr instead of stdout\n"
	"  --both             write batches to stdout and stderr in turn\n"
	"  --stamp            put CLOCK_REALTIME in ns after the line's number\n"
	"  --start-file FILE  write nothing before FILE exists\n"
	"  --delay-ms MS      write nothing for MS milliseconds (after --start-file)\n"
	"  --hold-file FILE   after the last line, stay until FILE exists\n"
	"  --linger-ms MS     after the last line, stay for MS milliseconds\n"
	"  --report FILE      write the exact counts there, as JSON, after the last line\n";

static uint64_t parse_count(const char *name, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || end == text || *text == '-') {
		fprintf(stderr, "loggen: --%s: '%s' is not a count\n", name, text);
		exit(2);
	}
	return value;
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	enum {
		LINES = 1,
		ENDLESS,
		SIZE,
		BATCH,
		RATE,
		STDERR,
		BOTH,
		STAMP,
		START,
		DELAY,
		HOLD,
		LINGER,
		REPORT,
		HELP
	};
	static const struct option table[] = {
		{ "lines", required_argument, NULL, LINES },
		{ "endless", no_argument, NULL, ENDLESS },
		{ "line-size", required_argument, NULL, SIZE },
		{ "batch", required_argument, NULL, BATCH },
		{ "rate", required_argument, NULL, RATE },
		{ "stderr", no_argument, NULL, STDERR },
		{ "both", no_argument, NULL, BOTH },
		{ "stamp", no_argument, NULL, STAMP },
		{ "start-file", required_argument, NULL, START },
		{ "delay-ms", required_argument, NULL, DELAY },
		{ "hold-file", required_argument, NULL, HOLD },
		{ "linger-ms", required_argument, NULL, LINGER },
		{ "report", required_argument, NULL, REPORT },
		{ "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case LINES:
			opt->lines = parse_count("lines", optarg);
			break;
		case ENDLESS:
			opt->endless = true;
			break;
		case SIZE:
			opt->line_size = parse_count("line-size", optarg);
			break;
		case BATCH:
			opt->batch = parse_count("batch", optarg);
			break;
		case RATE:
			opt->rate = (double)parse_count("rate", optarg);
			break;
		case STDERR:
			opt->use_stderr = true;
			break;
		case BOTH:
			opt->both = true;
			break;
		case STAMP:
			opt->stamp = true;
			break;
		case START:
			opt->start_file = optarg;
			break;
		case DELAY:
			opt->delay_ms = parse_count("delay-ms", optarg);
			break;
		case HOLD:
			opt->hold_file = optarg;
			break;
		case LINGER:
			opt->linger_ms = parse_count("linger-ms", optarg);
			break;
		case REPORT:
			opt->report = optarg;
			break;
		case HELP:
			fputs(usage_text, stdout);
			exit(0);
		default:
			fputs(usage_text, stderr);
			exit(2);
		}
	}
	if (optind != argc || opt->line_size == 0 || opt->batch == 0 || opt->line_size > MAX_BUFFER ||
	    opt->batch > MAX_BUFFER / opt->line_size) {
		fputs(usage_text, stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options opt = { .line_size = 100, .batch = 1 };
	struct stream out[2] = { { .fd = STDOUT_FILENO }, { .fd = STDERR_FILENO } };
	struct sigaction act = { .sa_handler = on_signal };
	uint64_t start;
	int err;

	parse_options(argc, argv, &opt);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);

	if (opt.start_file)
		wait_for_file(opt.start_file);
	if (opt.delay_ms)
		sleep_until(now_ns(CLOCK_MONOTONIC) + opt.delay_ms * NSEC_PER_MSEC);

	start = now_ns(CLOCK_MONOTONIC);
	err = generate(&opt, out);
	if (opt.report) {
		int rerr = write_report(&opt, out, now_ns(CLOCK_MONOTONIC) - start);

		if (rerr) {
			fprintf(stderr, "loggen: %s: %s\n", opt.report, strerror(-rerr));
			return 1;
		}
	}
	if (err) {
		fprintf(stderr, "loggen: write: %s\n", strerror(-err));
		return 1;
	}
	if (opt.hold_file)
		wait_for_file(opt.hold_file);
	if (opt.linger_ms)
		sleep_until(now_ns(CLOCK_MONOTONIC) + opt.linger_ms * NSEC_PER_MSEC);
	return 0;
}
