// SPDX-License-Identifier: GPL-2.0-only
/* Versions of binaries: the Go linker's build information, and asking a binary by running it. */
#include <dirent.h>
#include <elf.h>
#include <sched.h>
#include <time.h>

#include "test_node.h"

/* ---- build information in ELF files made here ---- */

#define BASE	    0x500000
#define DATA_OFFSET 0x1000

struct elf {
	unsigned char *image;
	size_t size;
};

static const char wrap[16] = "0w\xaf\x0c\x92t\x08\x02"
			     "A\xe1\xc1\x07\xe6\xd6\x18\xe6"; /* any 16 bytes do */

/* A program of one data segment, which is also the section .go.buildinfo unless without names. */
static struct elf elf_make(const void *data, size_t len, bool names)
{
	static const char strings[] = "\0.go.buildinfo\0.shstrtab";
	struct elf e = { .size = DATA_OFFSET + len + sizeof(strings) + 3 * sizeof(Elf64_Shdr) };
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(eh),
		.e_ehsize = sizeof(eh),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr ph = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_offset = DATA_OFFSET,
		.p_vaddr = BASE,
		.p_filesz = len,
		.p_memsz = len,
		.p_align = 0x1000,
	};
	Elf64_Shdr sh[3] = {
		{ 0 },
		{ .sh_name = 1,
		  .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC | SHF_WRITE,
		  .sh_addr = BASE,
		  .sh_offset = DATA_OFFSET,
		  .sh_size = len,
		  .sh_addralign = 16 },
		{ .sh_name = 15,
		  .sh_type = SHT_STRTAB,
		  .sh_offset = DATA_OFFSET + len,
		  .sh_size = sizeof(strings),
		  .sh_addralign = 1 },
	};

	if (names) {
		eh.e_shoff = DATA_OFFSET + len + sizeof(strings);
		eh.e_shnum = 3;
		eh.e_shstrndx = 2;
	}
	e.image = calloc(1, e.size);
	memcpy(e.image, &eh, sizeof(eh));
	memcpy(e.image + sizeof(eh), &ph, sizeof(ph));
	memcpy(e.image + DATA_OFFSET, data, len);
	memcpy(e.image + DATA_OFFSET + len, strings, sizeof(strings));
	memcpy(e.image + DATA_OFFSET + len + sizeof(strings), sh, sizeof(sh));
	return e;
}

static size_t put_varint(unsigned char *to, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		to[n++] = (unsigned char)(v | 0x80);
	to[n++] = (unsigned char)v;
	return n;
}

static size_t put_modules(unsigned char *to, const char *modules)
{
	size_t len = strlen(modules);

	memcpy(to, wrap, 16);
	memcpy(to + 16, modules, len);
	memcpy(to + 16 + len, wrap, 16);
	return len + 32;
}

/* As Go 1.18 and later write it. Returns the length. */
static size_t make_inline(unsigned char *data, const char *version, const char *modules)
{
	size_t n = 32;

	memset(data, 0, 32);
	memcpy(data, "\xff Go buildinf:\x08\x02", 16);
	n += put_varint(data + n, strlen(version));
	memcpy(data + n, version, strlen(version));
	n += strlen(version);
	n += put_varint(data + n, strlen(modules) + 32);
	return n + put_modules(data + n, modules);
}

static void put_pointer(unsigned char *to, uint64_t v, size_t size, bool big_endian)
{
	size_t i;

	for (i = 0; i < size; i++)
		to[big_endian ? size - 1 - i : i] = (unsigned char)(v >> 8 * i);
}

/* As Go before 1.18 wrote it: pointers to string headers. */
static size_t make_pointed(unsigned char *data, const char *version, const char *modules, size_t size,
			   bool big_endian)
{
	size_t n;

	memset(data, 0, 256);
	memcpy(data, "\xff Go buildinf:", 14);
	data[14] = (unsigned char)size;
	data[15] = big_endian;
	put_pointer(data + 16, BASE + 64, size, big_endian);
	put_pointer(data + 16 + size, BASE + 96, size, big_endian);
	put_pointer(data + 64, BASE + 128, size, big_endian);
	put_pointer(data + 64 + size, strlen(version), size, big_endian);
	put_pointer(data + 96, BASE + 256, size, big_endian);
	memcpy(data + 128, version, strlen(version));
	n = put_modules(data + 256, modules);
	put_pointer(data + 96 + size, n, size, big_endian);
	return 256 + n;
}

