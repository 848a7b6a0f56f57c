/* SPDX-License-Identifier: BSD-2-Clause */
/* The job of looking for turns that nobody runs: by due hints, and when tp:wake names one. */
#include "workers/housekeeper/housekeeper_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/hints.h"

#include <string.h>

#define SPREAD_EVERY_MS 60000
#define LOOK_MS 1000     /* between looks at tp:hint:leases */
#define LOOK_BUSY_MS 250 /* while something was due */
#define LOOK_MAX 64      /* hints of one look: what is taken over at once stays bounded */

static bool job_look_seat_is_of(const struct scoreboard_seat *seat, const char *uid,
    const char *turn)
{
    char its_uid[IDENT_USER_MAX + 1], its_session[IDENT_SESSION_MAX + 1];
    char its_turn[IDENT_UUID_SIZE];
    return atomic_load(&seat->taken) && scoreboard_turn_get(seat, its_uid, its_session, its_turn) &&
        strcmp(its_turn, turn) == 0 && strcmp(its_uid, uid) == 0;
}

/*
 * Why nobody has renewed a lease: a worker of this machine has the turn, but its loop does not come
 * round (the supervisor will see that too, in a while). It hangs in this turn, or in another one.
 */
static enum turns_loss_kind job_look_how(const struct housekeeper *k, const struct turns_hint *hint)
{
    const struct scoreboard *board = k->worker->board;
    int64_t since = clock_mono_ms() - k->worker->conf->lease_ms / 2;
    for (size_t i = 0; i < board->slot_count; i++) {
        const struct scoreboard_slot *slot = &board->slots[i];
        const struct scoreboard_seat *seat;
        if (atomic_load(&slot->pid) == 0 || atomic_load(&slot->seats_busy) == 0 ||
            atomic_load(&slot->beat_ms) > since)
            continue;
        for (size_t n = 0; (seat = scoreboard_seat_at(board, slot, n)); n++)
            if (job_look_seat_is_of(seat, hint->uid, hint->turn))
                return scoreboard_executing(board, slot) == seat ? TURNS_STUCK : TURNS_BESIDE;
    }
    return TURNS_EXPIRED;
}

static void job_look_expired(struct housekeeper *k, const struct turns_hint *hint)
{
    static const char *const why[] = {[TURNS_EXPIRED] = "",
        [TURNS_STUCK] = ", as its worker hangs in this turn",
        [TURNS_BESIDE] = ", as its worker hangs, but not in this turn: no attempt is lost"};
    const struct turns_loss loss = {.how = job_look_how(k, hint)};
    int error = jobs_give_up(k, k->store, hint->uid, hint->turn, &loss);
    if (error == 0)
        log_warn("turn %s of user %s: nobody renewed its lease%s", hint->turn, hint->uid,
            why[loss.how]);
    else if (error == ERR_NOT_FOUND)
        err_ignore(turns_hint_remove(k->store, hint->uid, hint->turn));
}

/* A message that was told to wait: it need not let others in first, as it is one of those
 * itself. */
static void job_look_waiting(struct housekeeper *k, const struct turns_hint *hint)
{
    struct job *job = jobs_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    if (job && !job->handover)
        job->due_ms = clock_mono_ms();
}

/* A worker has died in this turn: seen after a restart, or on behalf of another machine. */
static void job_look_suspect(struct housekeeper *k, const struct turns_hint *hint)
{
    struct job *job = jobs_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    if (job && !job->handover)
        job->suspect = true;
}

/* Said in so many words: a hint that is dropped by mistake is a turn that nobody finds. */
static bool job_look_has_ended(const char *state)
{
    static const char *const ends[] = {"done", "cancelled", "interrupted", "failed"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(state, ends[i]) == 0)
            return true;
    return false;
}

/* In the part where it was found, which may be on another node; there it would hide others. */
static void job_look_put_off(struct housekeeper *k, const struct turns_hint *hint)
{
    char member[HINTS_MEMBER_SIZE];

    hints_member(member, hint->uid, hint->turn);
    if (*hint->part)
        err_ignore(hints_put_off(k->store, hint->part, member, HINTS_AWAY_MS));
    else
        err_ignore(hints_set(k->store, hint->uid, hint->turn, HINTS_AWAY_MS));
}

