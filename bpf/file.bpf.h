/* SPDX-License-Identifier: GPL-2.0 */
/* What a struct file is: which channel, of which transport, under which name. */
#ifndef SHIMSCOPE_FILE_BPF_H
#define SHIMSCOPE_FILE_BPF_H

#include "kread.bpf.h"

#define S_IFMT	 00170000
#define S_IFSOCK 0140000
#define S_IFREG	 0100000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000

#define PIPEFS_MAGIC   0x50495045 /* include/uapi/linux/magic.h */
#define AF_UNIX	       1
#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_SEQPACKET 5

/* Documentation/admin-guide/devices.txt: 136-143 are UNIX98 pty slaves, 5:2 is /dev/ptmx. */
#define PTY_SLAVE_MAJOR_FIRST 136
#define PTY_SLAVE_MAJOR_LAST  143
#define PTMX_DEV	      ((5 << 20) | 2)

#define PATH_DEPTH 32

struct file_id {
	struct ss_channel_key key;
	__u32 mode;
	__u8 transport;
	__u8 pad[3];
};

/* Linux 6.8 (commit 98d2b43081972) gave mounts an id that is not used again. */
struct mount___unique {
	__u64 mnt_id_unique;
} __attribute__((preserve_access_index));

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (struct mount *)((void *)mnt - bpf_core_field_offset(struct mount, mnt));
}

/*
 * A pty is known by its slave's inode in devpts, from either end (see devpts_pty_new). Each container has
 * a devpts of its own whose device and inode numbers are soon used again, so the mount is part of the key.
 */
static __always_inline int pty_identify(struct file *file, struct inode *inode, struct file_id *id)
{
	__u32 rdev = KREAD(inode, i_rdev);
	__u32 major = rdev >> 20;
	struct mount *mnt;

	if (rdev == PTMX_DEV) {
		struct tty_file_private *priv = KREAD(file, private_data);
		struct tty_struct *tty, *link;
		struct dentry *dentry;

		if (!priv)
			return -1;
		tty = KREAD(priv, tty);
		if (!tty)
			return -1;
		link = KREAD(tty, link);
		if (!link)
			return -1;
		dentry = KREAD(link, driver_data);
		if (!dentry)
			return -1;
		inode = KREAD(dentry, d_inode);
		if (!inode)
			return -1;
	} else if (major < PTY_SLAVE_MAJOR_FIRST || major > PTY_SLAVE_MAJOR_LAST) {
		return -1;
	}
	id->key.ino = KREAD(inode, i_ino);
	id->key.dev = BPF_CORE_READ(inode, i_sb, s_dev);
	mnt = real_mount(BPF_CORE_READ(file, f_path.mnt));
	if (bpf_core_field_exists(struct mount___unique, mnt_id_unique))
		id->key.gen = BPF_CORE_READ((struct mount___unique *)mnt, mnt_id_unique);
	else
		id->key.gen = BPF_CORE_READ(mnt, mnt_id);
	id->transport = SS_TRANSPORT_PTY;
	return 0;
}

static __always_inline int unix_identify(struct file *file, struct file_id *id)
{
	struct socket *sock = KREAD(file, private_data);
	struct sock *sk;

	if (!sock)
		return -1;
	sk = KREAD(sock, sk);
	if (!sk || KREAD(sk, __sk_common.skc_family) != AF_UNIX)
		return -1;
	switch (KREAD(sock, type)) {
	case SOCK_STREAM:
		id->transport = SS_TRANSPORT_UNIX_STREAM;
		return 0;
	case SOCK_DGRAM:
		id->transport = SS_TRANSPORT_UNIX_DGRAM;
		return 0;
	case SOCK_SEQPACKET:
		id->transport = SS_TRANSPORT_UNIX_SEQPACKET;
		return 0;
	}
	return -1;
}

