/* SPDX-License-Identifier: BSD-2-Clause */
/* The face of a cluster: each command goes to the link of the node that has its slot. */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ROUTE_TURNS_MAX 8 /* MOVED, ASK, NOSCRIPT in a row without a pause */
#define ROUTE_PAUSE_MOST_MS 100

/* ---- calls ---- */

static void link_route_sleep(struct link *face, int64_t ms)
{
    int64_t until_ms = clock_mono_ms() + ms;

    if (!face->reactor || !task_self()) {
        poll(NULL, 0, (int)ms);
        return;
    }
    while (clock_mono_ms() < until_ms)
        err_ignore(task_wait(face->reactor, until_ms, NULL));
}

static unsigned link_route_slot(const struct link_words_of_call *call)
{
    if (call->script)
        return slots_of(call->words->keys[0].data, call->words->keys[0].len);
    if (call->args)
        return call->nargs > 1 ? slots_of_words(call->args[0].data, call->args[0].len,
                                     call->args[1].data, call->args[1].len) :
                                 SLOTS;
    return slots_of_command(call->whole, call->len);
}

/* What is to be done after an attempt. */
enum route_step { ROUTE_END, ROUTE_NOW, ROUTE_LATER };

/* No connection to the node: perhaps another one has the slot by now. */
static enum route_step link_route_other_node(struct link *face, unsigned slot, struct link *to)
{
    link_map_doubt(face);
    link_map_refresh(face);
    return link_map_link(face, slot) == to ? ROUTE_END : ROUTE_NOW;
}

/*
 * None of these attempts has done anything: the node has refused the command, or has not got it.
 *   to  in: where it went; out: where it goes next by SLOTS_ASK, else NULL
 */
static enum route_step link_route_step(struct link *face, const struct link_words_of_call *call,
    int error, const struct link_wait *w, struct link **to)
{
    struct link *went = *to;

    *to = NULL;
    if (w->word == SLOTS_MOVED)
        return ROUTE_NOW;
    if (w->word == SLOTS_ASK && !call->script) {
        *to = w->other;
        return ROUTE_NOW;
    }
    if (w->word)
        return ROUTE_LATER;
    if (error == ERR_NOSCRIPT)
        return link_load(went, call->script, true) ? ROUTE_END : ROUTE_NOW;
    if (!w->sent && error == ERR_STORE_READONLY && link_map_node(face, SLOTS))
        return ROUTE_LATER; /* it was a primary */
    if (!w->sent && error == ERR_STORE)
        return link_route_other_node(face, link_route_slot(call), went);
    return ROUTE_END;
}

int link_route_call(struct link *face, const struct link_words_of_call *call,
    struct link_reply **out, bool *broke)
{
    int64_t until_ms = clock_mono_ms() + face->conf->redis_timeout_ms, pause_ms = LINK_MOVE_MS / 2;
    unsigned slot = link_route_slot(call);
    struct link *asking = NULL;

    *broke = false;
    for (int turns = 0;;) {
        struct link_wait w = {.done = false};
        int error = link_map_ensure(face);
        struct link *to = asking ? asking : error ? NULL : link_map_link(face, slot), *went = to;
        enum route_step step = ROUTE_LATER; /* no node is known for the slot */

        if (error)
            return error;
        error = ERR_STORE;
        if (to) {
            error = link_calls_try(to, call, asking != NULL, out, &w);
            if (!error)
                return 0;
            step = link_route_step(face, call, error, &w, &to);
        }
        asking = step == ROUTE_NOW ? to : NULL;
        *broke = w.broke;
        if (step == ROUTE_END || (went && went->pumping))
            return error == ERR_STORE_READONLY && !w.sent ? ERR_STORE : error;
        if (step == ROUTE_NOW && ++turns < ROUTE_TURNS_MAX)
            continue;
        turns = 0;
        if (clock_mono_ms() + pause_ms > until_ms)
            return ERR_STORE;
        link_route_sleep(face, pause_ms);
        pause_ms = pause_ms * 2 < ROUTE_PAUSE_MOST_MS ? pause_ms * 2 : ROUTE_PAUSE_MOST_MS;
        link_map_refresh(face);
    }
}

struct link *link_route_to(struct link *face, const struct link_arg *args, size_t nargs)
{
    const struct link_words_of_call call = {.args = args, .nargs = nargs};

    return link_at(face, link_route_slot(&call));
}

int link_settled(struct link *l, const char *key)
{
    char guard[SLOTS_GUARD_MAX];
    size_t len = link_is_face(l) ? slots_guard(key, strlen(key), guard) : 0;
    const struct link_arg args[2] = {link_text("EXISTS"), {guard, len}};
    const struct link_words_of_call call = {.args = args, .nargs = 2};
    struct link_wait w;
    struct link *to;

    if (!len)
        return 0;
    if (link_map_ensure(l) || !(to = link_map_link(l, slots_of(guard, len))))
        return ERR_STORE;
    return link_calls_try(to, &call, false, NULL, &w);
}

