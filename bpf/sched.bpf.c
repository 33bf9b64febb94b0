// SPDX-License-Identifier: GPL-2.0
/* Scheduler events, the same for every backend: time off the CPU, and processes that come and go. */
#include "maps.bpf.h"
#include "kread.bpf.h"

static __always_inline struct op_state *task_op(struct task_struct *task)
{
	if (use_task_storage) {
		return bpf_task_storage_get(&ops_task, task, 0, 0);
	} else {
		__u32 tid = task->pid;

		return bpf_map_lookup_elem(&ops_hash, &tid);
	}
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct op_state *out, *in;
	__u64 now;

	if (mode == SS_MODE_OFF)
		return 0;
	out = task_op(prev);
	if (out && !out->start_ns)
		out = NULL;
	in = task_op(next);
	if (in && (!in->start_ns || !in->out_ns))
		in = NULL;
	if (!out && !in)
		return 0;
	now = bpf_ktime_get_ns();
	if (out)
		out->out_ns = now;
	if (in) {
		in->off_ns += now - in->out_ns;
		in->out_ns = 0;
	}
	return 0;
}

static __always_inline void process_emit(struct task_struct *task, __u8 event, __u32 flags, __u64 runtime_ns)
{
	struct ss_process *rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	struct task_struct *leader = task->group_leader;

	if (!rec) {
		STAT_INC(process_dropped);
		return;
	}
	rec->type = SS_RECORD_PROCESS;
	rec->event = event;
	rec->pad = 0;
	rec->flags = flags;
	rec->tgid = task->tgid;
	rec->ppid = task->real_parent->tgid;
	rec->ns = bpf_ktime_get_ns();
	rec->start_ns = leader->start_boottime;
	rec->runtime_ns = runtime_ns;
	bpf_probe_read_kernel_str(rec->comm, sizeof(rec->comm), leader->comm);
	bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 ptgid = parent->tgid, tgid = child->tgid;
	struct ss_target *t, fresh = {};

	if (ptgid == tgid)
		return 0; /* a thread */
	t = bpf_map_lookup_elem(&targets, &ptgid);
	if (!t)
		return 0;
	if (t->flags & SS_TARGET_FOLLOW)
		fresh.flags |= SS_TARGET_FOLLOW | SS_TARGET_TRACED;
	if (t->flags & (SS_TARGET_CONTAINERD | SS_TARGET_SHIM | SS_TARGET_CANDIDATE))
		fresh.flags |= SS_TARGET_CANDIDATE;
	if (writers && t->flags & (SS_TARGET_SHIM | SS_TARGET_WRITER))
		fresh.flags |= SS_TARGET_WRITER;
	if (!fresh.flags)
		return 0;
	if (bpf_map_update_elem(&targets, &tgid, &fresh, BPF_ANY)) {
		STAT_INC(target_full);
		return 0;
	}
	if (fresh.flags & SS_TARGET_TRACED)
		process_emit(child, SS_PROCESS_FORK, fresh.flags, 0);
	return 0;
}

static __always_inline bool comm_is(const char *comm, const char *name, int n)
{
	for (int i = 0; i < n; i++)
		if (comm[i] != name[i])
			return false;
	return true;
}

/*
 * exec(2) sets comm to the file's base name, cut to 15 characters: "containerd-shim-runc-v2" reads
 * "containerd-shim", so do all shims (their names are containerd-shim-NAME-VERSION by contract).
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	__u32 tgid = task->tgid, flags = 0;
	struct ss_target *t = bpf_map_lookup_elem(&targets, &tgid);
	struct ss_target fresh = {};
	char comm[SS_COMM_LEN] = {};

	if (!t && !follow_all)
		return 0;
	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
	if (t)
		flags = t->flags & (SS_TARGET_FOLLOW | SS_TARGET_WRITER);
	if (t && t->flags & SS_TARGET_FOLLOW)
		flags |= SS_TARGET_TRACED;
	if (comm_is(comm, "containerd-shim", sizeof("containerd-shim"))) {
		if (follow_all || (t && t->flags & (SS_TARGET_CANDIDATE | SS_TARGET_SHIM)))
			flags = SS_TARGET_TRACED | SS_TARGET_SHIM | (flags & SS_TARGET_FOLLOW);
	} else if (comm_is(comm, "containerd", sizeof("containerd"))) {
		if (follow_all)
			flags = SS_TARGET_TRACED | SS_TARGET_CONTAINERD | (flags & SS_TARGET_FOLLOW);
	}
	if (!flags) {
		if (t)
			bpf_map_delete_elem(&targets, &tgid);
		return 0;
	}
	if (t) {
		t->flags = flags;
	} else {
		fresh.flags = flags;
		if (bpf_map_update_elem(&targets, &tgid, &fresh, BPF_ANY)) {
			STAT_INC(target_full);
			return 0;
		}
	}
	process_emit(task, SS_PROCESS_EXEC, flags, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid, tid = task->pid;
	struct ss_target *t;
	__u64 runtime;

	if (!use_task_storage)
		bpf_map_delete_elem(&ops_hash, &tid);
	t = bpf_map_lookup_elem(&targets, &tgid);
	if (!t)
		return 0;
	runtime = task->se.sum_exec_runtime;
	__sync_fetch_and_add(&t->runtime_ns, runtime);
	/* The count of living threads is lowered before this event (kernel/exit.c, do_exit). */
	if (task->signal->live.counter > 0)
		return 0;
	if (t->flags & (SS_TARGET_TRACED | SS_TARGET_WRITER))
		process_emit(task, SS_PROCESS_EXIT, t->flags, t->runtime_ns);
	bpf_map_delete_elem(&targets, &tgid);
	return 0;
}
