/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange, third part: reading in a child process, and how that tells what it has read. */
#include "tools/calendar/interchange.h"

#include "process/aside.h"

#include <stdio.h>
#include <stdlib.h>

#define ASIDE_TIME_MS 5000
#define ASIDE_MEMORY ((size_t)256 << 20)
#define ASIDE_ANSWER ((size_t)32 << 20)

/* ---- what the child says ---- */

static jdoc *interchange_tell_item(const struct interchange_item *item)
{
    jdoc *o = jdoc_new_object();
    int failed = !o;

    failed = failed || jdoc_set_int(o, "line", (int64_t)item->line);
    failed = failed || jdoc_set_string(o, "component", item->component);
    failed = failed || jdoc_set_string(o, "uid", item->uid);
    failed = failed || jdoc_set_string(o, "wrong", item->wrong);
    failed = failed || jdoc_set_string(o, "warning", item->warning);
    failed = failed || (item->event && jdoc_set(o, "event", jdoc_dup(item->event)));
    failed = failed || jdoc_set_bool(o, "cancelled", item->cancelled);
    failed = failed || jdoc_set_bool(o, "override", item->is_override);
    failed = failed || jdoc_set_int(o, "at_ms", item->occurrence_ms);
    failed = failed || jdoc_set_int(o, "at_s", item->occurrence_s);
    failed = failed || jdoc_set_bool(o, "at_date", item->occurrence_is_date);
    if (!failed && item->occurrence_zone)
        failed = jdoc_set_string(o, "at_zone", zone_name(item->occurrence_zone));
    if (failed) {
        jdoc_free(o);
        return NULL;
    }
    return o;
}

int interchange_tell(const struct interchange_list *list, struct buf *out)
{
    int error = 0;

    buf_putc(out, '[');
    for (size_t i = 0; !error && i < list->count; i++) {
        jdoc *item = interchange_tell_item(&list->items[i]);

        if (i > 0)
            buf_putc(out, ',');
        if (item)
            jdoc_write(item, out);
        error = item ? buf_error(out) : ERR_NOMEM;
        jdoc_free(item);
    }
    buf_putc(out, ']');
    return error ? error : buf_error(out);
}

/* ---- what the parent makes of it ---- */

static const char *interchange_told_text(const jdoc *from, const char *key, struct arena *arena,
    bool *failed)
{
    const char *text = jdoc_string(jdoc_get(from, key), NULL), *copy = arena_strdup(arena, text);

    *failed |= text && !copy;
    return copy;
}

static int interchange_told_item(const jdoc *from, struct arena *arena,
    struct interchange_item *item)
{
    const char *zone = jdoc_string(jdoc_get(from, "at_zone"), NULL);
    const jdoc *event = jdoc_get(from, "event");
    bool failed = false;

    *item = (struct interchange_item){.line = (size_t)jdoc_int_or(from, "line", 0),
        .component = interchange_told_text(from, "component", arena, &failed),
        .uid = interchange_told_text(from, "uid", arena, &failed),
        .wrong = interchange_told_text(from, "wrong", arena, &failed),
        .warning = interchange_told_text(from, "warning", arena, &failed),
        .cancelled = jdoc_is_true(from, "cancelled"),
        .is_override = jdoc_is_true(from, "override"),
        .occurrence_ms = jdoc_int_or(from, "at_ms", 0),
        .occurrence_s = jdoc_int_or(from, "at_s", 0),
        .occurrence_is_date = jdoc_is_true(from, "at_date")};
    if (failed)
        return ERR_NOMEM;
    if (!item->component || !item->uid || !item->wrong == !event ||
        (zone && zone_get(zone, &item->occurrence_zone)))
        return ERR_PROTOCOL;
    item->event = event ? jdoc_dup(event) : NULL;
    return event && !item->event ? ERR_NOMEM : 0;
}

int interchange_told(const char *json, size_t len, struct arena *arena,
    struct interchange_list *out)
{
    jdoc *all = NULL;
    int error = jdoc_parse(json, len, &all, NULL, 0);
    size_t count = jdoc_length(all);

    *out = (struct interchange_list){0};
    if (!error && (jdoc_type(all) != JDOC_ARRAY || count > INTERCHANGE_EVENTS_MAX))
        error = ERR_PROTOCOL;
    if (!error && !(out->items = arena_array(arena, count + 1, sizeof *out->items)))
        error = ERR_NOMEM;
    for (size_t i = 0; !error && i < count; i++) {
        error = interchange_told_item(jdoc_at(all, i), arena, &out->items[i]);
        out->count += !error;
    }
    jdoc_free(all);
    return error == ERR_INVALID || error == ERR_LIMIT ? ERR_PROTOCOL : error;
}

/* ---- both ---- */

/* The sentence of a refusal stands where the list would. */
static int interchange_aside_read(void *arg, const char *in, size_t len, struct buf *out)
{
    const struct interchange_ask *ask = arg;
    struct arena *arena = arena_new();
    struct interchange_list list = {0};
    char why[INTERCHANGE_WHY_SIZE] = "";
    int error = arena ? interchange_read(in, len, ask->zone, arena, &list, why) : ERR_NOMEM;

    if (error == ERR_INVALID || error == ERR_LIMIT) {
        buf_printf(out, "%d %s", error, why);
        error = 0;
    } else if (!error) {
        error = interchange_tell(&list, out);
    }
    return error; /* the process ends: nothing is freed */
}

static int interchange_aside_take(const struct buf *answer, struct arena *arena,
    struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE])
{
    char *end;
    long error;

    if (answer->len > 0 && answer->data[0] == '[')
        return interchange_told(answer->data, answer->len, arena, out);
    error = strtol(buf_text(answer), &end, 10);
    if (error != ERR_INVALID && error != ERR_LIMIT)
        return ERR_PROTOCOL;
    snprintf(why, INTERCHANGE_WHY_SIZE, "%.150s", end + (*end == ' '));
    return (int)error;
}

int interchange_read_aside(const struct interchange_ask *ask, struct arena *arena,
    struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE])
{
    struct interchange_ask own = *ask;
    struct buf answer = {0};
    const struct aside_work work = {.name = "a calendar file",
        .read = interchange_aside_read,
        .arg = &own,
        .in = ask->text,
        .len = ask->len,
        .time_ms = ASIDE_TIME_MS,
        .memory = ASIDE_MEMORY,
        .out_max = ASIDE_ANSWER,
        .conf = ask->conf,
        .owner = ask->owner};
    int error = aside_run(&work, &answer);

    *out = (struct interchange_list){0};
    if (!error)
        error = interchange_aside_take(&answer, arena, out, why);
    buf_free(&answer);
    if (error != ERR_REMOTE && error != ERR_DEADLINE && error != ERR_PROTOCOL)
        return error;
    snprintf(why, INTERCHANGE_WHY_SIZE, "%s Nothing was taken in.",
        error == ERR_DEADLINE ? "To read it takes too long." :
                                "The process that read it ended over it.");
    return ERR_INVALID;
}
