/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/hub_place.h"

#include "base/err.h"

#include <string.h>

/* Fields of the reply of store/lua/view_locate.lua. */
enum { AT_RUN, AT_FIRST, AT_TOP, AT_OLDEST, AT_TRIMMED, AT_EXISTS, AT_STATE, AT_STATUS, AT_KNOWN };

static const char *hub_place_text(const struct link_reply *reply, size_t at)
{
    return link_reply_text(link_reply_at(reply, at), NULL);
}

static bool hub_place_id(const struct link_reply *reply, size_t at, struct logentry_id *id)
{
    size_t len;
    const char *text = link_reply_text(link_reply_at(reply, at), &len);

    return logentry_id_parse(text, len, id) == 0;
}

int hub_place_read(const struct link_reply *reply, struct hub_place *p)
{
    memset(p, 0, sizeof *p);
    if (link_reply_count(reply) < HUB_PLACE_MESSAGES || !hub_place_id(reply, AT_TOP, &p->top))
        return ERR_INTERNAL;
    p->has_log = hub_place_id(reply, AT_OLDEST, &p->oldest);
    p->has_first = hub_place_id(reply, AT_FIRST, &p->first);
    p->trimmed = link_reply_int(link_reply_at(reply, AT_TRIMMED)) == 1;
    p->exists = link_reply_int(link_reply_at(reply, AT_EXISTS)) == 1;
    p->known = link_reply_int(link_reply_at(reply, AT_KNOWN)) == 1;
    p->run = hub_place_text(reply, AT_RUN);
    p->running = p->run[0] != '\0';
    p->state = hub_place_text(reply, AT_STATE);
    return 0;
}
