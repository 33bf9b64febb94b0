/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that may come from a stranger's file: sums stay defined whatever they are. */
#ifndef SHIMSCOPE_MODEL_COUNTERS_H
#define SHIMSCOPE_MODEL_COUNTERS_H

#include "model/model.h"

/* Bytes that passed, copied or moved. */
uint64_t counters_passed(const struct counters *n);

/* Calls that did not fail. */
uint64_t counters_succeeded(const struct counters *n);

/* A count as the model's rows have it: signed, so that it can be FACT_UNKNOWN; huge ones are capped. */
int64_t number_of(uint64_t n);

/* a + b; FACT_UNKNOWN if either is. */
int64_t number_sum(int64_t a, int64_t b);

/* later - earlier, 0 if that is negative; FACT_UNKNOWN if either is. */
int64_t number_since(int64_t later, int64_t earlier);

#endif
