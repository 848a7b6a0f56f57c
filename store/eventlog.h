#ifndef TURNPIKE_STORE_EVENTLOG_H
#define TURNPIKE_STORE_EVENTLOG_H

#include "base/buf.h"
#include "store/turns.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * eventlog -- a turn's events on their way into the session log (docs/design.md "The session
 * log"). Used by turn workers. Append and publish are one script call, sent without waiting for
 * the reply; text goes out at once when no append is in flight, else it is joined until the reply
 * has come. All events are kept until the final one is acknowledged, so that they can be appended
 * again after a reconnect. The path of a token allocates nothing.
 */
enum eventlog_state { EVENTLOG_OK, EVENTLOG_AWAY, EVENTLOG_FENCED, EVENTLOG_FULL };

struct eventlog; /* one a turn that runs, used again for the next; freed before its store */
int eventlog_new(struct eventlog **out, struct store *store);
void eventlog_free(struct eventlog *l);
/* In the turn's task, which is woken when another owns the session now. Returns 0 or ERR_NOMEM. */
int eventlog_begin(struct eventlog *l, const struct turns_start *turn);
/* After turns_finish: forgets the events and gives back the memory of a long turn. */
void eventlog_end(struct eventlog *l);

/* Flags of an entry. */
#define EVENTLOG_FLAG_NONE '-'
#define EVENTLOG_FLAG_START 'S'
#define EVENTLOG_FLAG_FINAL 'F'
#define EVENTLOG_FLAG_TEXT 'T'      /* TEXT_MESSAGE_CONTENT, for ?format=text and joining */

/* A whole event as JSON, in order behind the text before it. Returns 0, ERR_FENCED, ERR_FULL. */
int eventlog_event(struct eventlog *l, char flag, const char *json, size_t len);
/*
 * The same, for an event that more follows at once (a message's start before its first text): it
 * goes out with what comes next, in one append, instead of letting that wait for its reply.
 */
int eventlog_hold(struct eventlog *l, char flag, const char *json, size_t len);
/*
 * A delta event, joinable with the one before it of the same kind and id: {"type":TYPE,
 * ID_FIELD:ID,"delta":...}. kind chooses the three. delta is raw UTF-8, escaped here.
 */
enum eventlog_delta { EVENTLOG_TEXT, EVENTLOG_TOOL_ARGS, EVENTLOG_REASONING };
int eventlog_text(struct eventlog *l, enum eventlog_delta kind, const char *id, const char *delta, size_t len);
/* At each wake-up: reads replies that have come, sends what may go. Never waits. */
int eventlog_pump(struct eventlog *l);
enum eventlog_state eventlog_state(const struct eventlog *l);
/* Waits until all is acknowledged or until_ms. Returns 0, ERR_FENCED, ERR_STORE, ERR_DEADLINE. */
int eventlog_flush(struct eventlog *l, int64_t until_ms);
/* Redis may lack entries that it had confirmed: the next flush asks for its top and appends them. */
void eventlog_doubt(struct eventlog *l);
/*
 * For turns_finish: makes "RUN FLAGS JSON" entries out of the last events (final ones are not sent by
 * eventlog_event but in the finish script) and tells their first N.
 */
int64_t eventlog_next_n(const struct eventlog *l);
void eventlog_entry(const struct eventlog *l, char flag, const char *json, size_t len, struct buf *out);

#endif