/* ---- the connections ---- */

int link_route_ensure(struct link *face)
{
    int error = link_map_ensure(face);
    struct link *to = error ? NULL : link_map_link(face, SLOTS);

    if (error)
        return error;
    return to && to->fd >= 0 ? 0 : to ? link_ensure(to) : ERR_STORE;
}

void link_route_flush(struct link *face)
{
    for (size_t i = 0; i < face->map->count; i++)
        if (face->map->nodes[i]->link)
            err_ignore(link_flush(face->map->nodes[i]->link)); /* lost: all has been told */
}

void link_route_hurry(struct link *face)
{
    for (size_t i = 0; i < face->map->count; i++)
        if (face->map->nodes[i]->link)
            link_hurry(face->map->nodes[i]->link);
}

bool link_route_is_coming(const struct link *face)
{
    const struct link_map *m = face->map;

    for (size_t i = 0; m->known && i < m->count; i++)
        if (m->nodes[i]->link && link_is_coming(m->nodes[i]->link))
            return true;
    return m->asking;
}

/* ---- questions of a loop ---- */

void link_route_again(struct link *face, struct link_asked *a, int64_t wait_ms)
{
    a->due_ms = clock_mono_ms() + wait_ms;
    link_asks_keep(face, a);
}

/* To the node that has its slot. Whether it has gone, or its owner will be told. */
static bool link_route_give(struct link *face, struct link_asked *a)
{
    bool asking = a->word == SLOTS_ASK && !a->script && a->other;
    struct link *to = asking ? a->other : link_map_link(face, a->slot);

    if (!to)
        return false;
    a->word = SLOTS_OTHER;
    link_asks_take(face, a);
    if (a->script && to->fd >= 0 && a->again) /* perhaps it was NOSCRIPT */
        err_ignore(link_load(to, a->script, true));
    link_asks_give(to, a, asking);
    return true;
}

static void link_route_look(struct link *face, struct link_asked *a, int64_t now_ms)
{
    if (!a->on_reply) {
        link_asks_fail(face, a, ERR_STORE);
    } else if (now_ms >= a->until_ms) {
        link_asks_fail(face, a, ERR_STORE);
    } else if (a->due_ms <= now_ms && !(face->map->known && link_route_give(face, a))) {
        a->due_ms = now_ms + LINK_MOVE_MS;
    }
}

static void link_route_on_timer(struct reactor_timer *timer)
{
    (void)timer; /* the pass that follows looks */
}

void link_route_pass(struct link *face)
{
    struct link_asked *last = face->asked_last, *next;
    int64_t now_ms = face->asked ? clock_mono_ms() : 0;
    bool more = face->asked != NULL;

    if (more && !face->map->known)
        link_map_refresh_behind(face);
    for (struct link_asked *a = face->asked; more; a = next) {
        next = a->next;
        more = a != last;
        link_route_look(face, a, now_ms);
    }
    for (size_t i = 0; i < face->map->count; i++) {
        struct link *node = face->map->nodes[i]->link;

        if (!node)
            continue;
        link_asks_step(node);
        err_ignore(link_flush(node)); /* lost: all has been told */
    }
    if (face->asked && !face->timeout.set)
        reactor_timer_set(face->reactor, &face->timeout, clock_mono_ms() + LINK_MOVE_MS,
            link_route_on_timer, face);
}

int link_route_ask(struct link *face, const struct link_question *q)
{
    const struct link_words words = {.keys = q->args};
    const struct link_words_of_call call = {.script = q->script,
        .words = &words,
        .args = q->args,
        .nargs = q->nargs};
    unsigned slot = link_route_slot(&call);
    struct link_asked *a;
    struct link *to;

    if (!face->map->known)
        link_map_refresh_behind(face);
    if (!face->map->known && !face->map->asking)
        return ERR_STORE;
    to = face->map->known ? link_map_link(face, slot) : NULL;
    if (to && to->fd < 0) {
        link_hurry(to);
        link_connect_behind(to);
    }
    if (to && !link_is_coming(to)) {
        link_map_doubt(face);
        return ERR_STORE;
    }
    if (!(a = link_asks_make(face, q)))
        return ERR_NOMEM;
    a->slot = slot;
    a->until_ms = clock_mono_ms() + face->conf->redis_timeout_ms;
    if (to)
        link_asks_give(to, a, false);
    else
        link_route_again(face, a, 0);
    return 0;
}
