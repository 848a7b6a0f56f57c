/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/machine.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/sessions.h"
#include "tools/engine/modules.h"
#include "workers/housekeeper/desk_guard.h"
#include "workers/housekeeper/housekeeper_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TASK_STACK \
    131072            /* of those that connect, and of those that ask for a dead worker's turn */
#define LEAVE_MS 1000 /* for open handovers, when asked to go */
#define MEMORY_EVERY_MS 60000
#define BEAT_MS 1000
#define STATS_EVERY_MS 60000
#define STATS_RETRY_MS 5000
#define GONE_ONCE 16
#define GONE_LOOK_MS 2000
#define GONE_MORE_MS 50

/* ---- what it hears ---- */

static void housekeeper_on_wake(void *arg, const char *bytes, size_t len)
{
    struct housekeeper *k = arg;
    struct notice n;

    if (notice_parse(bytes, len, &n))
        return;
    switch (n.kind) {
    case NOTICE_TURN:
        job_look_note(k, &n);
        k->look_ms = 0;
        break;
    case NOTICE_WEBHOOK:
        webhooks_desk_wake(k->webhooks, n.uid, n.turn);
        break;
    case NOTICE_PUSH:
        push_desk_wake(k->pushes, n.uid);
        break;
    case NOTICE_TIMERS:
        reminders_desk_wake(k->desk);
        break;
    case NOTICE_BLAME:
        blame_add(k->blame.blame, &n.mark, clock_mono_ms());
        break;
    case NOTICE_MCP:
    case NOTICE_MCP_LIST:
        mcp_desk_wake(k->mcp, n.kind == NOTICE_MCP_LIST);
        break;
    case NOTICE_SELFTEST:
        selftest_desk_wake(k->selftest);
        break;
    case NOTICE_KEYS:
        jwks_desk_wake(k->jwks);
        break;
    case NOTICE_REVOKED:
        revoked_desk_wake(&k->revoked);
        break;
    }
}

static void housekeeper_on_subscribed(void *arg)
{
    struct housekeeper *k = arg;
    k->look_ms = 0;
    blame_desk_look(&k->blame);
    reminders_desk_wake(k->desk);
}

/* "dead UID TURN PID": the worker died while it executed this turn. "spared UID TURN PID": it died,
 * but not in this turn. "blame MARK MS": workers/housekeeper/blame_desk.h. */
static void housekeeper_on_line(struct housekeeper *k, const char *line)
{
    char word[8], uid[IDENT_USER_MAX + 1], turn[IDENT_UUID_SIZE];
    int pid = 0;
    struct blame_mark mark;
    if (sscanf(line, "%7s %128s %36s %d", word, uid, turn, &pid) == 4 &&
        (strcmp(word, "dead") == 0 || strcmp(word, "spared") == 0) &&
        ident_is_safe(uid, strlen(uid), IDENT_USER_MAX) && ident_is_uuid(turn)) {
        struct job *job = jobs_add(k, JOB_DEAD, uid, turn, pid);
        if (job)
            job->how = strcmp(word, "dead") == 0 ? TURNS_DEAD : TURNS_SPARED;
    } else if (sscanf(line, "blame %llx %" SCNd64, &mark.key, &mark.ms) == 2) {
        blame_desk_tell(&k->blame, &mark);
    } else {
        log_error("the supervisor said what is not understood: %.100s", line);
    }
}

_Static_assert(IDENT_USER_MAX == 128 && IDENT_UUID_SIZE == 37, "the widths in sscanf above");

static void housekeeper_on_supervisor(struct reactor_source *source, uint32_t events)
{
    struct housekeeper *k = source->arg;
    (void)events;
    ssize_t n =
        recv(source->fd, k->line + k->line_len, sizeof k->line - 1 - k->line_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        reactor_unwatch(k->reactor, source);
        k->orphaned = true;
        return;
    }
    k->line_len += (size_t)n;
    k->line[k->line_len] = '\0';
    char *at = k->line;
    for (char *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        housekeeper_on_line(k, at);
    }
    k->line_len -= (size_t)(at - k->line);
    if (k->line_len >= sizeof k->line - 1)
        k->line_len = 0;
    memmove(k->line, at, k->line_len);
}

/* One user's poisonous record may end this process once, not keep everybody's reminders from
 * them. */