static int read_elf(const struct elf *e, struct node_buildinfo *info)
{
	char *dir = tmp_new(), path[PATH_MAX];
	int fd, err;

	tmp_write(dir, "binary", e->image, e->size);
	snprintf(path, sizeof(path), "%s/binary", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = node_buildinfo_read(fd, info);
	close(fd);
	tmp_free(dir);
	return err;
}

static void expect(const char *got, const char *want)
{
	if (want)
		assert_non_null(got);
	if (got && want)
		assert_string_equal(got, want);
	else
		assert_true(got == want);
}

static const char upstream[] =
	"path\tgithub.com/containerd/containerd/cmd/containerd\n"
	"mod\tgithub.com/containerd/containerd\t(devel)\t\n"
	"dep\tgithub.com/containerd/ttrpc\tv1.2.7\th1:x=\n"
	"build\t-compiler=gc\n"
	"build\t-ldflags=\"-X main.other=1 -X "
	"github.com/containerd/containerd/version.Version=v1.7.27 "
	"-X github.com/containerd/containerd/version.Revision=05044ec -X some.version=9 -s -w\"\n"
	"build\tGOARCH=amd64\n";

static const char k3s[] = "path\tgithub.com/k3s-io/k3s/cmd/server\n"
			  "mod\tgithub.com/k3s-io/k3s\tv1.30.1\th1:a=\n"
			  "dep\tgithub.com/containerd/containerd-shim\tv9.9.9\th1:b=\n"
			  "dep\tgithub.com/containerd/containerd/v2\tv2.0.0\th1:c=\n"
			  "=>\tgithub.com/k3s-io/containerd/v2\tv2.0.5-k3s1\th1:d=\n"
			  "dep\tgithub.com/other/thing\tv0.1.0\n"
			  "=>\tgithub.com/other/fork\tv0.2.0\n";

static void check_upstream(const struct elf *e, const char *go)
{
	struct node_buildinfo info;

	assert_int_equal(read_elf(e, &info), 0);
	expect(info.go_version, go);
	expect(info.path, "github.com/containerd/containerd/cmd/containerd");
	expect(info.module_version, NULL);
	expect(info.linked_version, "v1.7.27");
	expect(info.containerd_version, NULL);
	expect(node_buildinfo_version(&info, PROCESS_CONTAINERD), "v1.7.27");
	node_buildinfo_free(&info);
}

static void test_inline(void **state)
{
	unsigned char data[4096] = { 0 };
	size_t len = make_inline(data, "go1.19.8", upstream);
	struct elf e = elf_make(data, len, true);

	(void)state;
	check_upstream(&e, "go1.19.8");
	free(e.image);
	/* Section names stripped: found by its magic, at a multiple of 16 in the data. */
	memmove(data + 48, data, len);
	memset(data, 0, 48);
	e = elf_make(data, len + 48, false);
	check_upstream(&e, "go1.19.8");
	free(e.image);
}

static void test_pointed(void **state)
{
	static const struct {
		size_t size;
		bool big_endian;
	} forms[] = { { 8, false }, { 8, true }, { 4, false }, { 4, true } };
	unsigned char data[4096] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		size_t len = make_pointed(data, "go1.15.15", upstream, forms[i].size, forms[i].big_endian);
		struct elf e = elf_make(data, len, true);

		check_upstream(&e, "go1.15.15");
		free(e.image);
	}
}

