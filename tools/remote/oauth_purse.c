/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/oauth_purse_parts.h"

#include "base/clock.h"
#include "base/ident.h"
#include "process/measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PURSE_LATER_MS 100

int oauth_purse_new(struct oauth_purse **out, const struct oauth_client *client,
    struct store *store)
{
    struct oauth_purse *p = calloc(1, sizeof *p);

    if (!p)
        return ERR_NOMEM;
    p->client = client;
    p->store = store;
    ident_uuid7(p->who);
    *out = p;
    return 0;
}

static void oauth_purse_forget(struct oauth_purse *p)
{
    if (p->refused)
        explicit_bzero(p->refused, strlen(p->refused));
    free(p->refused);
    p->refused = NULL;
}

void oauth_purse_free(struct oauth_purse *p)
{
    if (!p)
        return;
    link_asker_leave(&p->asker);
    oauth_find_cancel(p->find);
    oauth_token_cancel(p->token);
    if (p->reactor)
        reactor_timer_clear(p->reactor, &p->timer);
    oauth_entry_fini(&p->entry);
    oauth_purse_forget(p);
    free(p);
}

const struct oauth_client *oauth_purse_client(const struct oauth_purse *p)
{
    return p->client;
}

/* ---- what Redis keeps ---- */

void oauth_purse_take(struct oauth_purse *p, const struct mcp_logins_reply *reply)
{
    p->torn = p->torn || reply->torn;
    if (!p->store) {
        p->entry_error = p->entry.account ? 0 : ERR_NOT_FOUND;
        return;
    }
    p->generation = reply->generation;
    oauth_entry_fini(&p->entry);
    p->entry_error =
        oauth_entry_read(&p->entry, p->store->conf, p->client, reply->entry, reply->len);
}

void oauth_purse_call(struct oauth_purse *p, enum mcp_logins_act act, const char *entry,
    mcp_logins_fn *done)
{
    const struct mcp_logins_reply none = {.entry = ""};
    int error = 0;

    if (!p->store) {
        done(p, &none);
        return;
    }
    p->call = (struct mcp_logins_call){.act = act,
        .server = p->client->server,
        .who = p->who,
        .generation = p->generation,
        .entry = entry,
        .asker = &p->asker,
        .done = done,
        .arg = p};
    error = mcp_logins_ask(p->store, &p->call);
    if (error)
        done(p, &(struct mcp_logins_reply){.error = error, .entry = ""});
}

/* ---- answers ---- */

void oauth_purse_say(struct oauth_purse *p, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(p->words, sizeof p->words, format, ap);
    va_end(ap);
}

static void oauth_purse_on_time(struct reactor_timer *timer);

/* The wish is over; the next one begins with the loop's next pass. */
static void oauth_purse_tell(struct oauth_purse *p, const struct oauth_badge *badge)
{
    struct oauth_wish *w = p->current;

    p->busy = p->leased = p->torn = false;
    p->current = NULL;
    oauth_purse_forget(p);
    if (p->first)
        reactor_timer_set(p->first->reactor, &p->timer, clock_mono_ms(), oauth_purse_on_time, p);
    else if (p->unsaved)
        oauth_purse_later(p);
    if (!w)
        return;
    w->purse = NULL;
    w->done(w->arg, badge); /* the last thing: the purse may be gone afterwards */
}

void oauth_purse_measure(const struct oauth_purse *p, const char *outcome)
{
    measure_add(MEASURE_MCP_TOKENS, &(struct measure_labels){{p->client->server, outcome}}, 1);
}

void oauth_purse_end(struct oauth_purse *p, int error)
{
    char words[sizeof p->words];

    snprintf(words, sizeof words, "%s", p->words);
    if (error == ERR_AUTH && p->client->grant == OAUTH_CODE)
        oauth_purse_measure(p, "needs_login");
    oauth_purse_tell(p, &(struct oauth_badge){.error = error, .words = words});
}