static bool housekeeper_on_reminder(void *arg, const char *uid, const char *member)
{
    (void)arg;
    if (member)
        return desk_guard_enter("a reminder", uid, member);
    desk_guard_leave();
    return true;
}

/* ---- the process ---- */

static const struct listen_handlers housekeeper_hears = {.message = housekeeper_on_wake,
    .subscribed = housekeeper_on_subscribed};

static int housekeeper_open(struct housekeeper *k)
{
    const struct conf *conf = k->worker->conf;
    const struct tasks_settings tasks = {.stack_bytes = TASK_STACK, .stacks_kept = 1};
    char owner[MACHINE_OWNER_SIZE];

    machine_owner(conf, "housekeeper", owner);
    k->ear = (struct listen_ear){.channel = KEYS_WAKE, .on = &housekeeper_hears, .arg = k};
    int error = reactor_new(&k->reactor);
    if (error == 0)
        error = store_open(&k->store, conf, k->reactor, owner);
    if (error == 0)
        error = store_open(&k->deaths, conf, k->reactor, owner);
    if (error == 0)
        error = reminders_desk_new(&k->desk, k->store, modules_rings());
    k->revoked = (struct revoked_desk){.store = k->store};
    k->keyuse = (struct keyuse_desk){.store = k->store, .uses = &k->worker->board->keyuse};
    k->stats.store = k->store;
    k->trips.store = k->store;
    k->blame = (struct blame_desk){.store = k->store, .blame = &k->worker->board->blame};
    if (error == 0)
        reminders_desk_guard(k->desk, housekeeper_on_reminder, k);
    if (error == 0)
        error = webhooks_desk_new(&k->webhooks, k->store, k->reactor);
    if (error == 0)
        error = push_desk_new(&k->pushes, k->store, k->reactor);
    if (error == 0)
        error = feeds_desk_new(&k->feeds, k->store, k->reactor, modules_feed());
    if (error == 0)
        error = mcp_desk_new(&k->mcp, k->store, k->reactor);
    if (error == 0)
        error = jwks_desk_new(&k->jwks, conf, k->reactor);
    if (error == 0)
        error = rates_desk_new(&k->rates, k->store, k->reactor);
    if (error == 0)
        error = selftest_desk_new(&k->selftest, k->store, k->reactor);
    if (error == 0)
        error = tasks_open(k->reactor, &tasks);
    if (error == 0)
        link_attach(k->deaths->link, k->reactor);
    if (error == 0)
        error = listen_new(&k->listen, k->deaths->link);
    if (error == 0)
        listen_add(k->listen, &k->ear);
    if (error == 0 && k->worker->supervisor_fd >= 0)
        error = reactor_watch(k->reactor, &k->supervisor, k->worker->supervisor_fd, EPOLLIN,
            housekeeper_on_supervisor, k);
    return error;
}

static void housekeeper_close(struct housekeeper *k)
{
    jobs_fini(k);
    stats_flush_fini(&k->stats);
    listen_free(k->listen);
    store_close(k->deaths); /* its replies are told to tasks */
    tasks_close();
    reminders_desk_free(k->desk);
    webhooks_desk_free(k->webhooks);
    push_desk_free(k->pushes);
    feeds_desk_free(k->feeds);
    mcp_desk_free(k->mcp);
    jwks_desk_free(k->jwks);
    rates_desk_free(k->rates);
    selftest_desk_free(k->selftest);
    store_close(k->store);
    reactor_free(k->reactor);
    free(k);
}

static void housekeeper_measure(struct housekeeper *k, int64_t now)
{
    if (now < k->memory_ms)
        return;
    k->memory_ms = now + MEMORY_EVERY_MS;
    atomic_store(&k->worker->slot->memory_bytes, worker_memory());
}

/* What deleted sessions have left, when nobody can have them back any more. */
static int64_t housekeeper_purge(struct housekeeper *k, int64_t now)
{
    size_t count;

    if (now < k->gone_ms)
        return k->gone_ms;
    int error = sessions_purge_due(k->store, GONE_ONCE, &count);
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "cannot look for deleted sessions: %s", err_text(error));
    k->gone_ms = now + (error == 0 && count == GONE_ONCE ? GONE_MORE_MS : GONE_LOOK_MS);
    return k->gone_ms;
}

