// SPDX-License-Identifier: GPL-2.0-only
#include "probe/openfiles.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/openfiles.skel.h"
#include "probe/kernel.h"
#include "probe/log.h"
#include "probe/path.h"

#define HEAD offsetof(struct ss_open_file, path)

/* Hand on the whole records in buf[n]; returns the bytes used up, or fn's result in *stop. */
static size_t records_parse(const char *buf, size_t n,
			    int (*fn)(void *, const struct ss_open_file *, const char *), void *ctx,
			    int *stop)
{
	struct ss_open_file rec;
	char text[PATH_TEXT_SIZE];
	size_t at = 0;

	while (n - at >= HEAD) {
		memcpy(&rec, buf + at, HEAD);
		if (rec.path_len > SS_PATH_LEN) {
			*stop = -EPROTO;
			break;
		}
		if (n - at < HEAD + rec.path_len)
			break;
		memcpy(rec.path, buf + at + HEAD, rec.path_len);
		at += HEAD + rec.path_len;
		*stop = fn(ctx, &rec, path_text(text, rec.transport, rec.flags, rec.path, rec.path_len));
		if (*stop)
			break;
	}
	return at;
}

static int iterator_read(int fd, int (*fn)(void *, const struct ss_open_file *, const char *), void *ctx)
{
	size_t size = 256 * 1024, have = 0, used;
	char *buf = malloc(size);
	int stop = 0;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	while (!stop) {
		n = read(fd, buf + have, size - have);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			stop = n < 0 ? -errno : 0;
			break;
		}
		have += (size_t)n;
		used = records_parse(buf, have, fn, ctx, &stop);
		have -= used;
		memmove(buf, buf + used, have);
	}
	free(buf);
	return stop;
}

struct openfiles {
	struct openfiles_bpf *skel;
	struct bpf_link *link;
};

static void openfiles_error(char *err_text, size_t err_size, int err)
{
	snprintf(err_text, err_size, "reading the node's open files: %s%s%.160s", strerror(-err),
		 probe_log_first()[0] ? ": " : "", probe_log_first());
}

int openfiles_open(const char *btf_path, struct openfiles **ret, char *err_text, size_t err_size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = btf_path);
	struct openfiles *o;
	struct kernel kernel;
	int err;

	err = kernel_open(&kernel, btf_path);
	if (err) {
		snprintf(err_text, err_size,
			 "this kernel has no BTF: boot one that has, or name its BTF file with --btf");
		return err;
	}
	o = calloc(1, sizeof(*o));
	if (!o) {
		err = -ENOMEM;
		goto out;
	}
	probe_log_clear();
	o->skel = openfiles_bpf__open_opts(&opts);
	if (!o->skel) {
		err = -errno;
		goto out;
	}
	o->skel->rodata->use_rdonly_cast = kernel.rdonly_cast;
	err = openfiles_bpf__load(o->skel);
	if (err)
		goto out;
	o->link = bpf_program__attach_iter(o->skel->progs.open_files, NULL);
	if (!o->link)
		err = -errno;
out:
	kernel_close(&kernel);
	malloc_trim(0);
	if (err) {
		openfiles_error(err_text, err_size, err);
		openfiles_close(o);
		return err;
	}
	*ret = o;
	return 0;
}

int openfiles_read(struct openfiles *o, const uint32_t *owners, size_t n,
		   int (*fn)(void *ctx, const struct ss_open_file *f, const char *path), void *ctx,
		   char *err_text, size_t err_size)
{
	int fd, err, map = bpf_map__fd(o->skel->maps.file_owners);
	__u32 one = 1;

	probe_log_clear();
	for (size_t i = 0; i < n; i++)
		bpf_map_update_elem(map, &owners[i], &one, BPF_ANY);
	fd = bpf_iter_create(bpf_link__fd(o->link));
	if (fd < 0) {
		err = -errno;
	} else {
		err = iterator_read(fd, fn, ctx);
		close(fd);
	}
	for (size_t i = 0; i < n; i++)
		bpf_map_delete_elem(map, &owners[i]);
	if (err < 0)
		openfiles_error(err_text, err_size, err);
	return err;
}

void openfiles_close(struct openfiles *o)
{
	if (!o)
		return;
	bpf_link__destroy(o->link);
	openfiles_bpf__destroy(o->skel);
	free(o);
}
