// SPDX-License-Identifier: GPL-2.0-only
/* The file of a capture: what may be written and how, and what happens when writing fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/capture.h"
#include "test_capture.h"

static char dir[] = "/tmp/shimscope-test-XXXXXX";
static char path[64], other[64];

static int make_dir(void **state)
{
	(void)state;
	/* As a program that writes captures must. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	umask(022);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/capture", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return 0;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file(const char *name, const char *text)
{
	char buf[256] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), strlen(text));
	assert_string_equal(buf, text);
	close(fd);
}

static void assert_complete(const char *name, uint64_t facts)
{
	struct fact_sink nothing = { .ctx = NULL };
	struct capture_status status;
	char err[256] = "";

	if (capture_read(name, &nothing, &status, err, sizeof(err)))
		fail_msg("%s", err);
	assert_true(status.complete);
	assert_int_equal(status.facts, facts);
}

static void write_sample(struct capture_writer *w)
{
	struct fact_sink sink = capture_sink(w);

	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(sample_finish(&sink), 0);
}

/* Create, write a whole sample, close: all must go well. */
static void write_capture(const char *name)
{
	struct capture_writer *w;
	char err[256] = "";

	if (capture_create(name, &w, err, sizeof(err)))
		fail_msg("%s", err);
	write_sample(w);
	assert_int_equal(capture_close(w), 0);
}

/* Creating fails with this error and a message that names the file and says this. */
static void assert_refused(const char *name, int error, const char *says)
{
	struct capture_writer *w = (struct capture_writer *)&w;
	char err[512] = "";

	assert_int_equal(capture_create(name, &w, err, sizeof(err)), error);
	assert_null(w);
	if (!strstr(err, name) || !strstr(err, says) || strchr(err, '\n'))
		fail_msg("\"%s\" is not in: %s", says, err);
}

static void assert_mode(const char *name, mode_t mode)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	assert_int_equal(st.st_mode, mode);
}

/* 0600, whether the umask would allow less or more, and from the first moment. */
static void test_mode(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277, 0777 };

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		struct capture_writer *w;
		char err[256] = "";
		int ret;

		umask(masks[i]);
		ret = capture_create(path, &w, err, sizeof(err));
		umask(022);
		if (ret)
			fail_msg("%s", err);
		assert_mode(path, S_IFREG | 0600);
		write_sample(w);
		assert_int_equal(capture_close(w), 0);
		assert_mode(path, S_IFREG | 0600);
		assert_complete(path, 13);
		assert_int_equal(unlink(path), 0);
	}
}

/* An own regular file is replaced, none of it is left, and others may not read it any more. */
static void test_replaces(void **state)
{
	char text[20000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(path, text, 0644);
	write_capture(path);
	assert_mode(path, S_IFREG | 0600);
	assert_complete(path, 13);
	write_capture(path);
	assert_complete(path, 13);
}

static void test_symbolic_links(void **state)
{
	(void)state;
	write_file(other, "precious", 0644);
	assert_int_equal(symlink(other, path), 0);
	assert_refused(path, -ELOOP, "symbolic link");
	assert_file(other, "precious");

	assert_int_equal(unlink(other), 0); /* a dangling one */
	assert_refused(path, -ELOOP, "symbolic link");
	assert_int_equal(access(other, F_OK), -1);

	assert_refused("/dev/stdout", -ELOOP, "name the file itself");
	assert_refused("/proc/self/fd/1", -ELOOP, "name the file itself");
}

/* A directory on the way may be a link: only the file itself may not. */
static void test_link_to_directory(void **state)
{
	char name[256];

	(void)state;
	assert_int_equal(symlink(dir, other), 0);
	snprintf(name, sizeof(name), "%s/capture", other);
	write_capture(name);
	assert_complete(path, 13);
}

/* Writing it would change a file with another name as well. */
static void test_hard_link(void **state)
{
	(void)state;
	write_file(other, "precious", 0644);
	assert_int_equal(link(other, path), 0);
	assert_refused(path, -EMLINK, "has 2 names");
	assert_file(other, "precious");
	assert_mode(other, S_IFREG | 0644);
}

static void test_file_of_another_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(path, "precious", 0666);
	assert_int_equal(chown(path, 12345, 12345), 0);
	assert_refused(path, -EPERM, "belongs to user 12345");
	assert_file(path, "precious");
}

static void test_second_writer(void **state)
{
	struct capture_writer *w;
	char err[256] = "";

	(void)state;
	assert_int_equal(capture_create(path, &w, err, sizeof(err)), 0);
	assert_refused(path, -EBUSY, "another process is writing it");
	write_sample(w);
	assert_int_equal(capture_close(w), 0);
	assert_complete(path, 13);
	write_capture(path);
}

static void test_unwritable_names(void **state)
{
	char name[256];

	(void)state;
	assert_refused(dir, -EISDIR, "Is a directory");
	snprintf(name, sizeof(name), "%s/none/capture", dir);
	assert_refused(name, -ENOENT, "No such file or directory");
	write_file(other, "", 0600);
	snprintf(name, sizeof(name), "%s/capture", other);
	assert_refused(name, -ENOTDIR, "Not a directory");
	assert_refused("", -ENOENT, "No such file or directory");
}

static void test_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_refused(path, -ENXIO, "a socket");
	close(fd);
}

static void test_terminal(void **state)
{
	int master, slave;
	char name[128];

	(void)state;
	if (openpty(&master, &slave, name, NULL, NULL))
		skip();
	assert_refused(name, -EINVAL, "it is a terminal");
	close(master);
	close(slave);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* From now on a signal interrupts every write that waits: it returns what it has written by then. */
static int interrupt_writes(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 100 }, { 0, 100 } };

	return sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &often, NULL);
}

