/* SPDX-License-Identifier: GPL-2.0 */
/* Hook bodies that backends share beside op_begin() and op_end(). */
#ifndef SHIMSCOPE_BODY_BPF_H
#define SHIMSCOPE_BODY_BPF_H

#include "fdtable.bpf.h"
#include "op.bpf.h"

#define MSG_PEEK    2
#define FMODE_READ  1
#define FMODE_WRITE 2

#if defined(__TARGET_ARCH_x86)
#define SYS_FUNC "__x64_sys_"
#elif defined(__TARGET_ARCH_arm64)
#define SYS_FUNC "__arm64_sys_"
#endif

static __always_inline bool vfs_counts(struct file *file)
{
	struct inode *inode = KREAD(file, f_inode);
	__u32 fmt = KREAD(inode, i_mode) & S_IFMT;

	return fmt == S_IFREG || fmt == S_IFCHR;
}

static __always_inline void vfs_begin(struct file *file, __u8 direction)
{
	__u32 target = target_flags();

	if (target && vfs_counts(file))
		op_begin2(HOOK_VFS, file, direction, NULL, 0, target);
}

static __always_inline void vfs_end(struct file *file, __u8 direction, long ret)
{
	if (target_flags() && vfs_counts(file))
		op_end(HOOK_VFS, file, direction, 0, ret);
}

static __always_inline void move_begin(__u32 hook, struct file *in, struct file *out)
{
	__u32 target = target_flags();

	if (target)
		op_begin2(hook, in, SS_READ, out, hook == HOOK_TEE ? SS_OP_MOVED | SS_OP_STAY : SS_OP_MOVED,
			  target);
}

static __always_inline void move_fds_begin(__u32 hook, __u32 in_fd, __u32 out_fd)
{
	__u32 target = target_flags();

	if (target)
		op_begin2(hook, fd_file(in_fd), SS_READ, fd_file(out_fd), SS_OP_MOVED, target);
}

static __always_inline void move_end(__u32 hook, long ret)
{
	op_end(hook, NULL, 0, 0, ret);
}

/* Into a pipe vmsplice gives pages away; out of a pipe it copies, like a read (fs/splice.c). */
static __always_inline struct op_state *vmsplice_begin(__u32 fd)
{
	__u32 target = target_flags();
	struct file *file;

	if (!target)
		return NULL;
	file = fd_file(fd);
	if (!file)
		return NULL;
	if ((__u32)KREAD(file, f_mode) & FMODE_WRITE)
		return op_begin2(HOOK_VMSPLICE, file, SS_WRITE, NULL, SS_OP_MOVED, target);
	return op_begin2(HOOK_VMSPLICE, file, SS_READ, NULL, 0, target);
}

/* pipe2(2) returned: a shim's new pipe may become a container's output. */
static __always_inline void pipe_made(const int *user_fds, long ret)
{
	int fd = -1;

	if (!writers || ret || !(target_flags() & SS_TARGET_SHIM))
		return;
	bpf_probe_read_user(&fd, sizeof(fd), user_fds);
	if (fd >= 0) {
		struct file *file = fd_file(fd);

		if (file)
			channel_watch(file);
	}
}

#endif
