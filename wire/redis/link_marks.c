/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies that are out of step. Redis' protocol does not say which command a reply belongs to: one
 * reply that gets lost, or comes twice, on the way through a proxy, and everybody after it gets the
 * reply of another command, perhaps of another user. So every command whose reply is handed to
 * somebody is followed by a PING with a word that is used once. A reply is handed out when its own
 * PING has come back behind it; else the connection is left.
 */
#include "wire/redis/link_parts.h"

#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <string.h>

#define MARK_TOKEN_BYTES 8

static bool link_mark_begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

bool link_marks_kind(enum link_kind kind)
{
    return kind == LINK_REPLY || kind == LINK_SYNC || kind == LINK_ASK;
}

void link_marks_begin(struct link *l)
{
    ident_token(MARK_TOKEN_BYTES, l->mark_word);
}

static void link_mark_text(const struct link *l, uint64_t number, char out[LINK_MARK_SIZE])
{
    snprintf(out, LINK_MARK_SIZE, "%s.%llu", l->mark_word, (unsigned long long)number);
}

size_t link_marks_put(struct link *l, char out[LINK_MARK_COMMAND_SIZE])
{
    char text[LINK_MARK_SIZE];

    link_mark_text(l, ++l->mark_last, text);
    return (size_t)snprintf(out, LINK_MARK_COMMAND_SIZE, "*2\r\n$4\r\nPING\r\n$%zu\r\n%s\r\n",
        strlen(text), text);
}

/*
 * PING is refused with MISCONF while Redis cannot save, and as everything else while it loads, or a
 * script runs long. Such a refusal behind a refusal shows nobody anything of anybody else's.
 */
static bool link_mark_is(const struct link *l, uint64_t number, const struct link_reply *reply)
{
    const char *text = link_reply_text(reply, NULL);
    char own[LINK_MARK_SIZE];

    if (link_reply_type(reply) == LINK_ERROR)
        return link_mark_begins(text, "MISCONF") ||
            link_reply_type(l->unproved_reply) == LINK_ERROR;
    link_mark_text(l, number, own);
    return link_reply_type(reply) == LINK_STRING && !strcmp(text, own);
}

bool link_marks_fit(const struct link *l, const struct link_pending *p,
    const struct link_reply *reply)
{
    enum link_type type = link_reply_type(reply);

    if (p->kind == LINK_MARK)
        return link_mark_is(l, p->mark, reply);
    if (type == LINK_STRING && link_mark_begins(link_reply_text(reply, NULL), l->mark_word))
        return false;
    return p->kind != LINK_RAW || type == LINK_INT || type == LINK_ERROR;
}
