// SPDX-License-Identifier: GPL-2.0
/*
 * Backend syscall: for kernels that refuse trampolines and have no kprobes. It hooks entry and exit of all
 * system calls and finds the file through the descriptor table, so it measures whole calls, and does not
 * see what io_uring does.
 */
#include "op.bpf.h"
#include "body.bpf.h"
#include "syscall_nr.bpf.h"

#define MMSG_MAX  1024 /* UIO_MAXIOV: the kernel takes no more (net/socket.c) */
#define TS_COMPAT 2    /* arch/x86/include/asm/thread_info.h */

struct call_args {
	__u64 a[4];
};

static __always_inline void call_args_read(struct pt_regs *regs, struct call_args *args)
{
#if defined(__TARGET_ARCH_x86)
	args->a[0] = KREAD(regs, di);
	args->a[1] = KREAD(regs, si);
	args->a[2] = KREAD(regs, dx);
	args->a[3] = KREAD(regs, r10);
#elif defined(__TARGET_ARCH_arm64)
	args->a[0] = BPF_CORE_READ(regs, orig_x0);
	args->a[1] = BPF_CORE_READ(regs, regs[1]);
	args->a[2] = BPF_CORE_READ(regs, regs[2]);
	args->a[3] = BPF_CORE_READ(regs, regs[3]);
#endif
}

static __always_inline __u32 call_nr(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return KREAD(regs, orig_ax);
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno);
#endif
}

/* The mask is in assembly because the compiler, knowing nr is small, drops one the verifier needs. */
static __always_inline __u8 call_kind_of(__u64 nr)
{
	if (nr >= NR_MAX)
		return CALL_NONE;
	asm volatile("%0 &= 511" : "+r"(nr));
	return call_kinds[nr];
}

/* A 32-bit program's calls have other numbers. */
static __always_inline bool call_is_compat(void)
{
#if defined(__TARGET_ARCH_x86)
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return KREAD(task, thread_info.status) & TS_COMPAT;
#elif defined(__TARGET_ARCH_arm64)
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return KREAD(task, thread_info.flags) & (1 << 22); /* TIF_32BIT */
#endif
}

/*
 * The bytes of a sendmmsg or recvmmsg: the call returns a number of messages, each message's length is in
 * the caller's array.
 */
__noinline long mmsg_bytes(__u64 vec, long n)
{
	long sum = 0;

	for (int i = 0; i < MMSG_MAX; i++) {
		__u32 len = 0;

		if (i >= n)
			break;
		/* struct mmsghdr { struct user_msghdr hdr; unsigned int len; }: 64 bytes, len at 56 */
		bpf_probe_read_user(&len, sizeof(len), (void *)(vec + (__u64)i * 64 + 56));
		sum += len;
	}
	return sum;
}

/* What a call reads and writes. */
struct call_files {
	struct file *a, *b; /* a: read, unless a_direction says otherwise; b: written */
	__u8 a_direction;
	__u8 flags; /* enum ss_op_flags */
};

#define NO_FD (-1U)

static __always_inline void call_files_find(__u8 kind, const struct call_args *args, struct call_files *files)
{
	__u32 a = args->a[0], b = NO_FD;

	files->a_direction = SS_READ;
	files->flags = 0;
	switch (kind) {
	case CALL_RECVFROM:
	case CALL_RECVMMSG:
		files->flags = args->a[3] & MSG_PEEK ? SS_OP_PEEK : 0;
		break;
	case CALL_RECVMSG:
		files->flags = args->a[2] & MSG_PEEK ? SS_OP_PEEK : 0;
		break;
	case CALL_WRITE:
	case CALL_SENDMMSG:
		files->a_direction = SS_WRITE;
		break;
	case CALL_SPLICE:
	case CALL_COPY:
		files->flags = SS_OP_MOVED;
		b = args->a[2];
		break;
	case CALL_SENDFILE:
		files->flags = SS_OP_MOVED;
		a = args->a[1];
		b = args->a[0];
		break;
	case CALL_TEE:
		files->flags = SS_OP_MOVED | SS_OP_STAY;
		b = args->a[1];
		break;
	}
	files->a = fd_file(a);
	files->b = b == NO_FD ? NULL : fd_file(b);
	/* Into a pipe vmsplice gives pages away; out of a pipe it copies, like a read (fs/splice.c). */
	if (kind == CALL_VMSPLICE && files->a && (__u32)KREAD(files->a, f_mode) & FMODE_WRITE) {
		files->flags = SS_OP_MOVED;
		files->a_direction = SS_WRITE;
	}
}

SEC("tp_btf/sys_enter")
int BPF_PROG(syscall_enter, struct pt_regs *regs, long nr)
{
	struct call_args args = {};
	struct op_state *state;
	struct call_files files;
	__u8 kind;
	__u32 target;

	kind = call_kind_of(nr);
	if (kind == CALL_NONE || kind == CALL_PIPE)
		return 0;
	target = target_flags();
	if (!target || call_is_compat())
		return 0;
	if (kind == CALL_IO_URING) {
		if (target & SS_TARGET_TRACED)
			STAT_INC(unseen_iouring);
		return 0;
	}
	call_args_read(regs, &args);
	call_files_find(kind, &args, &files);
	if (!files.a && !files.b)
		return 0;
	state = op_begin2(HOOK_SYSCALL, files.a, files.a_direction, files.b, files.flags, target);
	if (state) {
		state->arg = args.a[1];
		state->kind = kind;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	__u64 now;
	struct call_args args = {};
	struct op_state *state;
	struct call_files files;
	__u8 kind;
	__u32 target;

	kind = call_kind_of(call_nr(regs));
	if (kind == CALL_NONE || kind == CALL_IO_URING)
		return 0;
	now = bpf_ktime_get_ns();
	target = target_flags();
	if (!target)
		return 0;
	if (kind == CALL_PIPE) {
		call_args_read(regs, &args);
		pipe_made((const int *)args.a[0], ret);
		return 0;
	}
	state = op_state_get(false);
	if (state && state->start_ns) {
		if (ret > 0 && (kind == CALL_RECVMMSG || kind == CALL_SENDMMSG))
			ret = mmsg_bytes(state->arg, ret);
		op_finish(state, ret, now);
		return 0;
	}
	/* Begun before the trace, or on no channel: its file tells. */
	if (call_is_compat())
		return 0;
	call_args_read(regs, &args);
	call_files_find(kind, &args, &files);
	if (ret > 0 && (kind == CALL_RECVMMSG || kind == CALL_SENDMMSG))
		ret = mmsg_bytes(args.a[1], ret);
	if (files.a)
		op_late(files.a, files.a_direction, files.flags, ret, target);
	if (files.b)
		op_late(files.b, SS_WRITE, files.flags & ~SS_OP_STAY, ret, target);
	return 0;
}
