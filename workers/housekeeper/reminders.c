/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/reminders.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "process/fault.h"
#include "process/measure.h"
#include "store/hints.h"
#include "store/records.h"
#include "store/reminders.h"
#include "tools/engine/modules.h"
#include "workers/housekeeper/reminders_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MORE_MS 50      /* until the next look when there was more than one look's worth */
#define RETRY_MS 1000   /* until the next look when Redis does not answer */
#define AGAIN_MS 500    /* a hint whose record is not (yet) what it says */
#define BROKEN_MS 60000 /* one that cannot be fired: others are not held up by it */
#define SETTLE_EVERY_MS 3600000
#define GRACE_MS 60000 /* how long after its hint a record may still be written */

/* What is to be done with a hint. */
enum fate {
    FATE_DROP,
    FATE_AGAIN,
    FATE_LATER,
    FATE_KEEP,
    FATE_FIRED,
    FATE_STOP,
    FATE_SENT /* to be fired: the outcome is still to come */
};

struct reminders_desk {
    struct store *store;
    const struct module_rings *rings; /* NULL: no family has records that ring */
    struct reminders_due due[REMINDERS_DESK_ONCE];
    int outcomes[REMINDERS_DESK_ONCE]; /* of those that were sent */
    enum fate fates[REMINDERS_DESK_ONCE];
    int64_t look_ms, clock_ms;
    struct reminders_settling settling; /* of alarms that an older release put among the timers */
    int64_t settle_ms;                  /* monotonic: its next page */
    size_t fired;
    reminders_desk_guard_fn *guard; /* or NULL */
    void *guard_arg;
};

int reminders_desk_new(struct reminders_desk **out, struct store *store,
    const struct module_rings *rings)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    (*out)->store = store;
    (*out)->rings = rings;
    return 0;
}

void reminders_desk_free(struct reminders_desk *d)
{
    free(d);
}

void reminders_desk_guard(struct reminders_desk *d, reminders_desk_guard_fn *fn, void *arg)
{
    d->guard = fn;
    d->guard_arg = arg;
}

void reminders_desk_wake(struct reminders_desk *d)
{
    d->look_ms = 0;
}

void reminders_desk_set_clock(struct reminders_desk *d, int64_t now_ms)
{
    d->clock_ms = now_ms;
}

size_t reminders_desk_fired(const struct reminders_desk *d)
{
    return d->fired;
}

/* --- firing --- */

/* A hint that its record does not bear out: stale, or earlier than its record. */
static enum fate reminders_unproven(const struct reminders_due *due, int64_t now_ms)
{
    return now_ms - due->written_ms > GRACE_MS ? FATE_DROP : FATE_AGAIN;
}

static enum fate reminders_fate_of(int error)
{
    switch (error) {
    case 0:
        return FATE_FIRED;
    case ERR_NOT_FOUND: /* by another one, before */
        return FATE_DROP;
    case ERR_CONFLICT:
        return FATE_AGAIN;
    case ERR_STORE:
    case ERR_STORE_FULL:
    case ERR_STORE_READONLY:
        return FATE_STOP;
    default:
        return FATE_LATER;
    }
}

/* Fires it, or sends it to be fired: then others need not wait for its reply. In a cluster nobody
 * knows when the replies of all nodes have come. */
static enum fate reminders_shoot(struct reminders_desk *d, const struct reminders_due *due,
    const struct reminders_firing *f)
{
    if (!due->read || f->next_ms != 0)
        return reminders_fate_of(reminders_fire(d->store, f));
    int error = reminders_fire_later(d->store, f, &d->outcomes[due - d->due]);
    return error == 0 ? FATE_SENT : reminders_fate_of(error);
}

static enum fate reminders_fire_timer(struct reminders_desk *d, const struct reminders_due *due,
    jdoc *timer, struct reminders_firing *f, int64_t now_ms)
{
    struct buf event = {0}, next = {0}, extra = {0};
    int64_t due_ms = due->due_ms;

    if (strcmp(jdoc_text_or(timer, "state", ""), "set") != 0)
        return FATE_DROP;
    jdoc_get_int(timer, "due_ms", &due_ms);
    if (due_ms > now_ms)
        return reminders_later(d->store, due, due_ms) == 0 ? FATE_KEEP : FATE_STOP;
    reminders_words_timer(&event, timer);
    reminders_words_when(&extra, due_ms, now_ms);
    int error = d->rings->fired(timer, now_ms, &f->next_ms);
    jdoc_write(timer, &next);
    f->event = buf_text(&event);
    f->next = buf_text(&next);
    f->extra = buf_text(&extra);
    enum fate fate = FATE_LATER;
    if (error == 0 && buf_error(&event) == 0 && buf_error(&next) == 0 && buf_error(&extra) == 0)
        fate = reminders_shoot(d, due, f);
    buf_free(&event);
    buf_free(&next);
    buf_free(&extra);
    if (fate != FATE_FIRED || f->next_ms == 0)
        return fate;
    /* It repeats: its hint stays, for the next time. */
    d->fired++;
    measure_observe_us(MEASURE_REMINDER_LATE, NULL, (now_ms - due_ms) * 1000);
    return reminders_later(d->store, due, f->next_ms) == 0 ? FATE_KEEP : FATE_STOP;
}

