/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_SESSIONS_PARTS_H
#define TURNPIKE_STORE_SESSIONS_PARTS_H

#include "store/sessions.h"

/*
 * sessions_parts -- what the files of sessions share:
 *
 *   sessions         one session: its title, its messages; the user's context; limits
 *   sessions_list    the list of a user's sessions
 *   sessions_delete  deletion, taken back and for good
 */
const char *sessions_text_at(const struct link_reply *r, size_t i);
/* Appends `before` and the JSON string. */
void sessions_put_string(struct buf *json, const char *before, const struct link_reply *text);
void sessions_put_time(struct buf *json, const char *before, int64_t ms);
/* Appends a session as JSON, from what chat_row of lib_chat.lua tells, at `at` of the reply; its
 * last brace, too. */
void sessions_put_session(struct buf *json, const char *id, const struct link_reply *r, size_t at);
/* A cursor "MILLISECONDS-SESSION". Returns 0 or ERR_INVALID. */
MUST_CHECK int sessions_read_cursor(const char *cursor, char score[24], const char **session);

#endif