/* What the turn's own state says; a hint is only where to look. */
static void job_look_hint(struct housekeeper *k, const struct turns_hint *hint, int64_t now)
{
    char state[16] = "";
    int64_t left = 0;
    if (hints_is_away(k->store, hint->uid)) { /* others do not wait for its node */
        job_look_put_off(k, hint);
        return;
    }
    int error = turns_state(k->store, hint->uid, hint->turn, state, &left);
    hints_told_user(k->store, hint->uid, error);
    worker_beat(k->worker);
    if (error == ERR_NOT_FOUND)
        err_ignore(turns_hint_remove(k->store, hint->uid, hint->turn));
    else if (error != 0)
        return;
    else if (atomic_load(&k->worker->board->handed_over) && strcmp(state, "running") != 0)
        return; /* the new turnpiked looks too */
    else if (strcmp(state, "pending") == 0 || strcmp(state, "answered") == 0)
        jobs_add(k, JOB_RUN, hint->uid, hint->turn, 0);
    else if (strcmp(state, "suspect") == 0)
        job_look_suspect(k, hint);
    else if (strcmp(state, "waiting") == 0)
        job_look_waiting(k, hint);
    else if (strcmp(state, "queued") == 0 || strcmp(state, "held") == 0)
        return; /* its hint has been moved: it stays until the turn has ended */
    else if (job_look_has_ended(state))
        err_ignore(turns_hint_remove(k->store, hint->uid, hint->turn));
    else if (strcmp(state, "running") == 0 && left <= 0 && now >= k->patient_until_ms &&
        !hints_has_failed(k->store, hint->uid, k->worker->conf->lease_ms))
        job_look_expired(k, hint);
}

/*
 * Redis was away, or has answered so late that workers cannot have renewed their leases either. A
 * cluster counts as away at the start only: then its nodes are looked at one by one,
 * hints_has_failed.
 */
static void job_look_outage(struct housekeeper *k, int64_t asked, int64_t now)
{
    unsigned generation = link_generation(k->store->link);
    if (link_is_cluster(k->store->link) && k->link_generation)
        return;
    if (generation == k->link_generation && now - asked < k->worker->conf->lease_ms / 4)
        return;
    k->link_generation = generation;
    k->patient_until_ms = now + k->worker->conf->lease_ms;
}

void job_look(struct housekeeper *k, int64_t now)
{
    static struct turns_hint hints[LOOK_MAX];
    size_t count = 0;
    k->look_ms = now + LOOK_MS;
    if (now >= k->spread_ms) {
        k->spread_ms = now + SPREAD_EVERY_MS;
        int failed = hints_spread(k->store);
        if (failed != 0)
            log_limited(LOG_LEVEL_WARN, "old hints cannot be spread over the cluster: %s",
                err_text(failed));
        worker_beat(k->worker);
    }
    int64_t asked = clock_mono_ms();
    int error = turns_hints(k->store, 0, hints, LOOK_MAX, &count);
    job_look_outage(k, asked, clock_mono_ms());
    if (error != 0) {
        log_limited(LOG_LEVEL_WARN, "cannot look for abandoned turns: %s", err_text(error));
        return;
    }
    for (size_t i = 0; i < count; i++)
        job_look_hint(k, &hints[i], now);
    if (count > 0)
        k->look_ms = now + LOOK_BUSY_MS;
}

void job_look_note(struct housekeeper *k, const struct notice *n)
{
    struct turns_hint *hint = &k->woken[k->woken_count];

    if (k->woken_count == HOUSEKEEPER_WOKEN_MAX)
        return; /* its hint is found by itself */
    memcpy(hint->uid, n->uid, sizeof hint->uid);
    memcpy(hint->turn, n->turn, sizeof hint->turn);
    hint->part[0] = '\0';
    k->woken_count++;
}

void job_look_woken(struct housekeeper *k, int64_t now)
{
    for (size_t i = 0; i < k->woken_count; i++)
        job_look_hint(k, &k->woken[i], now);
    k->woken_count = 0;
}
