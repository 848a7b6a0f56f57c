/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/remembered.h"

#include "base/jdoc.h"
#include "store/records.h"

#include <string.h>

static int remembered_one(struct arena *arena, const char *json, struct remembered *out)
{
    jdoc *record = NULL;
    int error = jdoc_parse(json, strlen(json), &record, NULL, 0);
    if (error == ERR_NOMEM)
        return error;
    *out = (struct remembered){.json = json, .id = "", .text = ""};
    out->id = arena_strdup(arena, jdoc_text_or(record, "id", ""));
    out->text = arena_strdup(arena, jdoc_text_or(record, "text", ""));
    out->topic = arena_strdup(arena, jdoc_text_or(record, "topic", "other"));
    jdoc_get_int(record, "told_ms", &out->at_ms);
    jdoc_free(record);
    return out->id && out->text && out->topic ? 0 : ERR_NOMEM;
}

int remembered_take(const char *const *json, size_t count, struct arena *arena,
    struct remembered_list *out)
{
    int error = 0;
    *out = (struct remembered_list){0};
    if (count == 0)
        return 0;
    out->all = arena_array(arena, count, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        error = remembered_one(arena, json[i], &out->all[out->count]);
        out->count += error == 0 && *out->all[out->count].text != '\0';
    }
    return error;
}

int remembered_read(struct store *s, const char *uid, struct arena *arena,
    struct remembered_list *out)
{
    const struct records_page page = {.family = REMEMBERED_FAMILY,
        .from = 0,
        .to = INT64_C(1) << 52,
        .highest_first = true,
        .max = REMEMBERED_MAX};
    struct records_list list;
    *out = (struct remembered_list){0};
    int error = records_range(s, uid, &page, arena, &list);
    return error == 0 ? remembered_take(list.json, list.count, arena, out) : error;
}
