/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/identify.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "fcgi-app/dav.h"
#include "fcgi-app/handlers.h"
#include "fcgi-app/ticket.h"
#include "process/cookie.h"
#include "process/origin.h"
#include "process/stage.h"
#include "store/notice.h"
#include "store/tickets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IDENTIFY_LOOK_MS 50
#define IDENTIFY_WAITS_MAX 16 /* requests of a worker that wait for keys at once */
#define IDENTIFY_WAITS_PART 8 /* or one of so many seats: they hold one each */
#define IDENTIFY_RETRY_MS 1000
#define IDENTIFY_BASIC_CHALLENGE "Basic realm=\"Turnpike\", charset=\"UTF-8\""

static int identify_internal(struct exchange *x)
{
    const char *user = request_header(&x->request, "TP_USER");
    const char *role = request_header(&x->request, "TP_ROLE");
    const char *scopes = request_header(&x->request, "TP_SCOPES");
    const char *account = request_header(&x->request, "TP_ACCOUNT");
    const char *mark = request_header(&x->request, "TP_MARK");
    if (!user || !ident_is_user(user, strlen(user)))
        return problem_set(&x->problem, PROBLEM_BAD_REQUEST, "TP_USER is missing or not valid.");
    x->who.kind = AUTH_INTERNAL;
    snprintf(x->who.user, sizeof x->who.user, "%s", user);
    snprintf(x->who.role, sizeof x->who.role, "%s", role ? role : "user");
    auth_account_read(account ? account : "", &x->who);
    if (mark && !auth_mark_read(mark, &x->who.mark))
        return problem_set(&x->problem, PROBLEM_BAD_REQUEST, "TP_MARK is not valid.");
    x->who.scopes = scopes ? (unsigned)strtoul(scopes, NULL, 10) & SCOPES_ALL : SCOPES_ALL;
    return 0;
}

static int identify_refuse(struct exchange *x, const char *why)
{
    static const enum problem_code codes[] = {[AUTH_LIVES] = PROBLEM_UNAUTHENTICATED,
        [AUTH_EXPIRED] = PROBLEM_EXPIRED,
        [AUTH_REVOKED] = PROBLEM_REVOKED};

    log_limited(LOG_LEVEL_INFO, "refused a credential: %s", why);
    problem_set(&x->problem, codes[x->who.ended], "Credential refused: %s.", why);
    x->problem.challenge = dav_is(x) ? IDENTIFY_BASIC_CHALLENGE : handlers_mcp_challenge(x);
    return ERR_AUTH;
}

/* Nobody needs a credential there: what a foreign page makes a browser send must do nothing. */
static int identify_developer(struct exchange *x)
{
    const char *origin = request_header(&x->request, "HTTP_ORIGIN");
    bool reads = strcmp(x->request.method, "GET") == 0;
    if (auth_development(x->app->auth, request_header(&x->request, "HTTP_X_DEV_USER"), &x->who) < 0)
        return ERR_AUTH;
    if (reads ||
        !origin_foreign(x->app->conf, origin, request_header(&x->request, "HTTP_SEC_FETCH_SITE")))
        return 0;
    problem_set(&x->problem, PROBLEM_ORIGIN,
        "In development mode a page may change something only when its origin is a loopback "
        "address or in the setting `origins`.");
    return ERR_FORBIDDEN;
}

/* ---- tokens ---- */

/* Who has no valid token can invent keys: what waits for them is few, and the rest is told so. */
static bool identify_may_wait(const struct app *app)
{
    int64_t most = app->conf->turn_seats / IDENTIFY_WAITS_PART + 1;

    return app->worker->key_waits < (most < IDENTIFY_WAITS_MAX ? most : IDENTIFY_WAITS_MAX) &&
        exchange_may_wait(app);
}

/* Until the issuer's keys have been looked at again, or the time is over. As auth_token. */
static int identify_wait(struct exchange *x, const char *token, const char **why)
{
    const struct app *app = x->app;
    int64_t until = clock_mono_ms() + IDENTIFY_WAIT_MS;
    int error = ERR_NOT_YET;

    scoreboard_stage_set(app->seat, STAGE_TOOL);
    if (identify_may_wait(app))
        err_ignore(notice_send(app->store, &(struct notice){.kind = NOTICE_KEYS}));
    else
        until = 0;
    app->worker->key_waits++;
    while (error == ERR_NOT_YET && clock_mono_ms() < until && !app->worker->abort_turn) {
        int waited =
            task_wait(app->reactor, clock_mono_ms() + IDENTIFY_LOOK_MS, &app->worker->wait_mask);
        worker_beat(app->worker);
        if (waited < 0 && waited != ERR_CANCELLED)
            break;
        error = auth_token(app->auth, token, strlen(token), &x->who, why);
    }
    app->worker->key_waits--;
    scoreboard_stage_set(app->seat, STAGE_REQUEST);
    return error;
}

static int identify_token(struct exchange *x, const char *token)
{
    const char *why = NULL;
    int error = auth_token(x->app->auth, token, strlen(token), &x->who, &why);

    if (error == ERR_NOT_YET)
        error = identify_wait(x, token, &why);
    if (error == 0)
        return 0;
    if (error != ERR_NOT_YET && error != ERR_REMOTE)
        return identify_refuse(x, why);
    problem_set(&x->problem, PROBLEM_KEYS,
        "The keys of the token's issuer cannot be fetched now, so the token cannot be checked.");
    x->problem.retry_after_ms = IDENTIFY_RETRY_MS;
    return ERR_BUSY;
}

