/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/records.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/inbox.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_MAX 1000
#define ARGS_HEAD 9
#define ARGS_ALERT 7                      /* before its spans and thresholds */
#define MARK_MS (400 * INT64_C(86400000)) /* longer than any period */
#define ARGS_EACH 6
#define KEYS_HEAD 3

static const char *records_key_of(struct arena *arena, keys_of_fn *write, const char *uid,
    const char *name)
{
    char key[KEYS_MAX];
    write(key, uid, name);
    return arena_strdup(arena, key);
}

static const char *records_families_of(struct arena *arena, const char *uid)
{
    char key[KEYS_MAX];
    keys_families(key, uid);
    return arena_strdup(arena, key);
}

static const char *records_number_of(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%lld", (long long)value);
}

/* Everything that becomes part of a key. */
static bool records_names_are_safe(const char *uid, const char *family, const char *id)
{
    return ident_is_safe(uid, strlen(uid), IDENT_USER_MAX) &&
        ident_is_safe(family, strlen(family), 64) && (!id || ident_is_safe(id, strlen(id), 128));
}

static int records_fill_keys(struct link_arg *keys, const struct records_fence *fence,
    const struct records_batch *batch, struct arena *arena)
{
    for (size_t i = 0; i < batch->count; i++) {
        const char *records =
            records_key_of(arena, keys_records, fence->uid, batch->writes[i].family);
        const char *times =
            records_key_of(arena, keys_record_times, fence->uid, batch->writes[i].family);
        if (!records || !times)
            return ERR_NOMEM;
        keys[KEYS_HEAD + i * 2] = link_text(records);
        keys[KEYS_HEAD + 1 + i * 2] = link_text(times);
    }
    const char *families = records_families_of(arena, fence->uid);
    if (!families)
        return ERR_NOMEM;
    keys[0] = keys[1] = keys[KEYS_HEAD];
    keys[2] = link_text(families);
    if (fence->effect) {
        const char *effect = records_key_of(arena, keys_effect, fence->uid, fence->effect);
        if (!effect)
            return ERR_NOMEM;
        keys[1] = link_text(effect);
    }
    if (fence->session) {
        const char *session = records_key_of(arena, keys_session, fence->uid, fence->session);
        if (!session)
            return ERR_NOMEM;
        keys[0] = link_text(session);
    }
    return 0;
}

static int records_fill_args(struct link_arg *args, struct store *s,
    const struct records_fence *fence, const struct records_batch *batch, struct arena *arena)
{
    const char *epoch = fence->session ? records_number_of(arena, fence->epoch) : "";
    const char *life = records_number_of(arena, fence->effect ? s->conf->turn_keep_ms : 0);
    if (!epoch || !life)
        return ERR_NOMEM;
    args[0] = link_text(epoch);
    args[1] = link_text(life);
    args[2] = link_text(batch->result ? batch->result : "");
    args[3] = link_text(batch->must_exist ? "1" : "0");
    args[4] = link_text(fence->tool ? fence->tool : "");
    args[5] = link_text(fence->session ? fence->session : "");
    args[6] = link_text(batch->purges ? "purge" :
            !batch->undoes            ? "do" :
            batch->redo               ? "redo" :
                                        "undo");
    args[7] = link_text(batch->undoes ? batch->undoes : "");
    args[8] = link_text(batch->group ? batch->group : "");
    for (size_t i = 0; i < batch->count; i++) {
        struct link_arg *a = args + ARGS_HEAD + i * ARGS_EACH;
        const char *time = records_number_of(arena, batch->writes[i].time_ms);
        if (!time)
            return ERR_NOMEM;
        a[0] = link_text(batch->writes[i].id);
        a[1] = link_text(batch->writes[i].json ? "set" : "del");
        a[2] = link_text(batch->writes[i].json ? batch->writes[i].json : "");
        a[3] = link_text(time);
        a[4] = link_text(batch->writes[i].seen ? batch->writes[i].seen : "");
        a[5] = link_text(batch->writes[i].family);
    }
    return 0;
}

static size_t records_alert_size(const struct records_alert *alert)
{
    return !alert ? 0 : ARGS_ALERT + alert->span_count + 2 * RECORDS_THRESHOLDS;
}

