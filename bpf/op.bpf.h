/* SPDX-License-Identifier: GPL-2.0 */
/* An operation's life: begin, time off the CPU, end, emit or fold. The same for every backend. */
#ifndef SHIMSCOPE_OP_BPF_H
#define SHIMSCOPE_OP_BPF_H

#include "channel.bpf.h"
#include "target.bpf.h"

#define EAGAIN	  11
#define MAX_ERRNO 4095

static const struct ss_fold fold_zero = {};

/* A global function: the verifier takes its result as any number, instead of following 64 ways on. */
__noinline __u32 log2_bucket(__u64 v, __u32 buckets)
{
	__u32 k = 0;

	if (v >> 32) {
		v >>= 32;
		k += 32;
	}
	if (v >> 16) {
		v >>= 16;
		k += 16;
	}
	if (v >> 8) {
		v >>= 8;
		k += 8;
	}
	if (v >> 4) {
		v >>= 4;
		k += 4;
	}
	if (v >> 2) {
		v >>= 2;
		k += 2;
	}
	if (v >> 1)
		k += 1;
	return k < buckets ? k : buckets - 1;
}

static __always_inline struct op_state *op_state_get(bool create)
{
	if (use_task_storage) {
		struct task_struct *task = bpf_get_current_task_btf();

		return bpf_task_storage_get(&ops_task, task, 0, create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	} else {
		__u32 tid = bpf_get_current_pid_tgid();
		struct op_state *state = bpf_map_lookup_elem(&ops_hash, &tid);

		if (!state && create) {
			struct op_state fresh = {};

			bpf_map_update_elem(&ops_hash, &tid, &fresh, BPF_NOEXIST);
			state = bpf_map_lookup_elem(&ops_hash, &tid);
		}
		return state;
	}
}

static __noinline int op_fold(struct ss_op *op)
{
	struct ss_end_key key = {};
	struct ss_fold *fold;
	__u32 zero = 0, bucket;
	void *map;

	if (!op)
		return 0;
	key.channel = op->channel;
	key.tgid = op->tgid;
	key.transport = op->transport;
	key.direction = op->direction;
	map = bpf_map_lookup_elem(&folds, &zero);
	if (!map)
		return 0;
	fold = bpf_map_lookup_elem(map, &key);
	if (!fold) {
		bpf_map_update_elem(map, &key, &fold_zero, BPF_NOEXIST);
		fold = bpf_map_lookup_elem(map, &key);
	}
	if (!fold) {
		STAT_INC(fold_full);
		STAT_ADD(fold_full_bytes, op->bytes);
		return 0;
	}
	STAT_INC(folded);
	__sync_fetch_and_add(&fold->calls, 1);
	if (op->error) {
		if (op->error == -EAGAIN)
			__sync_fetch_and_add(&fold->eagain, 1);
		else
			__sync_fetch_and_add(&fold->errors, 1);
	} else {
		if (op->flags & SS_OP_MOVED)
			__sync_fetch_and_add(&fold->moved_bytes, op->bytes);
		else if (op->flags & SS_OP_PEEK)
			__sync_fetch_and_add(&fold->peek_bytes, op->bytes);
		else
			__sync_fetch_and_add(&fold->bytes, op->bytes);
		bucket = log2_bucket(op->bytes, SS_SIZE_BUCKETS);
		if (bucket < SS_SIZE_BUCKETS)
			__sync_fetch_and_add(&fold->size_log2[bucket], 1);
	}
	if (op->flags & SS_OP_UNTIMED) {
		__sync_fetch_and_add(&fold->untimed, 1);
		return 0;
	}
	__sync_fetch_and_add(&fold->cpu_ns, op->cpu_ns);
	__sync_fetch_and_add(&fold->off_ns, op->off_ns);
	bucket = log2_bucket(op->cpu_ns, SS_CPU_BUCKETS);
	if (bucket < SS_CPU_BUCKETS)
		__sync_fetch_and_add(&fold->cpu_log2[bucket], 1);
	return 0;
}

static __always_inline void op_fill(struct ss_op *op, const struct op_side *side, long ret, __u64 now,
				    __u64 cpu_ns, __u64 off_ns, __u8 flags)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	op->type = SS_RECORD_OP;
	op->transport = side->transport;
	op->direction = side->direction;
	op->flags = side->flags | flags;
	op->tgid = pid_tgid >> 32;
	op->tid = pid_tgid;
	op->error = ret < 0 ? ret : 0;
	op->bytes = ret < 0 || op->flags & SS_OP_STAY ? 0 : ret;
	op->end_ns = now;
	op->cpu_ns = cpu_ns;
	op->off_ns = off_ns;
	op->channel = side->channel;
}

/* Hand one side of a completed operation to user space. */
static __always_inline void op_emit(const struct op_side *side, long ret, __u64 now, __u64 cpu_ns,
				    __u64 off_ns, __u8 flags)
{
	struct ss_op *op = bpf_ringbuf_reserve(&ring, sizeof(*op), 0);
	struct ss_op spill;

	if (op) {
		op_fill(op, side, ret, now, cpu_ns, off_ns, flags);
		/* The consumer polls: a wake-up costs more than the rest of this function. */
		bpf_ringbuf_submit(op, BPF_RB_NO_WAKEUP);
		return;
	}
	op_fill(&spill, side, ret, now, cpu_ns, off_ns, flags);
	op_fold(&spill);
}

