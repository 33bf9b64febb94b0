// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the Go linker wrote into a binary about its making: the section .go.buildinfo (Go,
 * src/debug/buildinfo). Its header is 32 bytes: a magic of 14, the pointer size, flags. From
 * Go 1.18 on (flag 2) two strings follow, each with its length as a varint; before, the header
 * holds two pointers to string headers elsewhere in the data. The second string, the module
 * information, is wrapped in 16 bytes on either side.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/internal.h"

#define MAGIC		"\xff Go buildinf:"
#define MAGIC_LEN	14
#define HEADER_LEN	32
#define ALIGNMENT	16
#define FLAG_BIG_ENDIAN 1
#define FLAG_INLINE	2
/* Real ones are a few KiB: one line for each module. */
#define STRING_MAX	((size_t)1024 * 1024)
/* How much of the data segment is searched in a binary without section names. */
#define SEARCH_MAX	((size_t)1024 * 1024)

static pthread_once_t elf_once = PTHREAD_ONCE_INIT;

static void elf_init(void)
{
	elf_version(EV_CURRENT);
}

/*
 * Exactly len bytes of the file at offset, the caller's, with a NUL added. NULL when it has fewer.
 */
static char *read_part(int fd, uint64_t offset, size_t len)
{
	size_t used = 0;
	char *buf;

	if (offset > INT64_MAX - len)
		return NULL;
	buf = malloc(len + 1);
	if (!buf)
		return NULL;
	while (used < len) {
		ssize_t n = pread(fd, buf + used, len - used, (off_t)(offset + used));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(buf);
			return NULL;
		}
		used += (size_t)n;
	}
	buf[len] = '\0';
	return buf;
}

/* File offset of a virtual address with len bytes after it, from the program headers. */
static bool find_address(Elf *elf, uint64_t address, uint64_t len, uint64_t *offset)
{
	GElf_Phdr ph;
	size_t n, i;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (i = 0; i < n && i < 256; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (address >= ph.p_vaddr && address - ph.p_vaddr < ph.p_filesz &&
		    len <= ph.p_filesz - (address - ph.p_vaddr)) {
			*offset = ph.p_offset + (address - ph.p_vaddr);
			return true;
		}
	}
	return false;
}

static bool find_section(Elf *elf, uint64_t *offset)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS || sh.sh_size < HEADER_LEN)
			continue;
		name = elf_strptr(elf, names, sh.sh_name);
		if (name && !strcmp(name, ".go.buildinfo")) {
			*offset = sh.sh_offset;
			return true;
		}
	}
	return false;
}

/* Section names stripped: it lies at the start of the writable segment. */
static bool search_data(Elf *elf, int fd, uint64_t *offset)
{
	bool found = false;
	GElf_Phdr ph;
	size_t n, i, k;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (i = 0; i < n && i < 256; i++) {
		size_t len;
		char *data;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    (ph.p_flags & (PF_W | PF_X)) != PF_W)
			continue;
		len = ph.p_filesz < SEARCH_MAX ? (size_t)ph.p_filesz : SEARCH_MAX;
		data = read_part(fd, ph.p_offset, len);
		for (k = 0; data && k + HEADER_LEN <= len && !found; k += ALIGNMENT) {
			if (!memcmp(data + k, MAGIC, MAGIC_LEN)) {
				*offset = ph.p_offset + k;
				found = true;
			}
		}
		free(data);
		return found;
	}
	return false;
}

/* A string of the inline form at *offset, which moves behind it. */
static char *read_inline(int fd, uint64_t *offset, size_t *len)
{
	uint64_t value = 0;
	int shift = 0;

	for (;;) {
		char *byte = read_part(fd, *offset, 1);
		unsigned char b;

		if (!byte)
			return NULL;
		b = (unsigned char)*byte;
		free(byte);
		++*offset;
		value |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			break;
		shift += 7;
		if (shift > 28)
			return NULL;
	}
	if (value > STRING_MAX)
		return NULL;
	*len = (size_t)value;
	*offset += value;
	return read_part(fd, *offset - value, *len);
}