/* ---- cookies ---- */

/* Any page can make a browser send it: see origin_takes_cookie. */
static int identify_takes_cookie(struct exchange *x)
{
    const struct request *r = &x->request;
    const struct origin_asker by = {.origin = request_header(r, "HTTP_ORIGIN"),
        .fetch_site = request_header(r, "HTTP_SEC_FETCH_SITE"),
        .host = request_header(r, "HTTP_HOST"),
        .changes = strcmp(r->method, "GET") != 0};

    x->by_cookie = true;
    if (origin_takes_cookie(x->app->conf, &by))
        return 0;
    problem_set(&x->problem, PROBLEM_ORIGIN,
        "The cookie of a sign-in counts for requests of the site's own pages, and of the origins "
        "that the setting `origins` names.");
    return ERR_FORBIDDEN;
}

static int identify_cookie(struct exchange *x, const char *value, size_t len)
{
    const char *token = arena_memdup(x->arena, value, len);
    int error = token ? identify_takes_cookie(x) : ERR_NOMEM;

    return error == 0 ? identify_token(x, token) : error;
}

/* ---- the page's own cookie ---- */

static int identify_page_of(struct exchange *x, const char *token, const char **why)
{
    struct buf value = {0};
    int error = tickets_page_use(x->app->store, token, &value);

    if (error == 0)
        error = auth_ticket(x->app->auth, buf_text(&value), value.len, NULL, &x->who);
    if (error == 0 && x->who.expires_ms <= clock_real_ms())
        error = ERR_NOT_FOUND;
    buf_free(&value);
    if (error == 0)
        x->who.kind = AUTH_PAGE;
    if (error == ERR_NOT_FOUND)
        x->who.ended = AUTH_EXPIRED;
    *why = "the sign-in of the page has ended";
    return error == ERR_NOT_FOUND ? ERR_AUTH : error;
}

/* ERR_NOT_FOUND: there is no such cookie. */
static int identify_page(struct exchange *x, const char **why)
{
    const char *name = cookie_page_name(x->app->conf, request_header(&x->request, "HTTP_HOST"));
    const char *value = NULL;
    size_t len = 0;
    int found = cookie_find(request_header(&x->request, "HTTP_COOKIE"), name, &value, &len);

    *why = "the cookie was sent twice";
    if (found != 0)
        return found == ERR_INVALID ? ERR_AUTH : found;
    int error = identify_takes_cookie(x);
    const char *token = error == 0 ? arena_memdup(x->arena, value, len) : NULL;
    if (error == 0 && !token)
        error = ERR_NOMEM;
    return error == 0 ? identify_page_of(x, token, why) : error;
}

/* ---- all of them ---- */

/* Nothing else says who asks. */
static int identify_without_token(struct exchange *x, const char **why)
{
    const char *value = NULL;
    size_t len = 0;
    int found = identify_page(x, why);

    if (found != ERR_NOT_FOUND)
        return found;
    found = cookie_find(request_header(&x->request, "HTTP_COOKIE"), x->app->conf->auth_cookie,
        &value, &len);
    if (found == 0)
        return identify_cookie(x, value, len);
    *why = found == ERR_INVALID ? "the cookie was sent twice" : "none was sent";
    return found == ERR_INVALID ? ERR_AUTH : identify_developer(x);
}

/* Clients of OpenAI and of calendars insist on a key, also where none is asked for. */
static bool identify_is_no_key(const struct exchange *x, const char *token)
{
    return x->app->conf->development && (exchange_is_facade(x) || dav_is(x)) &&
        strcmp(token, "development") == 0;
}

/*
 * Programs for calendars have a name and a password (RFC 7617): the password is the credential and
 * says whose it is. NULL: it is no such header.
 */
static const char *identify_basic(struct exchange *x, const char *header)
{
    static const char scheme[] = "Basic ";

    if (!dav_is(x) || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return NULL;
    header += sizeof scheme - 1;
    header += strspn(header, " ");
    char *text = arena_alloc(x->arena, BASE64_MAX(strlen(header)) + 1);
    long len = text ? base64_decode(header, strlen(header), BASE64_LINES, text) : -1;
    if (len < 0 || memchr(text, '\0', (size_t)len))
        return NULL;
    text[len] = '\0';
    const char *colon = strchr(text, ':');
    return colon ? colon + 1 : NULL;
}

int identify(struct exchange *x, enum routes_user by)
{
    const char *why = NULL;
    const char *token = request_header(&x->request, "HTTP_X_API_KEY");
    const char *header = request_header(&x->request, "HTTP_AUTHORIZATION");
    int error;

    if (x->request.internal)
        return identify_internal(x);
    if (header) {
        token = auth_bearer(header);
        if (!token)
            token = identify_basic(x, header);
        if (!token)
            return identify_refuse(x, "the Authorization scheme is not Bearer");
    }
    if (token && !identify_is_no_key(x, token))
        return identify_token(x, token);
    if (by == ROUTES_TICKET && request_query(&x->request, "ticket"))
        error = ticket_identify(x, &why);
    else
        error = identify_without_token(x, &why);
    return error == ERR_AUTH && !x->problem.set ? identify_refuse(x, why) : error;
}