/* What this machine has counted goes into the sums of the site. */
static int64_t housekeeper_sum(struct housekeeper *k, int64_t now)
{
    if (now < k->stats_ms)
        return k->stats_ms;
    int error = stats_flush_step(&k->stats, clock_real_ms());
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "the sums for reports cannot be stored now: %s",
            err_text(error));
    k->stats_ms = now + (error == 0 ? STATS_EVERY_MS : STATS_RETRY_MS);
    return k->stats_ms;
}

/* Each desk may have waited for Redis, redis.timeout and more: that is no reason to be killed. */
static int64_t housekeeper_beat(struct housekeeper *k, int64_t at_ms)
{
    worker_beat(k->worker);
    return at_ms;
}

static int64_t housekeeper_sooner(struct housekeeper *k, int64_t next_ms, int64_t at_ms)
{
    return housekeeper_beat(k, at_ms < next_ms ? at_ms : next_ms);
}

static int64_t housekeeper_step(struct housekeeper *k)
{
    int64_t now = clock_mono_ms();
    if (k->worker->reopen) {
        k->worker->reopen = 0;
        log_reopen();
    }
    housekeeper_measure(k, now);
    jobs_notice_refusals(k, now);
    blame_desk_step(&k->blame, now);
    job_look_woken(k, now);
    if (now >= k->look_ms)
        job_look(k, now);
    worker_beat(k->worker);
    int64_t next = jobs_step(k, now, housekeeper_beat(k, reminders_desk_step(k->desk, now)));
    next = housekeeper_sooner(k, next, webhooks_desk_step(k->webhooks, now));
    next = housekeeper_sooner(k, next, push_desk_step(k->pushes, now));
    next = housekeeper_sooner(k, next, feeds_desk_step(k->feeds, now));
    next = housekeeper_sooner(k, next, trip_desk_step(&k->trips, now));
    next = housekeeper_sooner(k, next, mcp_desk_step(k->mcp, now));
    next = housekeeper_sooner(k, next, housekeeper_purge(k, now));
    next = housekeeper_sooner(k, next, housekeeper_sum(k, now));
    next = housekeeper_sooner(k, next, selftest_desk_step(k->selftest, now));
    next = housekeeper_sooner(k, next, jwks_desk_step(k->jwks, now));
    next = housekeeper_sooner(k, next, rates_desk_step(k->rates, now));
    next = housekeeper_sooner(k, next, revoked_desk_step(&k->revoked, now));
    next = housekeeper_sooner(k, next, keyuse_desk_step(&k->keyuse, now, clock_real_ms()));
    return next < k->look_ms ? next : k->look_ms;
}

static bool housekeeper_is_busy(const struct housekeeper *k)
{
    return k->handovers > 0 || jobs_has_dead(k) || webhooks_desk_open(k->webhooks) > 0 ||
        push_desk_open(k->pushes) > 0;
}

/* The supervisor's last lines and what is half done; new turns are for the next housekeeper. */
static void housekeeper_leave(struct housekeeper *k)
{
    int64_t until = clock_mono_ms() + LEAVE_MS;
    do {
        int64_t now = clock_mono_ms();
        jobs_bury_due(k, now);
        /* One more look at the socket, in which lines may still stand. */
        int ran =
            task_wait(k->reactor, housekeeper_is_busy(k) ? now + 50 : 0, &k->worker->wait_mask);
        if (ran == 0 && !housekeeper_is_busy(k))
            break;
    } while (clock_mono_ms() < until && !k->worker->abort_turn);
}

int housekeeper_main(struct worker *w)
{
    struct housekeeper *k = calloc(1, sizeof *k);
    if (!k)
        return 1;
    k->worker = w;
    worker_signals(w);
    desk_guard_open(w);
    int error = housekeeper_open(k);
    if (error != 0) {
        log_error("cannot start: %s", err_text(error));
        housekeeper_close(k);
        return 1;
    }
    worker_ready(w);
    while (!w->drain && !k->orphaned) {
        int64_t next = housekeeper_step(k), soon = clock_mono_ms() + BEAT_MS;
        worker_beat(w);
        if (next > soon)
            next = soon;
        int result = task_wait(k->reactor, next, &w->wait_mask);
        if (result < 0 && result != ERR_CANCELLED)
            break;
    }
    housekeeper_leave(k);
    k->stats_ms = 0;
    (void)housekeeper_sum(k, clock_mono_ms());
    keyuse_desk_leave(&k->keyuse);
    housekeeper_close(k);
    return 0;
}
