/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_EVENTLOG_H
#define TURNPIKE_STORE_EVENTLOG_H

#include "base/buf.h"
#include "base/err.h"
#include "store/logentry.h"
#include "store/turns.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * eventlog -- a turn's events on their way into the session log (docs/design/log.md). Used by turn
 * workers. One script call appends and publishes; nobody waits for its reply. Text leaves at once
 * when no append is in flight, else eventlog joins it until the reply has come. It keeps all events
 * until Redis has acknowledged the final one, to append them again after a reconnect. The path of a
 * token allocates nothing.
 */
enum eventlog_state { EVENTLOG_OK, EVENTLOG_AWAY, EVENTLOG_FENCED, EVENTLOG_FULL };

struct eventlog; /* one a turn that runs, used again for the next; freed before its store */
MUST_CHECK int eventlog_new(struct eventlog **out, struct store *store);
void eventlog_free(struct eventlog *l);
/* In the turn's task, which is woken when another owns the session now. Returns 0 or ERR_NOMEM. */
MUST_CHECK int eventlog_begin(struct eventlog *l, const struct turns_start *turn);
/* After turns_finish: forgets the events and gives back the memory of a long turn. */
void eventlog_end(struct eventlog *l);

/* A whole event as JSON, in order behind the text before it. flag: of store/logentry.h.
 * Returns 0, ERR_FENCED, ERR_FULL. */
MUST_CHECK int eventlog_event(struct eventlog *l, char flag, const char *json, size_t len);
/*
 * The same, for an event that another one follows at once (a message's start before its first
 * text). Both leave in one append, so that the second does not wait for the reply to the first.
 */
MUST_CHECK int eventlog_hold(struct eventlog *l, char flag, const char *json, size_t len);
/*
 * A delta event, joinable with the one before it of the same kind and id: {"type":TYPE,
 * ID_FIELD:ID,"delta":...}. kind chooses the three. delta is raw UTF-8, escaped here.
 */
enum eventlog_delta { EVENTLOG_TEXT, EVENTLOG_TOOL_ARGS, EVENTLOG_REASONING };
MUST_CHECK int eventlog_text(struct eventlog *l, enum eventlog_delta kind, const char *id,
    const char *delta, size_t len);
/*
 * eventlog_mark -- a text of the caller's that Redis keeps with the turn, and changes as it takes
 * entries: so it says what the log has. The next worker of the turn reads it (struct turns_start).
 *   fn  called when entries leave, for all that were given so far, or, whole false, for some of
 *       them; it appends the text, and nothing when the kept one is to be dropped. NULL: entries
 *       leave without a text, and the kept one stays
 */
typedef void eventlog_mark_fn(void *arg, bool whole, struct buf *text);
void eventlog_mark(struct eventlog *l, eventlog_mark_fn *fn, void *arg);
/* While held together, nothing leaves: several events go with one mark. Then what is due leaves. */
void eventlog_together(struct eventlog *l, bool on);
/* At each wake-up: reads replies that have come, sends what may go. Never waits. */
MUST_CHECK int eventlog_pump(struct eventlog *l);
enum eventlog_state eventlog_state(const struct eventlog *l);
/* Waits until all is acknowledged or until_ms. Returns 0, ERR_FENCED, ERR_STORE, ERR_DEADLINE. */
MUST_CHECK int eventlog_flush(struct eventlog *l, int64_t until_ms);
/* Redis may lack entries that it had confirmed: the next flush asks for its top and appends
 * them. */
void eventlog_doubt(struct eventlog *l);
/*
 * For turns_finish, whose script writes the last entries, the final event among them: the first N
 * of those.
 */
int64_t eventlog_next_n(const struct eventlog *l);

#endif
