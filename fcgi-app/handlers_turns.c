/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/shared_chat.h"
#include "store/turns.h"
#include "store/webhooks.h"

#include <string.h>

/* handlers -- turns: look and stop. Api workers; stops are answered by turn workers too. */

static int handlers_no_turn(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such turn.");
}

int handlers_turn_get(struct exchange *x)
{
    if (!ident_is_uuid(x->params[0]))
        return handlers_no_turn(x);
    struct buf *body = &x->reply.body, webhook = {0};
    exchange_json(x, 200);
    int error = turns_describe(x->app->store, x->who.user, x->params[0], body);
    if (error == 0)
        error = webhooks_describe(x->app->store, x->who.user, x->params[0], &webhook);
    if (error == 0 && webhook.len > 0) {
        body->len--; /* its last brace */
        buf_puts(body, ",\"webhook\":");
        buf_put(body, webhook.data, webhook.len);
        buf_putc(body, '}');
    }
    buf_free(&webhook);
    return error == ERR_NOT_FOUND ? handlers_no_turn(x) : error;
}

static bool handlers_is_over(const char *state)
{
    static const char *const over[] = {"done", "cancelled", "interrupted", "failed"};
    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
        if (strcmp(over[i], state) == 0)
            return true;
    }
    return false;
}

/* 202 while the stop is on its way, 200 when there was nothing left to stop. */
static int handlers_stopped(struct exchange *x, const char *turn, const char *state, bool over)
{
    struct buf *b = &x->reply.body;
    exchange_json(x, over ? 200 : 202);
    buf_puts(b, "{\"turn_id\":");
    if (*turn != '\0')
        buf_json_string(b, turn, strlen(turn));
    else
        buf_puts(b, "null");
    buf_puts(b, ",\"state\":");
    buf_json_string(b, state, strlen(state));
    buf_printf(b, ",\"stopping\":%s}", over ? "false" : "true");
    return 0;
}

static int handlers_stop(struct exchange *x, const struct turns_target *target)
{
    char stopped[IDENT_UUID_SIZE] = "", state[16] = "";
    int error = turns_stop(x->app->store, exchange_owner(x), target, stopped, state);
    if (error < 0)
        return error;
    bool over = target->take_back ? strcmp(state, TURNS_TAKEN_BACK) != 0 : handlers_is_over(state);
    /* A stop that came before its message is kept for it. */
    return handlers_stopped(x, stopped, state[0] != '\0' ? state : "unknown", over);
}

int handlers_turn_cancel(struct exchange *x)
{
    int error = ERR_NOT_FOUND;
    if (ident_is_uuid(x->params[0]))
        error = handlers_stop(x, &(struct turns_target){.turn = x->params[0]});
    return error == ERR_NOT_FOUND ? handlers_no_turn(x) : error;
}

int handlers_session_cancel(struct exchange *x)
{
    char turn[IDENT_UUID_SIZE] = "";
    int error = shared_chat_turn(x, x->params[0], turn);
    if (error < 0)
        return error;
    struct turns_target target = {.session = x->params[0]};
    if (*turn)
        target = (struct turns_target){.turn = turn};
    error = handlers_stop(x, &target);
    if (error != ERR_NOT_FOUND)
        return error;
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No turn is running in this session.");
}

int handlers_cancel(struct exchange *x)
{
    jdoc *body = NULL;
    const char *id = NULL;
    size_t len = 0;
    bool take_back = false;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (jdoc_get_string(body, "client_message_id", &id, &len) < 0 ||
        !ident_is_safe(id, len, IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(&x->problem, "client_message_id", IDENT_CLIENT_MESSAGE_MAX,
            "client_message_id is needed: 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    if (jdoc_get_bool(body, "take_back", &take_back) == ERR_INVALID)
        return problem_field(&x->problem, "take_back", "take_back must be true or false.");
    return handlers_stop(x,
        &(struct turns_target){.client_message_id = id, .take_back = take_back});
}
