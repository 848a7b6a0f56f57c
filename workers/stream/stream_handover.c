/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_handover.h"

#include "base/err.h"
#include "fcgi-app/facade_view.h"
#include "wire/http/stream_http.h"

#include <stdlib.h>
#include <string.h>

static bool stream_handover_is_safe(const char *s)
{
    for (; *s; s++) {
        if (*s < 0x21 || *s > 0x7e)
            return false;
    }
    return true;
}

static void stream_handover_get(const char *query, const char *name, char *out, size_t size)
{
    if (stream_query_get(query, name, out, size) <= 0)
        out[0] = '\0';
}

static int stream_handover_check(const struct stream_handover *h)
{
    struct logentry_id id;

    if (!h->whole_session && !ident_is_uuid(h->turn))
        return ERR_INVALID;
    if (h->cursor[0] && logentry_id_parse(h->cursor, strlen(h->cursor), &id) < 0)
        return ERR_INVALID;
    return stream_handover_is_safe(h->request) && stream_handover_is_safe(h->trace) ? 0 :
                                                                                      ERR_INVALID;
}

static int stream_handover_form(const char *query, const char *form, struct stream_handover *out)
{
    out->render = stream_render_find(form);
    out->snapshot = stream_query_has(query, "snapshot");
    out->stops = !out->whole_session && stream_query_has(query, "stops");
    out->detail[0] = '\0';
    if (stream_query_has(query, "detail") &&
        stream_query_get(query, "detail", out->detail, sizeof out->detail) < 0)
        return ERR_INVALID;
    return out->render || out->json || !form[0] || strcmp(form, "agui") == 0 ? 0 : ERR_INVALID;
}

/* Only the chat of a trip has members. */
static bool stream_handover_member(const char *query, struct stream_handover *out, size_t session)
{
    bool chat = ident_is_chat(out->session, session);
    long member;

    out->member[0] = '\0';
    if (!stream_query_has(query, "member"))
        return chat || ident_is_session(out->session, session);
    member = stream_query_get(query, "member", out->member, sizeof out->member);
    return chat && member > 0 && ident_is_safe(out->member, (size_t)member, IDENT_USER_MAX);
}

const char *stream_handover_viewer(const struct stream_handover *h)
{
    return h->member[0] ? h->member : h->user;
}

int stream_handover_read(const char *query, struct stream_handover *out)
{
    char scope[8], expires[24], form[24], until[8], mark[AUTH_MARK_SIZE];
    long user = stream_query_get(query, "user", out->user, sizeof out->user);
    long session = stream_query_get(query, "session", out->session, sizeof out->session);

    if (user <= 0 || session <= 0 || !ident_is_safe(out->user, (size_t)user, IDENT_USER_MAX) ||
        !stream_handover_member(query, out, (size_t)session))
        return ERR_INVALID;
    stream_handover_get(query, "turn", out->turn, sizeof out->turn);
    stream_handover_get(query, "cursor", out->cursor, sizeof out->cursor);
    stream_handover_get(query, "request", out->request, sizeof out->request);
    stream_handover_get(query, "trace", out->trace, sizeof out->trace);
    stream_handover_get(query, "origin", out->origin, sizeof out->origin);
    stream_handover_get(query, "class", out->cls, sizeof out->cls);
    stream_handover_get(query, "form", form, sizeof form);
    stream_handover_get(query, "until", until, sizeof until);
    stream_handover_get(query, "scope", scope, sizeof scope);
    stream_handover_get(query, "expires", expires, sizeof expires);
    stream_handover_get(query, "by", mark, sizeof mark);
    out->expires_ms = strtoll(expires, NULL, 10);
    if (!auth_mark_read(mark[0] ? mark : "-", &out->mark))
        return ERR_INVALID;
    out->whole_session = strcmp(scope, "run") != 0;
    out->json =
        !out->whole_session && (strcmp(form, "json") == 0 || strcmp(form, FACADE_FORM_JSON) == 0);
    out->until_final = out->json || (!out->whole_session && strcmp(until, "ever") != 0);
    return stream_handover_form(query, form, out) < 0 ? ERR_INVALID : stream_handover_check(out);
}

void stream_handover_start(const struct stream_handover *h, struct hub_start *out)
{
    *out = (struct hub_start){.user = h->user,
        .session = h->session,
        .run = h->whole_session ? NULL : h->turn,
        .until_final = h->until_final,
        .snapshot = h->snapshot};
    if (h->cursor[0]) {
        err_ignore(logentry_id_parse(h->cursor, strlen(h->cursor), &out->cursor)); /* checked */
        out->has_cursor = true;
        out->named_cursor = h->whole_session || h->snapshot;
    }
}
