/* SPDX-License-Identifier: BSD-2-Clause */
/* The index beside a family's records; the scripts are records_*.lua, its rules lib_rules.lua. */
#include "store/records_index.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE "16"    /* records taken in at once: 1 to 5 ms of Redis' time */
#define MAKE_MS 3000 /* then the caller is told to come again; what is made stays */
#define TRIES 3
#define RANGE_MAX 1000
#define TAGS_MAX 100
#define BUCKETS_MAX 800
#define WORDS_MOST 300

struct link_arg records_index_number(struct arena *arena, int64_t value)
{
    const char *text = arena_printf(arena, "%lld", (long long)value);
    return text ? link_text(text) : link_text("");
}

/* Calls a script until it answers something else than MORE. Returns 0, ERR_BUSY (not finished in
 * time) or a fault. */
static int records_index_call_all(struct store *s, const struct link_script *script,
    const struct link_arg keys[2], const char *family)
{
    struct link_arg args[2] = {link_text(family), link_text(PAGE)};
    int64_t until = clock_mono_ms() + MAKE_MS;
    do {
        struct link_reply *reply = NULL;
        int error = link_script_call(s->link, script,
            &(struct link_words){.keys = keys, .nkeys = 2, .args = args, .nargs = 2}, &reply);
        bool more = error == 0 && link_reply_says(reply, "MORE");
        link_reply_free(reply);
        if (!more)
            return error;
    } while (clock_mono_ms() < until);
    return ERR_BUSY;
}

static int records_index_keys_of(const char *uid, const char *family, struct arena *arena,
    struct link_arg keys[2])
{
    if (!ident_is_safe(uid, strlen(uid), IDENT_USER_MAX) ||
        !ident_is_safe(family, strlen(family), 64))
        return ERR_INVALID;
    char records[KEYS_MAX], times[KEYS_MAX];
    keys_records(records, uid, family);
    keys_record_times(times, uid, family);
    const char *copies[] = {arena_strdup(arena, records), arena_strdup(arena, times)};
    if (!copies[0] || !copies[1])
        return ERR_NOMEM;
    keys[0] = link_text(copies[0]);
    keys[1] = link_text(copies[1]);
    return 0;
}

int records_index_call(struct store *s, const char *uid, const struct records_look *look,
    struct arena *arena, struct link_reply **reply)
{
    struct link_arg keys[2];
    struct link_words words = {.keys = keys, .nkeys = 2, .args = look->args, .nargs = look->count};
    *reply = NULL;
    int error = records_index_keys_of(uid, look->family, arena, keys);
    for (int i = 0; error == 0 && i < TRIES; i++) {
        error = link_script_call(s->link, look->script, &words, reply);
        if (error != 0 ||
            strcmp(link_reply_text(link_reply_at(*reply, 0), NULL), "INCOMPLETE") != 0)
            return error;
        link_reply_free(*reply);
        *reply = NULL;
        error = records_index_call_all(s, &script_records_index_make, keys, look->family);
    }
    return error != 0 ? error : ERR_BUSY;
}

int records_index_drop(struct store *s, const char *uid, const char *family, struct arena *arena)
{
    struct link_arg keys[2];
    int error = records_index_keys_of(uid, family, arena, keys);
    return error == 0 ? records_index_call_all(s, &script_records_index_drop, keys, family) : error;
}

const char *records_index_text(const struct link_reply *reply, size_t i, struct arena *arena)
{
    size_t len;
    const char *text = link_reply_text(link_reply_at(reply, i), &len);
    return arena_memdup(arena, text, len);
}

/* Texts of a reply from entry `first` on; what is no text, or empty, is left out. */
static int records_index_read_texts(const struct link_reply *reply, size_t first, size_t max,
    struct arena *arena, struct records_list *out)
{
    size_t found = link_reply_count(reply) > first ? link_reply_count(reply) - first : 0;
    memset(out, 0, sizeof *out);
    out->more = found > max;
    found = found > max ? max : found;
    out->json = arena_array(arena, found + 1, sizeof *out->json);
    if (!out->json)
        return ERR_NOMEM;
    for (size_t i = 0; i < found; i++) {
        size_t len = 0;
        const struct link_reply *item = link_reply_at(reply, first + i);
        if (link_reply_type(item) != LINK_STRING || (link_reply_text(item, &len), len == 0))
            continue;
        out->json[out->count] = records_index_text(reply, first + i, arena);
        if (!out->json[out->count++])
            return ERR_NOMEM;
    }
    return 0;
}

