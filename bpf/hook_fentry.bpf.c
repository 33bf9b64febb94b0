// SPDX-License-Identifier: GPL-2.0
/*
 * Backend fentry: a trampoline at a function's entry and one at its return. pipe_* until Linux 6.14,
 * anon_pipe_* from 6.15 on (commit f017b0a4951f); FIFOs pass the same functions. The loader loads only
 * what this kernel has.
 */
#include "op.bpf.h"
#include "body.bpf.h"

#define PIPE_HOOKS(prefix)                                                                           \
	SEC("fentry/" #prefix "_write")                                                              \
	int BPF_PROG(fentry_##prefix##_write, struct kiocb *iocb)                                    \
	{                                                                                            \
		op_begin(HOOK_PIPE, iocb->ki_filp, SS_WRITE, 0);                                     \
		return 0;                                                                            \
	}                                                                                            \
	SEC("fexit/" #prefix "_write")                                                               \
	int BPF_PROG(fexit_##prefix##_write, struct kiocb *iocb, struct iov_iter *from, ssize_t ret) \
	{                                                                                            \
		op_end(HOOK_PIPE, iocb->ki_filp, SS_WRITE, 0, ret);                                  \
		return 0;                                                                            \
	}                                                                                            \
	SEC("fentry/" #prefix "_read")                                                               \
	int BPF_PROG(fentry_##prefix##_read, struct kiocb *iocb)                                     \
	{                                                                                            \
		op_begin(HOOK_PIPE, iocb->ki_filp, SS_READ, 0);                                      \
		return 0;                                                                            \
	}                                                                                            \
	SEC("fexit/" #prefix "_read")                                                                \
	int BPF_PROG(fexit_##prefix##_read, struct kiocb *iocb, struct iov_iter *to, ssize_t ret)    \
	{                                                                                            \
		op_end(HOOK_PIPE, iocb->ki_filp, SS_READ, 0, ret);                                   \
		return 0;                                                                            \
	}

PIPE_HOOKS(pipe)
PIPE_HOOKS(anon_pipe)

/* unix_seqpacket_sendmsg calls unix_dgram_sendmsg: hooking both would count twice. */
#define UNIX_HOOKS(kind)                                                                                   \
	SEC("fentry/unix_" #kind "_sendmsg")                                                               \
	int BPF_PROG(fentry_##kind##_sendmsg, struct socket *sock)                                         \
	{                                                                                                  \
		op_begin(HOOK_UNIX, sock->file, SS_WRITE, 0);                                              \
		return 0;                                                                                  \
	}                                                                                                  \
	SEC("fexit/unix_" #kind "_sendmsg")                                                                \
	int BPF_PROG(fexit_##kind##_sendmsg, struct socket *sock, struct msghdr *msg, size_t len, int ret) \
	{                                                                                                  \
		op_end(HOOK_UNIX, sock->file, SS_WRITE, 0, ret);                                           \
		return 0;                                                                                  \
	}                                                                                                  \
	SEC("fentry/unix_" #kind "_recvmsg")                                                               \
	int BPF_PROG(fentry_##kind##_recvmsg, struct socket *sock, struct msghdr *msg, size_t size, int f) \
	{                                                                                                  \
		op_begin(HOOK_UNIX, sock->file, SS_READ, f &MSG_PEEK ? SS_OP_PEEK : 0);                    \
		return 0;                                                                                  \
	}                                                                                                  \
	SEC("fexit/unix_" #kind "_recvmsg")                                                                \
	int BPF_PROG(fexit_##kind##_recvmsg, struct socket *sock, struct msghdr *msg, size_t size, int f,  \
		     int ret)                                                                              \
	{                                                                                                  \
		op_end(HOOK_UNIX, sock->file, SS_READ, f &MSG_PEEK ? SS_OP_PEEK : 0, ret);                 \
		return 0;                                                                                  \
	}

UNIX_HOOKS(stream)
UNIX_HOOKS(dgram)

/* Receiving calls unix_dgram_recvmsg or, on most kernels, what is behind it. */
SEC("fentry/unix_seqpacket_recvmsg")
int BPF_PROG(fentry_seqpacket_recvmsg, struct socket *sock, struct msghdr *msg, size_t size, int f)
{
	op_begin(HOOK_SEQPACKET, sock->file, SS_READ, f & MSG_PEEK ? SS_OP_PEEK : 0);
	return 0;
}

SEC("fexit/unix_seqpacket_recvmsg")
int BPF_PROG(fexit_seqpacket_recvmsg, struct socket *sock, struct msghdr *msg, size_t size, int f, int ret)
{
	op_end(HOOK_SEQPACKET, sock->file, SS_READ, f & MSG_PEEK ? SS_OP_PEEK : 0, ret);
	return 0;
}

/* A write to a pipe or a socket passes here as well: only files and ptys count. */
#define VFS_HOOKS(name, dir)                               \
	SEC("fentry/vfs_" #name)                           \
	int BPF_PROG(fentry_vfs_##name, struct file *file) \
	{                                                  \
		vfs_begin(file, dir);                      \
		return 0;                                  \
	}

VFS_HOOKS(write, SS_WRITE)
VFS_HOOKS(read, SS_READ)
VFS_HOOKS(writev, SS_WRITE)
VFS_HOOKS(readv, SS_READ)

SEC("fexit/vfs_write")
int BPF_PROG(fexit_vfs_write, struct file *file, const char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	vfs_end(file, SS_WRITE, ret);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(fexit_vfs_read, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	vfs_end(file, SS_READ, ret);
	return 0;
}

SEC("fexit/vfs_writev")
int BPF_PROG(fexit_vfs_writev, struct file *file, const struct iovec *vec, unsigned long vlen, loff_t *pos,
	     int flags, ssize_t ret)
{
	vfs_end(file, SS_WRITE, ret);
	return 0;
}

SEC("fexit/vfs_readv")
int BPF_PROG(fexit_vfs_readv, struct file *file, const struct iovec *vec, unsigned long vlen, loff_t *pos,
	     int flags, ssize_t ret)
{
	vfs_end(file, SS_READ, ret);
	return 0;
}

SEC("fentry/do_splice")
int BPF_PROG(fentry_do_splice, struct file *in, loff_t *off_in, struct file *out)
{
	move_begin(HOOK_SPLICE, in, out);
	return 0;
}

SEC("fexit/do_splice")
int BPF_PROG(fexit_do_splice, struct file *in, loff_t *off_in, struct file *out, loff_t *off_out, size_t len,
	     unsigned int flags, long ret)
{
	move_end(HOOK_SPLICE, ret);
	return 0;
}

SEC("fentry/do_tee")
int BPF_PROG(fentry_do_tee, struct file *in, struct file *out)
{
	move_begin(HOOK_TEE, in, out);
	return 0;
}

SEC("fexit/do_tee")
int BPF_PROG(fexit_do_tee, struct file *in, struct file *out, size_t len, unsigned int flags, long ret)
{
	move_end(HOOK_TEE, ret);
	return 0;
}

SEC("fentry/do_sendfile")
int BPF_PROG(fentry_do_sendfile, int out_fd, int in_fd)
{
	move_fds_begin(HOOK_SENDFILE, in_fd, out_fd);
	return 0;
}

SEC("fexit/do_sendfile")
int BPF_PROG(fexit_do_sendfile, int out_fd, int in_fd, loff_t *ppos, size_t count, loff_t max, ssize_t ret)
{
	move_end(HOOK_SENDFILE, ret);
	return 0;
}

SEC("fentry/vfs_copy_file_range")
int BPF_PROG(fentry_copy, struct file *in, loff_t pos_in, struct file *out)
{
	move_begin(HOOK_COPY, in, out);
	return 0;
}

SEC("fexit/vfs_copy_file_range")
int BPF_PROG(fexit_copy, struct file *in, loff_t pos_in, struct file *out, loff_t pos_out, size_t len,
	     unsigned int flags, ssize_t ret)
{
	move_end(HOOK_COPY, ret);
	return 0;
}

/* vmsplice's inner functions are inlined everywhere; the system call's own function is not. */
SEC("fentry/" SYS_FUNC "vmsplice")
int BPF_PROG(fentry_vmsplice, struct pt_regs *regs)
{
	vmsplice_begin(PT_REGS_PARM1_CORE_SYSCALL(regs));
	return 0;
}

SEC("fexit/" SYS_FUNC "vmsplice")
int BPF_PROG(fexit_vmsplice, struct pt_regs *regs, long ret)
{
	move_end(HOOK_VMSPLICE, ret);
	return 0;
}

SEC("fexit/" SYS_FUNC "pipe2")
int BPF_PROG(fexit_pipe2, struct pt_regs *regs, long ret)
{
	pipe_made((int *)PT_REGS_PARM1_CORE_SYSCALL(regs), ret);
	return 0;
}
