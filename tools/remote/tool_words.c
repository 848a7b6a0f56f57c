/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/tool_words.h"

#include "base/err.h"
#include "base/ident.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 32
#define REQUEST_ID 1 /* fastcgi_client.c's only one */
#define LATE "late"

/* ---- the request ---- */

struct numbers {
    char units[UNITS_PACKED_SIZE];
    char epoch[NUMBER_SIZE], now[NUMBER_SIZE], latitude[NUMBER_SIZE], longitude[NUMBER_SIZE];
};

static void tool_words_numbers(const struct tools_context *c, struct numbers *out)
{
    units_pack(&c->units, out->units);
    snprintf(out->epoch, sizeof out->epoch, "%" PRId64, c->epoch);
    snprintf(out->now, sizeof out->now, "%" PRId64, c->now_ms);
    snprintf(out->latitude, sizeof out->latitude, "%.17g", c->latitude);
    snprintf(out->longitude, sizeof out->longitude, "%.17g", c->longitude);
}

int tool_words_ask(struct buf *out, const struct tools_run *run, const char *args, size_t len)
{
    const struct tools_context *c = run->context;
    struct numbers n;
    tool_words_numbers(c, &n);
    const struct fastcgi_pair pairs[] = {{"TP_INTERNAL", "tool"}, {"TP_TOOL", run->spec->name},
        {"TP_CALL", run->call_id}, {"TP_APPROVED", run->approved}, {"TP_USER", c->uid},
        {"TP_SESSION", c->session}, {"TP_EPOCH", n.epoch}, {"TP_ZONE", c->zone},
        {"TP_LOCALE", c->locale}, {"TP_CURRENCY", c->currency}, {"TP_UNITS", n.units},
        {"TP_NOW", n.now}, {"TP_LATITUDE", c->has_location ? n.latitude : NULL},
        {"TP_LONGITUDE", c->has_location ? n.longitude : NULL}, {"TP_LOCATION", c->location_text},
        {"TP_ROLE", c->role}, {"TP_CHAT", c->chat_session}};
    size_t count = sizeof pairs / sizeof *pairs, bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += pairs[i].value ? strlen(pairs[i].name) + strlen(pairs[i].value) + 8 : 0;
    if (len > TOOL_WORDS_ARGS_MAX || bytes + NUMBER_SIZE > TOOL_WORDS_PARAMS_MAX)
        return ERR_LIMIT;
    return fastcgi_request(out, pairs, count, args, len);
}

struct reading {
    tool_words_param *param;
    void *arg;
    struct arena *arena;
    bool no_memory;
};

/* NULL when it was not sent. */
static const char *tool_words_text(struct reading *r, const char *name)
{
    const char *value = r->param(r->arg, name);
    const char *copy = arena_strdup(r->arena, value);

    r->no_memory = r->no_memory || (value && !copy);
    return copy;
}

static int64_t tool_words_number(struct reading *r, const char *name)
{
    const char *value = r->param(r->arg, name);

    return value ? strtoll(value, NULL, 10) : 0;
}

static void tool_words_location(struct reading *r, struct tools_context *context)
{
    const char *latitude = r->param(r->arg, "TP_LATITUDE");
    const char *longitude = r->param(r->arg, "TP_LONGITUDE");

    context->has_location = latitude && longitude;
    if (context->has_location) {
        context->latitude = strtod(latitude, NULL);
        context->longitude = strtod(longitude, NULL);
    }
}

int tool_words_read(tool_words_param *param, void *arg, tool_words_find *find, struct arena *arena,
    struct tools_context *context, struct tools_run *run)
{
    struct reading r = {param, arg, arena, false};
    const char *internal = param(arg, "TP_INTERNAL"), *tool = param(arg, "TP_TOOL");

    if (!internal || strcmp(internal, "tool") || !tool)
        return ERR_PROTOCOL;
    run->spec = find(tool);
    if (!run->spec)
        return ERR_NOT_FOUND;
    run->context = context;
    run->call_id = tool_words_text(&r, "TP_CALL");
    run->approved = tool_words_text(&r, "TP_APPROVED");
    context->uid = tool_words_text(&r, "TP_USER");
    context->session = tool_words_text(&r, "TP_SESSION");
    context->epoch = tool_words_number(&r, "TP_EPOCH");
    context->zone = tool_words_text(&r, "TP_ZONE");
    context->locale = tool_words_text(&r, "TP_LOCALE");
    context->currency = tool_words_text(&r, "TP_CURRENCY");
    units_unpack(param(arg, "TP_UNITS"), &context->units);
    context->now_ms = tool_words_number(&r, "TP_NOW");
    context->location_text = tool_words_text(&r, "TP_LOCATION");
    context->role = tool_words_text(&r, "TP_ROLE");
    context->chat_session = tool_words_text(&r, "TP_CHAT");
    if (context->chat_session)
        context->chat_trip = ident_chat_trip(context->chat_session);
    tool_words_location(&r, context);
    if (r.no_memory)
        return ERR_NOMEM;
    return context->uid && context->zone && context->locale && context->currency ? 0 : ERR_PROTOCOL;
}

/* ---- the reply ---- */

int tool_words_answer(struct buf *out, const struct tools_run *run, int error)
{
    buf_printf(out, "{\"error\":%d,\"retry_after_ms\":%" PRId64, error, run->retry_after_ms);
    if (!error && run->result) {
        buf_puts(out, ",\"result\":");
        jdoc_write(run->result, out);
    }
    buf_putc(out, '}');
    return buf_error(out);
}

int tool_words_late(struct buf *out)
{
    fastcgi_record_put(out, FASTCGI_STDERR, REQUEST_ID, LATE, sizeof LATE - 1);
    return buf_error(out);
}

bool tool_words_is_late(const struct fastcgi_reply *reply)
{
    const struct buf *said = &reply->errors;

    return said->len == sizeof LATE - 1 && !memcmp(said->data, LATE, said->len);
}

int tool_words_told(struct tools_run *run, const char *body, size_t len, int *error)
{
    jdoc *answer = NULL, *result = NULL;
    int64_t code = 0, retry_ms = 0;
    int failed = jdoc_parse(body, len, &answer, NULL, 0);

    if (failed)
        return failed == ERR_NOMEM ? failed : ERR_PROTOCOL;
    if (jdoc_get_int(answer, "error", &code) || code > 0 || code < ERR_TABLE_START_ ||
        jdoc_get_int(answer, "retry_after_ms", &retry_ms))
        failed = ERR_PROTOCOL;
    if (!failed && !code && jdoc_type(jdoc_get(answer, "result")) != JDOC_OBJECT)
        failed = ERR_PROTOCOL;
    if (!failed && !code && !(result = jdoc_dup(jdoc_get(answer, "result"))))
        failed = ERR_NOMEM;
    jdoc_free(answer);
    if (failed)
        return failed;
    jdoc_free(run->result);
    run->result = result;
    run->retry_after_ms = retry_ms;
    *error = (int)code;
    return 0;
}
