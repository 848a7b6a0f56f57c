/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of a loop, which does not wait for their replies. */
#include "wire/redis/link_parts.h"

#include "base/err.h"
#include "wire/redis/resp.h"

#include <stdlib.h>
#include <string.h>

#define ASKED_DOUBLED 4 /* the pause between repetitions, at most so often */

static void link_asker_take(struct link_asker *asker, struct link_asked *a)
{
    if (!asker)
        return;
    a->sibling = asker->first;
    if (a->sibling)
        a->sibling->at = &a->sibling;
    a->at = &asker->first;
    asker->first = a;
}

/* Its asker does not know it any more. */
static void link_asker_give(struct link_asked *a)
{
    if (!a->at)
        return;
    *a->at = a->sibling;
    if (a->sibling)
        a->sibling->at = a->at;
    a->at = NULL;
}

void link_asks_take(struct link *from, struct link_asked *a)
{
    *(a->prev ? &a->prev->next : &from->asked) = a->next;
    *(a->next ? &a->next->prev : &from->asked_last) = a->prev;
    from->asked_waiting -= a->waits;
    a->waits = false;
}

static void link_asked_drop(struct link *l, struct link_asked *a)
{
    link_asker_give(a);
    link_asks_take(l, a);
    free(a);
}

void link_asks_keep(struct link *l, struct link_asked *a)
{
    a->next = NULL;
    a->prev = l->asked_last;
    *(a->prev ? &a->prev->next : &l->asked) = a;
    l->asked_last = a;
}

/* Takes the reply. */
static void link_asked_tell(struct link *l, struct link_asked *a, int error,
    struct link_reply *reply)
{
    link_reply_fn *fn = a->on_reply;
    void *arg = a->arg;

    link_asked_drop(l, a); /* the callback may ask, and forget */
    if (fn)
        fn(arg, error, error ? NULL : reply);
    else
        link_reply_free(reply);
}

void link_asks_fail(struct link *l, struct link_asked *a, int error)
{
    link_asked_tell(l, a, error, NULL);
}

static void link_asked_wait(struct link *l, struct link_asked *a, int error)
{
    l->asked_waiting += !a->waits;
    a->waits = true;
    a->error = error;
    a->attempt = l->attempts;
}

/* On the connection that there is. When that is lost meanwhile, link_asks_outcome has been told. */
static int link_asked_go(struct link *l, struct link_asked *a)
{
    int error = a->script ? link_send_load(l, a->script, false, a->reads) : 0;

    l->asked_waiting -= a->waits;
    a->waits = false;
    if (!error)
        error = link_send_pending(l,
            (struct link_pending){.kind = LINK_ASK, .reads = a->reads, .to.asked = a}, a->command,
            a->len, NULL, 0);
    return error;
}

/* Until it is asked again: the first MOVED, or script that was not known, is no reason to wait. */
static int64_t link_asked_pause(struct link_asked *a)
{
    unsigned before = a->repeats++;

    if (!before && (a->word == SLOTS_MOVED || !a->word))
        return 0;
    return before < ASKED_DOUBLED ? (int64_t)LINK_MOVE_MS << before : LINK_MOVE_MS << ASKED_DOUBLED;
}

void link_asks_outcome(struct link *l, struct link_asked *a, int error, struct link_reply *reply)
{
    bool lost = error == ERR_STORE && !reply && l->broke;

    lost |= link_roles_left(l, error);
    if (l->node && a->on_reply && (a->word || error == ERR_NOSCRIPT || (lost && !a->again))) {
        a->again |= lost;
        link_asks_take(l, a);
        link_route_again(l->map->face, a, link_asked_pause(a));
    } else if ((lost || error == ERR_NOSCRIPT) && !a->again && a->on_reply) {
        a->again = true;
        link_asked_wait(l, a, 0);
    } else if (error && !reply) {
        link_asked_wait(l, a, error); /* perhaps this is within a task: the loop tells it */
    } else {
        link_asked_tell(l, a, error == ERR_NOSCRIPT ? ERR_INTERNAL : error, error ? NULL : reply);
    }
}

