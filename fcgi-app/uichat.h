/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_UICHAT_H
#define TURNPIKE_FCGI_APP_UICHAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

struct store;

/*
 * uichat -- the stored conversation as a chat of the AI SDK (process/uimessage.h): what is open at
 * its end, and its messages whole. Used by turn and api workers.
 */
struct uichat {
    jdoc *page;            /* owns what the others point into; freed with the arena */
    const jdoc *messages;  /* its last UICHAT_MESSAGES, oldest first */
    const char *user;      /* id of the last message of the user; "" = none */
    const char *last;      /* id of the last message; "" = none */
    bool replied;          /* something of the assistant stands behind the user's message */
    const jdoc *approvals; /* uichat_read_open: those that are open, as GET /approvals has them */
};
#define UICHAT_MESSAGES 200

/* Reads the end of a conversation; before NULL, or a page's cursor. Returns 0, ERR_NOT_FOUND,
 * ERR_INVALID (the cursor), ERR_NOMEM, ERR_STORE*. */
MUST_CHECK int uichat_read(struct store *s, const char *uid, const char *session,
    const char *before, struct arena *arena, struct uichat *out);
/* Its open approvals besides. */
MUST_CHECK int uichat_read_open(struct store *s, const char *uid, const char *session,
    struct arena *arena, struct uichat *chat);
/* Whether a call of the assistant's last step has no result yet. */
bool uichat_waits_for(const struct uichat *chat, const char *call);
/* {"messages":[...],"has_more":bool,"next_cursor":"N" or null}. Returns buf_error. */
MUST_CHECK int uichat_write(const struct uichat *chat, struct buf *json);

#endif
