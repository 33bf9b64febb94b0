// SPDX-License-Identifier: GPL-2.0
/*
 * Backend kprobe: for kernels whose functions refuse trampolines. A kretprobe does not see its function's
 * arguments, so an end without a begin is not counted (it was under way when the trace began).
 */
#include "op.bpf.h"
#include "body.bpf.h"

#define RETURN_HOOK(func, name, hook)                 \
	SEC("kretprobe/" func)                        \
	int BPF_KRETPROBE(kretprobe_##name, long ret) \
	{                                             \
		op_end(hook, NULL, 0, 0, ret);        \
		return 0;                             \
	}

/* The socket functions return int: the upper half of the register is not theirs. */
#define RETURN_HOOK_INT(func, name, hook)            \
	SEC("kretprobe/" func)                       \
	int BPF_KRETPROBE(kretprobe_##name, int ret) \
	{                                            \
		op_end(hook, NULL, 0, 0, ret);       \
		return 0;                            \
	}

#define PIPE_HOOK(func, dir)                                                       \
	SEC("kprobe/" #func)                                                       \
	int BPF_KPROBE(kprobe_##func, struct kiocb *iocb)                          \
	{                                                                          \
		if (target_flags())                                                \
			op_begin(HOOK_PIPE, BPF_CORE_READ(iocb, ki_filp), dir, 0); \
		return 0;                                                          \
	}                                                                          \
	RETURN_HOOK(#func, func, HOOK_PIPE)

PIPE_HOOK(pipe_write, SS_WRITE)
PIPE_HOOK(pipe_read, SS_READ)
PIPE_HOOK(anon_pipe_write, SS_WRITE)
PIPE_HOOK(anon_pipe_read, SS_READ)

#define UNIX_HOOK(kind)                                                                                   \
	SEC("kprobe/unix_" #kind "_sendmsg")                                                              \
	int BPF_KPROBE(kprobe_##kind##_sendmsg, struct socket *sock)                                      \
	{                                                                                                 \
		if (target_flags())                                                                       \
			op_begin(HOOK_UNIX, BPF_CORE_READ(sock, file), SS_WRITE, 0);                      \
		return 0;                                                                                 \
	}                                                                                                 \
	RETURN_HOOK_INT("unix_" #kind "_sendmsg", kind##_sendmsg, HOOK_UNIX)                              \
	SEC("kprobe/unix_" #kind "_recvmsg")                                                              \
	int BPF_KPROBE(kprobe_##kind##_recvmsg, struct socket *sock, struct msghdr *msg, size_t n, int f) \
	{                                                                                                 \
		if (target_flags())                                                                       \
			op_begin(HOOK_UNIX, BPF_CORE_READ(sock, file), SS_READ,                           \
				 f &MSG_PEEK ? SS_OP_PEEK : 0);                                           \
		return 0;                                                                                 \
	}                                                                                                 \
	RETURN_HOOK_INT("unix_" #kind "_recvmsg", kind##_recvmsg, HOOK_UNIX)

UNIX_HOOK(stream)
UNIX_HOOK(dgram)

SEC("kprobe/unix_seqpacket_recvmsg")
int BPF_KPROBE(kprobe_seqpacket_recvmsg, struct socket *sock, struct msghdr *msg, size_t n, int f)
{
	if (target_flags())
		op_begin(HOOK_SEQPACKET, BPF_CORE_READ(sock, file), SS_READ, f & MSG_PEEK ? SS_OP_PEEK : 0);
	return 0;
}
RETURN_HOOK_INT("unix_seqpacket_recvmsg", seqpacket_recvmsg, HOOK_SEQPACKET)

#define VFS_HOOK(func, dir)                              \
	SEC("kprobe/" #func)                             \
	int BPF_KPROBE(kprobe_##func, struct file *file) \
	{                                                \
		vfs_begin(file, dir);                    \
		return 0;                                \
	}                                                \
	RETURN_HOOK(#func, func, HOOK_VFS)

VFS_HOOK(vfs_write, SS_WRITE)
VFS_HOOK(vfs_read, SS_READ)
VFS_HOOK(vfs_writev, SS_WRITE)
VFS_HOOK(vfs_readv, SS_READ)

SEC("kprobe/do_splice")
int BPF_KPROBE(kprobe_do_splice, struct file *in, loff_t *off_in, struct file *out)
{
	move_begin(HOOK_SPLICE, in, out);
	return 0;
}
RETURN_HOOK("do_splice", do_splice, HOOK_SPLICE)

SEC("kprobe/do_tee")
int BPF_KPROBE(kprobe_do_tee, struct file *in, struct file *out)
{
	move_begin(HOOK_TEE, in, out);
	return 0;
}
RETURN_HOOK("do_tee", do_tee, HOOK_TEE)

SEC("kprobe/do_sendfile")
int BPF_KPROBE(kprobe_do_sendfile, int out_fd, int in_fd)
{
	move_fds_begin(HOOK_SENDFILE, in_fd, out_fd);
	return 0;
}
RETURN_HOOK("do_sendfile", do_sendfile, HOOK_SENDFILE)

SEC("kprobe/vfs_copy_file_range")
int BPF_KPROBE(kprobe_copy, struct file *in, loff_t pos_in, struct file *out)
{
	move_begin(HOOK_COPY, in, out);
	return 0;
}
RETURN_HOOK("vfs_copy_file_range", copy, HOOK_COPY)

SEC("kprobe/" SYS_FUNC "vmsplice")
int BPF_KPROBE(kprobe_vmsplice, struct pt_regs *regs)
{
	vmsplice_begin(PT_REGS_PARM1_CORE_SYSCALL(regs));
	return 0;
}
RETURN_HOOK(SYS_FUNC "vmsplice", vmsplice, HOOK_VMSPLICE)

/* The return probe does not have the arguments: the descriptors are read where pipe2 installs them. */
SEC("kprobe/" SYS_FUNC "pipe2")
int BPF_KPROBE(kprobe_pipe2, struct pt_regs *regs)
{
	struct op_state *state;

	if (!writers || !(target_flags() & SS_TARGET_SHIM))
		return 0;
	state = op_state_get(true);
	if (state)
		state->arg = PT_REGS_PARM1_CORE_SYSCALL(regs);
	return 0;
}

SEC("kretprobe/" SYS_FUNC "pipe2")
int BPF_KRETPROBE(kretprobe_pipe2, long ret)
{
	struct op_state *state;

	if (!writers || !(target_flags() & SS_TARGET_SHIM))
		return 0;
	state = op_state_get(false);
	if (state && state->arg) {
		pipe_made((int *)state->arg, ret);
		state->arg = 0;
	}
	return 0;
}