static void test_built_into_another_program(void **state)
{
	unsigned char data[4096] = { 0 };
	struct elf e = elf_make(data, make_inline(data, "go1.22.8\n", k3s), true);
	struct node_buildinfo info;

	(void)state;
	assert_int_equal(read_elf(&e, &info), -ENOENT); /* not a version */
	free(e.image);
	e = elf_make(data, make_inline(data, "go1.20.5 X:strictfipsruntime", k3s), true);
	assert_int_equal(read_elf(&e, &info), 0);
	expect(info.go_version, "go1.20.5 X:strictfipsruntime");
	node_buildinfo_free(&info);
	free(e.image);
	e = elf_make(data, make_inline(data, "go1.22.8", k3s), true);
	assert_int_equal(read_elf(&e, &info), 0);
	expect(info.module_version, "v1.30.1");
	expect(info.containerd_version, "v2.0.5-k3s1");
	/* As containerd it is the containerd in it, as anything else it is itself. */
	expect(node_buildinfo_version(&info, PROCESS_CONTAINERD), "v2.0.5-k3s1");
	expect(node_buildinfo_version(&info, PROCESS_OTHER), "v1.30.1");
	node_buildinfo_free(&info);
	free(e.image);
	e = elf_make(data, make_inline(data, "go1.24.1", "path\tcommand-line-arguments\n"), true);
	assert_int_equal(read_elf(&e, &info), 0);
	expect(info.go_version, "go1.24.1");
	expect(node_buildinfo_version(&info, PROCESS_CONTAINERD), NULL);
	node_buildinfo_free(&info);
	free(e.image);
}

static void test_hostile_binaries(void **state)
{
	unsigned char data[4096] = { 0 }, *p;
	size_t len = make_inline(data, "go1.19.8", upstream), i;
	struct elf e = elf_make(data, len, true), cut;
	struct node_buildinfo info;

	(void)state;
	/* Cut anywhere: an answer or none, but no crash. */
	for (i = 0; i < e.size; i += 61) {
		cut = (struct elf){ .image = e.image, .size = i };
		if (!read_elf(&cut, &info))
			node_buildinfo_free(&info);
	}
	free(e.image);
	/* A version of 2^28 bytes, one without an end, modules of 2^20 + 1. */
	memcpy(data + 32, "\xff\xff\xff\x7f", 4);
	e = elf_make(data, len, true);
	assert_int_equal(read_elf(&e, &info), -ENOENT);
	free(e.image);
	memset(data + 32, 0xff, 32);
	e = elf_make(data, len, true);
	assert_int_equal(read_elf(&e, &info), -ENOENT);
	free(e.image);
	len = make_inline(data, "go1.19.8", upstream);
	put_varint(data + 32 + 9, 1024 * 1024 + 1);
	e = elf_make(data, len, true);
	assert_int_equal(read_elf(&e, &info), 0);
	expect(info.go_version, "go1.19.8");
	expect(info.linked_version, NULL);
	node_buildinfo_free(&info);
	free(e.image);
	/* Pointers out of the file, at its very end, and a length that wraps around. */
	len = make_pointed(data, "go1.15.15", upstream, 8, false);
	for (i = 0; i < 3; i++) {
		static const uint64_t addresses[] = { 0, UINT64_MAX, BASE + 255 };
		unsigned char bad[4096];

		memcpy(bad, data, len);
		put_pointer(bad + 16, addresses[i], 8, false);
		e = elf_make(bad, i == 2 ? 256 : len, true);
		assert_int_equal(read_elf(&e, &info), -ENOENT);
		free(e.image);
		memcpy(bad, data, len);
		put_pointer(bad + 72, i ? UINT64_MAX - BASE : 1024 * 1024 + 1, 8, false);
		e = elf_make(bad, len, true);
		assert_int_equal(read_elf(&e, &info), -ENOENT);
		free(e.image);
	}
	/* A section that says it begins far behind the file's end. */
	len = make_inline(data, "go1.19.8", upstream);
	e = elf_make(data, len, true);
	p = e.image + e.size - 2 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset);
	put_pointer(p, UINT64_MAX - 8, 8, false);
	assert_int_equal(read_elf(&e, &info), -ENOENT);
	free(e.image);
	/* No ELF, no Go. */
	e = (struct elf){ .image = (unsigned char *)"#!/bin/sh\n", .size = 10 };
	assert_int_equal(read_elf(&e, &info), -ENOENT);
	assert_null(node_go_version("/proc/self/exe"));
	assert_null(node_go_version("/nowhere"));
	assert_null(node_go_version("/"));
	assert_null(node_go_module_version("/proc/self/exe"));
}

