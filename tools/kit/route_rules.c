/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/route_rules.h"

#include "base/err.h"
#include "tools/kit/crossing.h"

#include <string.h>

int route_rules_read(struct tools_run *run, struct route_rules *out)
{
    const jdoc *avoid = jdoc_get(run->args, "avoid");
    *out = (struct route_rules){.tolls = false};
    struct {
        const char *name;
        bool *to;
    } words[] = {{"tolls", &out->tolls}, {"ferries", &out->ferries}, {"unpaved", &out->unpaved},
        {"highways", &out->highways}};
    for (size_t i = 0; i < jdoc_length(avoid); i++) {
        const char *word = jdoc_string(jdoc_at(avoid, i), NULL);
        for (size_t k = 0; word && k < sizeof words / sizeof *words; k++)
            if (!strcmp(word, words[k].name))
                *words[k].to = true;
    }
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
