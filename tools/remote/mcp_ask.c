/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_ask.h"

#include "base/log.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/elicit.h"
#include "tools/remote/outside.h"

#include <stdio.h>
#include <string.h>

int mcp_ask_question(struct tools_run *run, const jdoc *params, int64_t *asked,
    struct tools_question **out, char *why, size_t why_size)
{
    const struct mcp_server *server = run->spec->dynamic->server;
    struct tools_question *q = arena_alloc(run->arena, sizeof *q);
    int error = q ? 0 : ERR_NOMEM;

    if (!error && *asked >= ELICIT_QUESTIONS_MAX) {
        snprintf(why, why_size, "more than %d questions in one call", ELICIT_QUESTIONS_MAX);
        error = ERR_LIMIT;
    }
    if (!error)
        error = elicit_read(params, server->name, run->arena, q, why, why_size);
    if (!error &&
        (outside_repeats(server->header, q->message) ||
            outside_repeats(server->header, q->schema))) {
        snprintf(why, why_size, "the question repeats a credential");
        error = ERR_INVALID;
    }
    if (error) {
        if (error != ERR_NOMEM)
            log_limited(LOG_LEVEL_WARN, "MCP server %s, %s: its question is refused: %s",
                server->name, run->spec->name, why);
        return error;
    }
    ++*asked;
    q->state = "";
    q->wait_ms = server->ask_ms;
    *out = q;
    return 0;
}

/* ---- the state ---- */

static int mcp_ask_refused(struct tools_run *run, const struct mcp_server *server, int error,
    const char *why)
{
    if (error == ERR_NOMEM)
        return error;
    error = run_fail(run, "provider_failed",
        "%s asked the user something that cannot be put to them (%s). The call has not been "
        "completed.",
        server->name, why);
    return error ? error : 1;
}

/* Numbers are what we wrote. */
static int mcp_ask_put_next(struct tools_run *run, const struct mcp_server *server, jdoc *state)
{
    struct jdoc_iter it = {0};
    struct tools_question *q = NULL;
    struct buf text = {0};
    const char *key = NULL;
    char why[200] = "";
    jdoc *params = NULL;
    int64_t asked = jdoc_int_or(state, "asked", 0);
    int error;

    if (!jdoc_next(jdoc_get(state, "requests"), &it, &key, &params))
        return 0;
    error = mcp_ask_question(run, params, &asked, &q, why, sizeof why);
    if (error)
        return mcp_ask_refused(run, server, error, why);
    error = jdoc_set_int(state, "asked", asked);
    if (!error)
        error = jdoc_set_string(state, "key", key);
    if (error)
        return error;
    jdoc_remove(jdoc_get(state, "requests"), jdoc_text_or(state, "key", ""));
    jdoc_write(state, &text);
    q->state = buf_error(&text) ? NULL : arena_memdup(run->arena, buf_text(&text), text.len + 1);
    buf_free(&text);
    if (!q->state)
        return ERR_NOMEM;
    run->parked = q;
    return 1;
}

int mcp_ask_go_on(struct tools_run *run, const struct mcp_server *server, jdoc **state)
{
    const struct tools_reply *r = run->reply;
    jdoc *response;
    int error = jdoc_parse(r->state, strlen(r->state), state, NULL, 0);

    if (error)
        return error == ERR_NOMEM ? error : ERR_INTERNAL;
    response = elicit_result(r->action, r->content);
    error = response ?
        jdoc_set(jdoc_get(*state, "responses"), jdoc_text_or(*state, "key", ""), response) :
        ERR_NOMEM;
    return error ? error : mcp_ask_put_next(run, server, *state);
}

int mcp_ask_params(const jdoc *state, jdoc *params)
{
    const jdoc *responses = jdoc_get(state, "responses");
    const jdoc *given = jdoc_get(state, "requestState");
    jdoc *copy;
    int error = 0;

    if (jdoc_length(responses)) {
        copy = jdoc_dup(responses);
        error = copy ? jdoc_set(params, "inputResponses", copy) : ERR_NOMEM;
    }
    if (!error && given) {
        copy = jdoc_dup(given);
        error = copy ? jdoc_set(params, "requestState", copy) : ERR_NOMEM;
    }
    return error;
}