void oauth_purse_succeed(struct oauth_purse *p)
{
    struct buf header = {0};

    buf_puts(&header, "Authorization: Bearer ");
    buf_puts(&header, jdoc_text_or(p->entry.account, "access_token", ""));
    struct oauth_badge badge = {.error = buf_error(&header),
        .header = buf_text(&header),
        .words = ""};
    if (p->store && !p->unsaved)
        oauth_entry_fini(&p->entry);
    oauth_purse_tell(p, &badge);
    if (header.data)
        explicit_bzero(header.data, header.len);
    buf_free(&header);
}

/* ---- what is to be done ---- */

static bool oauth_purse_is_refused(const struct oauth_purse *p)
{
    const char *token = jdoc_text_or(p->entry.account, "access_token", "");
    const char *said = p->refused ? strstr(p->refused, "Bearer ") : NULL;

    return said && strcmp(said + strlen("Bearer "), token) == 0;
}

/* The server wants more scope than the token has. */
static enum oauth_verdict oauth_purse_judge_scope(struct oauth_purse *p)
{
    const char *asked = jdoc_text_or(p->entry.account, "asked", "");
    const char *wanted = p->challenge.scope;

    if (!oauth_purse_is_refused(p)) /* another one has it by now */
        return OAUTH_GIVE;
    oauth_purse_say(p, "%s refuses this to the account that is signed in there (scope %.150s).",
        p->client->server, *wanted ? wanted : "not said");
    if (p->client->grant != OAUTH_CODE)
        return *wanted && !oauth_scope_has(asked, wanted) ? OAUTH_RENEW : OAUTH_REFUSE;
    oauth_purse_say(p,
        "%s wants more rights for this (scope %.150s). The operator has to run `turnpike mcp login "
        "%s`.",
        p->client->server, *wanted ? wanted : "not said", p->client->server);
    if (oauth_scope_has(p->entry.wanted, wanted))
        return OAUTH_REFUSE;
    return oauth_scope_add(p->entry.wanted, wanted) ? OAUTH_REFUSE : OAUTH_MARK;
}

static enum oauth_verdict oauth_purse_needs(struct oauth_purse *p, const char *why)
{
    oauth_purse_say(p,
        "Nobody is signed in to %s any more: %.160s. The operator has to run `turnpike mcp login %s`.",
        p->client->server, why, p->client->server);
    return OAUTH_REFUSE;
}

static enum oauth_verdict oauth_purse_judge_none(struct oauth_purse *p)
{
    bool person = p->client->grant == OAUTH_CODE;

    if (p->entry_error == ERR_AUTH && person) {
        oauth_purse_needs(p, "its tokens were encrypted with another mcp.token_key");
        return OAUTH_REFUSE;
    }
    if (!p->challenged)
        return OAUTH_BARE;
    if (!person)
        return OAUTH_RENEW;
    oauth_purse_say(p,
        "%s wants a sign-in, and nobody is signed in. The operator has to run `turnpike mcp login "
        "%s`.",
        p->client->server, p->client->server);
    return OAUTH_REFUSE;
}

bool oauth_purse_is_good(const struct oauth_purse *p)
{
    int64_t expires = jdoc_int_or(p->entry.account, "expires_ms", 0);

    return !p->entry_error && *jdoc_text_or(p->entry.account, "access_token", "") &&
        !p->challenge.insufficient && !oauth_purse_is_refused(p) &&
        (!expires || clock_real_ms() < expires);
}

enum oauth_verdict oauth_purse_judge(struct oauth_purse *p)
{
    const char *refresh = jdoc_text_or(p->entry.account, "refresh_token", "");
    bool person = p->client->grant == OAUTH_CODE;

    if (p->entry_error)
        return oauth_purse_judge_none(p);
    if (p->entry.needs_login && person)
        return oauth_purse_needs(p, p->entry.why);
    if (p->challenge.insufficient)
        return oauth_purse_judge_scope(p);
    if (!oauth_purse_is_refused(p) && oauth_entry_is_fresh(&p->entry, clock_real_ms()))
        return OAUTH_GIVE;
    if (!person || *refresh)
        return OAUTH_RENEW;
    if (oauth_purse_is_good(p)) /* to its very end, since nothing comes after it */
        return OAUTH_GIVE;
    p->entry.needs_login = true;
    snprintf(p->entry.why, sizeof p->entry.why,
        "%s, and the authorization server gave no refresh token",
        oauth_purse_is_refused(p) ? "the server does not take the token any more" :
                                    "the token has expired");
    oauth_purse_needs(p, p->entry.why);
    return OAUTH_MARK;
}

