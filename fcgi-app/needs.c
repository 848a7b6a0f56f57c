/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/needs.h"

#include "process/scopes.h"

#include <string.h>

/* What differs from the rule. A pattern that ends with "*" is a beginning. */
static const struct {
    const char *method, *pattern;
    unsigned scopes;
} needs_rows[] = {
    {"*", "/admin*", SCOPE_ADMIN},
    {"POST", "/inbox/{user}", SCOPE_ADMIN},
    {"POST", "/approvals/{id}", SCOPE_APPROVE},
    {"POST", "/tools/{id}", SCOPE_TOOLS},
    {"POST", "/mcp", SCOPE_TOOLS},
    {"GET", "/mcp", SCOPE_TOOLS},
    {"POST", "/chat", SCOPE_CHAT},
    {"POST", "/agui", SCOPE_CHAT},
    {"POST", "/ai/chat", SCOPE_CHAT},
    {"POST", "/chat/completions", SCOPE_CHAT},
    {"POST", "/responses", SCOPE_CHAT},
    {"POST", "/voice/*", SCOPE_CHAT},
    {"POST", "/cancel", SCOPE_CHAT},
    {"POST", "/sessions/{id}/cancel", SCOPE_CHAT},
    {"POST", "/turns/{id}/cancel", SCOPE_CHAT},
    {"POST", "/responses/{id}/cancel", SCOPE_CHAT},
    {"POST", "/internal/message", SCOPE_CHAT},
    {"GET", "/models", SCOPE_CHAT | SCOPE_READ},
    {"GET", "/models/{id}", SCOPE_CHAT | SCOPE_READ},
    /* The reply to a message; a socket's ticket: what it opens is checked there again. */
    {"GET", "/turns/{id}", SCOPE_CHAT | SCOPE_READ},
    {"GET", "/responses/{id}", SCOPE_CHAT | SCOPE_READ},
    {"POST", "/ws-ticket", SCOPE_CHAT | SCOPE_READ},
    {"POST", "/sign-in", SCOPES_ALL}, /* what the cookie may is what the key may */
    {"PROPFIND", "/dav*", SCOPE_READ},
    {"REPORT", "/dav*", SCOPE_READ},
    {"POST", "/feedback", SCOPE_CHAT | SCOPE_WRITE},
};

static bool needs_fits(const char *pattern, const char *text)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return strncmp(pattern, text, len - 1) == 0;
    return strcmp(pattern, text) == 0;
}

unsigned needs_of(const struct routes_row *row)
{
    if (row->user == ROUTES_ANYONE)
        return 0;
    for (size_t i = 0; i < sizeof needs_rows / sizeof *needs_rows; i++) {
        if (needs_fits(needs_rows[i].method, row->method) &&
            needs_fits(needs_rows[i].pattern, row->pattern))
            return needs_rows[i].scopes;
    }
    return strcmp(row->method, "GET") == 0 ? SCOPE_READ : SCOPE_WRITE;
}

int needs_check(struct exchange *x, unsigned scopes)
{
    char has[SCOPES_TEXT_SIZE];
    struct buf members = {0};

    if (scopes == 0 || x->who.scopes & scopes)
        return 0;
    scopes_write(x->who.scopes, has);
    problem_set(&x->problem, PROBLEM_SCOPE,
        "This needs the scope \"%s\"; the credential has \"%s\".", scopes_name(scopes), has);
    buf_printf(&members, ",\"scope\":\"%s\"", scopes_name(scopes));
    x->problem.members = buf_error(&members) ? NULL : arena_strdup(x->arena, buf_text(&members));
    buf_free(&members);
    return ERR_FORBIDDEN;
}
