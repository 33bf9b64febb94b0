/* SPDX-License-Identifier: GPL-2.0 */
/* From a file descriptor to its struct file. */
#ifndef SHIMSCOPE_FDTABLE_BPF_H
#define SHIMSCOPE_FDTABLE_BPF_H

#include "kread.bpf.h"

/* The current task's file behind fd, NULL for none. The caller's system call holds it. */
static __always_inline struct file *fd_file(__u32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct files_struct *files = KREAD(task, files);
	struct fdtable *fdt;
	struct file **fds, *file = NULL;

	if (!files)
		return NULL;
	fdt = KREAD(files, fdt);
	if (!fdt || fd >= KREAD(fdt, max_fds))
		return NULL;
	fds = KREAD(fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
	return file;
}

#endif
