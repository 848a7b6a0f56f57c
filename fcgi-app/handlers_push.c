/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/sessions.h"
#include "store/shared.h"

#include <stdio.h>
#include <string.h>

#define HANDLERS_PUSH_BYTES 2000
#define HANDLERS_PUSH_WORD 32
#define HANDLERS_PUSH_A_MINUTE 30 /* to one user, of all administrators together */
#define HANDLERS_MINUTE_MS 60000

/* handlers -- what an operator tells a user: an entry of the inbox. Api workers. */

/* A text of the body; `other` when it is not there. */
static int handlers_push_text(struct exchange *x, const jdoc *body, const char *name, size_t max,
    const char *other, const char **out)
{
    size_t len = 0;
    *out = other;
    int error = jdoc_get_string(body, name, out, &len);
    if (error == ERR_NOT_FOUND && other)
        return 0;
    if (error < 0 || len == 0 || strlen(*out) != len)
        return problem_field(&x->problem, name, "%s must be a text that is not empty.", name);
    if (len > max)
        return problem_limit(&x->problem, name, (int64_t)max, "%s may have %zu bytes.", name, max);
    return 0;
}

static int handlers_push_rate(struct exchange *x, const char *user)
{
    int64_t left = 0, retry_ms = 0;
    int error = sessions_rate(x->app->store, user,
        &(struct sessions_limit){.name = "push",
            .limit = HANDLERS_PUSH_A_MINUTE,
            .window_ms = HANDLERS_MINUTE_MS},
        &left, &retry_ms);
    if (error != ERR_RATE)
        return error;
    problem_set(&x->problem, PROBLEM_RATE, "%d messages a minute are allowed to one user.",
        HANDLERS_PUSH_A_MINUTE);
    x->problem.has_limit = true;
    x->problem.limit = HANDLERS_PUSH_A_MINUTE;
    x->problem.retry_after_ms = retry_ms > 0 ? retry_ms : 1000;
    return ERR_RATE;
}

/* What the entry is known by: the key of the request, so that a repeated one tells nobody again. */
static int handlers_push_mark(struct exchange *x, char mark[64], char id[IDENT_UUID_SIZE])
{
    char digest[IDENT_SHA256_SIZE];
    const char *key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY");
    ident_uuid7(id);
    if (key && !ident_is_safe(key, strlen(key), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(&x->problem, "Idempotency-Key", IDENT_CLIENT_MESSAGE_MAX,
            "Idempotency-Key must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    ident_sha256_hex(key ? key : id, strlen(key ? key : id), digest);
    snprintf(mark, 64, "push:%.40s", digest);
    return 0;
}

/* The form of send_proactive_message; an operator's alert has no tool behind it. */
static void handlers_push_event(struct buf *b, const char *id, const char *const words[4])
{
    static const char *const names[] = {"message", "type", "category", "priority"};
    buf_puts(b, "{\"type\":\"proactive_alert\",\"message\":");
    buf_json_string(b, words[0], strlen(words[0]));
    buf_printf(b, ",\"timestamp\":%lld,\"alert\":{\"id\":\"%s\",\"from\":\"operator\"",
        (long long)clock_real_ms(), id);
    for (size_t i = 0; i < 4; i++) {
        if (words[i][0] == '\0')
            continue;
        buf_printf(b, ",\"%s\":", names[i]);
        buf_json_string(b, words[i], strlen(words[i]));
    }
    buf_puts(b, "}}");
}

static int handlers_push_read(struct exchange *x, const char *words[4])
{
    jdoc *body = NULL;
    int error;
    if ((error = request_json(&x->request, false, &body, &x->problem)) < 0 ||
        (error = handlers_push_text(x, body, "message", HANDLERS_PUSH_BYTES, NULL, &words[0])) <
            0 ||
        (error = handlers_push_text(x, body, "type", HANDLERS_PUSH_WORD, "notice", &words[1])) <
            0 ||
        (error = handlers_push_text(x, body, "category", HANDLERS_PUSH_WORD, "", &words[2])) < 0 ||
        (error = handlers_push_text(x, body, "priority", HANDLERS_PUSH_WORD, "medium", &words[3])) <
            0)
        return error;
    if (strcmp(words[3], "low") != 0 && strcmp(words[3], "medium") != 0 &&
        strcmp(words[3], "high") != 0)
        return problem_field(&x->problem, "priority", "priority must be low, medium or high.");
    return 0;
}

int handlers_inbox_push(struct exchange *x)
{
    const char *user = x->params[0], *words[4];
    char mark[64], id[IDENT_UUID_SIZE];
    struct buf event;
    if (strcmp(x->who.role, "admin") != 0)
        return problem_set(&x->problem, PROBLEM_FORBIDDEN,
            "Only an administrator's credential may tell users something.");
    int error = handlers_push_read(x, words);
    if (error == 0)
        error = handlers_push_mark(x, mark, id);
    if (error == 0)
        error = handlers_push_rate(x, user);
    if (error != 0)
        return error;
    buf_init(&event, 0);
    handlers_push_event(&event, id, words);
    error = buf_error(&event);
    if (error == 0)
        error = shared_inbox(x->app->store, user, mark, buf_text(&event));
    buf_free(&event);
    if (error != 0)
        return error;
    exchange_audit(x, (struct audit_act){.act = "inbox.push", .object = user, .outcome = "done"});
    exchange_json(x, 202);
    buf_printf(&x->reply.body, "{\"success\":true,\"user_id\":\"%s\"}", user);
    return 0;
}
