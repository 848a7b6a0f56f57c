/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/notice.h"

#include "base/err.h"
#include "store/hints.h"
#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#define NOTICE_STOP_WORD "stop "
#define NOTICE_ANSWER_WORD "answer "

/* How the text begins; nothing is behind the words that end without a blank. */
static const char *const notice_words[] = {
    [NOTICE_TURN] = "",
    [NOTICE_WEBHOOK] = "webhook ",
    [NOTICE_TIMERS] = "timers",
    [NOTICE_BLAME] = "blame ",
    [NOTICE_MCP] = "mcp",
    [NOTICE_MCP_LIST] = "mcp list",
    [NOTICE_KEYS] = "keys",
    [NOTICE_SELFTEST] = "selftest",
    [NOTICE_PUSH] = "push/",
    [NOTICE_REVOKED] = "revoked",
};

void notice_format(const struct notice *n, char out[NOTICE_SIZE])
{
    char member[HINTS_MEMBER_SIZE] = "";

    if (n->kind == NOTICE_TURN || n->kind == NOTICE_WEBHOOK)
        hints_member(member, n->uid, n->turn);
    if (n->kind == NOTICE_PUSH)
        snprintf(member, sizeof member, "%s", n->uid);
    if (n->kind == NOTICE_BLAME)
        snprintf(out, NOTICE_SIZE, "%s%016llx/%lld", notice_words[n->kind], n->mark.key,
            (long long)n->mark.ms);
    else
        snprintf(out, NOTICE_SIZE, "%s%s", notice_words[n->kind], member);
}

static bool notice_read_mark(const char *text, struct blame_mark *mark)
{
    long long ms;
    int end = 0;

    if (sscanf(text, "%16llx/%8lld%n", &mark->key, &ms, &end) != 2 || text[end])
        return false;
    mark->ms = ms;
    return mark->key && ms > 0 && ms <= BLAME_KEEP_MAX_MS;
}

/* Whether the text is a notice of this kind. */
static bool notice_is(enum notice_kind kind, const char *text, struct notice *out)
{
    size_t len = strlen(notice_words[kind]);

    if (strncmp(text, notice_words[kind], len))
        return false;
    text += len;
    switch (kind) {
    case NOTICE_TURN:
    case NOTICE_WEBHOOK:
        return hints_member_read(text, strlen(text), out->uid, out->turn) == 0;
    case NOTICE_PUSH:
        if (!ident_is_safe(text, strlen(text), IDENT_USER_MAX))
            return false;
        snprintf(out->uid, sizeof out->uid, "%s", text);
        return true;
    case NOTICE_BLAME:
        return notice_read_mark(text, &out->mark);
    default:
        return !*text;
    }
}

int notice_parse(const char *bytes, size_t len, struct notice *out)
{
    char text[NOTICE_SIZE];

    memset(out, 0, sizeof *out);
    if (len >= sizeof text || memchr(bytes, '\0', len))
        return ERR_INVALID;
    memcpy(text, bytes, len);
    text[len] = '\0';
    for (size_t i = 0; i < sizeof notice_words / sizeof *notice_words; i++) {
        out->kind = (enum notice_kind)i;
        if (notice_is(out->kind, text, out))
            return 0;
    }
    return ERR_INVALID;
}

int notice_publish(struct store *s, const struct notice *n)
{
    char text[NOTICE_SIZE];

    notice_format(n, text);
    return link_command(s->link, NULL, "PUBLISH " KEYS_WAKE " %s", text);
}

/* The command that publishes it; text: room for the message. */
static void notice_command(const struct notice *n, char text[NOTICE_SIZE], struct link_arg args[3])
{
    notice_format(n, text);
    args[0] = link_text("PUBLISH");
    args[1] = link_text(KEYS_WAKE);
    args[2] = link_text(text);
}

int notice_send(struct store *s, const struct notice *n)
{
    char text[NOTICE_SIZE];
    struct link_arg args[3];

    notice_command(n, text, args);
    return link_send(s->link, args, 3, NULL, NULL);
}

static void notice_on_reply(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    (void)error; /* a notice may be lost */
    link_reply_free(reply);
}

int notice_ask(struct link *link, const struct notice *n)
{
    char text[NOTICE_SIZE];
    struct link_arg args[3];
    const struct link_question question = {.args = args, .nargs = 3, .on_reply = notice_on_reply};

    notice_command(n, text, args);
    return link_ask(link, &question);
}

static bool notice_says(const char *bytes, size_t len, const char *what, const char *turn)
{
    size_t word = strlen(what), id = strlen(turn);

    return len == word + id && !memcmp(bytes, what, word) && !memcmp(bytes + word, turn, id);
}

bool notice_is_stop(const char *bytes, size_t len, const char *turn)
{
    return notice_says(bytes, len, NOTICE_STOP_WORD, turn);
}

bool notice_is_answer(const char *bytes, size_t len, const char *turn)
{
    return notice_says(bytes, len, NOTICE_ANSWER_WORD, turn);
}