void oauth_purse_decide(struct oauth_purse *p)
{
    switch (oauth_purse_judge(p)) {
    case OAUTH_GIVE:
        oauth_purse_succeed(p);
        return;
    case OAUTH_BARE:
        oauth_purse_tell(p, &(struct oauth_badge){.words = ""});
        return;
    case OAUTH_REFUSE:
        oauth_purse_end(p, ERR_AUTH);
        return;
    case OAUTH_MARK:
    case OAUTH_RENEW:
        oauth_renew_begin(p);
        return;
    }
}

void oauth_purse_away(struct oauth_purse *p)
{
    oauth_purse_say(p, "The sign-in of %s cannot be read at the moment. Try again later.",
        p->client->server);
    oauth_purse_end(p, ERR_NET);
}

static void oauth_purse_on_look(void *arg, const struct mcp_logins_reply *reply)
{
    struct oauth_purse *p = arg;

    if (reply->error) {
        oauth_purse_away(p);
        return;
    }
    oauth_purse_take(p, reply);
    oauth_purse_decide(p);
}

void oauth_purse_look(struct oauth_purse *p)
{
    p->words[0] = '\0';
    oauth_purse_call(p, MCP_LOGINS_LOOK, NULL, oauth_purse_on_look);
}

/* ---- wishes ---- */

/* What is needed of the wish, should it leave. */
static int oauth_purse_copy(struct oauth_purse *p, const struct oauth_wish *w)
{
    oauth_purse_forget(p);
    p->http = w->http;
    p->reactor = w->reactor;
    p->until_ms = w->until_ms;
    p->challenged = w->challenged;
    p->challenge = w->challenge;
    if (!w->challenged)
        p->challenge = (struct oauth_challenge){.insufficient = false};
    if (w->refused && !(p->refused = strdup(w->refused)))
        return ERR_NOMEM;
    return 0;
}

static void oauth_purse_on_time(struct reactor_timer *timer)
{
    struct oauth_purse *p = timer->arg;

    if (!p->busy && !p->first && !p->unsaved)
        return;
    if (!p->busy && p->first) {
        p->busy = true;
        p->current = p->first;
        p->first = p->first->next;
        p->words[0] = '\0';
        p->looks = 0;
        p->judges = p->unsaved;
        if (oauth_purse_copy(p, p->current) != 0) {
            oauth_purse_end(p, ERR_NOMEM);
            return;
        }
    }
    p->busy = true; /* also while only what Redis did not take is saved */
    if (p->unsaved)
        oauth_renew_save(p);
    else
        oauth_purse_look(p);
}

void oauth_purse_later(struct oauth_purse *p)
{
    reactor_timer_set(p->reactor, &p->timer, clock_mono_ms() + PURSE_LATER_MS, oauth_purse_on_time,
        p);
}

void oauth_purse_ask(struct oauth_purse *p, struct oauth_wish *w)
{
    struct oauth_wish **at = &p->first;

    while (*at)
        at = &(*at)->next;
    *at = w;
    w->next = NULL;
    w->purse = p;
    if (!p->busy) {
        p->reactor = w->reactor;
        reactor_timer_set(w->reactor, &p->timer, clock_mono_ms(), oauth_purse_on_time, p);
    }
}

void oauth_purse_leave(struct oauth_wish *w)
{
    struct oauth_purse *p = w->purse;

    if (!p)
        return;
    if (p->current == w)
        p->current = NULL;
    for (struct oauth_wish **at = &p->first; *at; at = &(*at)->next)
        if (*at == w) {
            *at = w->next;
            break;
        }
    w->purse = NULL;
}

/* ---- without a store ---- */

int oauth_purse_fill(struct oauth_purse *p, jdoc *account)
{
    oauth_entry_fini(&p->entry);
    p->entry.account = account;
    return account ? 0 : ERR_NOMEM;
}

const char *oauth_purse_wanted(const struct oauth_purse *p)
{
    return p->entry.wanted;
}