#define SIDE_ARGS(slot, direction, flags, target) \
	((__u64)(slot) | (__u64)(direction) << 8 | (__u64)(flags) << 16 | (__u64)(target) << 32)

/*
 * Fill one side of the thread's operation from state->file[slot]. Returns 1, or 0 when operations on that
 * file do not count. A global function of scalars, for the verifier's sake: it is checked once, not in each
 * hook, and Linux 5.10 lets global functions take nothing else.
 */
__noinline int op_side_init(__u64 args)
{
	__u8 slot = args, direction = args >> 8, flags = args >> 16;
	__u32 target = args >> 32;
	struct op_state *state = op_state_get(false);
	struct op_side *side;
	struct file_id id = {};
	struct file *file;

	if (!state)
		return 0;
	file = (struct file *)(slot ? state->file[1] : state->file[0]);
	if (file_identify(file, &id))
		return 0;
	/* A writer's calls count on what a shim reads only. */
	if (!(target & SS_TARGET_TRACED)) {
		if (direction != SS_WRITE ||
		    (id.transport != SS_TRANSPORT_PIPE && id.transport != SS_TRANSPORT_PTY))
			return 0;
	}
	if (!channel_use(file, &id, direction, !(target & SS_TARGET_TRACED)))
		return 0;
	side = slot ? &state->side[1] : &state->side[0];
	side->channel = id.key;
	side->transport = id.transport;
	side->direction = direction;
	side->flags = flags;
	return 1;
}

/*
 * Begin an operation on a file, and on b, which it writes (or NULL). Only the outermost hook of a thread
 * counts: what it calls on its way (sendfile's inner pipe write, splice's socket send) is part of it.
 */
static __always_inline struct op_state *op_begin2(__u32 hook, struct file *a, __u8 a_direction,
						  struct file *b, __u8 flags, __u32 target)
{
	struct op_state *state = op_state_get(true);
	__u32 n = 0;

	if (!state) {
		STAT_INC(state_full);
		return NULL;
	}
	if (state->start_ns) {
		/*
		 * Only splice and its kin call other hooked functions. Anything else still under way has
		 * ended unseen.
		 */
		if (state->hook >= HOOK_SPLICE && state->hook != hook) {
			state->depth++;
			return NULL;
		}
		STAT_INC(missed_end);
	}
	state->start_ns = 0;
	state->file[0] = (__u64)a;
	if (op_side_init(SIDE_ARGS(0, a_direction, flags, target)))
		n = 1;
	if (b) {
		state->file[n] = (__u64)b;
		if (op_side_init(SIDE_ARGS(n, SS_WRITE, flags & ~SS_OP_STAY, target)))
			n++;
	}
	if (!n)
		return NULL;
	state->n = n;
	state->hook = hook;
	state->depth = 0;
	state->off_ns = 0;
	state->out_ns = 0;
	state->arg = 0;
	state->kind = 0;
	/* Last, so that the time that this program takes is not the operation's. */
	state->start_ns = bpf_ktime_get_ns();
	return state;
}

static __always_inline struct op_state *op_begin(__u32 hook, struct file *file, __u8 direction, __u8 flags)
{
	__u32 target = target_flags();

	if (!target)
		return NULL;
	return op_begin2(hook, file, direction, NULL, flags, target);
}

/* The state whose operation this hook's end is, or NULL (then *nested tells an inner one from an unknown). */
static __always_inline struct op_state *op_ending(__u32 hook, bool *nested)
{
	struct op_state *state = op_state_get(false);

	*nested = false;
	if (!state || !state->start_ns)
		return NULL;
	if (state->hook != hook) {
		*nested = true;
		if (state->depth)
			state->depth--;
		return NULL;
	}
	return state;
}

static __always_inline void op_finish(struct op_state *state, long ret, __u64 now)
{
	__u64 wall = now - state->start_ns, off = state->off_ns;
	__u64 cpu = wall > off ? wall - off : 0;

	/*
	 * An operation on two files is one span of time: it is the second side's (the destination's), and
	 * the first side says that its times are not known apart.
	 */
	if (state->n == 2) {
		op_emit(&state->side[0], ret, now, 0, 0, SS_OP_UNTIMED);
		op_emit(&state->side[1], ret, now, cpu, off, 0);
	} else {
		op_emit(&state->side[0], ret, now, cpu, off, 0);
	}
	state->start_ns = 0;
}

/* An end whose begin was before the trace: count it, its times are not known. */
static __always_inline void op_late(struct file *file, __u8 direction, __u8 flags, long ret, __u32 target)
{
	struct op_state *state = op_state_get(true);

	if (!state) {
		STAT_INC(state_full);
		return;
	}
	state->file[0] = (__u64)file;
	if (!op_side_init(SIDE_ARGS(0, direction, flags, target)))
		return;
	STAT_INC(missed_begin);
	op_emit(&state->side[0], ret, bpf_ktime_get_ns(), 0, 0, SS_OP_UNTIMED);
}

/* End of an operation on one file, for hooks that still have the file at their end. */
static __always_inline void op_end(__u32 hook, struct file *file, __u8 direction, __u8 flags, long ret)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 target = target_flags();
	struct op_state *state;
	bool nested;

	if (!target)
		return;
	state = op_ending(hook, &nested);
	if (state)
		op_finish(state, ret, now);
	else if (!nested && file)
		op_late(file, direction, flags, ret, target);
}

#endif
