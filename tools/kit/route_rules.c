/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/route_rules.h"

#include "base/err.h"
#include "tools/kit/crossing.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t at;
} route_rules_words[] = {{"tolls", offsetof(struct route_rules, tolls)},
    {"ferries", offsetof(struct route_rules, ferries)},
    {"unpaved", offsetof(struct route_rules, unpaved)},
    {"highways", offsetof(struct route_rules, highways)}};
#define ROUTE_RULES_WORDS (sizeof route_rules_words / sizeof *route_rules_words)

static const struct {
    const char *name;
    size_t at;
} route_rules_sizes[] = {{"height_m", offsetof(struct vehicle_size, height_m)},
    {"width_m", offsetof(struct vehicle_size, width_m)},
    {"length_m", offsetof(struct vehicle_size, length_m)},
    {"weight_t", offsetof(struct vehicle_size, weight_t)},
    {"axle_load_t", offsetof(struct vehicle_size, axle_t)}};
#define ROUTE_RULES_SIZES (sizeof route_rules_sizes / sizeof *route_rules_sizes)

static void route_rules_read_avoid(const jdoc *avoid, struct route_rules *out)
{
    for (size_t i = 0; i < jdoc_length(avoid); i++) {
        const char *word = jdoc_string(jdoc_at(avoid, i), NULL);
        for (size_t k = 0; word && k < ROUTE_RULES_WORDS; k++)
            if (!strcmp(word, route_rules_words[k].name))
                *(bool *)((char *)out + route_rules_words[k].at) = true;
    }
}

static int route_rules_write_avoid(const struct route_rules *rules, jdoc *trip)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;

    for (size_t k = 0; failed == 0 && k < ROUTE_RULES_WORDS; k++)
        if (*(const bool *)((const char *)rules + route_rules_words[k].at))
            failed |= jdoc_push(list,
                jdoc_new_string(route_rules_words[k].name, strlen(route_rules_words[k].name)));
    if (failed == 0 && jdoc_length(list) > 0)
        return jdoc_set(trip, "avoid", list);
    jdoc_free(list);
    jdoc_remove(trip, "avoid");
    return failed != 0 ? ERR_NOMEM : 0;
}

int route_rules_write(const struct route_rules *rules, jdoc *trip)
{
    int error = route_rules_write_avoid(rules, trip);

    jdoc_remove(trip, "vehicle_size");
    if (error != 0 || !rules->sized)
        return error;
    jdoc *size = jdoc_new_object();
    int failed = !size;
    for (size_t k = 0; failed == 0 && k < ROUTE_RULES_SIZES; k++) {
        const void *at = (const char *)&rules->size + route_rules_sizes[k].at;
        double value = *(const double *)at;
        failed |= value > 0 && jdoc_set_double(size, route_rules_sizes[k].name, value) != 0;
    }
    failed |=
        failed == 0 && rules->size.propane && jdoc_set_bool(size, "carries_propane", true) != 0;
    if (failed == 0)
        return jdoc_set(trip, "vehicle_size", size);
    jdoc_free(size);
    return ERR_NOMEM;
}

void route_rules_of_trip(const jdoc *trip, struct route_rules *out)
{
    const jdoc *size = jdoc_get(trip, "vehicle_size");

    *out = (struct route_rules){.sized = jdoc_length(size) > 0};
    route_rules_read_avoid(jdoc_get(trip, "avoid"), out);
    for (size_t k = 0; k < ROUTE_RULES_SIZES; k++) {
        void *at = (char *)&out->size + route_rules_sizes[k].at;
        *(double *)at = jdoc_double_or(size, route_rules_sizes[k].name, 0);
    }
    out->size.propane = jdoc_is_true(size, "carries_propane");
}

int route_rules_read(struct tools_run *run, struct route_rules *out)
{
    *out = (struct route_rules){.tolls = false};
    route_rules_read_avoid(jdoc_get(run->args, "avoid"), out);
    int error = vehicle_size(run, &out->size);
    out->sized = error == 0;
    return error == ERR_NOT_FOUND ? 0 : error;
}

bool route_rules_size_is_whole(const struct vehicle_size *size)
{
    return size->height_m > 0 && size->width_m > 0 && size->length_m > 0 && size->weight_t > 0 &&
        size->axle_t > 0;
}

const char *route_rules_size_text(struct tools_run *run, const struct vehicle_size *size)
{
    const struct {
        const char *name, *unit;
        double value;
    } parts[] = {{"height", "m", size->height_m}, {"width", "m", size->width_m},
        {"length", "m", size->length_m}, {"weight", "t", size->weight_t},
        {"axle load", "t", size->axle_t}};
    const char *text = "";
    for (size_t i = 0; text && i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value > 0)
            text = arena_printf(run->arena, "%s%s%s %.2f %s", text, text[0] ? ", " : "",
                parts[i].name, parts[i].value, parts[i].unit);
    if (text && size->propane)
        text = arena_printf(run->arena, "%s%spropane on board", text, text[0] ? ", " : "");
    return text;
}

const char *route_rules_size_note(struct tools_run *run, const struct route_rules *rules, bool used)
{
    const char *size = rules->sized ? route_rules_size_text(run, &rules->size) : NULL;
    if (!size)
        return NULL;
    if (!used)
        return arena_printf(run->arena,
            "The vehicle's size (%s) was not considered: low bridges, narrow roads and weight "
            "limits may be on the way.",
            size);
    return arena_printf(run->arena,
        "The way suits the vehicle (%s), as far as the map knows the limits: signs on the road "
        "count.%s",
        size,
        route_rules_size_is_whole(&rules->size) ?
            "" :
            " What is not known of its size was taken as a large truck's.");
}

bool route_rules_closed(const char *one, const char *other)
{
    for (size_t i = 0; i < crossing_border_count; i++) {
        const struct crossing_border *b = &crossing_borders[i];
        if ((!strcmp(b->a, one) && !strcmp(b->b, other)) ||
            (!strcmp(b->a, other) && !strcmp(b->b, one)))
            return true;
    }
    return false;
}

/* By ISO 3166. */
static const char left_side[] =
    "AG AI AU BB BD BM BN BS BT BW CC CK CX CY DM FJ FK GB GD GG GY HK ID IE IM IN JE JM JP KE KI "
    "KN KY LC LK LS MO MS MT MU MV MW MY MZ NA NF NP NR NU NZ PG PK PN SB SC SG SH SR SZ TC TH TK "
    "TL TO TT TV TZ UG VC VG VI WS ZA ZM ZW ";

bool route_rules_left(const char *country_code)
{
    for (const char *at = left_side; *at; at += 3)
        if (!strncmp(at, country_code, 2))
            return country_code[0] != '\0';
    return false;
}
