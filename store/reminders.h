/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_REMINDERS_H
#define TURNPIKE_STORE_REMINDERS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * reminders -- tp:hint:timers: the reminders to come, and when to look at them. The set is in
 * another slot than the users' records. So a tool writes a hint before its record, and a hint
 * proves nothing. The housekeeper that fires a reminder compares the record and claims it in the
 * user's slot, in one script with the inbox's entry. Used by tools (writing) and the housekeeper
 * (firing).
 *
 * Members; DUE is in ms, so that a moved event has another member:
 *   UID TIMER                 one that repeats keeps its member, with the next time as its score
 *   UID e/EVENT/MINUTES/DUE   MINUTES before the event's start
 *   UID r/SERIES/MINUTES/DUE  the next occurrence; once it has fired, the one after it is planned
 *   UID s/ENTRY/DUE           a snoozed entry of the inbox
 *   UID a/ID/FAMILY/DUE       the next time of a record of that family (struct module_alarm)
 *
 * The last kind has a set of its own, tp:hint:alarms: releases that know no alarms drop what they
 * find due among the timers and do not understand. An older release that does know them writes them
 * among the timers; they are moved when a look finds them, and by reminders_settle_alarms.
 */
#define REMINDERS_MEMBER_SIZE 400
#define REMINDERS_BATCH 8

struct reminders_hint {
    char member[REMINDERS_MEMBER_SIZE];
    int64_t due_ms;
};
void reminders_timer_hint(struct reminders_hint *out, const char *uid, const char *timer,
    int64_t due_ms);
void reminders_event_hint(struct reminders_hint *out, const char *uid, const char *event,
    int64_t minutes, int64_t due_ms);
/* The same for an event that repeats. */
void reminders_series_hint(struct reminders_hint *out, const char *uid, const char *series,
    int64_t minutes, int64_t due_ms);
/* Of a record whose family has alarms of its own; family: at most REMINDERS_FAMILY_MAX bytes. */
#define REMINDERS_FAMILY_MAX 31
void reminders_alarm_hint(struct reminders_hint *out, const char *uid, const char *family,
    const char *id, int64_t due_ms);
void reminders_snooze_hint(struct reminders_hint *out, const char *uid, const char *entry,
    int64_t due_ms);

/* At most REMINDERS_BATCH. Wakes the housekeepers when one of them is the next of all. */
MUST_CHECK int reminders_plan(struct store *s, const struct reminders_hint *hints, size_t count);
/* Does not wait: a member that stays is looked at again, and does no harm. */
MUST_CHECK int reminders_drop(struct store *s, const char *member);

enum reminders_kind {
    REMINDERS_TIMER,
    REMINDERS_EVENT,
    REMINDERS_SNOOZE,
    REMINDERS_SERIES,
    REMINDERS_ALARM
};
struct reminders_due {
    char member[REMINDERS_MEMBER_SIZE];
    char uid[IDENT_USER_MAX + 1], id[IDENT_CLIENT_MESSAGE_MAX + 1];
    char family[REMINDERS_FAMILY_MAX + 1]; /* of an alarm's record; else "" */
    enum reminders_kind kind;
    int64_t minutes, due_ms;
    int64_t written_ms; /* not before: its record may be about to be written for a while after */
    unsigned part;      /* of a cluster's hints: where it was found */
    bool read;          /* reminders_read has read its record */
    const char *record; /* of it; NULL = there is none */
};
/*
 * reminders_look -- what is due now; members that are none are removed.
 *   now_ms  in: the time, 0 = Redis' own, the same for all machines; out: what it was
 *   wait_ms out: until the next one is due; -1 when there is none
 * Returns 0 or ERR_STORE*.
 */
MUST_CHECK int reminders_look(struct store *s, int64_t *now_ms, int64_t *wait_ms,
    struct reminders_due *out, size_t max, size_t *count);
/*
 * reminders_settle_alarms -- moves alarms that lie among the timers into their set, a page a call.
 * Returns 0 (there may be more), ERR_NOT_FOUND (at the end), ERR_STORE*: the same page again.
 */
struct reminders_settling { /* zeroed = at the beginning */
    unsigned part;
    char cursor[24];
};
MUST_CHECK int reminders_settle_alarms(struct store *s, struct reminders_settling *at);
/*
 * What becomes of a hint that was found, in the part where it lies and in its user's: it goes
 * (without waiting); it is looked at again at look_ms, if it is there still. Of two that carried it
 * apart, neither is left behind. Return 0 or ERR_STORE*.
 */
MUST_CHECK int reminders_done(struct store *s, const struct reminders_due *due);
MUST_CHECK int reminders_later(struct store *s, const struct reminders_due *due, int64_t look_ms);
/* The family of its record; NULL: a snooze has none. */
const char *reminders_family(const struct reminders_due *due);
/* Reads the records of all at once, into the arena; what it could not read is left as it was. Not
 * in a cluster, where they are on several nodes. */
void reminders_read(struct store *s, struct reminders_due *due, size_t count, struct arena *arena);

/* A record's reminder into its user's inbox. */
struct reminders_firing {
    const char *uid, *family, *id;
    const char *seen;  /* the record as it was read */
    const char *next;  /* what it becomes; NULL = it stays, `mark` says that it was done */
    int64_t next_ms;   /* the time index of what it becomes; 0 = that stays */
    const char *mark;  /* or NULL */
    const char *event; /* JSON object, not empty */
    const char *extra; /* members in front, each with its comma; not kept when it is snoozed */
};
/* Returns 0 (fired by this call); ERR_CONFLICT (the record is another one by now); ERR_NOT_FOUND
 * (fired before); ERR_STORE*. */
MUST_CHECK int reminders_fire(struct store *s, const struct reminders_firing *firing);
/* The same without waiting. *outcome: ERR_STORE until the reply has come, then as above; the
 * caller's until reminders_fired has returned. Returns 0 when it is on its way. */
MUST_CHECK int reminders_fire_later(struct store *s, const struct reminders_firing *f,
    int *outcome);
/* Waits for the outcomes of all that are on their way. */
void reminders_fired(struct store *s, int *outcomes, size_t count);
/* The same for a snoozed entry. */
MUST_CHECK int reminders_fire_snooze(struct store *s, const struct reminders_due *due,
    const char *extra);

#endif
