// SPDX-License-Identifier: GPL-2.0-only
/* The descendants of processes: what runs in the containers that shims serve. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/node.h"

struct relation {
	uint32_t pid, ppid;
	bool wanted;
};

static int by_pid(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Parent of a process; the name in brackets may hold anything, so from the last bracket on. */
static int ppid_read(uint32_t pid, uint32_t *ret)
{
	char path[64], line[512], *end;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	end = strrchr(line, ')');
	if (!end || sscanf(end + 1, " %*c %u", ret) != 1)
		return -EIO;
	return 0;
}

static int relations_read(struct relation **ret, size_t *n)
{
	struct relation *list = NULL;
	struct dirent *entry;
	size_t room = 0;
	DIR *proc = opendir("/proc");
	int err = 0;

	*n = 0;
	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		char *end;
		unsigned long pid = strtoul(entry->d_name, &end, 10);
		struct relation r = { .pid = (uint32_t)pid };

		if (*end || !pid || ppid_read(r.pid, &r.ppid))
			continue;
		if (*n == room) {
			struct relation *more = realloc(list, (room = room ? room * 2 : 512) * sizeof(*list));

			if (!more) {
				err = -ENOMEM;
				break;
			}
			list = more;
		}
		list[(*n)++] = r;
	}
	closedir(proc);
	if (err) {
		free(list);
		return err;
	}
	if (list)
		qsort(list, *n, sizeof(*list), by_pid);
	*ret = list;
	return 0;
}

int node_descendants(const struct node_process *of, size_t n, uint32_t **ret, size_t *ret_n)
{
	struct relation *list = NULL;
	size_t count, found = 0;
	bool more = true;
	int err = relations_read(&list, &count);

	*ret = NULL;
	*ret_n = 0;
	if (err)
		return err;
	/* A generation a pass: container process trees are shallow. */
	while (more) {
		more = false;
		for (size_t i = 0; i < count; i++) {
			struct relation key = { .pid = list[i].ppid }, *parent;
			bool child = false;

			if (list[i].wanted)
				continue;
			for (size_t k = 0; k < n && !child; k++)
				child = of[k].role == PROCESS_SHIM && of[k].pid == list[i].ppid;
			parent = bsearch(&key, list, count, sizeof(*list), by_pid);
			if (child || (parent && parent->wanted)) {
				list[i].wanted = true;
				found++;
				more = true;
			}
		}
	}
	*ret = calloc(found + 1, sizeof(**ret));
	if (!*ret) {
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		if (list[i].wanted)
			(*ret)[(*ret_n)++] = list[i].pid;
	free(list);
	return 0;
}