/* Identify a file. Returns 0, or -1 when it is no channel (an eventfd, a TCP socket, a directory…). */
static __always_inline int file_identify(struct file *file, struct file_id *id)
{
	struct inode *inode;
	struct super_block *sb;

	if (!file)
		return -1;
	inode = KREAD(file, f_inode);
	if (!inode)
		return -1;
	id->mode = KREAD(inode, i_mode);
	sb = KREAD(inode, i_sb);
	id->key.ino = KREAD(inode, i_ino);
	id->key.dev = KREAD(sb, s_dev);
	id->key.gen = 0;
	switch (id->mode & S_IFMT) {
	case S_IFIFO:
		if (KREAD(sb, s_magic) == PIPEFS_MAGIC) {
			id->transport = SS_TRANSPORT_PIPE;
			return 0;
		}
		id->transport = SS_TRANSPORT_FIFO;
		id->key.gen = KREAD(inode, i_generation);
		return 0;
	case S_IFREG:
		id->transport = SS_TRANSPORT_FILE;
		id->key.gen = KREAD(inode, i_generation);
		return 0;
	case S_IFSOCK:
		return unix_identify(file, id);
	case S_IFCHR:
		return pty_identify(file, inode, id);
	}
	return -1;
}

static __always_inline struct sock *file_sock(struct file *file)
{
	struct socket *sock = KREAD(file, private_data);

	return sock ? KREAD(sock, sk) : NULL;
}

/* Inode of the socket at the other end; 0: none yet, or not accepted yet. */
static __always_inline __u64 unix_peer_ino(struct sock *sk)
{
	struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
	struct socket *sock;
	struct file *file;

	if (!peer)
		return 0;
	sock = BPF_CORE_READ(peer, sk_socket);
	if (!sock)
		return 0;
	file = BPF_CORE_READ(sock, file);
	return file ? BPF_CORE_READ(file, f_inode, i_ino) : 0;
}

/* The address bound to a socket, into path[]. Returns its length, 0 for none. */
static __always_inline __u32 unix_address_read(struct sock *sk, char *path, __u8 *flags)
{
	struct unix_address *addr = BPF_CORE_READ((struct unix_sock *)sk, addr);
	const char *sun_path;
	__s32 len;
	char first = 0;

	if (!addr)
		return 0;
	len = BPF_CORE_READ(addr, len) - (__s32)sizeof(short);
	if (len <= 0)
		return 0;
	if (len > 108)
		len = 108;
	sun_path = (const char *)addr + bpf_core_field_offset(struct unix_address, name) + sizeof(short);
	bpf_probe_read_kernel(&first, 1, sun_path);
	if (first == 0) {
		*flags |= SS_CHANNEL_ABSTRACT;
		sun_path++;
		len--;
	}
	if (len <= 0 || len > 108)
		return 0;
	if (bpf_probe_read_kernel(path, len, sun_path))
		return 0;
	return len;
}

/*
 * The path of a file as components, leaf first, each with its NUL. bpf_d_path is not allowed in pipe and
 * socket functions, and an open's arguments show only /proc/self/fd/N here. *used counts the bytes: it is
 * in memory that the verifier does not follow, so that all ways through the loop look alike to it.
 */
static __always_inline void path_read(struct file *file, char *path, volatile __u32 *used, __u8 *flags)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct mount *mnt = real_mount(BPF_CORE_READ(file, f_path.mnt));
	bool whole = false;

	*used = 0;
	for (int i = 0; i < PATH_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		struct dentry *root = BPF_CORE_READ(mnt, mnt.mnt_root);
		const unsigned char *name;
		__u32 off;
		long n;

		if (dentry == root || dentry == parent) {
			struct mount *up = BPF_CORE_READ(mnt, mnt_parent);

			if (!up || up == mnt) {
				whole = true;
				break;
			}
			dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			mnt = up;
			continue;
		}
		off = *used;
		if (off > SS_PATH_LEN - SS_NAME_LEN)
			break;
		name = BPF_CORE_READ(dentry, d_name.name);
		n = bpf_probe_read_kernel_str(path + off, SS_NAME_LEN, name);
		if (n <= 0)
			break;
		*used = off + n;
		dentry = parent;
	}
	if (!whole)
		*flags |= SS_CHANNEL_PATH_TRUNCATED;
}

#endif
