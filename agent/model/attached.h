/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_ATTACHED_H
#define TURNPIKE_AGENT_MODEL_ATTACHED_H

#include "agent/model/provider.h"
#include "agent/wait.h"
#include "base/err.h"
#include "base/room.h"

/*
 * attached -- the files of one model call: which of those that the context chose this receiver
 * takes, and their bytes. They are read from Redis for each request, and only its body holds them
 * until the answer begins. So a turn that reads an answer or runs tools holds none. All that the
 * turns of a worker hold has room in env->room (attachments.memory); a turn waits for it in its
 * order. Used by turn workers, in the turn's task.
 */
struct attached {
    struct arena *arena; /* owns the bytes; NULL = none are held */
    size_t bytes;        /* that they have in the request */
    struct room *room;
    struct room_ticket ticket;
};

/*
 * attached_load -- sets why of each file of the context that does not go along (one that the
 * receiver does not take, or that has expired), and data and len of the others. Files that are used
 * live on from now. Where a vendor's limits are exceeded, the oldest leave first.
 *   a  zeroed; attached_written and attached_release follow in any case
 * Returns 0; what wait_until returns; ERR_NOMEM.
 */
MUST_CHECK int attached_load(struct attached *a, struct wait *wait, const struct provider *p,
    const struct provider_request *request);
/* The request is written: the files of its context have no data any more. */
void attached_written(struct attached *a);
/* The answer has begun, or will not come: the request's body is gone. From the loop, too. */
void attached_release(struct attached *a);

/* Does it go along as a part of its own? Texts do not: they are words of the message. */
bool attached_is_part(const struct chat_file *file);
/*
 * attached_words -- what stands in the place of one that is no part: a text between two lines that
 * tell where it begins and ends, or a sentence for model and user that tells why it is not shown.
 * In the arena; NULL on no memory.
 */
const char *attached_words(const struct chat_file *file, struct arena *arena, size_t *len);

#endif
