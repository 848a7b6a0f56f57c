/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_FIND_H
#define TURNPIKE_STORE_FIND_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

#include <stddef.h>

/*
 * find -- a user's sessions by words of their titles and messages. Api workers.
 *
 * The index (store/lua/lib_find.lua) is brought up to date by the search itself, in steps that
 * Redis does in a few ms each, FIND_MAKE_MS at most: a turn does nothing for it, and who never
 * searches has none. A session changed since is taken in anew as far as it has grown; older ones
 * come from the newest to the oldest. Out go: a session that is deleted (session_delete.lua) or
 * expired, and the oldest ones when the user's share is used up, one in a step.
 *
 * What a user can cost: FIND_SESSION_WORDS words of a session, conf.session_index of all sessions
 * together, with about 440 bytes each in Redis (docs/design/keys.md).
 */
#define FIND_MAKE_MS 50
#define FIND_SESSION_WORDS 1500
#define FIND_MESSAGE_WORDS 500 /* different ones of one message */
#define FIND_QUERY_BYTES 400
#define FIND_QUERY_WORDS 16 /* of a question; what is behind them does not count */

struct find_page {
    const char *query;
    const char *cursor; /* NULL or "" = from the beginning */
    size_t limit;
    const char *pinned; /* as in struct sessions_page */
};
/*
 * find_sessions -- {"sessions":[...],"next_cursor":...,"complete":bool,"indexing":bool}: sessions
 * that have all words, the last one as a beginning, newest first. Each is as in sessions_list, with
 * match {"message_id","role","snippet","ranges"} and title_ranges. match is null when the title
 * alone has them, the part read of a long message does not, or 20 sessions of the page came before.
 * Ranges are [from,to) in characters. indexing: older sessions are still to come; complete: all
 * sessions have been searched.
 * Returns 0; ERR_INVALID (the cursor); ERR_NOMEM; ERR_STORE*.
 */
MUST_CHECK int find_sessions(struct store *s, const char *uid, const struct find_page *page,
    struct buf *json);

#endif
