/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/cookie.h"
#include "process/origin.h"
#include "store/tickets.h"

#include <string.h>

/*
 * handlers_sign_in -- the page changes its key or token for a cookie that no script sees
 * (page.session), and gives it back. Api workers.
 */

static int handlers_sign_in_refuse(struct exchange *x)
{
    problem_set(&x->problem, PROBLEM_ORIGIN, "Only the site's own page signs in.");
    return ERR_FORBIDDEN;
}

/* Another page must neither sign somebody in nor out. */
static bool handlers_sign_in_is_own(const struct exchange *x)
{
    const struct origin_asker by = {.origin = request_header(&x->request, "HTTP_ORIGIN"),
        .fetch_site = request_header(&x->request, "HTTP_SEC_FETCH_SITE"),
        .host = request_header(&x->request, "HTTP_HOST"),
        .changes = true};

    return origin_takes_cookie(x->app->conf, &by);
}

static int handlers_sign_in_off(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "The setting page.session is not `cookie`.");
}

/* It ends with the credential, and by the setting at the latest. */
static int64_t handlers_sign_in_end(const struct exchange *x)
{
    int64_t end = clock_real_ms() + x->app->conf->page_session_life_ms;

    return x->who.expires_ms > 0 && x->who.expires_ms < end ? x->who.expires_ms : end;
}

/* The sign-in of the cookie that this browser has now. */
static int handlers_sign_in_end_own(struct exchange *x)
{
    const char *name = cookie_page_name(x->app->conf, request_header(&x->request, "HTTP_HOST"));
    const char *value = NULL, *token;
    size_t len = 0;

    if (cookie_find(request_header(&x->request, "HTTP_COOKIE"), name, &value, &len) != 0)
        return 0;
    token = arena_memdup(x->arena, value, len);
    return token ? tickets_page_end(x->app->store, token) : ERR_NOMEM;
}

int handlers_sign_in(struct exchange *x)
{
    char token[TICKETS_SIZE] = "", mark[AUTH_MARK_SIZE], ends[CLOCK_RFC3339_SIZE];
    const char *host = request_header(&x->request, "HTTP_HOST");
    int64_t end_ms = handlers_sign_in_end(x);

    if (!*x->app->conf->page_session)
        return handlers_sign_in_off(x);
    if (!handlers_sign_in_is_own(x))
        return handlers_sign_in_refuse(x);
    if (x->who.kind != AUTH_JWT && x->who.kind != AUTH_API_KEY)
        return problem_set(&x->problem, PROBLEM_BAD_REQUEST,
            "A key or token is needed in the header Authorization.");
    auth_mark_write(&x->who.mark, mark);
    int error = tickets_page_new(x->app->store,
        &(struct tickets_owner){.uid = x->who.user,
            .role = x->who.role,
            .mark = mark,
            .class = x->who.class,
            .scopes = x->who.scopes,
            .expires_ms = end_ms},
        token);
    if (error == 0) /* the browser forgets it for the new one */
        error = handlers_sign_in_end_own(x);
    if (error < 0)
        return error;
    clock_rfc3339(end_ms, ends);
    exchange_json(x, 201);
    cookie_page_set(x->app->conf, host, token, &x->reply.head);
    buf_puts(&x->reply.body, "{\"user\":");
    buf_json_text(&x->reply.body, x->who.user);
    buf_json_member(&x->reply.body, "expires_at", ends);
    buf_putc(&x->reply.body, '}');
    return 0;
}

int handlers_sign_out(struct exchange *x)
{
    const char *host = request_header(&x->request, "HTTP_HOST");
    int error;

    if (!*x->app->conf->page_session)
        return handlers_sign_in_off(x);
    if (!handlers_sign_in_is_own(x))
        return handlers_sign_in_refuse(x);
    error = handlers_sign_in_end_own(x);
    if (error < 0) { /* the browser loses it all the same */
        problem_from_error(&x->problem, error);
        exchange_problem(x);
    } else {
        exchange_json(x, 204);
        x->reply.content_type = NULL;
    }
    cookie_page_set(x->app->conf, host, "", &x->reply.head);
    return 0;
}
