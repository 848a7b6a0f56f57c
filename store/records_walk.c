/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/records_walk.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool records_walk_is_safe(const char *uid, const char *family)
{
    return ident_is_safe(uid, strlen(uid), IDENT_USER_MAX) &&
        ident_is_safe(family, strlen(family), 64);
}

static bool records_walk_is_place(const struct records_walk *walk)
{
    char *end;
    if (walk->id[0] == '\0')
        return true;
    (void)strtod(walk->score, &end);
    return end != walk->score && *end == '\0' &&
        strspn(walk->score, "0123456789.e+-") == strlen(walk->score) &&
        ident_is_safe(walk->id, strlen(walk->id), RECORDS_WALK_ID - 1);
}

static int records_walk_read(const struct link_reply *reply, struct records_walk *walk,
    struct arena *arena, struct records_walked *out)
{
    size_t count = link_reply_count(reply) / 3, len;
    out->all = arena_array(arena, count + 1, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    for (; out->count < count; out->count++) {
        struct records_walked_one *one = &out->all[out->count];
        const char *json = link_reply_text(link_reply_at(reply, out->count * 3 + 2), &len);
        one->id = arena_strdup(arena, link_reply_text(link_reply_at(reply, out->count * 3), NULL));
        one->score =
            arena_strdup(arena, link_reply_text(link_reply_at(reply, out->count * 3 + 1), NULL));
        one->json = arena_memdup(arena, json, len);
        if (!one->id || !one->score || !one->json)
            return ERR_NOMEM;
    }
    if (count > 0) {
        snprintf(walk->id, sizeof walk->id, "%s", out->all[count - 1].id);
        snprintf(walk->score, sizeof walk->score, "%s", out->all[count - 1].score);
    }
    return 0;
}

int records_walk_on(struct store *s, const char *uid, struct records_walk *walk, size_t max,
    struct arena *arena, struct records_walked *out)
{
    struct link_reply *reply = NULL;
    char records[KEYS_MAX], times[KEYS_MAX], from[24], to[24], most[24];
    *out = (struct records_walked){0};
    if (!records_walk_is_safe(uid, walk->family) || !records_walk_is_place(walk) ||
        max > RECORDS_WALK_MAX)
        return ERR_INVALID;
    keys_records(records, uid, walk->family);
    keys_record_times(times, uid, walk->family);
    snprintf(from, sizeof from, "%lld", (long long)walk->from);
    snprintf(to, sizeof to, "%lld", (long long)walk->to);
    snprintf(most, sizeof most, "%zu", max);
    struct link_arg keys[] = {link_text(records), link_text(times)};
    struct link_arg args[] = {link_text(from), link_text(to),
        link_text(walk->newest_first ? "1" : "0"), link_text(walk->score), link_text(walk->id),
        link_text(most)};
    int error = link_script_call(s->link, &script_records_walk,
        &(struct link_words){.keys = keys,
            .nkeys = 2,
            .args = args,
            .nargs = sizeof args / sizeof *args},
        &reply);
    if (error == 0)
        error = records_walk_read(reply, walk, arena, out);
    link_reply_free(reply);
    return error;
}

int records_time(struct store *s, const char *uid, const char *family, const char *id,
    int64_t *time_ms)
{
    struct link_reply *reply = NULL;
    char times[KEYS_MAX];
    *time_ms = 0;
    if (!records_walk_is_safe(uid, family) || !ident_is_safe(id, strlen(id), 128))
        return ERR_INVALID;
    keys_record_times(times, uid, family);
    int error = link_command(s->link, &reply, "ZSCORE %s %s", times, id);
    if (error == 0 && link_reply_type(reply) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (error == 0)
        *time_ms = (int64_t)strtod(link_reply_text(reply, NULL), NULL);
    link_reply_free(reply);
    return error;
}
