/* SPDX-License-Identifier: BSD-2-Clause */
/* From full tank to full tank; lib_fuel.lua. */
#include "tools/kit/records_fuel.h"

#include "base/err.h"
#include "store/records_index.h"
#include "tools/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY "fuel"
#define IDS_MAX 1000
#define SPANS_MAX 400

int records_fuel_uses(struct store *s, const char *uid, const char *const *ids, size_t count,
    struct arena *arena, struct records_use *out)
{
    struct link_reply *reply;
    struct link_arg *args = arena_array(arena, count + 1, sizeof *args);
    if (!args || count > IDS_MAX)
        return !args ? ERR_NOMEM : ERR_INVALID;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        args[i] = link_text(ids[i]);
    int error = records_index_call(s, uid,
        &(struct records_look){.family = FAMILY,
            .script = &script_records_fuel_uses,
            .args = args,
            .count = count},
        arena, &reply);
    for (size_t i = 0; error == 0 && i < count; i++) {
        const char *text = records_index_text(reply, 1 + i, arena);
        long long metres, used;
        out[i] = (struct records_use){0};
        if (text && sscanf(text, "%lld %lld", &metres, &used) == 2)
            out[i] = (struct records_use){metres, used};
    }
    link_reply_free(reply);
    return error;
}

int records_fuel_before(struct store *s, const char *uid, const struct records_fill *fill,
    struct arena *arena, struct records_use *out)
{
    struct link_reply *reply;
    struct link_arg args[] = {link_text(fill->vehicle), link_text(fill->id),
        records_index_number(arena, fill->metres), records_index_number(arena, fill->millilitres)};
    *out = (struct records_use){0};
    int error = records_index_call(s, uid,
        &(struct records_look){.family = FAMILY,
            .script = &script_records_fuel_before,
            .args = args,
            .count = 4},
        arena, &reply);
    if (error == 0 && link_reply_count(reply) == 3)
        *out = (struct records_use){link_reply_int(link_reply_at(reply, 1)),
            link_reply_int(link_reply_at(reply, 2))};
    link_reply_free(reply);
    return error;
}

static double records_fuel_real_at(const struct link_reply *reply, size_t i)
{
    return strtod(link_reply_text(link_reply_at(reply, i), NULL), NULL);
}

static int records_fuel_read_stats(const struct link_reply *reply, struct arena *arena,
    struct records_fuel *out)
{
    size_t found = (link_reply_count(reply) - 4) / 2;
    out->distance = link_reply_int(link_reply_at(reply, 1));
    out->best = records_fuel_real_at(reply, 2);
    out->worst = records_fuel_real_at(reply, 3);
    out->sums.all = arena_array(arena, found + 1, sizeof *out->sums.all);
    if (!out->sums.all)
        return ERR_NOMEM;
    for (size_t i = 0; i < found; i++) {
        struct records_number *n = &out->sums.all[out->sums.count++];
        n->bucket = "";
        n->field = records_index_text(reply, 4 + 2 * i, arena);
        n->value = link_reply_int(link_reply_at(reply, 5 + 2 * i));
        if (!n->field)
            return ERR_NOMEM;
    }
    return 0;
}

int records_fuel_stats(struct store *s, const char *uid, const struct records_fuel_query *query,
    struct arena *arena, struct records_fuel *out)
{
    struct link_reply *reply;
    size_t count = query->count;
    struct link_arg *args = arena_array(arena, count + 4, sizeof *args);
    *out = (struct records_fuel){0};
    if (!args || count > SPANS_MAX)
        return !args ? ERR_NOMEM : ERR_INVALID;
    args[0] = link_text(query->vehicle ? query->vehicle : "");
    args[1] = link_text(!query->vehicle ? "1" : "0");
    args[2] = records_index_number(arena, query->from_ms);
    args[3] = records_index_number(arena, query->to_ms);
    for (size_t i = 0; i < count; i++)
        args[4 + i] = link_text(query->spans[i]);
    int error = records_index_call(s, uid,
        &(struct records_look){.family = FAMILY,
            .script = &script_records_fuel_stats,
            .args = args,
            .count = 4 + count},
        arena, &reply);
    if (error == 0)
        error = records_fuel_read_stats(reply, arena, out);
    link_reply_free(reply);
    return error;
}
