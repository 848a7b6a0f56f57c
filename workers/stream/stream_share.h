/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_SHARE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_share -- how many connections of a stream worker are whose, so that one user who opens
 * thousands leaves room for the others. A user may have any number while half of the worker is
 * free; then a quarter of it, and STREAM_SHARE_LEAST at the least. Counted by two hashes of the
 * user: who shares both with another one is counted with them.
 *
 * process/crowd.h counts connections of users, too, and neither can serve for the other. The crowd
 * is for a limit that an operator sets: of the whole machine, exact, and only of what stays open
 * for its user. The share keeps a worker's descriptors free for others: of this worker alone, also
 * of replies that wait for a turn's end, and with limits off.
 */
#define STREAM_SHARE_CELLS 4096
#define STREAM_SHARE_LEAST 64
struct stream_share {
    uint32_t counts[2][STREAM_SHARE_CELLS];
};

void stream_share_add(struct stream_share *s, const char *user);
void stream_share_remove(struct stream_share *s, const char *user);
size_t stream_share_of(const struct stream_share *s, const char *user);
/* open: connections of the worker; most: it may have. May this user not have one more? */
bool stream_share_is_full(const struct stream_share *s, const char *user, size_t open,
    int64_t most);

#endif
