/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/ticket.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/tickets.h"

#include <string.h>
#include <strings.h>

#define TICKET_MAX 128

/* The word at index of a text of words that single blanks part; len 0 when it has not so many. */
static const char *ticket_word(const char *text, int index, size_t *len)
{
    while (index-- > 0) {
        text = strchr(text, ' ');
        if (!text) {
            *len = 0;
            return "";
        }
        text++;
    }
    *len = strcspn(text, " ");
    return text;
}

/*
 * Whose page asks. A browser sends no Origin with a GET to the page's own site: then it is the
 * ticket's, if that is this site. value: "UID ROLE ORIGIN EXPIRES".
 */
static const char *ticket_origin(struct exchange *x, const char *value)
{
    const char *origin = request_header(&x->request, "HTTP_ORIGIN");
    const char *site = request_header(&x->request, "HTTP_SEC_FETCH_SITE");
    const char *host = request_header(&x->request, "HTTP_HOST");
    size_t len = 0;
    if (origin || (site && strcmp(site, "same-origin") != 0))
        return origin;
    const char *bound = ticket_word(value, 2, &len);
    char *copy = arena_memdup(x->arena, bound, len);
    const char *authority = copy ? strstr(copy, "://") : NULL;
    if (!authority)
        return NULL;
    if (!site && (!host || strcasecmp(authority + 3, host) != 0))
        return NULL;
    return copy;
}

static int ticket_check(struct exchange *x, const struct buf *value)
{
    const char *origin = ticket_origin(x, buf_text(value));
    int error = auth_ticket(x->app->auth, buf_text(value), value->len, origin, &x->who);
    if (error == 0 && x->who.expires_ms > 0 && x->who.expires_ms <= clock_real_ms())
        error = ERR_AUTH;
    return error;
}

/* The first use: what the ticket was becomes what it opens from now on. */
static int ticket_use(struct exchange *x, const char *ticket, struct buf *value)
{
    int64_t life = x->app->conf->ticket_stream_ms;
    int error = tickets_take(x->app->store, ticket, value);
    if (error == 0)
        error = ticket_check(x, value);
    if (error < 0)
        return error;
    if (x->who.expires_ms > 0 && x->who.expires_ms - clock_real_ms() < life)
        life = x->who.expires_ms - clock_real_ms();
    return tickets_grant(x->app->store, ticket, x->params[0], buf_text(value), life > 0 ? life : 1);
}

/* A later one: the same session, or nothing. */
static int ticket_use_again(struct exchange *x, const char *ticket, struct buf *value)
{
    size_t len = 0;
    int error = tickets_granted(x->app->store, ticket, value);
    if (error < 0)
        return error;
    const char *session = ticket_word(buf_text(value), 0, &len);
    if (len != strlen(x->params[0]) || memcmp(session, x->params[0], len) != 0 ||
        session[len] != ' ')
        return ERR_AUTH;
    struct buf rest;
    buf_init(&rest, 0);
    buf_puts(&rest, session + len + 1);
    error = buf_error(&rest);
    if (error == 0)
        error = ticket_check(x, &rest);
    buf_free(&rest);
    return error;
}

int ticket_identify(struct exchange *x, const char **why)
{
    const char *ticket = request_query(&x->request, "ticket");
    struct buf value;
    *why = "the ticket is unknown, used, expired, or of another origin or session";
    if (!ident_is_safe(ticket, strlen(ticket), TICKET_MAX) ||
        !ident_is_session(x->params[0], strlen(x->params[0])))
        return ERR_AUTH;
    buf_init(&value, 0);
    int error = ticket_use(x, ticket, &value);
    if (error == ERR_NOT_FOUND) {
        buf_reset(&value);
        error = ticket_use_again(x, ticket, &value);
    }
    buf_free(&value);
    return error == ERR_NOT_FOUND ? ERR_AUTH : error;
}
