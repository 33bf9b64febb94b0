/* SPDX-License-Identifier: GPL-2.0 */
/* Who is traced. */
#ifndef SHIMSCOPE_TARGET_BPF_H
#define SHIMSCOPE_TARGET_BPF_H

#include "maps.bpf.h"

/* Flags of the current process (enum ss_target_flags) if its operations may count now, else 0. */
static __always_inline __u32 target_flags(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct ss_target *target;

	if (mode == SS_MODE_OFF || (mode == SS_MODE_SELFTEST && tgid != self_tgid))
		return 0;
	target = bpf_map_lookup_elem(&targets, &tgid);
	return target ? target->flags & (SS_TARGET_TRACED | SS_TARGET_WRITER | SS_TARGET_SHIM) : 0;
}

#endif