/*
 * The hint of a series' next reminder, planned before this one's is dropped: who finds that this
 * one has been fired plans it again, as the one that fired it may have died over it.
 */
static enum fate reminders_plan_next(struct reminders_desk *d, const struct reminders_due *due,
    const jdoc *series, int64_t now_ms, enum fate fate)
{
    struct reminders_hint hint;
    int64_t next, after = now_ms - d->rings->missed_ms;

    if (due->kind != REMINDERS_SERIES || (fate != FATE_FIRED && fate != FATE_DROP))
        return fate;
    if (after < due->due_ms)
        after = due->due_ms;
    if (d->rings->next(series, due->minutes, after, &next) != 0)
        return fate;
    reminders_series_hint(&hint, due->uid, due->id, due->minutes, next);
    return reminders_plan(d->store, &hint, 1) == 0 ? fate : FATE_STOP;
}

/*
 * A hint for another time than its record's: made before the way of counting changed. The right
 * time gets one before this goes.
 */
static enum fate reminders_plan_right(struct reminders_desk *d, const struct reminders_due *due,
    const jdoc *event, int64_t now_ms)
{
    struct reminders_hint hint;
    int64_t right;

    if (due->kind != REMINDERS_EVENT || d->rings->due(event, due->minutes, &right) != 0 ||
        right <= now_ms || !d->rings->has(event, due->minutes, right, NULL))
        return reminders_plan_next(d, due, event, now_ms, reminders_unproven(due, now_ms));
    reminders_event_hint(&hint, due->uid, due->id, due->minutes, right);
    return reminders_plan(d->store, &hint, 1) == 0 ? reminders_unproven(due, now_ms) : FATE_STOP;
}

static enum fate reminders_fire_event(struct reminders_desk *d, const struct reminders_due *due,
    const jdoc *record, struct reminders_firing *f, int64_t now_ms)
{
    struct buf event = {0}, extra = {0};
    char mark[IDENT_CLIENT_MESSAGE_MAX + 64];
    jdoc *occurrence;

    if (!d->rings->has(record, due->minutes, due->due_ms, &occurrence))
        return reminders_plan_right(d, due, record, now_ms);
    snprintf(mark, sizeof mark, "%s/%" PRId64 "/%" PRId64, due->id, due->minutes, due->due_ms);
    reminders_words_event(&event, occurrence ? occurrence : record, due->minutes, d->rings->hour);
    jdoc_free(occurrence);
    reminders_words_when(&extra, due->due_ms, now_ms);
    f->mark = mark;
    f->event = buf_text(&event);
    f->extra = buf_text(&extra);
    enum fate fate = FATE_LATER;
    if (buf_error(&event) != 0 || buf_error(&extra) != 0)
        fate = FATE_LATER;
    else if (due->kind == REMINDERS_SERIES)
        fate = reminders_fate_of(reminders_fire(d->store, f));
    else
        fate = reminders_shoot(d, due, f);
    f->mark = f->event = f->extra = NULL;
    buf_free(&event);
    buf_free(&extra);
    return reminders_plan_next(d, due, record, now_ms, fate);
}

/* --- of families with alarms of their own --- */

/* The next one is planned before this one's hint is dropped, as with a series. */
static enum fate reminders_alarm_next(struct reminders_desk *d, const struct reminders_due *due,
    const struct module_alarm *alarm, const jdoc *record, int64_t now_ms, enum fate fate)
{
    struct reminders_hint hint;
    int64_t next, after = now_ms - d->rings->missed_ms;

    if (fate != FATE_FIRED && fate != FATE_DROP)
        return fate;
    if (alarm->next(record, after < due->due_ms ? due->due_ms : after, &next) != 0)
        return fate;
    reminders_alarm_hint(&hint, due->uid, due->family, due->id, next);
    return reminders_plan(d->store, &hint, 1) == 0 ? fate : FATE_STOP;
}

