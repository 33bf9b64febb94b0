/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIMSCOPE_MODEL_EVIDENCE_H
#define SHIMSCOPE_MODEL_EVIDENCE_H

#include "model/model.h"

/* Where kubelet keeps the logs of pods. */
#define POD_LOGS "/var/log/pods"

/* What listens at an address. */
struct address_use {
	enum channel_role role;
};

#endif