static uint64_t load(const char *p, size_t size, bool big_endian)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < size; i++)
		v = v << 8 | (unsigned char)p[big_endian ? i : size - 1 - i];
	return v;
}

/* A string of the pointer form: where it points, address and length stand. */
static char *read_pointed(Elf *elf, int fd, uint64_t address, size_t ptr_size, bool big_endian, size_t *len)
{
	uint64_t offset, data, n;
	char *header;

	if (!find_address(elf, address, 2 * ptr_size, &offset))
		return NULL;
	header = read_part(fd, offset, 2 * ptr_size);
	if (!header)
		return NULL;
	data = load(header, ptr_size, big_endian);
	n = load(header + ptr_size, ptr_size, big_endian);
	free(header);
	if (n > STRING_MAX || !find_address(elf, data, n, &offset))
		return NULL;
	*len = (size_t)n;
	return read_part(fd, offset, *len);
}

static bool is_printable(const char *s, size_t len)
{
	size_t i;

	if (!len || len > 128)
		return false;
	for (i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

static void take_version(char **to, const char *s, size_t len)
{
	/* "(devel)": built outside of a released module. */
	if (is_printable(s, len) && !memchr(s, ' ', len) && s[0] != '(')
		node_take(to, strndup(s, len));
}

/*
 * -ldflags="-s -X github.com/containerd/containerd/version.Version=1.6.20 -X …": the value is
 * borrowed.
 */
static const char *find_linked(const char *flags, const char *end, size_t *len)
{
	const char *best = NULL, *p;

	for (p = flags; p < end; p++) {
		const char *stop, *equals, *name;
		size_t n;

		/* Each word: "pkg/path.Name=value", possibly in quotes. */
		if (p != flags && p[-1] != ' ' && p[-1] != '\'' && p[-1] != '"' && p[-1] != '=')
			continue;
		for (stop = p; stop < end && !strchr(" '\"", *stop); stop++)
			;
		equals = memchr(p, '=', (size_t)(stop - p));
		if (!equals)
			continue;
		for (name = equals; name > p && name[-1] != '.'; name--)
			;
		n = (size_t)(equals - name);
		if (name == p || n != 7 ||
		    (memcmp(name, "Version", 7) != 0 && memcmp(name, "version", 7) != 0))
			continue;
		n = (size_t)(stop - equals - 1);
		if (n && n < 4096 && stop[-1] == '\\')
			n--;
		/* containerd's and its shims' own package goes before others'. */
		if (!best || (name - p >= 8 && !memcmp(name - 8, "version.", 8))) {
			best = equals + 1;
			*len = n;
		}
	}
	return best;
}

static bool starts_with(const char *s, const char *end, const char *with)
{
	return (size_t)(end - s) >= strlen(with) && !memcmp(s, with, strlen(with));
}

static bool is_containerd_module(const char *s, const char *end)
{
	static const char name[] = "github.com/containerd/containerd";
	size_t len = sizeof(name) - 1;

	if (!starts_with(s, end, name))
		return false;
	return s + len == end || s[len] == '/';
}

/*
 * Lines of tab-separated fields: path, mod (path, version, sum), dep (the same), => (the module
 * that stands in for the one in the line before), build (key=value).
 */
static void parse_modules(const char *text, size_t len, struct node_buildinfo *ret)
{
	const char *line = text, *end = text + len;
	bool of_containerd = false;

	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line)), *value, *field, *stop;

		if (!eol)
			eol = end;
		value = memchr(line, '\t', (size_t)(eol - line));
		if (!value)
			value = eol;
		else
			value++;
		field = memchr(value, '\t', (size_t)(eol - value));
		if (!field)
			field = eol;
		stop = field < eol ? memchr(field + 1, '\t', (size_t)(eol - field - 1)) : NULL;
		if (!stop)
			stop = eol;
		if (starts_with(line, eol, "path\t") && value < eol && eol - value < 512) {
			node_take(&ret->path, strndup(value, (size_t)(eol - value)));
		} else if (starts_with(line, eol, "mod\t") && field < eol) {
			take_version(&ret->module_version, field + 1, (size_t)(stop - field - 1));
		} else if (starts_with(line, eol, "dep\t") && field < eol) {
			of_containerd = is_containerd_module(value, field);
			if (of_containerd)
				take_version(&ret->containerd_version, field + 1, (size_t)(stop - field - 1));
		} else if (starts_with(line, eol, "=>\t") && field < eol && of_containerd) {
			take_version(&ret->containerd_version, field + 1, (size_t)(stop - field - 1));
		} else if (starts_with(line, eol, "build\t-ldflags=")) {
			size_t n = 0;
			const char *v = find_linked(line + strlen("build\t-ldflags="), eol, &n);

			if (v)
				take_version(&ret->linked_version, v, n);
		}
		line = eol + 1;
	}
}

