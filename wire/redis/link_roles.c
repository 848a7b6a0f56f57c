/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the server of a link is the master, and may be written to. */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "wire/redis/resp.h"

#include <string.h>

#define LINK_ROLE_IDLE_MS 1000 /* a connection that was not used for so long is looked at before */

/* The reply to the ROLE of link_roles_check. */
static void link_on_role(void *arg, int error, struct link_reply *reply)
{
    struct link *l = arg;

    if (error || link_reply_is_master(reply)) {
        link_reply_free(reply);
        return;
    }
    link_reply_free(reply);
    l->refused = ERR_STORE_READONLY;
    sentinel_next();
    link_leave_server(l, "it is no master any more");
}

void link_roles_ask(struct link *l)
{
    buf_reset(&l->scratch);
    resp_count(&l->scratch, '*', 1);
    resp_text(&l->scratch, "ROLE");
    /* Not asked: the next look asks. */
    err_ignore(link_send_scratch(l,
        (struct link_pending){.kind = LINK_REPLY,
            .reads = true,
            .to.reply = link_on_role,
            .arg = l}));
}

/* Without any answer it stays. */
bool link_roles_moved(struct link *l, int64_t budget_ms)
{
    struct sentinel_address now = {.port = 0};
    unsigned generation = l->generation;

    return !sentinel_master(l->conf, budget_ms, &now) && generation == l->generation &&
        l->fd >= 0 && !sentinel_same(&now, &l->master);
}

/*
 * It refused a write as one without its replicas: it may have been cut off together with this
 * worker, and another server be the master. When the network is whole again it may accept before it
 * hears of that (a late word of a replica is enough), so a Sentinel has to name it first.
 * Returns 0; ERR_STORE (left for another server); ERR_STORE_READONLY (nobody has said so yet).
 */
int link_roles_settle(struct link *l)
{
    struct sentinel_address now = {.port = 0};
    unsigned generation = l->generation;
    int error;

    if (l->settling || clock_mono_ms() < l->doubt_ms)
        return ERR_STORE_READONLY;
    l->settling = true;
    error = sentinel_master(l->conf, SENTINEL_CONNECT_MS, &now);
    l->settling = false;
    if (l->fd < 0 || l->generation != generation)
        return ERR_STORE;
    l->doubt_ms = clock_mono_ms() + LINK_ROLE_SOON_MS;
    if (error)
        return ERR_STORE_READONLY;
    if (!sentinel_same(&now, &l->master)) {
        link_leave_server(l, "another server is the master now");
        return ERR_STORE;
    }
    l->doubted = false;
    return 0;
}

static void link_settler(void *arg)
{
    err_ignore(link_roles_settle(arg)); /* the link keeps what came of it */
}

/* As link_roles_settle; the loop itself must not wait: a task asks, and who came comes again. */
int link_roles_settle_behind(struct link *l)
{
    if (!l->settling && clock_mono_ms() >= l->doubt_ms)
        err_ignore(task_spawn(link_settler, l, -1, NULL)); /* else with the next caller */
    return ERR_STORE_READONLY;
}

/*
 * With Sentinels, every LINK_ROLE_EVERY_MS and after a while without use: the server is asked for
 * its role, in the pipeline, and a Sentinel whether it is still the one; what is under way gets
 * ERR_STORE if it is not. An attached one asks the Sentinels in a task of its own.
 */
void link_roles_check(struct link *l)
{
    int64_t budget_ms, now_ms, idle_ms;

    if (!sentinel_used(l->conf))
        return;
    now_ms = clock_mono_ms();
    idle_ms = now_ms - l->used_ms;
    l->used_ms = now_ms;
    if (now_ms < l->role_ms + LINK_ROLE_EVERY_MS && idle_ms < LINK_ROLE_IDLE_MS)
        return;
    l->role_ms = now_ms;
    budget_ms = l->ring_len && !l->suspect ? SENTINEL_CHECK_MS : SENTINEL_CONNECT_MS;
    l->suspect = false;
    if (!l->reactor && link_roles_moved(l, budget_ms)) {
        link_leave_server(l, "another server is the master now");
        return;
    }
    link_roles_ask(l);
}

bool link_roles_left(struct link *l, int error)
{
    if (error != ERR_STORE_READONLY || !l->demoted || l->fd < 0)
        return false;
    link_leave_server(l, "it is a replica now");
    return true;
}

/* It cannot write any more. Perhaps another server is the master: it is asked for soon. */
void link_roles_suspect(struct link *l, const char *error)
{
    int64_t soon = clock_mono_ms() - LINK_ROLE_EVERY_MS + LINK_ROLE_SOON_MS;
    bool demoted = !strncmp(error, "READONLY", 8);
    bool alone = !strncmp(error, "NOREPLICAS", 10);

    if (!sentinel_used(l->conf) || (!demoted && !alone))
        return;
    l->doubted = l->doubted || alone;
    if (l->suspect)
        return;
    l->suspect = true;
    l->demoted = demoted;
    if (soon < l->role_ms)
        l->role_ms = soon;
}
