/* SPDX-License-Identifier: GPL-2.0 */
/* The channel table: a channel is announced to user space, with its name, when it is first seen. */
#ifndef SHIMSCOPE_CHANNEL_BPF_H
#define SHIMSCOPE_CHANNEL_BPF_H

#include "file.bpf.h"
#include "maps.bpf.h"

#define EEXIST 17

/*
 * Returns 0 when the ring took it. A global function of scalars: the verifier goes through its path walk
 * once, not once for each way that leads here.
 */
__noinline int channel_announce(__u64 file_addr, __u64 direction)
{
	struct file *file = (struct file *)file_addr;
	struct ss_channel *rec;
	struct file_id id = {};
	__u8 flags = 0;

	if (file_identify(file, &id))
		return -1;
	rec = bpf_ringbuf_reserve(&ring, sizeof(*rec), 0);
	if (!rec) {
		STAT_INC(channel_dropped);
		return -1;
	}
	rec->type = SS_RECORD_CHANNEL;
	rec->transport = id.transport;
	rec->direction = direction;
	rec->tgid = bpf_get_current_pid_tgid() >> 32;
	rec->key = id.key;
	rec->peer_ino = 0;
	rec->mode = id.mode;
	rec->f_flags = KREAD(file, f_flags);
	rec->pad = 0;
	rec->ns = bpf_ktime_get_ns();
	rec->path_len = 0;
	switch (id.transport) {
	case SS_TRANSPORT_UNIX_STREAM:
	case SS_TRANSPORT_UNIX_DGRAM:
	case SS_TRANSPORT_UNIX_SEQPACKET: {
		struct sock *sk = file_sock(file);

		if (!sk)
			break;
		rec->peer_ino = unix_peer_ino(sk);
		rec->path_len = unix_address_read(sk, rec->path, &flags);
		if (!rec->path_len) {
			struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);

			if (peer)
				rec->path_len = unix_address_read(peer, rec->path, &flags);
			if (rec->path_len)
				flags |= SS_CHANNEL_PATH_OF_PEER;
		}
		break;
	}
	case SS_TRANSPORT_FIFO:
	case SS_TRANSPORT_FILE:
	case SS_TRANSPORT_PTY:
		path_read(file, rec->path, &rec->path_len, &flags);
		break;
	}
	rec->flags = flags;
	bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
	return 0;
}

static __always_inline bool transport_is_unix(__u8 transport)
{
	return transport >= SS_TRANSPORT_UNIX_STREAM && transport <= SS_TRANSPORT_UNIX_SEQPACKET;
}

/*
 * Note that a channel is in use. watched_only: the caller counts only if the channel is watched (or a
 * pty). Returns false when the operation is not to be counted.
 */
static __always_inline bool channel_use(struct file *file, struct file_id *id, __u8 direction,
					bool watched_only)
{
	struct ss_channel_state *state = bpf_map_lookup_elem(&channels, &id->key);

	if (watched_only && id->transport != SS_TRANSPORT_PTY && !(state && state->watched))
		return false;
	if (!state) {
		struct ss_channel_state fresh = {};
		long err;

		/* A peer is not known before accept(2): told again when it is. */
		if (transport_is_unix(id->transport)) {
			struct sock *sk = file_sock(file);

			fresh.peer_ino = sk ? unix_peer_ino(sk) : 0;
		}
		err = bpf_map_update_elem(&channels, &id->key, &fresh, BPF_NOEXIST);
		if (err && err != -EEXIST) {
			STAT_INC(channel_full);
			return true;
		}
		state = bpf_map_lookup_elem(&channels, &id->key);
		if (!state)
			return true;
	}
	if (!state->announced) {
		if (channel_announce((__u64)file, direction) == 0)
			state->announced = 1;
		return true;
	}
	if (state->peer_ino || !transport_is_unix(id->transport))
		return true;
	/* A UNIX socket whose peer was not known when it was announced. */
	struct sock *sk = file_sock(file);
	__u64 peer = sk ? unix_peer_ino(sk) : 0;

	if (peer && channel_announce((__u64)file, direction) == 0)
		state->peer_ino = peer;
	return true;
}

/* A pipe that a shim makes: what others write into it counts, from the first byte on. */
static __always_inline void channel_watch(struct file *file)
{
	struct ss_channel_state fresh = { .watched = 1 };
	struct file_id id = {};

	if (file_identify(file, &id) || id.transport != SS_TRANSPORT_PIPE)
		return;
	if (bpf_map_update_elem(&channels, &id.key, &fresh, BPF_ANY))
		STAT_INC(channel_full);
}

#endif
