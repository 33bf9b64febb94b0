/* SPDX-License-Identifier: GPL-2.0 */
/* Reading kernel structures: by direct load where the kernel can check it, by probe read elsewhere. */
#ifndef SHIMSCOPE_KREAD_BPF_H
#define SHIMSCOPE_KREAD_BPF_H

#include "config.bpf.h"

/*
 * bpf_rdonly_cast (Linux 6.2, commit a35b9af4ec2c) types a pointer, so that the verifier turns loads
 * through it into fault-safe direct loads: no helper call. The verifier replaces the call by a move.
 */
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define KREAD(ptr, field)                                                                               \
	({                                                                                              \
		typeof((ptr)->field) __val;                                                             \
		if (use_rdonly_cast)                                                                    \
			__val = ((typeof(ptr))bpf_rdonly_cast((ptr),                                    \
							      bpf_core_type_id_kernel(typeof(*(ptr))))) \
					->field;                                                        \
		else                                                                                    \
			__val = BPF_CORE_READ((ptr), field);                                            \
		__val;                                                                                  \
	})

#endif
