// SPDX-License-Identifier: GPL-2.0-only
#include "probe/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* "none [integrity] confidentiality": the one in brackets holds. */
static void lockdown_read(char *ret, size_t size)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128], *start, *end;

	ret[0] = '\0';
	if (!f)
		return;
	if (fgets(line, sizeof(line), f) && (start = strchr(line, '[')) && (end = strchr(start, ']')))
		snprintf(ret, size, "%.*s", (int)(end - start - 1), start + 1);
	fclose(f);
}

static bool struct_has_member(const struct btf *btf, const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++)
		if (strcmp(btf__name_by_offset(btf, m[i].name_off), name) == 0)
			return true;
	return false;
}

/* struct bpf_link_info's part about kprobes has no name of its own: it is known by its members. */
static bool links_tell_missed(const struct btf *btf)
{
	unsigned n = btf__type_cnt(btf);

	for (unsigned id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_struct(t) && t->name_off == 0 && btf_vlen(t) >= 4 && btf_vlen(t) <= 8 &&
		    struct_has_member(btf, t, "func_name") && struct_has_member(btf, t, "missed"))
			return true;
	}
	return false;
}

bool kernel_has_function(const struct kernel *k, const char *name)
{
	return k->btf && btf__find_by_name_kind(k->btf, name, BTF_KIND_FUNC) > 0;
}

int kernel_open(struct kernel *k, const char *btf_path)
{
	memset(k, 0, sizeof(*k));
	lockdown_read(k->lockdown, sizeof(k->lockdown));
	/* The perf event source exists with CONFIG_KPROBE_EVENTS (kernel/events/core.c). */
	k->kprobes = access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0;
	k->btf = btf_path ? btf__parse(btf_path, NULL) : btf__load_vmlinux_btf();
	if (!k->btf)
		return -ENOENT;
	k->rdonly_cast = kernel_has_function(k, "bpf_rdonly_cast");
	k->anon_pipe = kernel_has_function(k, "anon_pipe_write");
	k->kprobe_missed = k->kprobes && links_tell_missed(k->btf);
	k->task_storage = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	return 0;
}

void kernel_close(struct kernel *k)
{
	btf__free(k->btf);
	memset(k, 0, sizeof(*k));
}
