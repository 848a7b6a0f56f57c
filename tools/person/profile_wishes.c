/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/person/profile_wishes.h"

#include "store/sessions.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/kit/zone.h"

#include <string.h>

static const struct {
    const char *argument, *member; /* of `units` */
} profile_wishes_units[] = {
    {"units", "system"},
    {"distance_unit", "distance"},
    {"temperature_unit", "temperature"},
    {"volume_unit", "volume"},
    {"fuel_economy_unit", "fuel"},
    {"weight_unit", "weight"},
};

/* The units of the arguments over those that hold; *said: was there any? */
static int profile_wishes_choose(struct profile_wishes *w, bool *said)
{
    char why[UNITS_WHY_SIZE];
    const jdoc *args = w->run->args;
    jdoc *chosen = jdoc_new_object();
    int failed = !chosen;
    *said = false;
    for (size_t i = 0; i < sizeof profile_wishes_units / sizeof *profile_wishes_units; i++) {
        const char *text = jdoc_string(jdoc_get(args, profile_wishes_units[i].argument), NULL);
        if (!text || failed)
            continue;
        *said = true;
        failed |= jdoc_set_string(chosen, profile_wishes_units[i].member, text);
    }
    int error = failed ? ERR_NOMEM : *said ? units_choose(chosen, &w->units, why) : 0;
    jdoc_free(chosen);
    return error == ERR_INVALID ? ERR_INTERNAL : error; /* the schema has the same words */
}

static int profile_wishes_zone(struct profile_wishes *w)
{
    const struct zone *z;
    const char *name = jdoc_string(jdoc_get(w->run->args, "timezone"), NULL);
    int error = name ? zone_get(name, &z) : 0;
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail_at(w->run, "/timezone", "an IANA time zone such as Australia/Brisbane",
        "\"%s\" is no known time zone", name);
    return error != 0 ? error : ERR_INVALID;
}

static int profile_wishes_patch(struct profile_wishes *w, jdoc *patch)
{
    static const char *const plain[] = {"currency", "timezone", "language", "week_start",
        "date_order", "memory", NULL};
    const char *week = jdoc_string(jdoc_get(w->run->args, "week_start"), NULL);
    const char *dates = jdoc_string(jdoc_get(w->run->args, "date_order"), NULL);
    bool said;
    int error = profile_wishes_choose(w, &said);
    if (error == 0 && week)
        error = units_choose_week(week, &w->units);
    if (error == 0 && dates)
        error = units_choose_dates(dates, &w->units);
    if (error == 0)
        error = record_copy(patch, w->run->args, plain);
    if (error != 0 || !said)
        return error;
    jdoc *units = units_json(&w->units);
    return units ? jdoc_set(patch, "units", units) : ERR_NOMEM;
}

static int profile_wishes_merge(struct profile_wishes *w, const jdoc *patch)
{
    const struct tools_context *c = w->run->context;
    struct buf text = {0}, json = {0};
    int error = 0;
    if (jdoc_length(patch) > 0) {
        jdoc_write(patch, &text);
        error = buf_error(&text);
        if (error == 0)
            error = record_fence(w->run);
        if (error == 0)
            error = sessions_context_merge(c->store, c->uid, buf_text(&text), text.len, &json);
    } else {
        error = sessions_context_get(c->store, c->uid, &json);
    }
    if (error == 0)
        error = jdoc_parse(buf_text(&json), json.len, &w->stored, NULL, 0);
    buf_free(&text);
    buf_free(&json);
    if (error != ERR_LIMIT)
        return error;
    error = run_fail(w->run, "limit_reached",
        "So much is stored about you that nothing can be added. Remove something first.");
    return error != 0 ? error : ERR_INVALID;
}

static bool profile_wishes_memory(const struct profile_wishes *w)
{
    bool memory = true;
    if (jdoc_get_bool(w->stored, "memory", &memory) != 0)
        memory = true;
    return memory && w->run->context->conf->memory;
}

static void profile_wishes_tell(struct profile_wishes *w)
{
    const struct tools_context *c = w->run->context;
    const struct tools_wishes wishes = {.currency =
                                            jdoc_text_or(w->stored, "currency", c->currency),
        .zone = jdoc_text_or(w->stored, "timezone", c->zone),
        .units = w->units,
        .memory_off = !profile_wishes_memory(w)};
    if (c->on_wishes)
        c->on_wishes(c->on_wishes_arg, &wishes);
}

int profile_wishes_store(struct profile_wishes *w)
{
    jdoc *patch = jdoc_new_object();
    w->units = w->run->context->units;
    int error = patch ? profile_wishes_zone(w) : ERR_NOMEM;
    if (error == 0)
        error = profile_wishes_patch(w, patch);
    if (error == 0)
        error = profile_wishes_merge(w, patch);
    if (error == 0 && jdoc_length(patch) > 0)
        profile_wishes_tell(w);
    jdoc_free(patch);
    return error;
}

int profile_wishes_show(void *arg, jdoc *shown)
{
    const struct profile_wishes *w = arg;
    const struct tools_context *c = w->run->context;
    const char *language = jdoc_string(jdoc_get(w->stored, "language"), NULL);
    jdoc *units = units_json(&w->units);
    int failed = !units || jdoc_set(shown, "units", units);
    if (!failed && (language || !jdoc_has(shown, "language")))
        failed |= jdoc_set_string(shown, "language", language ? language : "en");
    failed |= jdoc_set_string(shown, "currency", jdoc_text_or(w->stored, "currency", c->currency));
    failed |= jdoc_set_string(shown, "timezone", jdoc_text_or(w->stored, "timezone", c->zone));
    failed |= jdoc_set_string(shown, "week_start", units_week_name(&w->units));
    failed |= jdoc_set_string(shown, "date_order", units_dates_name(&w->units));
    failed |= jdoc_set_bool(shown, "memory", profile_wishes_memory(w));
    return failed ? ERR_NOMEM : 0;
}

void profile_wishes_fini(struct profile_wishes *w)
{
    jdoc_free(w->stored);
    w->stored = NULL;
}
