/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that a capture is written to: opened so that nothing but what the user named is touched,
 * and never left with half a block at its end.
 */
#ifndef SHIMSCOPE_CAPTURE_OUTPUT_H
#define SHIMSCOPE_CAPTURE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_output {
	int fd;
	bool regular;  /* can be cut back */
	uint64_t size; /* bytes written, whole pieces only */
};

/*
 * Open path for writing: a new file, an own regular file with one name (emptied), a FIFO that is being
 * read, or a character device. Mode 0600 for files. Returns 0, or a negative errno with a message in err.
 */
int capture_output_open(struct capture_output *o, const char *path, char *err, size_t err_size);

/*
 * Append one piece whole. Returns 0, or a negative errno: then a regular file is cut back to what it was
 * before the call. EPIPE and EFBIG come with SIGPIPE and SIGXFSZ, which the program must ignore to see them.
 */
int capture_output_write(struct capture_output *o, const void *data, size_t len);

/* Bring a regular file to the disk and close. Returns 0 or a negative errno; o is closed in any case. */
int capture_output_close(struct capture_output *o);

#endif
