/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/changes.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/records_index.h"
#include "store/scripts.h"

#include <stdlib.h>
#include <string.h>

#define CHANGES_PURGE_IDS 32 /* of one script */
#define CHANGES_PURGE_HEAD 4

struct changes_purger {
    struct store *s;
    const struct records_fence *fence;
    const char *family;
    struct arena *arena;
    const char **ids;
    size_t count, done, room;
};

static int changes_purge_add(struct changes_purger *p, const char *id)
{
    if (p->count == p->room) {
        const size_t room = p->room ? 2 * p->room : 2 * (size_t)CHANGES_PURGE_IDS;
        const char **ids = arena_array(p->arena, room, sizeof *ids);
        if (!ids)
            return ERR_NOMEM;
        if (p->count)
            memcpy(ids, p->ids, p->count * sizeof *ids);
        p->ids = ids;
        p->room = room;
    }
    p->ids[p->count] = arena_strdup(p->arena, id);
    return p->ids[p->count++] ? 0 : ERR_NOMEM;
}

/* As much as one script does. done: what it says of that. */
static int changes_purge_step(struct changes_purger *p, bool all, size_t *done)
{
    struct link_arg args[CHANGES_PURGE_HEAD + CHANGES_PURGE_IDS] = {link_text(p->family),
        link_text(p->fence->session ? p->fence->session : ""),
        p->fence->session ? records_index_number(p->arena, p->fence->epoch) : link_text(""),
        link_text(all ? "1" : "0")};
    struct link_reply *reply;
    size_t count = 0;

    while (!all && count < CHANGES_PURGE_IDS && p->done + count < p->count) {
        args[CHANGES_PURGE_HEAD + count] = link_text(p->ids[p->done + count]);
        count++;
    }
    int error = records_index_call(p->s, p->fence->uid,
        &(struct records_look){.family = CHANGES_FAMILY,
            .script = &script_changes_purge,
            .args = args,
            .count = CHANGES_PURGE_HEAD + count},
        p->arena, &reply);
    if (!error && strcmp(link_reply_text(link_reply_at(reply, 0), NULL), "FENCED") == 0)
        error = ERR_FENCED;
    *done = (size_t)strtoul(link_reply_text(link_reply_at(reply, 1), NULL), NULL, 10);
    for (size_t i = 2; !error && i < link_reply_count(reply); i++)
        error = changes_purge_add(p, link_reply_text(link_reply_at(reply, i), NULL));
    link_reply_free(reply);
    return error;
}

int changes_purge(struct store *s, const struct records_fence *fence,
    const struct changes_purge *what, struct arena *arena)
{
    struct changes_purger p = {.s = s, .fence = fence, .family = what->family, .arena = arena};
    size_t done = 0;
    int error = 0;

    if (fence->session && !ident_is_safe(fence->session, strlen(fence->session), 128))
        return ERR_INVALID;
    for (size_t i = 0; i < what->count && !error; i++)
        error = changes_purge_add(&p, what->ids[i]);
    while (!error && what->all && !done)
        error = changes_purge_step(&p, true, &done);
    while (!error && p.done < p.count) {
        error = changes_purge_step(&p, false, &done);
        p.done += done;
    }
    return error;
}
