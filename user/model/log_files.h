/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIMSCOPE_MODEL_LOG_FILES_H
#define SHIMSCOPE_MODEL_LOG_FILES_H

#include "model/state.h"

/*
 * Is this a log file by its name, and whose? Where the name leaves several containers, ch->place has them
 * and links decide later. Returns 0 or -ENOMEM.
 */
int log_file_by_name(struct resolve *r, struct channel *ch);

#endif
