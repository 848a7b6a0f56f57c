/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies that are out of step. Redis' protocol does not say which command a reply belongs to: one
 * reply that gets lost, or comes twice, on the way through a proxy, and everybody after it gets the
 * reply of another command, perhaps of another user. So every command whose reply is handed to
 * somebody is followed by a PING with a word that is used once. A reply is handed out when its own
 * PING has come back behind it; else the connection is left.
 */
#include "wire/redis/link_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MARK_TOKEN_BYTES 8
#define MARK_UNSAVED_MS 60000 /* after a MISCONF, there may be more of them */

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

/*
 * While Redis cannot save it refuses PING, but reads are served. Then a mark is a command that
 * Redis does not know: it is refused by its name, which is the word, whatever the rights.
 */
static bool link_mark_is_unknown(const struct link *l)
{
    return l->unsaved_ms && clock_mono_ms() - l->unsaved_ms < MARK_UNSAVED_MS;
}

size_t link_marks_put(struct link *l, char out[LINK_MARK_COMMAND_SIZE])
{
    char text[LINK_MARK_SIZE];

    link_mark_text(l, ++l->mark_last, text);
    if (link_mark_is_unknown(l))
        return (size_t)snprintf(out, LINK_MARK_COMMAND_SIZE, "*1\r\n$%zu\r\n%s\r\n", strlen(text),
            text);
    return (size_t)snprintf(out, LINK_MARK_COMMAND_SIZE, "*2\r\n$4\r\nPING\r\n$%zu\r\n%s\r\n",
        strlen(text), text);
}

bool link_marks_may_be_refused(const char *command, size_t len)
{
    static const char role[] = "*1\r\n$4\r\nROLE\r\n", exec[] = "*1\r\n$4\r\nEXEC\r\n";

    return len == sizeof role - 1 && (!memcmp(command, role, len) || !memcmp(command, exec, len));
}

static bool link_mark_is_named(const char *text, const char *own)
{
    const char *at = link_mark_begins(text, "ERR unknown command") ? strstr(text, own) : NULL;

    return at && !isdigit((unsigned char)at[strlen(own)]);
}

/*
 * PING is refused while Redis loads, lacks its master, or a script runs long, as everything else:
 * such a refusal behind a refusal shows nobody anything of anybody else's. ROLE is answered then,
 * and an EXEC may have led to it.
 */
static bool link_mark_is_refusal(const struct link *l, const struct link_pending *p,
    const char *text)
{
    static const char *const states[] = {"MASTERDOWN", "LOADING", "BUSY", "MISCONF"};

    if (link_reply_type(l->unproved_reply) == LINK_ERROR)
        return true;
    for (size_t i = 0; p->refusable && i < sizeof states / sizeof *states; i++)
        if (link_mark_begins(text, states[i]))
            return true;
    return false;
}

static bool link_mark_is(const struct link *l, const struct link_pending *p,
    const struct link_reply *reply)
{
    const char *text = link_reply_text(reply, NULL);
    char own[LINK_MARK_SIZE];

    link_mark_text(l, p->mark, own);
    if (link_reply_type(reply) == LINK_ERROR)
        return link_mark_is_named(text, own) ||
            (!link_mark_begins(text, "ERR unknown command") && link_mark_is_refusal(l, p, text));
    return link_reply_type(reply) == LINK_STRING && !strcmp(text, own);
}

void link_marks_note(struct link *l, const char *error)
{
    if (link_mark_begins(error, "MISCONF"))
        l->unsaved_ms = clock_mono_ms();
}

bool link_marks_fit(const struct link *l, const struct link_pending *p,
    const struct link_reply *reply)
{
    enum link_type type = link_reply_type(reply);

    if (p->kind == LINK_MARK)
        return link_mark_is(l, p, reply);
    if (type == LINK_STRING && link_mark_begins(link_reply_text(reply, NULL), l->mark_word))
        return false;
    return p->kind != LINK_RAW || type == LINK_INT || type == LINK_ERROR;
}