/* One of those that wait, at the end of a pass. */
static void link_asked_step(struct link *l, struct link_asked *a)
{
    int error = a->error;

    if (!error && l->fd < 0 && (a->attempt != l->attempts || !l->connecting))
        error = l->refused ? l->refused : ERR_STORE;
    if (!error && l->fd >= 0)
        error = link_asked_go(l, a);
    if (error)
        link_asked_tell(l, a, error, NULL);
}

void link_asks_step(struct link *l)
{
    struct link_asked *last = l->asked_last, *next; /* what a callback asks comes behind `last` */
    bool more = l->asked_waiting > 0;

    if (more && l->fd < 0 && !l->connecting) {
        link_hurry(l);
        link_connect_behind(l);
    }
    for (struct link_asked *a = l->asked; more; a = next) {
        next = a->next;
        more = a != last && l->asked_waiting > 0;
        if (a->waits)
            link_asked_step(l, a);
    }
}

/* The command as it goes out, in l->scratch. */
static int link_write(struct link *l, const struct link_question *q)
{
    buf_reset(&l->scratch);
    if (q->script) {
        link_send_put_script(l, q->script,
            &(struct link_words){.keys = q->args,
                .nkeys = q->nkeys,
                .args = q->args + q->nkeys,
                .nargs = q->nargs - q->nkeys});
    } else {
        resp_count(&l->scratch, '*', q->nargs);
        link_send_put_args(&l->scratch, q->args, q->nargs);
    }
    return buf_error(&l->scratch);
}

struct link_asked *link_asks_make(struct link *l, const struct link_question *q)
{
    struct link_asked *a = link_write(l, q) ? NULL : malloc(sizeof *a + l->scratch.len);

    if (!a)
        return NULL;
    *a = (struct link_asked){.on_reply = q->on_reply,
        .arg = q->arg,
        .script = q->script,
        .reads = q->reads,
        .len = l->scratch.len};
    memcpy(a->command, l->scratch.data, a->len);
    link_asker_take(q->asker, a);
    return a;
}

void link_asks_give(struct link *to, struct link_asked *a, bool asking)
{
    link_asks_keep(to, a);
    if (to->fd < 0) {
        link_hurry(to);
        link_connect_behind(to);
    }
    if (to->fd < 0)
        link_asked_wait(to, a, link_is_coming(to) ? 0 : ERR_STORE);
    else if ((asking && link_send_asking(to)) || link_asked_go(to, a))
        link_asked_wait(to, a, ERR_STORE);
}

int link_ask(struct link *l, const struct link_question *q)
{
    struct link_asked *a;
    int error = 0;

    if (link_is_face(l))
        return link_route_ask(l, q);
    if (l->fd >= 0 && !l->pumping)
        link_roles_check(l);
    if (l->fd < 0) {
        link_hurry(l);
        link_connect_behind(l);
    }
    if (!link_is_coming(l))
        return l->refused ? l->refused : ERR_STORE;
    if (l->fd >= 0 && l->doubted && !q->reads)
        return link_roles_settle_behind(l);
    if (!(a = link_asks_make(l, q)))
        return ERR_NOMEM;
    link_asks_keep(l, a);
    if (l->fd < 0)
        link_asked_wait(l, a, 0);
    else if ((error = link_asked_go(l, a)))
        link_asked_drop(l, a);
    return error;
}

void link_asker_leave(struct link_asker *asker)
{
    while (asker->first) {
        asker->first->on_reply = NULL;
        link_asker_give(asker->first);
    }
}

void link_asks_free(struct link *l)
{
    for (struct link_asked *a = l->asked, *next; a; a = next) {
        next = a->next;
        link_asker_give(a);
        free(a);
    }
    l->asked = l->asked_last = NULL;
    l->asked_waiting = 0;
}
