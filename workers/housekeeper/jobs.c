/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of turns to hand over; each goes to a worker as soon as one is free. */
#include "workers/housekeeper/housekeeper_parts.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "process/machine.h"

#include <stdio.h>
#include <string.h>

#define HANDOVERS_MAX 64 /* open at once */
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 2000
/* A client that was refused has been told to come again in a second: a waiting turn lets it in
 * first. */
#define COURTESY_MS 1100
#define PLACE_LOOK_MS 25 /* between looks for a free worker, while turns wait for one */
#define BURY_MAX 64      /* dead workers' turns asked for at once, over one connection */

/* ---- the list ---- */

static struct job *jobs_find(struct housekeeper *k, enum job_kind kind, const char *turn, int pid)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == kind && strcmp(k->jobs[i].turn, turn) == 0 && k->jobs[i].pid == pid)
            return &k->jobs[i];
    return NULL;
}

/*
 * A place for a job, or NULL. What a dead worker leaves takes that of a turn which waits to be
 * handed over: that one's hint is found again by a later look, this one is told only once.
 */
static struct job *jobs_place(struct housekeeper *k, enum job_kind kind)
{
    struct job *waits = NULL;
    for (size_t i = 0; i < k->jobs_used; i++) {
        if (k->jobs[i].kind == JOB_NONE)
            return &k->jobs[i];
        if (k->jobs[i].kind == JOB_RUN && !k->jobs[i].handover)
            waits = &k->jobs[i];
    }
    if (k->jobs_used < HOUSEKEEPER_JOBS_MAX)
        return &k->jobs[k->jobs_used++];
    return kind == JOB_DEAD ? waits : NULL;
}

void jobs_notice_refusals(struct housekeeper *k, int64_t now)
{
    unsigned long long all = atomic_load(&k->worker->board->refused_full);
    unsigned long long own = atomic_load(&k->worker->board->refused_handovers);
    if (all <= own || all - own <= k->refusals)
        return;
    k->refused_ms = now;
    k->refusals = all - own;
}

/*
 * A session may have as many turns waiting as it likes: its next one comes at once only when nobody
 * else was just refused. Else a worker stays free for as long as those were told to wait.
 */
static int64_t jobs_first_due(struct housekeeper *k, enum job_kind kind)
{
    int64_t now = clock_mono_ms();
    jobs_notice_refusals(k, now);
    bool others_wait = k->refused_ms != 0 && now - k->refused_ms < COURTESY_MS;
    return kind == JOB_RUN && others_wait ? now + COURTESY_MS : now;
}

struct job *jobs_add(struct housekeeper *k, enum job_kind kind, const char *uid, const char *turn,
    int pid)
{
    struct job *job = jobs_find(k, kind, turn, pid);
    if (job)
        return job;
    job = jobs_place(k, kind);
    if (!job) {
        /* The hint stays where it is; a later look finds it again. */
        log_limited(LOG_LEVEL_WARN, "too many turns to look after at once");
        return NULL;
    }
    *job = (struct job){.kind = kind, .keeper = k, .pid = pid, .due_ms = jobs_first_due(k, kind)};
    job->order = ++k->arrivals;
    snprintf(job->uid, sizeof job->uid, "%s", uid);
    snprintf(job->turn, sizeof job->turn, "%s", turn);
    return job;
}

/* Its handover is over. */
static void jobs_handed(struct job *job)
{
    job->handover = NULL;
    job->keeper->handovers--;
    job->keeper->apart -= job->suspect;
}

static void jobs_end(struct job *job)
{
    struct housekeeper *k = job->keeper;
    if (job->handover) {
        handover_cancel(job->handover);
        jobs_handed(job);
    }
    job->kind = JOB_NONE;
    while (k->jobs_used > 0 && k->jobs[k->jobs_used - 1].kind == JOB_NONE)
        k->jobs_used--;
}

static void jobs_later(struct job *job, int64_t least_ms)
{
    int64_t delay = backoff_delay(RETRY_MIN_MS, RETRY_MAX_MS, ++job->tries);

    job->due_ms = clock_mono_ms() + (delay > least_ms ? delay : least_ms);
}

/* ---- handed to a worker ---- */

static void jobs_on_handover(void *arg, int status, int retry_ms)
{
    struct job *job = arg;
    jobs_handed(job);
    if (status == 503 || status == 0) {
        log_debug("turn %s: the pool answered %d, again later", job->turn, status);
        jobs_later(job, job->abandoned ? 0 : retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : retry_ms);
        return;
    }
    /* 429: as many turns of its user run as one may have. When one ends, tp:wake names this one. */
    if (status != 202 && status != 409 && status != 404 && status != 429)
        log_warn("turn %s could not be handed over: status %d", job->turn, status);
    if (status == 202)
        atomic_fetch_add(&job->keeper->worker->slot->requests, 1);
    if (status == 404)
        err_ignore(turns_hint_remove(job->keeper->store, job->uid, job->turn));
    jobs_end(job);
}

static void jobs_hand_over(struct job *job)
{
    struct housekeeper *k = job->keeper;
    const struct handover_order order = {job->suspect ? k->worker->quarantine_socket :
                                                        k->worker->turn_socket,
        job->uid, job->turn};
    int error = handover_start(&job->handover, k->reactor, &order, jobs_on_handover, job);
    if (error == 0) {
        k->handovers++;
        k->apart += job->suspect;
        return;
    }
    log_limited(LOG_LEVEL_WARN, "turn %s: %s cannot be reached: %s", job->turn,
        job->suspect ? "the quarantine worker" : "the turn pool", err_text(error));
    jobs_later(job, 0);
}

