/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_BRANCHES_H
#define TURNPIKE_STORE_BRANCHES_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

#include <stddef.h>

/*
 * branches -- what left a conversation when its user went back to an earlier message (regenerate,
 * edit): the latest of them are kept with the session. Api workers. The name of a branch is the id
 * of the turn that took its place.
 */
struct branches_page {
    const char *session;
    const char *branch; /* its name; "" = the latest */
    const char *before; /* a next_cursor of it; NULL = its end */
    size_t limit;       /* most messages of the page, 1..1,000 */
};
/*
 * branches_messages -- a page of a branch's messages.
 * Appends {"messages":[AG-UI...],"has_more":bool,"next_cursor":...,
 * "branch":{"id","created_at","message_id"},"branches":[the same of each, newest first]}: newest
 * page first, oldest first within, as sessions_messages does. message_id: the user's message to
 * which the user went back.
 * Returns 0; ERR_NOT_FOUND: no such session, or it has no such branch; ERR_INVALID: before is none
 * of its cursors.
 */
MUST_CHECK int branches_messages(struct store *s, const char *uid, const struct branches_page *page,
    struct buf *json);
/* Makes the index by which a message of long ago is found, in steps that do not hold Redis up. Turn
 * workers. Returns 0 or ERR_STORE*. */
MUST_CHECK int branches_prepare(struct store *s, const char *uid, const char *session);

#endif
