/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SHARED_CHAT_H
#define TURNPIKE_FCGI_APP_SHARED_CHAT_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/submit.h"
#include "store/chats.h"

/*
 * shared_chat -- the one place that says whether who asks may do something in the chat of a trip,
 * and in whose slot it is (store/chats.h). Api and turn workers. A route that does not ask here
 * knows no chats: their ids are those of no session.
 *
 * All return 0, or an error with the problem set: 404 for whoever may not know of the chat, as for
 * a session that is not there; 403 for a member whose role does not allow it.
 */

/*
 * shared_chat_open -- of any session: 0 for one of who asks, there or not. Of a chat: x->owner is
 * set when it is another user's.
 *   least  the role that is needed
 */
MUST_CHECK int shared_chat_open(struct exchange *x, const char *session, enum trips_role least);
/* Before a stop: turn "" = whatever runs in the session may be stopped, else this turn alone. */
MUST_CHECK int shared_chat_turn(struct exchange *x, const char *session,
    char turn[IDENT_UUID_SIZE]);
/* A message for a chat: what does not go with it is refused, and it gets its author. */
MUST_CHECK int shared_chat_submit(struct exchange *x, struct submit *submit);

#endif
