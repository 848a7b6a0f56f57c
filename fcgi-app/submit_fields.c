/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/submit_parts.h"

#include "base/err.h"
#include "base/utf8.h"

#include <string.h>

#define SUBMIT_ZONE_MAX 64
#define SUBMIT_LOCALE_MAX 35

int submit_string(struct submit_parser *p, const jdoc *doc, const char *name, const char **out)
{
    const char *text = NULL;
    size_t len = 0;
    *out = NULL;
    int error = jdoc_get_string(doc, name, &text, &len);
    if (error == ERR_NOT_FOUND)
        return 0;
    if (error < 0)
        return problem_field(p->problem, name, "%s must be a string, not %s.", name,
            jdoc_type_name(jdoc_type(jdoc_get(doc, name))));
    if (strlen(text) != len)
        return problem_field(p->problem, name, "%s must not hold the character U+0000.", name);
    *out = text;
    return 0;
}

int submit_id(struct submit_parser *p, const jdoc *doc, const char *name, size_t max,
    const char **out)
{
    int error = submit_string(p, doc, name, out);
    if (error < 0 || !*out)
        return error;
    if (ident_is_safe(*out, strlen(*out), max))
        return 0;
    return problem_limit(p->problem, name, (int64_t)max,
        "%s must have 1 to %zu characters of A-Z a-z 0-9 _ . : @ -.", name, max);
}

int submit_session_id(struct submit_parser *p, const jdoc *doc, const char *name, const char **out)
{
    int error = submit_string(p, doc, name, out);
    if (error == 0 && *out && p->from->kind == SUBMIT_CHAT && ident_is_chat(*out, strlen(*out)))
        return 0;
    if (error == 0)
        error = submit_id(p, doc, name, IDENT_SESSION_MAX, out);
    if (error < 0 || !*out || ident_is_session(*out, strlen(*out)))
        return error;
    return problem_field(p->problem, name,
        "%s must not end with :msgs, :log, :queue, :floor or :ctl.", name);
}

/* Takes one element of a fixed set of characters; used for zones and locales. */
static int submit_name(struct submit_parser *p, const jdoc *doc, const char *name, size_t max,
    const char **out)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    int error = submit_string(p, doc, name, out);
    if (error < 0)
        return error;
    if (!*out)
        *out = "";
    size_t len = strlen(*out);
    if (len > max || strspn(*out, allowed) != len || **out == '/')
        return problem_limit(p->problem, name, (int64_t)max, "%s is not the name of a %s.", name,
            name);
    return 0;
}

int submit_check_text(struct submit_parser *p, const char *name, const char *text)
{
    if (text[strspn(text, " \t\r\n")] == '\0')
        return problem_field(p->problem, name, "%s must not be empty.", name);
    size_t count = utf8_length(text, strlen(text));
    if (count > (size_t)p->text_max)
        return problem_limit(p->problem, name, p->text_max,
            "%s has %zu characters; %lld are allowed.", name, count, (long long)p->text_max);
    return 0;
}

int submit_context(struct submit_parser *p)
{
    const jdoc *context = jdoc_get(p->body, "context");
    if (!context)
        return 0;
    if (jdoc_type(context) != JDOC_OBJECT)
        return problem_field(p->problem, "context", "context must be an object, not %s.",
            jdoc_type_name(jdoc_type(context)));
    if (jdoc_length(context) > SUBMIT_CONTEXT_KEYS)
        return problem_limit(p->problem, "context", SUBMIT_CONTEXT_KEYS,
            "context has %zu members; %d are allowed.", jdoc_length(context), SUBMIT_CONTEXT_KEYS);
    p->out->context = context;
    return 0;
}

int submit_zone_and_locale(struct submit_parser *p, const jdoc *doc)
{
    int error = submit_name(p, doc, "timezone", SUBMIT_ZONE_MAX, &p->out->zone);
    if (error == 0 && *p->out->zone == '\0' && p->out->context)
        error = submit_name(p, p->out->context, "timezone", SUBMIT_ZONE_MAX, &p->out->zone);
    return error < 0 ? error : submit_name(p, doc, "locale", SUBMIT_LOCALE_MAX, &p->out->locale);
}

int submit_on_busy(struct submit_parser *p, const jdoc *doc)
{
    static const struct {
        const char *name;
        enum turns_on_busy value;
    } names[] = {{"enqueue", TURNS_ENQUEUE}, {"interrupt", TURNS_INTERRUPT},
        {"reject", TURNS_REJECT}};
    const char *text = NULL;
    int error = submit_string(p, doc, "on_busy", &text);
    p->out->on_busy = TURNS_ENQUEUE;
    if (error < 0 || !text)
        return error;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, text) == 0) {
            p->out->on_busy = names[i].value;
            return 0;
        }
    }
    return problem_field(p->problem, "on_busy", "on_busy must be enqueue, interrupt or reject.");
}

int submit_cache(struct submit_parser *p, const jdoc *doc)
{
    bool cache = true;
    if (jdoc_get_bool(doc, "cache", &cache) == ERR_INVALID)
        return problem_field(p->problem, "cache", "cache must be true or false.");
    p->out->fresh = !cache;
    return 0;
}

int submit_key(struct submit_parser *p, const char *key)
{
    int error = submit_id(p, p->body, "client_message_id", IDENT_CLIENT_MESSAGE_MAX,
        &p->out->client_message_id);
    if (error < 0 || p->out->client_message_id || !key)
        return error;
    if (!ident_is_safe(key, strlen(key), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(p->problem, "Idempotency-Key", IDENT_CLIENT_MESSAGE_MAX,
            "Idempotency-Key must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    p->out->client_message_id = arena_strdup(p->arena, key);
    return !p->out->client_message_id ? ERR_NOMEM : 0;
}

void submit_session(struct submit_parser *p, const char *session)
{
    p->out->session_given = session != NULL;
    if (session)
        memcpy(p->out->session, session, strlen(session) + 1);
    else
        ident_uuid7(p->out->session);
}
