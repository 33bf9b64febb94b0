// SPDX-License-Identifier: GPL-2.0
/*
 * The open files of all processes, without tracing: one struct ss_open_file for each descriptor that is an
 * end of a channel. Holds nothing open: an extra reader or writer of a FIFO would change what the node does.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "file.bpf.h"

/* A node has many open regular files: only those of the targets matter. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32); /* tgid */
	__type(value, __u32);
} file_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ss_open_file);
} scratch SEC(".maps");

static __always_inline void pipe_fill(struct file *file, struct ss_open_file *rec)
{
	struct pipe_inode_info *pipe = BPF_CORE_READ(file, private_data);
	__u32 head, tail, mask, bytes = 0;

	if (!pipe)
		return;
	head = BPF_CORE_READ(pipe, head);
	tail = BPF_CORE_READ(pipe, tail);
	mask = BPF_CORE_READ(pipe, ring_size) - 1;
	rec->pipe_size = BPF_CORE_READ(pipe, max_usage) << 12;
	for (int i = 0; i < 256; i++) {
		struct pipe_buffer *buf;

		if (tail == head)
			break;
		buf = BPF_CORE_READ(pipe, bufs) + (tail & mask);
		bytes += BPF_CORE_READ(buf, len);
		tail++;
	}
	rec->pipe_bytes = bytes;
}

SEC("iter/task_file")
int open_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct ss_open_file *rec;
	struct file_id id = {};
	__u32 zero = 0, tgid;
	__u8 flags = 0;

	if (!task || !file || task->tgid != task->pid)
		return 0;
	if (file_identify(file, &id))
		return 0;
	tgid = task->tgid;
	if (id.transport == SS_TRANSPORT_FILE && !bpf_map_lookup_elem(&file_owners, &tgid))
		return 0;
	rec = bpf_map_lookup_elem(&scratch, &zero);
	if (!rec)
		return 0;
	rec->key = id.key;
	rec->peer_ino = 0;
	rec->tgid = tgid;
	rec->fd = ctx->fd;
	rec->f_flags = file->f_flags;
	rec->mode = id.mode;
	rec->transport = id.transport;
	rec->pipe_bytes = 0;
	rec->pipe_size = 0;
	rec->path_len = 0;
	rec->pad = 0;
	switch (id.transport) {
	case SS_TRANSPORT_UNIX_STREAM:
	case SS_TRANSPORT_UNIX_DGRAM:
	case SS_TRANSPORT_UNIX_SEQPACKET: {
		struct sock *sk = file_sock(file), *peer;

		if (!sk)
			break;
		rec->peer_ino = unix_peer_ino(sk);
		rec->path_len = unix_address_read(sk, rec->path, &flags);
		peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
		if (!rec->path_len && peer) {
			rec->path_len = unix_address_read(peer, rec->path, &flags);
			if (rec->path_len)
				flags |= SS_CHANNEL_PATH_OF_PEER;
		}
		break;
	}
	case SS_TRANSPORT_PIPE:
		pipe_fill(file, rec);
		break;
	case SS_TRANSPORT_FIFO:
		/* An O_PATH descriptor has no pipe behind it. */
		if (!(rec->f_flags & 010000000))
			pipe_fill(file, rec);
		path_read(file, rec->path, &rec->path_len, &flags);
		break;
	case SS_TRANSPORT_FILE:
	case SS_TRANSPORT_PTY:
		path_read(file, rec->path, &rec->path_len, &flags);
		break;
	}
	rec->flags = flags;
	if (rec->path_len > SS_PATH_LEN)
		return 0;
	bpf_seq_write(ctx->meta->seq, rec, __builtin_offsetof(struct ss_open_file, path) + rec->path_len);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
