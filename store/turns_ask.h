/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_TURNS_ASK_H
#define TURNPIKE_STORE_TURNS_ASK_H

#include "store/turns.h"

/*
 * turns_ask -- the question of turns_begin: what turn_begin.lua answers to a new message. reply:
 * the caller's (link_reply_free), also NULL. Returns 0, ERR_STORE* or ERR_NOMEM.
 */
MUST_CHECK int turns_ask(struct store *s, const struct turns_request *q, struct link_reply **reply);

#endif
