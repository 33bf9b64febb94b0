/* SPDX-License-Identifier: GPL-2.0-only */
/* Between a fact's conversion (encode.c) and the blocks that hold it (writer.c). */
#ifndef SHIMSCOPE_CAPTURE_WRITER_H
#define SHIMSCOPE_CAPTURE_WRITER_H

#include "capture/capture.h"
#include "capture/capture.pb-c.h"

/*
 * Append a fact to the block being filled; the message is read during the call only. Returns 0,
 * -EMSGSIZE when it is larger than CAPTURE_FACT_MAX or -EINVAL when it comes after the end mark (the
 * fact is left out, the writer goes on), or the error that the file ended with.
 */
int capture_put(struct capture_writer *w, const Shimscope__Fact *fact);

#endif