static void test_versions_are_cached_by_file(void **state)
{
	char *dir = tmp_new(), path[PATH_MAX], *got;
	unsigned char data[4096] = { 0 };
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/go", dir);
	/* The same name and inode, rewritten: size and time of change tell. */
	for (i = 0; i < 40; i++) {
		char version[64];
		struct elf e;

		snprintf(version, sizeof(version), "go1.%0*zu", (int)i + 1, i);
		e = elf_make(data, make_inline(data, version, k3s), true);
		tmp_write(dir, "go", e.image, e.size);
		free(e.image);
		got = node_go_version(path);
		expect(got, version);
		free(got);
		got = node_go_version(path);
		expect(got, version);
		free(got);
	}
	got = node_go_module_version(path);
	expect(got, "v1.30.1");
	free(got);
	tmp_free(dir);
}

/* ---- what binaries print ---- */

static void expect_printed(const char *text, enum process_role role, const char *version,
			   const char *go_version)
{
	char *v, *g;

	node_version_parse(text, role, &v, &g);
	expect(v, version);
	expect(g, go_version);
	free(v);
	free(g);
}

static void test_what_binaries_print(void **state)
{
	(void)state;
	expect_printed("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n",
		       PROCESS_CONTAINERD, "1.6.20~ds1", NULL);
	expect_printed("containerd github.com/containerd/containerd/v2 2.1.9+unknown \n", PROCESS_CONTAINERD,
		       "2.1.9+unknown", NULL);
	expect_printed("containerd github.com/containerd/containerd v1.7.27 "
		       "05044ec0a9a75232cad458027ca83437aae3f4da\n",
		       PROCESS_CONTAINERD, "v1.7.27", NULL);
	expect_printed("/usr/bin/containerd-shim-runc-v2:\n  Version:  1.4.13~ds1\n  Revision: "
		       "1.4.13~ds1-1~deb11u4\n"
		       "  Go version: go1.15.15\n\n",
		       PROCESS_SHIM, "1.4.13~ds1", "go1.15.15");
	expect_printed("containerd-shim-runc-v2:\n  Version:  2.1.9+unknown\n  Revision: \n  Go "
		       "version: go1.27.1\n",
		       PROCESS_SHIM, "2.1.9+unknown", "go1.27.1");
	expect_printed("shim:\n  Version:  v1.7.1 \n  Go version: go1.20.5 X:strictfipsruntime \r\n",
		       PROCESS_SHIM, "v1.7.1", "go1.20.5 X:strictfipsruntime");
	/* Not theirs. */
	expect_printed("GNU bash, version 5.2.15(1)-release\n", PROCESS_CONTAINERD, NULL, NULL);
	expect_printed("", PROCESS_CONTAINERD, NULL, NULL);
	expect_printed("containerd x", PROCESS_CONTAINERD, NULL, NULL);
	expect_printed("containerd x 1.0\033[2J", PROCESS_CONTAINERD, NULL, NULL);
	expect_printed("Version: latest\nGo version: none\n", PROCESS_SHIM, NULL, NULL);
	expect_printed("Version:", PROCESS_SHIM, NULL, NULL);
	expect_printed("Go version: go1.2\033[2J", PROCESS_SHIM, NULL, NULL);
}

/* ---- running binaries: this program, when it is asked for its version ---- */

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n - 1; /* d itself */
}

/* As a containerd it says what it can see of its surroundings; as a shim it hangs. */
static int version_main(const char *name)
{
	if (!strcmp(name, "containerd")) {
		printf("containerd example.com/x 1.%d.%d.%d.%d %s\n", (int)getuid(), open_files(),
		       getenv("HOME") != NULL, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), "revision");
		return 0;
	}
	for (;;)
		pause();
}

static char *surroundings(void)
{
	char *s;

	assert_true(asprintf(&s, "1.%d.3.0.1", geteuid() ? (int)geteuid() : 65534) > 0);
	return s;
}