int records_tagged(struct store *s, const char *uid, const struct records_page *page,
    struct arena *arena, struct records_list *out)
{
    struct link_reply *reply;
    struct link_arg args[] = {link_text(page->family), link_text(page->tag),
        records_index_number(arena, page->from), records_index_number(arena, page->to),
        link_text(page->highest_first ? "1" : "0"),
        records_index_number(arena, (int64_t)page->offset),
        records_index_number(arena, (int64_t)page->max + 1)};
    memset(out, 0, sizeof *out);
    if (page->max > RANGE_MAX)
        return ERR_INVALID;
    int error = records_index_call(s, uid,
        &(struct records_look){.family = page->family,
            .script = &script_records_tagged,
            .args = args,
            .count = 7},
        arena, &reply);
    if (error == 0)
        error = records_index_read_texts(reply, 1, page->max, arena, out);
    link_reply_free(reply);
    return error;
}

int records_tags(struct store *s, const char *uid, const char *family, struct records_tag *tags,
    size_t count, struct arena *arena)
{
    struct link_reply *reply;
    struct link_arg args[1 + 3 * TAGS_MAX] = {link_text(family)};
    if (count > TAGS_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        args[1 + 3 * i] = link_text(tags[i].tag);
        args[2 + 3 * i] = records_index_number(arena, tags[i].from);
        args[3 + 3 * i] = records_index_number(arena, tags[i].to);
    }
    int error = records_index_call(s, uid,
        &(struct records_look){.family = family,
            .script = &script_records_tags,
            .args = args,
            .count = 1 + 3 * count},
        arena, &reply);
    for (size_t i = 0; error == 0 && i < count; i++)
        tags[i].count = link_reply_int(link_reply_at(reply, 1 + i));
    link_reply_free(reply);
    return error;
}

int records_numbers(struct store *s, const char *uid, const char *family,
    const struct records_texts *buckets, struct arena *arena, struct records_numbers *out)
{
    struct link_reply *reply;
    size_t count = buckets->count;
    struct link_arg *args = arena_array(arena, count + 1, sizeof *args);
    *out = (struct records_numbers){0};
    if (!args || count == 0 || count > BUCKETS_MAX)
        return !args ? ERR_NOMEM : ERR_INVALID;
    args[0] = link_text(family);
    for (size_t i = 0; i < count; i++)
        args[i + 1] = link_text(buckets->all[i]);
    int error = records_index_call(s, uid,
        &(struct records_look){.family = family,
            .script = &script_records_sums,
            .args = args,
            .count = count + 1},
        arena, &reply);
    size_t found = error == 0 ? (link_reply_count(reply) - 1) / 3 : 0;
    out->all = arena_array(arena, found + 1, sizeof *out->all);
    if (error == 0 && !out->all)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < found; i++) {
        struct records_number *n = &out->all[out->count++];
        n->bucket = records_index_text(reply, 1 + 3 * i, arena);
        n->field = records_index_text(reply, 2 + 3 * i, arena);
        n->value = link_reply_int(link_reply_at(reply, 3 + 3 * i));
        if (!n->bucket || !n->field)
            error = ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

int records_words(struct store *s, const char *uid, const char *family,
    const struct records_texts *said, struct arena *arena, struct records_texts *words)
{
    struct link_reply *reply;
    struct records_list list;
    struct link_arg args[2 + RECORDS_SAID_MAX] = {link_text(family),
        records_index_number(arena, WORDS_MOST)};
    *words = (struct records_texts){0};
    if (said->count > RECORDS_SAID_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < said->count; i++)
        args[2 + i] = link_text(said->all[i]);
    int error = records_index_call(s, uid,
        &(struct records_look){.family = family,
            .script = &script_records_words,
            .args = args,
            .count = 2 + said->count},
        arena, &reply);
    if (error == 0)
        error = records_index_read_texts(reply, 1, SIZE_MAX, arena, &list);
    if (error == 0)
        *words = (struct records_texts){list.json, list.count};
    link_reply_free(reply);
    return error;
}

int records_search(struct store *s, const char *uid, const struct records_query *query,
    struct arena *arena, struct records_list *out)
{
    struct link_reply *reply;
    size_t n = 3;
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < query->count; i++)
        n += 1 + query->words[i].count;
    struct link_arg *args = arena_array(arena, n, sizeof *args);
    if (!args || query->max > RANGE_MAX)
        return !args ? ERR_NOMEM : ERR_INVALID;
    args[0] = link_text(query->family);
    args[1] = records_index_number(arena, (int64_t)query->max);
    args[2] = link_text(query->prefix);
    n = 3;
    for (size_t i = 0; i < query->count; i++) {
        args[n++] = records_index_number(arena, (int64_t)query->words[i].count);
        for (size_t k = 0; k < query->words[i].count; k++)
            args[n++] = link_text(query->words[i].forms[k]);
    }
    int error = records_index_call(s, uid,
        &(struct records_look){.family = query->family,
            .script = &script_records_search,
            .args = args,
            .count = n},
        arena, &reply);
    if (error == 0)
        error = records_index_read_texts(reply, 2, query->max, arena, out);
    if (error == 0)
        out->more = link_reply_int(link_reply_at(reply, 1)) == 1;
    link_reply_free(reply);
    return error;
}
