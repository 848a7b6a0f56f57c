/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_SLASH_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_SLASH_H

#include "base/ident.h"
#include "base/jdoc.h"
#include "workers/terminal/terminal_link.h"
#include "workers/terminal/terminal_turn.h"

#include <stdbool.h>

/* What a chat in a terminal keeps between its turns. */
struct terminal_chat {
    struct terminal_link link;
    struct terminal_view view;
    struct terminal_turn turn;
    jdoc *files;    /* for the next message, NULL = none */
    char inbox[64]; /* the newest entry that was seen; "" = none was looked for */
    bool leaving;
};

/* A line that begins with "/": does what it names. */
void terminal_slash(struct terminal_chat *chat, const char *line);

/* Takes another session; id "" = a new one. Returns 0 or ERR_INVALID. */
MUST_CHECK int terminal_slash_enter(struct terminal_chat *chat, const char *id);
/* Shows the last messages of the session, if it is there. count: 1 to 100. */
void terminal_slash_history(struct terminal_chat *chat, int count);
/* Shows what is new in the inbox; true when something was. The first time nothing counts as new. */
bool terminal_slash_inbox(void *arg);

#endif