/* Turns that quarantine workers can take now. */
static int64_t jobs_places_apart(const struct housekeeper *k)
{
    const struct scoreboard *board = k->worker->board;
    int64_t places = k->worker->conf->turn_quarantine - (int64_t)k->apart;
    if (atomic_load(&board->handed_over)) /* they are the new turnpiked's */
        return 0;
    for (size_t i = 0; i < board->slot_count; i++)
        if (atomic_load(&board->slots[i].pool) == SCOREBOARD_QUARANTINE)
            places -= atomic_load(&board->slots[i].seats_busy);
    return places;
}

/*
 * The turn that has waited for a worker longest, of those that are due; or NULL.
 *   apart  whether a quarantine worker is free
 */
static struct job *jobs_oldest(struct housekeeper *k, int64_t now, bool apart)
{
    struct job *oldest = NULL;
    for (size_t i = 0; i < k->jobs_used; i++) {
        struct job *job = &k->jobs[i];
        if (job->kind == JOB_RUN && !job->handover && job->due_ms <= now &&
            (apart || !job->suspect) && (!oldest || job->order < oldest->order))
            oldest = job;
    }
    return oldest;
}

static bool jobs_has_suspects(const struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == JOB_RUN && k->jobs[i].suspect && !k->jobs[i].handover)
            return true;
    return false;
}

/*
 * Hands over as many turns as there are free workers; the pool need not be asked to know that. The
 * suspect ones wait for each other, the oldest first, and are in nobody else's way meanwhile.
 */
static void jobs_fill_places(struct housekeeper *k, int64_t now)
{
    struct scoreboard *board = k->worker->board;
    int64_t places = atomic_load(&board->turn_limit) - atomic_load(&board->running_turns) -
        (int64_t)k->handovers;
    int64_t apart = jobs_has_suspects(k) ? jobs_places_apart(k) : 0;
    struct job *job;
    while (places-- > 0 && k->handovers < HANDOVERS_MAX && (job = jobs_oldest(k, now, apart > 0))) {
        apart -= job->suspect;
        jobs_hand_over(job);
    }
}

/* ---- turns of dead workers ---- */

int jobs_give_up(struct housekeeper *k, struct store *store, const char *uid, const char *turn,
    const struct turns_loss *loss)
{
    char next[IDENT_UUID_SIZE];
    bool suspect = false;
    int error = turns_abandon(store, uid, turn, loss, next, &suspect);
    if (error != 0)
        return error;
    atomic_fetch_add(&k->worker->slot->requests, 1);
    /* Announced it is; a suspect one is for a worker that nobody forks here any more. */
    if (next[0] != '\0' && !(suspect && atomic_load(&k->worker->board->handed_over))) {
        struct job *job = jobs_add(k, JOB_RUN, uid, next, 0);
        if (job) {
            job->abandoned = true;
            job->suspect |= suspect && !job->handover;
            job->due_ms = clock_mono_ms();
        }
    }
    return 0;
}

/* In a task. */
static void jobs_take_over(struct job *job)
{
    struct housekeeper *k = job->keeper;
    char owner[MACHINE_OWNER_SIZE];
    machine_owner_of(k->worker->conf, "turn", job->pid, owner);
    const struct turns_loss loss = {.how = job->how, .owner = owner};
    int error = jobs_give_up(k, k->deaths, job->uid, job->turn, &loss);
    if (err_is_store(error)) {
        jobs_later(job, 0);
        return;
    }
    if (error == 0)
        log_info("turn %s of user %s: its worker %d died%s", job->turn, job->uid, job->pid,
            job->how == TURNS_SPARED ? ", not in this turn: no attempt is lost" : " in this turn");
    else if (error != ERR_NOT_FOUND && error != ERR_CONFLICT)
        log_error("turn %s cannot be taken over: %s", job->turn, err_text(error));
    jobs_end(job);
}

static void jobs_bury(void *arg)
{
    struct job *job = arg;
    jobs_take_over(job);
    job->busy = false;
}

void jobs_bury_due(struct housekeeper *k, int64_t now)
{
    for (size_t i = 0; i < k->jobs_used && tasks_count() < BURY_MAX; i++) {
        struct job *job = &k->jobs[i];
        if (job->kind == JOB_DEAD && !job->busy && job->due_ms <= now)
            job->busy = task_spawn(jobs_bury, job, -1, NULL) == 0;
    }
}

bool jobs_has_dead(const struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind == JOB_DEAD)
            return true;
    return false;
}

/* ---- all ---- */

int64_t jobs_step(struct housekeeper *k, int64_t now, int64_t next)
{
    int waiting = 0;
    jobs_bury_due(k, now);
    jobs_fill_places(k, now);
    for (size_t i = 0; i < k->jobs_used; i++) {
        const struct job *job = &k->jobs[i];
        if (job->kind == JOB_NONE || job->handover)
            continue;
        waiting += job->kind == JOB_RUN && !job->suspect && job->due_ms <= now;
        int64_t due = job->due_ms <= now ? now + PLACE_LOOK_MS : job->due_ms;
        if (due < next)
            next = due;
    }
    atomic_store(&k->worker->board->turns_waiting, waiting);
    return next;
}

void jobs_fini(struct housekeeper *k)
{
    for (size_t i = 0; i < k->jobs_used; i++)
        if (k->jobs[i].kind != JOB_NONE)
            jobs_end(&k->jobs[i]);
}