/*
 * A FIFO that nobody reads must not hang; one that is read gets the whole capture, though its writes are
 * short or fail with EINTR.
 */
static void test_fifo(void **state)
{
	struct fact_sink nothing = { .ctx = NULL };
	struct capture_status capture;
	char err[256] = "";
	int status, fd;
	pid_t child;

	(void)state;
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_refused(path, -ENXIO, "FIFO that nobody reads");

	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETPIPE_SZ, 4096), 4096);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct capture_writer *w;
		struct fact_sink sink;
		int ret;

		close(fd);
		if (capture_create(path, &w, err, sizeof(err)))
			_exit(1);
		sink = capture_sink(w);
		/* Each block is more than the pipe holds. */
		if (interrupt_writes())
			_exit(4);
		for (uint32_t i = 0; i < 50000; i++) {
			if (sample_end(&sink, i * 7919, i * 104729, 31ULL * i))
				_exit(2);
		}
		ret = sample_finish(&sink) || capture_close(w);
		_exit(ret ? 3 : 0);
	}
	/* Wait for the writer, then read as a blocking reader does. */
	while (read(fd, err, 0) == 0 && waitpid(child, &status, WNOHANG) == 0) {
		int waiting = 0;

		if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0)
			break;
		usleep(1000);
	}
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(capture_read_fd(fd, path, &nothing, &capture, err, sizeof(err)), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(capture.complete);
	assert_int_equal(capture.facts, 50001);
	close(fd);
	assert_mode(path, S_IFIFO | 0644); /* a FIFO is taken as it is */
}

/* The reader of a FIFO goes away: -EPIPE, now and from then on. */
static void test_reader_goes_away(void **state)
{
	struct capture_writer *w;
	struct fact_sink sink;
	char err[256] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(capture_create(path, &w, err, sizeof(err)), 0);
	close(fd);
	sink = capture_sink(w);
	assert_int_equal(sample_full(&sink), 0);
	assert_int_equal(capture_flush(w), -EPIPE);
	assert_int_equal(capture_flush(w), -EPIPE);
	assert_int_equal(sample_full(&sink), -EPIPE);
	assert_int_equal(capture_close(w), -EPIPE);
}

static void test_devices(void **state)
{
	struct stat st;

	(void)state;
	write_capture("/dev/null");
	assert_refused("/dev/full", -ENOSPC, "No space left on device");
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

/*
 * Write windows until it fails. The error stays, the file ends with its last whole block, and all that
 * was flushed before is read from it.
 */
static void fill(const char *name, int error)
{
	struct fact_sink sink, nothing = { .ctx = NULL };
	struct capture_status status;
	struct capture_writer *w;
	uint64_t size = 0, windows = 0;
	char err[256] = "";
	struct stat st;
	int ret = 0;

	if (capture_create(name, &w, err, sizeof(err)))
		fail_msg("%s", err);
	sink = capture_sink(w);
	for (uint32_t i = 0; !ret && i < 100000; i++) {
		size = capture_size(w);
		windows = i;
		assert_int_equal(sink.window(sink.ctx, &(struct fact_window){ .index = i }), 0);
		for (uint32_t e = 0; e < 100; e++)
			assert_int_equal(sample_end(&sink, i * 31 + e * 7919, e * 104729, (uint64_t)i * e),
					 0);
		ret = capture_flush(w);
	}
	assert_int_equal(ret, error);
	assert_true(windows > 2);
	assert_int_equal(capture_size(w), size);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(sink.window(sink.ctx, &(struct fact_window){ .index = 0 }), error);
	assert_int_equal(sample_finish(&sink), error);
	assert_int_equal(capture_flush(w), error);
	assert_int_equal(capture_close(w), error);

	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, size);
	if (capture_read(name, &nothing, &status, err, sizeof(err)))
		fail_msg("%s", err);
	assert_false(status.complete);
	assert_int_equal(status.good_bytes, size);
	assert_int_equal(status.blocks, windows + 1);
	assert_int_equal(status.facts, windows * 101);
	assert_non_null(strstr(status.warning, "no end mark"));
}

/* At every limit there is a write that goes in part only. */
static void test_file_size_limit(void **state)
{
	struct rlimit old;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t limit = 20000; limit < 20200; limit += 13) {
		struct rlimit small = { limit, old.rlim_max };

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		fill(path, -EFBIG);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	}
}

/* No room even for the header or the schema. */
static void test_no_room_at_all(void **state)
{
	struct rlimit old, small;
	struct stat st;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (rlim_t limit = 0; limit < 1000; limit += 10) {
		small = (struct rlimit){ limit, old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		assert_refused(path, -EFBIG, "File too large");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, limit < 16 ? 0 : 16);
	}
}

/* A file system that is full, in a mount namespace of its own. */
static void test_full_disk(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		char name[256];

		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", dir, "tmpfs", MS_NOSUID, "size=64k"))
			_exit(77);
		snprintf(name, sizeof(name), "%s/full", dir);
		fill(name, -ENOSPC);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, remove_files)
	const struct CMUnitTest tests[] = {
		TEST(test_mode),	   TEST(test_replaces),
		TEST(test_symbolic_links), TEST(test_link_to_directory),
		TEST(test_hard_link),	   TEST(test_file_of_another_user),
		TEST(test_second_writer),  TEST(test_unwritable_names),
		TEST(test_socket),	   TEST(test_terminal),
		TEST(test_fifo),	   TEST(test_reader_goes_away),
		TEST(test_devices),	   TEST(test_file_size_limit),
		TEST(test_no_room_at_all), TEST(test_full_disk),
	};

	return cmocka_run_group_tests_name("capture_file", tests, make_dir, remove_dir);
}
