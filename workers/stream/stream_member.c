/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_member.h"

#include "store/keys.h"
#include "workers/stream/stream_handover.h"

#include <stdio.h>
#include <stdlib.h>

struct stream_member {
    char share[KEYS_MAX];           /* who takes part in the trip */
    char field[IDENT_USER_MAX + 3]; /* this member of it */
    int64_t asked_ms;               /* monotonic */
    bool asking, left;
    struct link_asker asker;
};

int stream_member_set(struct stream_conn *c, const struct stream_handover *h)
{
    if (!h->member[0])
        return 0;
    c->member = calloc(1, sizeof *c->member);
    if (!c->member)
        return ERR_NOMEM;
    keys_trip_share(c->member->share, h->user, ident_chat_trip(h->session));
    snprintf(c->member->field, sizeof c->member->field, "m %s", h->member);
    return 0;
}

void stream_member_free(struct stream_conn *c)
{
    if (c->member)
        link_asker_leave(&c->member->asker);
    free(c->member);
    c->member = NULL;
}

static void stream_member_on_reply(void *arg, int error, struct link_reply *reply)
{
    struct stream_member *m = arg;

    m->asking = false;
    m->left = !error && link_reply_type(reply) == LINK_INT && !link_reply_int(reply);
    link_reply_free(reply);
}

void stream_member_tick(struct stream_conn *c, int64_t now_ms)
{
    struct stream_member *m = c->member;

    if (!m || m->asking || now_ms - m->asked_ms < STREAM_MEMBER_MS)
        return;
    const struct link_arg args[] = {link_text("HEXISTS"), link_text(m->share), link_text(m->field)};
    const struct link_question question = {.args = args,
        .nargs = 3,
        .reads = true,
        .on_reply = stream_member_on_reply,
        .arg = m,
        .asker = &m->asker};
    m->asked_ms = now_ms;
    m->asking = !link_ask(hub_link(c->stream->hub), &question);
}

bool stream_member_has_left(const struct stream_conn *c)
{
    return c->member && c->member->left;
}