static int mcp_ask_copy_requests(const jdoc *requests, int64_t asked, jdoc *into, const char **why)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *one;
    int error = 0;

    if (requests && jdoc_type(requests) != JDOC_OBJECT)
        *why = "its inputRequests are no object";
    if (!*why && (int64_t)jdoc_length(requests) > ELICIT_QUESTIONS_MAX - asked)
        *why = "more than 3 questions in one call";
    while (!error && !*why && jdoc_next(requests, &it, &key, &one)) {
        const jdoc *params = jdoc_get(one, "params");
        jdoc *copy;
        if (strcmp(jdoc_text_or(one, "method", ""), ELICIT_METHOD) != 0) {
            *why = "it is not a form";
            break;
        }
        copy = params ? jdoc_dup(params) : jdoc_new_object();
        error = copy ? jdoc_set(into, key, copy) : ERR_NOMEM;
    }
    return error;
}

/* Of this result only: nothing of an earlier one goes along (mrtr, client requirement 2). */
static int mcp_ask_begin(const jdoc *result, int64_t asked, jdoc **state, const char **why)
{
    const jdoc *given = jdoc_get(result, "requestState");
    size_t len = 0;
    jdoc *requests = jdoc_new_object(), *copy;
    int error = (*state = jdoc_new_object()) && requests ? 0 : ERR_NOMEM;

    if (!error)
        error = jdoc_set_int(*state, "asked", asked);
    if (!error)
        error = jdoc_set(*state, "responses", jdoc_new_object());
    if (!error && given && (!jdoc_string(given, &len) || len > ELICIT_STATE_MAX))
        *why = "its requestState is no text of at most 65536 bytes";
    if (!error && !*why && given) {
        copy = jdoc_dup(given);
        error = copy ? jdoc_set(*state, "requestState", copy) : ERR_NOMEM;
    }
    if (!error && !*why)
        error = mcp_ask_copy_requests(jdoc_get(result, "inputRequests"), asked, requests, why);
    if (!error && !*why && !given && !jdoc_length(requests))
        *why = "it asks for nothing";
    if (!error)
        return jdoc_set(*state, "requests", requests);
    jdoc_free(requests);
    return error;
}

/* All that it asks, now: who puts the next question has the token no more. */
static int mcp_ask_look_through(const jdoc *state, const char *bearer, const char **why)
{
    struct buf text = {0};
    int error;

    jdoc_write(state, &text);
    error = buf_error(&text);
    if (!error && text.len > ELICIT_STATE_MAX)
        *why = "its questions and its requestState have more than 65536 bytes";
    else if (!error && outside_repeats(bearer, buf_text(&text)))
        *why = "the question repeats a credential";
    buf_free(&text);
    return error;
}

int mcp_ask_required(struct tools_run *run, const struct mcp_server *server, const jdoc *result,
    const char *bearer, jdoc **state)
{
    int64_t asked = jdoc_int_or(*state, "asked", 0);
    const char *why = NULL;
    int error;

    jdoc_free(*state);
    *state = NULL;
    if (asked >= ELICIT_QUESTIONS_MAX)
        return mcp_ask_refused(run, server, ERR_LIMIT, "more than 3 questions in one call");
    error = mcp_ask_begin(result, asked, state, &why);
    if (!error && !why && jdoc_length(jdoc_get(*state, "requests")))
        error = mcp_ask_look_through(*state, bearer, &why);
    if (error)
        return error;
    if (why)
        return mcp_ask_refused(run, server, ERR_INVALID, why);
    if (jdoc_length(jdoc_get(*state, "requests")))
        return mcp_ask_put_next(run, server, *state);
    return jdoc_set_int(*state, "asked", asked + 1); /* a round counts as a question */
}