static enum fate reminders_fire_alarm(struct reminders_desk *d, const struct reminders_due *due,
    const jdoc *record, struct reminders_firing *f, int64_t now_ms)
{
    const struct module_alarm *alarm = modules_alarm(due->family);
    struct buf event = {0}, extra = {0};
    char mark[IDENT_CLIENT_MESSAGE_MAX + REMINDERS_FAMILY_MAX + 64];
    enum fate fate = FATE_LATER;
    int64_t at;

    if (!alarm)
        return FATE_LATER;
    if (alarm->next(record, due->due_ms - 1, &at) != 0 || at != due->due_ms)
        return reminders_alarm_next(d, due, alarm, record, now_ms, reminders_unproven(due, now_ms));
    snprintf(mark, sizeof mark, "%s/%s/%" PRId64, due->family, due->id, due->due_ms);
    reminders_words_when(&extra, due->due_ms, now_ms);
    if (reminders_words_alarm(&event, due, alarm->tell(record, due->due_ms)) == 0 &&
        buf_error(&extra) == 0) {
        f->mark = mark;
        f->event = buf_text(&event);
        f->extra = buf_text(&extra);
        fate = reminders_fate_of(reminders_fire(d->store, f));
        f->mark = f->event = f->extra = NULL;
    }
    buf_free(&event);
    buf_free(&extra);
    return reminders_alarm_next(d, due, alarm, record, now_ms, fate);
}

static enum fate reminders_ring_snooze(struct reminders_desk *d, const struct reminders_due *due,
    int64_t now_ms)
{
    struct buf extra = {0};

    reminders_words_when(&extra, due->due_ms, now_ms);
    int error =
        buf_error(&extra) == 0 ? reminders_fire_snooze(d->store, due, buf_text(&extra)) : ERR_NOMEM;
    buf_free(&extra);
    return error == ERR_CONFLICT ? reminders_unproven(due, now_ms) : reminders_fate_of(error);
}

static enum fate reminders_fire_record(struct reminders_desk *d, const struct reminders_due *due,
    struct arena *arena, int64_t now_ms)
{
    struct reminders_firing f = {.uid = due->uid,
        .id = due->id,
        .family = reminders_family(due),
        .seen = due->record};
    jdoc *record = NULL;
    enum fate fate;

    if (!d->rings)
        return FATE_LATER;
    int error = !due->read ? records_get(d->store, f.uid, f.family, f.id, arena, &f.seen) :
        f.seen             ? 0 :
                             ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND)
        return reminders_unproven(due, now_ms);
    if (error != 0)
        return reminders_fate_of(error);
    fault_in(d->store->conf, "reminder", f.seen, strlen(f.seen));
    error = jdoc_parse(f.seen, strlen(f.seen), &record, NULL, 0);
    if (error != 0)
        return error == ERR_NOMEM ? FATE_LATER : FATE_DROP;
    if (due->kind == REMINDERS_TIMER)
        fate = reminders_fire_timer(d, due, record, &f, now_ms);
    else if (due->kind == REMINDERS_ALARM)
        fate = reminders_fire_alarm(d, due, record, &f, now_ms);
    else
        fate = reminders_fire_event(d, due, record, &f, now_ms);
    jdoc_free(record);
    return fate;
}

/* Whether to go on after a hint was dropped or put off. One node of a cluster may be away, which is
 * not asked again for a while: what lies on others does not wait for it. */
static bool reminders_goes_on(const struct reminders_desk *d, int error)
{
    return error == 0 || link_is_cluster(d->store->link);
}

/* Returns whether to go on with the next one. */
static bool reminders_settle(struct reminders_desk *d, const struct reminders_due *due,
    enum fate fate, int64_t now_ms)
{
    switch (fate) {
    case FATE_STOP:
        return false;
    case FATE_KEEP:
        return true;
    case FATE_FIRED:
        d->fired++;
        measure_observe_us(MEASURE_REMINDER_LATE, NULL, (now_ms - due->due_ms) * 1000);
        log_debug("reminder fired: %s", due->member);
        return reminders_goes_on(d, reminders_done(d->store, due));
    case FATE_DROP:
        return reminders_goes_on(d, reminders_done(d->store, due));
    case FATE_AGAIN:
        return reminders_goes_on(d, reminders_later(d->store, due, now_ms + AGAIN_MS));
    case FATE_SENT:
    case FATE_LATER:
        break;
    }
    log_limited(LOG_LEVEL_ERROR, "a reminder cannot be fired, again later: %s", due->member);
    return reminders_goes_on(d, reminders_later(d->store, due, now_ms + BROKEN_MS));
}