static int read_strings(Elf *elf, int fd, uint64_t offset, struct node_buildinfo *ret)
{
	char *header = read_part(fd, offset, HEADER_LEN), *version = NULL, *modules = NULL;
	size_t version_len = 0, modules_len = 0, ptr_size;
	bool big_endian;
	int err = -ENOENT;

	if (!header || memcmp(header, MAGIC, MAGIC_LEN) != 0)
		goto out;
	ptr_size = (unsigned char)header[14];
	big_endian = header[15] & FLAG_BIG_ENDIAN;
	if (header[15] & FLAG_INLINE) {
		offset += HEADER_LEN;
		version = read_inline(fd, &offset, &version_len);
		if (version)
			modules = read_inline(fd, &offset, &modules_len);
	} else if (ptr_size == 4 || ptr_size == 8) {
		version = read_pointed(elf, fd, load(header + 16, ptr_size, big_endian), ptr_size, big_endian,
				       &version_len);
		modules = read_pointed(elf, fd, load(header + 16 + ptr_size, ptr_size, big_endian), ptr_size,
				       big_endian, &modules_len);
	}
	/* With experiments switched on it is more than a word: "go1.20.5 X:strictfipsruntime". */
	if (!version || !is_printable(version, version_len))
		goto out;
	ret->go_version = version;
	version = NULL;
	err = 0;
	if (modules && modules_len >= 33 && modules[modules_len - 17] == '\n')
		parse_modules(modules + 16, modules_len - 32, ret);
out:
	free(header);
	free(version);
	free(modules);
	return err;
}

int node_buildinfo_read(int fd, struct node_buildinfo *ret)
{
	uint64_t offset;
	int err = -ENOENT;
	Elf *elf;

	memset(ret, 0, sizeof(*ret));
	pthread_once(&elf_once, elf_init);
	/* Not ELF_C_READ_MMAP: a file that shrinks meanwhile would kill this process. */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return -ENOENT;
	if (elf_kind(elf) == ELF_K_ELF && (find_section(elf, &offset) || search_data(elf, fd, &offset)))
		err = read_strings(elf, fd, offset, ret);
	elf_end(elf);
	if (err)
		node_buildinfo_free(ret);
	return err;
}

void node_buildinfo_free(struct node_buildinfo *b)
{
	free(b->go_version);
	free(b->path);
	free(b->module_version);
	free(b->linked_version);
	free(b->containerd_version);
	memset(b, 0, sizeof(*b));
}

const char *node_buildinfo_version(const struct node_buildinfo *b, enum process_role role)
{
	const char *path = b->path ? b->path : "";

	if (b->linked_version)
		return b->linked_version;
	/* containerd built into another program (k3s): that one's version is not containerd's. */
	if (role == PROCESS_CONTAINERD && !is_containerd_module(path, path + strlen(path)))
		return b->containerd_version;
	return b->module_version;
}