static int records_fill_alert(struct link_arg *args, const struct records_alert *alert,
    struct arena *arena)
{
    size_t n = 0;
    const char *field = arena_printf(arena, "s %s %s", alert->currency, alert->category);
    const int64_t numbers[] = {alert->limit_minor, MARK_MS, INBOX_MAX, INBOX_KEEP_MS,
        (int64_t)alert->span_count};
    if (!field)
        return ERR_NOMEM;
    args[n++] = link_text(field);
    args[n++] = link_text(alert->mark);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = records_number_of(arena, numbers[i]);
        if (!text)
            return ERR_NOMEM;
        args[n++] = link_text(text);
    }
    for (size_t i = 0; i < alert->span_count; i++)
        args[n++] = link_text(alert->spans[i]);
    for (size_t i = 0; i < RECORDS_THRESHOLDS; i++) {
        const char *percent = records_number_of(arena, alert->thresholds[i].percent);
        if (!percent)
            return ERR_NOMEM;
        args[n++] = link_text(percent);
        args[n++] = link_text(alert->thresholds[i].event);
    }
    return 0;
}

static int records_read_answer(const struct link_reply *reply, struct arena *arena,
    const char **prior)
{
    size_t len = 0;
    const char *word = link_reply_text(link_reply_at(reply, 0), NULL);
    if (strcmp(word, "OK") == 0)
        return 0;
    if (strcmp(word, "FENCED") == 0)
        return ERR_FENCED;
    if (strcmp(word, "MISSING") == 0)
        return ERR_NOT_FOUND;
    if (strcmp(word, "CHANGED") == 0)
        return ERR_CONFLICT;
    if (strcmp(word, "PRIOR") != 0)
        return ERR_INTERNAL;
    const char *text = link_reply_text(link_reply_at(reply, 1), &len);
    *prior = arena_memdup(arena, text, len);
    return *prior ? 0 : ERR_NOMEM;
}

int records_commit(struct store *s, const struct records_fence *fence,
    const struct records_batch *batch, struct arena *arena, const char **prior)
{
    struct link_reply *reply = NULL;
    const struct records_write *writes = batch->writes;
    size_t count = batch->count;
    *prior = NULL;
    if (count == 0 || count > RECORDS_WRITES_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++)
        if (!records_names_are_safe(fence->uid, writes[i].family, writes[i].id))
            return ERR_INVALID;
    if (fence->effect && !ident_is_safe(fence->effect, strlen(fence->effect), 128))
        return ERR_INVALID;
    size_t nkeys = KEYS_HEAD + count * 2, writes_end = ARGS_HEAD + count * ARGS_EACH,
           nargs = writes_end + records_alert_size(fence->alert);
    struct link_arg *keys = arena_array(arena, nkeys, sizeof *keys);
    struct link_arg *args = arena_array(arena, nargs, sizeof *args);
    if (!keys || !args)
        return ERR_NOMEM;
    struct link_words words = {.keys = keys, .nkeys = nkeys, .args = args, .nargs = nargs};
    int error = records_fill_keys(keys, fence, batch, arena);
    if (error == 0)
        error = records_fill_args(args, s, fence, batch, arena);
    if (error == 0 && fence->alert)
        error = records_fill_alert(args + writes_end, fence->alert, arena);
    if (error == 0 && fence->alert)
        pushes_expect(s, fence->uid);
    if (error == 0 && !fence->effect) /* nothing to know its repetition by */
        error = link_script_once(s->link, &script_records_commit, &words, &reply, NULL);
    else if (error == 0)
        error = link_script_call(s->link, &script_records_commit, &words, &reply);
    if (error == 0)
        error = records_read_answer(reply, arena, prior);
    link_reply_free(reply);
    return error;
}

