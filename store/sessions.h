/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_SESSIONS_H
#define TURNPIKE_STORE_SESSIONS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * sessions -- sessions and users outside of turns. All functions append their JSON to `json`. Used
 * by api workers. A session of another user is ERR_NOT_FOUND, as the key contains the user.
 */
/*
 * sessions_list -- {"sessions":[{id,title,created_at,updated_at,message_count,running_turn,pinned}],
 * "next_cursor":...}: those that are pinned, the one pinned last first; then the others, newest
 * first.
 */
#define SESSIONS_ANY "any"
struct sessions_page {
    const char *cursor; /* NULL or "" = from the beginning */
    size_t limit;
    const char *pinned; /* NULL = all; "1" = the pinned ones alone, "0" = the others alone;
                           SESSIONS_ANY = all by their activity */
};
MUST_CHECK int sessions_list(struct store *s, const char *uid, const struct sessions_page *page,
    struct buf *json);
MUST_CHECK int sessions_get(struct store *s, const char *uid, const char *session,
    struct buf *json);
/*
 * sessions_change -- a title, pinned or not; the user's lists are told. json: NULL = nothing is
 * written. Returns 0; ERR_NOT_FOUND; ERR_LIMIT: SESSIONS_PINNED_MAX are pinned; ERR_CONFLICT: the
 * user gave it a title, and a model's does not replace that.
 */
#define SESSIONS_PINNED_MAX 50 /* PINNED_MAX of lib_chat.lua */
struct sessions_change {
    const char *title; /* NULL = as it is */
    bool by_model;
    int pin; /* 1 = pinned, -1 = not, 0 = as it is */
};
MUST_CHECK int sessions_change(struct store *s, const char *uid, const char *session,
    const struct sessions_change *change, struct buf *json);
/* Did the user give its title? Also given when there is no such session. */
MUST_CHECK int sessions_has_users_title(struct store *s, const char *uid, const char *session,
    bool *given);
/*
 * sessions_delete -- Deletes everything of it; a running turn is fenced and stopped.
 *   undo_ms   for so long sessions_restore can have it back; 0 = it is gone at once
 *   until_ms  out, real time: until when; may be NULL
 */
MUST_CHECK int sessions_delete(struct store *s, const char *uid, const char *session,
    int64_t undo_ms, int64_t *until_ms);
/* Returns 0; ERR_NOT_FOUND: it was not deleted, or too long ago; ERR_CONFLICT: there is another one
 * with its id by now. */
MUST_CHECK int sessions_restore(struct store *s, const char *uid, const char *session);
/* Housekeeper: removes what deleted sessions have left whose time is over. count: out, looked
 * at. */
MUST_CHECK int sessions_purge_due(struct store *s, size_t max, size_t *count);
/* {"messages":[AG-UI...],"has_more":bool,"next_cursor":...,"events_cursor":"EPOCH-N",
 * "branch_count":N,"feedback":{message id:{"rating","type"?,"text"?,"at"}}}: newest page first,
 * oldest first within; before = cursor. events_cursor: these messages and the log behind it are all
 * that was said. It is the log's end, or the place before the start of the running turn.
 * branch_count: how many branches there are (branches.h). */
bool sessions_is_page(const char *before); /* may it be one of these cursors, or is it NULL? */
MUST_CHECK int sessions_messages(struct store *s, const char *uid, const char *session,
    const char *before, size_t limit, struct buf *json);
/* The session with the latest activity; ERR_NOT_FOUND. */
MUST_CHECK int sessions_latest(struct store *s, const char *uid,
    char session[IDENT_SESSION_MAX + 1]);
/* Whether it exists, and its log's end ("0-0" when empty). */
MUST_CHECK int sessions_cursor(struct store *s, const char *uid, const char *session,
    char cursor[48]);

/* The epoch under which its last turn ran; ERR_NOT_FOUND without a session. */
MUST_CHECK int sessions_epoch(struct store *s, const char *uid, const char *session,
    int64_t *epoch);
/*
 * sessions_until -- the conversation up to a message, with the results that follow it. Returns 0;
 * ERR_NOT_FOUND: the message is not there; ERR_NOMEM; ERR_STORE*.
 */
struct sessions_part {
    const char *until;     /* the id of its last message */
    size_t spare;          /* the list has as many places more */
    const char **messages; /* out: JSON texts, in the arena */
    size_t count;          /* out */
};
MUST_CHECK int sessions_until(struct store *s, const char *uid, const char *session,
    struct arena *arena, struct sessions_part *part);
/* Where a call of a stateless client's tool waits for its result. ERR_NOT_FOUND: nowhere. */
MUST_CHECK int sessions_of_call(struct store *s, const char *uid, const char *call,
    char session[IDENT_SESSION_MAX + 1]);

/* Per-user context object (GET|PUT /context). merge: members of patch replace, null removes. */
MUST_CHECK int sessions_context_get(struct store *s, const char *uid, struct buf *json);
/* Keys and raw JSON values, alternating, from element `from` on, as one JSON object. */
MUST_CHECK int sessions_context_pairs(const struct link_reply *pairs, size_t from,
    struct buf *json);
MUST_CHECK int sessions_context_merge(struct store *s, const char *uid, const char *patch_json,
    size_t len, struct buf *json);
struct sessions_limit {
    const char *name;
    int64_t limit; /* in each window; 0 = any number */
    int64_t window_ms;
};
/* Fixed-window counter per user and name. left: out; retry_ms: out, until the window ends. */
MUST_CHECK int sessions_rate(struct store *s, const char *uid, const struct sessions_limit *limit,
    int64_t *left, int64_t *retry_ms);

/*
 * sessions_tool_key -- binds a key of a direct tool call to the digest of what it calls, for
 * keep.turns: tp:{uid}:seen-tool:KEY. Returns 0 (now, or it was bound to the same before);
 * ERR_CONFLICT (to another); ERR_STORE*.
 */
MUST_CHECK int sessions_tool_key(struct store *s, const char *uid, const char *key,
    const char *digest);

#endif
