#ifndef TURNPIKE_AGENT_MODEL_ATTACHED_H
#define TURNPIKE_AGENT_MODEL_ATTACHED_H

#include "agent/model/provider.h"
#include "agent/wait.h"
#include "base/err.h"
#include "base/room.h"

/*
 * attached -- the files of one model call: which of those that the context chose this receiver
 * takes, and their bytes. They are read from Redis when a request is built and held for that
 * provider's tries alone, so a turn that runs tools holds none meanwhile. All that the turns of a
 * worker hold, with the base64 of it in their requests, has room in env->room
 * (attachments.memory); a turn waits for it in its order. Used by turn workers, in the turn's task.
 */
struct attached {
    struct arena *arena; /* owns the bytes; NULL = nothing is held */
    struct room *room;
    struct room_ticket ticket;
};

/*
 * attached_load -- sets why of each file of the context that does not go along (one that the
 * receiver does not take, or that has expired), and data and len of the others. Files that are used
 * live on from now. Where a vendor's limits are exceeded, the oldest leave first.
 *   a  zeroed; attached_release follows in any case
 * Returns 0; what wait_until returns; ERR_NOMEM.
 */
MUST_CHECK int attached_load(struct attached *a, struct wait *wait, const struct provider *p,
    const struct provider_request *request);
void attached_release(struct attached *a);

/* Appends `[Attachment ID WHY.]`, the sentence in the place of a file that does not go along. */
void attached_sentence(const struct chat_file *file, struct buf *text);

#endif