/* What is done about one that is due; others do not wait for its user's node when that is away. */
static enum fate reminders_ring(struct reminders_desk *d, const struct reminders_due *due,
    struct arena *arena, int64_t now_ms)
{
    enum fate fate;

    if (hints_is_away(d->store, due->uid))
        return FATE_AGAIN;
    if (d->guard && !d->guard(d->guard_arg, due->uid, due->member))
        return FATE_LATER;
    fate = due->kind == REMINDERS_SNOOZE ? reminders_ring_snooze(d, due, now_ms) :
                                           reminders_fire_record(d, due, arena, now_ms);
    hints_told_user(d->store, due->uid, fate == FATE_STOP ? ERR_STORE : 0);
    return hints_is_away(d->store, due->uid) ? FATE_AGAIN : fate;
}

/* What became of one that was sent. Redis may have forgotten the script: then it is fired as one
 * that was not read. */
static enum fate reminders_sent(struct reminders_desk *d, size_t i, struct arena *arena,
    int64_t now_ms)
{
    if (d->outcomes[i] != ERR_NOSCRIPT)
        return reminders_fate_of(d->outcomes[i]);
    d->due[i].read = false;
    enum fate fate = reminders_ring(d, &d->due[i], arena, now_ms);
    arena_reset(arena);
    return fate;
}

/* Returns false when Redis does not answer. */
static bool reminders_ring_all(struct reminders_desk *d, size_t count, struct arena *arena,
    int64_t now_ms)
{
    size_t sent = 0, rung = 0;
    bool go_on = true;

    for (; go_on && rung < count; rung++) {
        enum fate fate = reminders_ring(d, &d->due[rung], arena, now_ms);
        d->fates[rung] = fate;
        sent += fate == FATE_SENT;
        go_on = fate == FATE_SENT || reminders_settle(d, &d->due[rung], fate, now_ms);
        arena_reset(arena);
    }
    if (sent > 0)
        reminders_fired(d->store, d->outcomes, rung);
    for (size_t i = 0; sent > 0 && i < rung; i++)
        if (d->fates[i] == FATE_SENT)
            go_on &= reminders_settle(d, &d->due[i], reminders_sent(d, i, arena, now_ms), now_ms);
    if (d->guard)
        d->guard(d->guard_arg, NULL, NULL);
    return go_on;
}

static void reminders_step(struct reminders_desk *d, int64_t mono_ms)
{
    int64_t now = d->clock_ms, wait;
    size_t count;
    struct arena *arena = arena_new(), *records = arena_new();
    int error = !arena || !records ?
        ERR_NOMEM :
        reminders_look(d->store, &now, &wait, d->due, REMINDERS_DESK_ONCE, &count);

    d->look_ms = mono_ms + RETRY_MS;
    if (error != 0) {
        log_limited(LOG_LEVEL_WARN, "cannot look for reminders: %s", err_text(error));
        arena_free(arena);
        arena_free(records);
        return;
    }
    reminders_read(d->store, d->due, count, records);
    bool go_on = reminders_ring_all(d, count, arena, now);
    arena_free(arena);
    arena_free(records);
    if (!go_on)
        return;
    if (count == REMINDERS_DESK_ONCE)
        d->look_ms = mono_ms + MORE_MS;
    else if (count > 0)
        d->look_ms = mono_ms + AGAIN_MS;
    if (wait >= 0 && mono_ms + wait < d->look_ms)
        d->look_ms = mono_ms + wait;
}

/* At the start, and from time to time, as an older release may run beside this one. */
static void reminders_settle_step(struct reminders_desk *d, int64_t mono_ms)
{
    int error = reminders_settle_alarms(d->store, &d->settling);

    if (error == ERR_NOT_FOUND)
        memset(&d->settling, 0, sizeof d->settling);
    d->settle_ms = mono_ms +
        (error == ERR_NOT_FOUND ? SETTLE_EVERY_MS :
                error           ? RETRY_MS :
                                  MORE_MS);
}

int64_t reminders_desk_step(struct reminders_desk *d, int64_t mono_ms)
{
    if (mono_ms >= d->settle_ms)
        reminders_settle_step(d, mono_ms);
    if (mono_ms >= d->look_ms)
        reminders_step(d, mono_ms);
    return d->look_ms; /* no pass is made for it alone */
}