/* GET-like commands: one text or nothing. */
static int records_fetch(struct store *s, const struct link_arg *args, size_t nargs,
    struct arena *arena, const char **text)
{
    struct link_reply *reply = NULL;
    size_t len = 0;
    *text = NULL;
    int error = link_call(s->link, args, nargs, &reply);
    if (error == 0 && link_reply_type(reply) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (error == 0) {
        const char *data = link_reply_text(reply, &len);
        *text = arena_memdup(arena, data, len);
        error = *text ? 0 : ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

int records_effect(struct store *s, const char *uid, const char *effect, struct arena *arena,
    const char **prior)
{
    *prior = NULL;
    if (!records_names_are_safe(uid, "effect", effect))
        return ERR_INVALID;
    const char *key = records_key_of(arena, keys_effect, uid, effect);
    if (!key)
        return ERR_NOMEM;
    return records_fetch(s, (struct link_arg[]){link_text("GET"), link_text(key)}, 2, arena, prior);
}

int records_get(struct store *s, const char *uid, const char *family, const char *id,
    struct arena *arena, const char **json)
{
    *json = NULL;
    if (!records_names_are_safe(uid, family, NULL))
        return ERR_INVALID;
    const char *key = records_key_of(arena, keys_records, uid, family);
    if (!key)
        return ERR_NOMEM;
    return records_fetch(s, (struct link_arg[]){link_text("HGET"), link_text(key), link_text(id)},
        3, arena, json);
}

/* The texts of a reply; a record that the index names but the hash has not is left out. */
static int records_read_page(const struct link_reply *reply, size_t max, struct arena *arena,
    struct records_list *out)
{
    size_t found = link_reply_count(reply), len = 0;
    out->more = found > max;
    found = found > max ? max : found;
    out->json = arena_array(arena, found > 0 ? found : 1, sizeof *out->json);
    if (!out->json)
        return ERR_NOMEM;
    for (size_t i = 0; i < found; i++) {
        const struct link_reply *item = link_reply_at(reply, i);
        if (link_reply_type(item) != LINK_STRING)
            continue;
        const char *text = link_reply_text(item, &len);
        out->json[out->count] = arena_memdup(arena, text, len);
        if (!out->json[out->count++])
            return ERR_NOMEM;
    }
    return 0;
}

int records_range(struct store *s, const char *uid, const struct records_page *page,
    struct arena *arena, struct records_list *out)
{
    struct link_reply *reply = NULL;
    memset(out, 0, sizeof *out);
    if (!records_names_are_safe(uid, page->family, NULL) || page->max > RANGE_MAX)
        return ERR_INVALID;
    const char *records = records_key_of(arena, keys_records, uid, page->family);
    const char *times = records_key_of(arena, keys_record_times, uid, page->family);
    const char *numbers[] = {records_number_of(arena, page->from),
        records_number_of(arena, page->to), records_number_of(arena, (int64_t)page->offset),
        records_number_of(arena, (int64_t)page->max + 1)};
    for (size_t i = 0; i < 4; i++)
        if (!numbers[i] || !records || !times)
            return ERR_NOMEM;
    struct link_arg keys[] = {link_text(records), link_text(times)};
    struct link_arg args[] = {link_text(numbers[0]), link_text(numbers[1]),
        link_text(page->highest_first ? "1" : "0"), link_text(numbers[2]), link_text(numbers[3])};
    int error = link_script_call(s->link, &script_records_range,
        &(struct link_words){.keys = keys, .nkeys = 2, .args = args, .nargs = 5}, &reply);
    if (error == 0)
        error = records_read_page(reply, page->max, arena, out);
    link_reply_free(reply);
    return error;
}

int records_count(struct store *s, const char *uid, const char *family, int64_t from_ms,
    int64_t to_ms, int64_t *count)
{
    struct link_reply *reply = NULL;
    char times[KEYS_MAX];
    *count = 0;
    if (!records_names_are_safe(uid, family, NULL))
        return ERR_INVALID;
    keys_record_times(times, uid, family);
    int error = link_command(s->link, &reply, "ZCOUNT %s %lld %lld", times, (long long)from_ms,
        (long long)to_ms);
    if (error == 0)
        *count = link_reply_int(reply);
    link_reply_free(reply);
    return error;
}

static int records_compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int records_families(struct store *s, const char *uid, struct arena *arena, const char ***names,
    size_t *count)
{
    struct link_reply *reply = NULL;
    *names = NULL;
    *count = 0;
    if (!ident_is_safe(uid, strlen(uid), IDENT_USER_MAX))
        return ERR_INVALID;
    const char *key = records_families_of(arena, uid);
    if (!key)
        return ERR_NOMEM;
    int error =
        link_call(s->link, (struct link_arg[]){link_text("SMEMBERS"), link_text(key)}, 2, &reply);
    size_t found = error == 0 ? link_reply_count(reply) : 0;
    *names = arena_array(arena, found + 1, sizeof **names);
    if (error == 0 && !*names)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < found; i++) {
        (*names)[i] = arena_strdup(arena, link_reply_text(link_reply_at(reply, i), NULL));
        if (!(*names)[i])
            error = ERR_NOMEM;
    }
    if (error == 0) {
        *count = found;
        qsort(*names, found, sizeof **names, records_compare_names);
    }
    link_reply_free(reply);
    return error;
}
