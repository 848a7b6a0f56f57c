/* SPDX-License-Identifier: BSD-2-Clause */
/* dav_ask, the part that reads in a child process, and how that tells what it has read. */
#include "fcgi-app/dav_ask.h"

#include "base/jdoc.h"
#include "process/aside.h"

#include <stdlib.h>
#include <string.h>

#define ASIDE_TIME_MS 2000
#define ASIDE_MEMORY ((size_t)64 << 20)
#define ASIDE_ANSWER ((size_t)4 << 20)

int dav_ask_tell(const struct dav_ask *ask, struct buf *out)
{
    buf_printf(out, "{\"kind\":%d,\"all\":%s,\"names\":%s,\"filter\":%s,\"props\":[", ask->kind,
        ask->all ? "true" : "false", ask->names ? "true" : "false",
        ask->has_filter ? "true" : "false");
    for (size_t i = 0; i < ask->prop_count; i++) {
        buf_puts(out, i ? ",[" : "[");
        buf_json_text(out, ask->props[i].ns);
        buf_putc(out, ',');
        buf_json_text(out, ask->props[i].name);
        buf_putc(out, ']');
    }
    buf_puts(out, "],\"hrefs\":[");
    for (size_t i = 0; i < ask->href_count; i++) {
        if (i)
            buf_putc(out, ',');
        buf_json_text(out, ask->hrefs[i]);
    }
    buf_printf(out, "],\"limit\":%lld,\"from\":\"%lld\",\"until\":\"%lld\"", (long long)ask->limit,
        (long long)ask->from_ms, (long long)ask->until_ms);
    buf_json_member(out, "token", ask->token);
    buf_json_member(out, "component", ask->component);
    buf_putc(out, '}');
    return buf_error(out);
}

static const char *dav_ask_text(const jdoc *value, struct arena *arena, int *error)
{
    const char *text = jdoc_string(value, NULL), *copy = arena_strdup(arena, text ? text : "");

    if (!text)
        *error = ERR_PROTOCOL;
    else if (!copy)
        *error = ERR_NOMEM;
    return copy;
}

static int64_t dav_ask_time_told(const jdoc *doc, const char *key)
{
    return strtoll(jdoc_text_or(doc, key, "0"), NULL, 10);
}

static int dav_ask_lists(const jdoc *doc, struct arena *arena, struct dav_ask *out)
{
    const jdoc *props = jdoc_get(doc, "props"), *hrefs = jdoc_get(doc, "hrefs");
    int error = 0;

    if (jdoc_length(props) > DAV_PROPS_MAX || jdoc_length(hrefs) > DAV_HREFS_MAX)
        return ERR_PROTOCOL;
    for (size_t i = 0; i < jdoc_length(props); i++)
        out->props[out->prop_count++] =
            (struct dav_prop){dav_ask_text(jdoc_at(jdoc_at(props, i), 0), arena, &error),
                dav_ask_text(jdoc_at(jdoc_at(props, i), 1), arena, &error)};
    for (size_t i = 0; i < jdoc_length(hrefs); i++)
        out->hrefs[out->href_count++] = dav_ask_text(jdoc_at(hrefs, i), arena, &error);
    return error;
}

int dav_ask_told(const char *json, size_t len, struct arena *arena, struct dav_ask *out)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(json, len, &doc, NULL, 0);
    int64_t kind = jdoc_int_or(doc, "kind", -1);

    memset(out, 0, sizeof *out);
    if (error || kind < 0 || kind > DAV_OTHER) {
        jdoc_free(doc);
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    }
    out->kind = (enum dav_kind)kind;
    out->all = jdoc_is_true(doc, "all");
    out->names = jdoc_is_true(doc, "names");
    out->has_filter = jdoc_is_true(doc, "filter");
    out->limit = jdoc_int_or(doc, "limit", 0);
    out->from_ms = dav_ask_time_told(doc, "from");
    out->until_ms = dav_ask_time_told(doc, "until");
    error = dav_ask_lists(doc, arena, out);
    out->token = dav_ask_text(jdoc_get(doc, "token"), arena, &error);
    out->component = dav_ask_text(jdoc_get(doc, "component"), arena, &error);
    jdoc_free(doc);
    return error;
}

/* A refusal is told as its number. */
static int dav_ask_aside(void *arg, const char *in, size_t len, struct buf *out)
{
    struct arena *arena = arena_new();
    struct dav_ask *ask = arena ? arena_array(arena, 1, sizeof *ask) : NULL;
    int error = ask ? dav_ask_read(in, len, arena, ask) : ERR_NOMEM;

    (void)arg;
    if (error)
        return error;
    return dav_ask_tell(ask, out); /* the process ends: nothing is freed */
}

int dav_ask_read_aside(const struct conf *conf, unsigned long long owner, const char *text,
    size_t len, struct arena *arena, struct dav_ask *out)
{
    struct buf answer = {0};
    const struct aside_work work = {.name = "a WebDAV request",
        .read = dav_ask_aside,
        .in = text,
        .len = len,
        .time_ms = ASIDE_TIME_MS,
        .memory = ASIDE_MEMORY,
        .out_max = ASIDE_ANSWER,
        .conf = conf,
        .owner = owner};
    if (len == 0)
        return dav_ask_read(text, len, arena, out);
    int error = aside_run(&work, &answer);

    if (!error)
        error = dav_ask_told(buf_text(&answer), answer.len, arena, out);
    buf_free(&answer);
    return error == ERR_REMOTE || error == ERR_DEADLINE || error == ERR_PROTOCOL ? ERR_INVALID :
                                                                                   error;
}