static bool may_enter(int mnt)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(setns(mnt, CLONE_NEWNS) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

static void test_run(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), spare = dup(0), mnt;
	char *version, *go_version, *want = surroundings();

	(void)state;
	assert_int_equal(node_version_run(fd, -1, PROCESS_CONTAINERD, 10000, &version, &go_version), 0);
	expect(version, want);
	expect(go_version, NULL);
	free(version);
	/* The same in a mount namespace that is entered, where that is permitted. */
	mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (may_enter(mnt)) {
		assert_int_equal(node_version_run(fd, mnt, PROCESS_CONTAINERD, 10000, &version, &go_version),
				 0);
		expect(version, want);
		free(version);
	}
	close(mnt);
	free(want);
	close(spare);
	close(fd);
	/* No program at all. */
	fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	assert_int_equal(node_version_run(fd, -1, PROCESS_CONTAINERD, 10000, &version, &go_version), 0);
	assert_null(version);
	close(fd);
	assert_int_equal(node_version_run(-1, -1, PROCESS_CONTAINERD, 10000, &version, &go_version), -EBADF);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_run_is_cut_short(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *version, *go_version;
	int64_t begin = now_ms();

	(void)state;
	assert_int_equal(node_version_run(fd, -1, PROCESS_SHIM, 200, &version, &go_version), -ETIMEDOUT);
	assert_in_range(now_ms() - begin, 200, 5000);
	assert_null(version);
	/* Nothing is left of it. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	close(fd);
}

static int child_main(const char *mode)
{
	if (!strcmp(mode, "unshare") && unshare(CLONE_NEWNS))
		return 1;
	child_wait();
}

static void copy_self(const char *dir, const char *name, mode_t mode)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char path[PATH_MAX], *data;
	size_t len;

	assert_int_equal(node_read_fd(fd, 1 << 28, &data, &len), 0);
	close(fd);
	tmp_write(dir, name, data, len);
	free(data);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_which_binaries_are_run(void **state)
{
	static const char *const argv[] = { "containerd", NULL };
	/* For others to write to; among other files than this process; neither. */
	static const struct {
		const char *child;
		mode_t mode;
		bool runs;
	} cases[] = { { "wait", 0775, false },
		      { "wait", 0757, false },
		      { "unshare", 0755, false },
		      { "wait", 0755, true } };
	char *version, *go_version, *want = surroundings();
	int skipped = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		char *dir = tmp_new();
		pid_t pid;

		copy_self(dir, "containerd", cases[i].mode);
		pid = child_start(dir, NULL, cases[i].child, argv);
		if (pid < 0 && !strcmp(cases[i].child, "unshare")) {
			skipped++; /* not permitted here */
			tmp_free(dir);
			continue;
		}
		assert_true(pid > 0);
		assert_int_equal(node_binary_read(pid, PROCESS_CONTAINERD, &version, &go_version), 0);
		expect(version, cases[i].runs ? want : NULL);
		expect(go_version, NULL);
		free(version);
		/* Asked as something else, nothing is run. */
		assert_int_equal(node_binary_read(pid, PROCESS_OTHER, &version, &go_version), 0);
		if (!cases[i].runs)
			expect(version, NULL);
		free(version);
		child_stop(pid);
		assert_int_equal(node_binary_read(pid, PROCESS_CONTAINERD, &version, &go_version), -ESRCH);
		tmp_free(dir);
	}
	free(want);
	assert_in_range(skipped, 0, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inline),
		cmocka_unit_test(test_pointed),
		cmocka_unit_test(test_built_into_another_program),
		cmocka_unit_test(test_hostile_binaries),
		cmocka_unit_test(test_versions_are_cached_by_file),
		cmocka_unit_test(test_what_binaries_print),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_run_is_cut_short),
		cmocka_unit_test(test_which_binaries_are_run),
	};
	const char *mode = getenv(CHILD_ENV);

	if (mode)
		return child_main(mode);
	if (argc > 1)
		return version_main(argv[0]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
