/* SPDX-License-Identifier: GPL-2.0 */
/* What the loader decides before it loads: constants to the verifier, which drops what they rule out. */
#ifndef SHIMSCOPE_CONFIG_BPF_H
#define SHIMSCOPE_CONFIG_BPF_H

#include "abi.h"

const volatile bool use_task_storage = true;
const volatile bool use_rdonly_cast = true;
const volatile bool writers = false;
/* Every containerd and shim that starts is a target, not only descendants of targets. */
const volatile bool follow_all = false;
const volatile __u32 self_tgid = 0;

#endif
