/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_UICHAT_PARTS_H
#define TURNPIKE_FCGI_APP_UICHAT_PARTS_H

#include "fcgi-app/uichat.h"

/*
 * uichat_parts -- what the files of uichat share with each other:
 *
 *   uichat          conversations and their pages
 *   uichat_message  one UI message of them
 */
bool uichat_is(const jdoc *message, const char *role);
/* Whether a client shows messages of its role. */
bool uichat_is_shown(const jdoc *message);
/* From the message at `from` on: the tool's for a call; NULL: there is none. */
const jdoc *uichat_result(const jdoc *messages, size_t from, const char *call);

/* ---- uichat_message ---- */

/* Writes the UI message that begins at index i; returns where the next one begins. */
size_t uichat_message_put(const struct uichat *chat, size_t i, struct buf *json);

#endif
