/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System call numbers of the traced machine (64-bit calls only) and what each call does with its files.
 * From arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h: numbers are ABI.
 */
#ifndef SHIMSCOPE_SYSCALL_NR_BPF_H
#define SHIMSCOPE_SYSCALL_NR_BPF_H

#if defined(__TARGET_ARCH_x86)
#define NR_read		   0
#define NR_write	   1
#define NR_pread64	   17
#define NR_pwrite64	   18
#define NR_readv	   19
#define NR_writev	   20
#define NR_pipe		   22
#define NR_sendfile	   40
#define NR_sendto	   44
#define NR_recvfrom	   45
#define NR_sendmsg	   46
#define NR_recvmsg	   47
#define NR_splice	   275
#define NR_tee		   276
#define NR_vmsplice	   278
#define NR_pipe2	   293
#define NR_preadv	   295
#define NR_pwritev	   296
#define NR_recvmmsg	   299
#define NR_sendmmsg	   307
#define NR_copy_file_range 326
#define NR_preadv2	   327
#define NR_pwritev2	   328
#elif defined(__TARGET_ARCH_arm64)
#define NR_pipe2	   59
#define NR_read		   63
#define NR_write	   64
#define NR_readv	   65
#define NR_writev	   66
#define NR_pread64	   67
#define NR_pwrite64	   68
#define NR_preadv	   69
#define NR_pwritev	   70
#define NR_sendfile	   71
#define NR_vmsplice	   75
#define NR_splice	   76
#define NR_tee		   77
#define NR_sendto	   206
#define NR_recvfrom	   207
#define NR_sendmsg	   211
#define NR_recvmsg	   212
#define NR_recvmmsg	   243
#define NR_sendmmsg	   269
#define NR_copy_file_range 285
#define NR_preadv2	   286
#define NR_pwritev2	   287
#endif
#define NR_io_uring_enter 426
#define NR_MAX		  512

enum call_kind {
	CALL_NONE = 0,
	CALL_READ,     /* reads arg0 */
	CALL_WRITE,    /* writes arg0 */
	CALL_RECVFROM, /* reads arg0, flags in arg3 */
	CALL_RECVMSG,  /* reads arg0, flags in arg2 */
	CALL_RECVMMSG, /* reads arg0: messages in arg1, flags in arg3, returns their number */
	CALL_SENDMMSG, /* writes arg0: messages in arg1, returns their number */
	CALL_SPLICE,   /* arg0 to arg2 */
	CALL_TEE,      /* arg0 (stays) to arg1 */
	CALL_VMSPLICE, /* arg0 */
	CALL_SENDFILE, /* arg1 to arg0 */
	CALL_COPY,     /* arg0 to arg2 */
	CALL_PIPE,     /* makes a pipe, descriptors at arg0 */
	CALL_IO_URING, /* its operations are not system calls */
};

static const __u8 call_kinds[NR_MAX] = {
	[NR_read] = CALL_READ,
	[NR_readv] = CALL_READ,
	[NR_pread64] = CALL_READ,
	[NR_preadv] = CALL_READ,
	[NR_preadv2] = CALL_READ,
	[NR_write] = CALL_WRITE,
	[NR_writev] = CALL_WRITE,
	[NR_pwrite64] = CALL_WRITE,
	[NR_pwritev] = CALL_WRITE,
	[NR_pwritev2] = CALL_WRITE,
	[NR_sendto] = CALL_WRITE,
	[NR_sendmsg] = CALL_WRITE,
	[NR_recvfrom] = CALL_RECVFROM,
	[NR_recvmsg] = CALL_RECVMSG,
	[NR_recvmmsg] = CALL_RECVMMSG,
	[NR_sendmmsg] = CALL_SENDMMSG,
	[NR_splice] = CALL_SPLICE,
	[NR_tee] = CALL_TEE,
	[NR_vmsplice] = CALL_VMSPLICE,
	[NR_sendfile] = CALL_SENDFILE,
	[NR_copy_file_range] = CALL_COPY,
#ifdef NR_pipe
	[NR_pipe] = CALL_PIPE,
#endif
	[NR_pipe2] = CALL_PIPE,
	[NR_io_uring_enter] = CALL_IO_URING,
};

#endif
