/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/record.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE 500 /* records read at once */
#define FIRST_PAGE 32
#define TRIES 5 /* when others change the same record at the same time */

/* NULL when the call has no id: nothing to recognise it by. */
int record_effect(struct tools_run *run, const char **effect)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf text = {0};
    *effect = run->effect;
    if (run->effect || !run->call_id || run->call_id[0] == '\0')
        return 0;
    buf_puts(&text, run->call_id);
    buf_putc(&text, '\n');
    jdoc_write_canonical(run->args, &text);
    int error = buf_error(&text);
    if (error == 0) {
        ident_sha256_hex(buf_text(&text), text.len, digest);
        *effect = arena_printf(run->arena, "%s:%.40s", run->spec->name, digest);
        error = *effect ? 0 : ERR_NOMEM;
    }
    buf_free(&text);
    return error;
}

int record_fence(struct tools_run *run)
{
    const struct tools_context *context = run->context;
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    if (!context->session)
        return 0;
    keys_session(key, context->uid, context->session);
    int error = link_command(context->store->link, &reply, "HGET %s epoch", key);
    if (error == 0 && link_reply_int(reply) != context->epoch)
        error = ERR_FENCED;
    link_reply_free(reply);
    return error;
}

static int record_take_earlier(struct tools_run *run, const char *text)
{
    jdoc *earlier = NULL;
    int error = jdoc_parse(text, strlen(text), &earlier, NULL, 0);
    if (error != 0)
        return error == ERR_NOMEM ? error : ERR_INTERNAL;
    jdoc_free(run->result);
    run->result = earlier;
    return 0;
}

int record_earlier(struct tools_run *run)
{
    const char *effect, *prior = NULL;
    int error = record_effect(run, &effect);
    if (error != 0)
        return error;
    if (!effect)
        return ERR_NOT_FOUND;
    error = records_effect(run->context->store, run->context->uid, effect, run->arena, &prior);
    return error == 0 ? record_take_earlier(run, prior) : error;
}

static const char *record_text_of(struct tools_run *run, const jdoc *document)
{
    struct buf text = {0};
    jdoc_write(document, &text);
    const char *copy =
        buf_error(&text) == 0 ? arena_memdup(run->arena, buf_text(&text), text.len) : NULL;
    buf_free(&text);
    return copy;
}

int record_commit(struct tools_run *run, const struct record_item *items, size_t count,
    bool must_exist)
{
    return record_commit_alert(run, items, count, must_exist, NULL);
}

static int record_fill_writes(struct tools_run *run, const struct record_item *items, size_t count,
    struct records_write *writes)
{
    for (size_t i = 0; i < count; i++) {
        writes[i] = (struct records_write){.family = items[i].family,
            .id = items[i].id,
            .time_ms = items[i].time_ms,
            .seen = items[i].seen};
        if (items[i].document) {
            writes[i].json = record_text_of(run, items[i].document);
            if (!writes[i].json)
                return ERR_NOMEM;
        }
    }
    return 0;
}

static int record_commit_batch(struct tools_run *run, const struct record_item *items,
    struct records_batch *batch, const struct records_alert *alert)
{
    const size_t count = batch->count;
    const struct tools_context *context = run->context;
    struct records_fence fence = {.uid = context->uid,
        .session = context->session,
        .epoch = context->epoch,
        .alert = alert,
        .tool = run->spec->name};
    struct records_write *writes = arena_array(run->arena, count, sizeof *writes);
    jdoc *shaped = run->shape ? run->shape(run) : NULL; /* items may borrow from the result */
    const char *text = record_text_of(run, shaped ? shaped : run->result), *prior = NULL;
    int error = record_effect(run, &fence.effect);
    if (error == 0 && (!writes || !text || (run->shape && !shaped)))
        error = ERR_NOMEM;
    if (error == 0)
        error = record_fill_writes(run, items, count, writes);
    batch->writes = writes;
    batch->result = text;
    if (error == 0)
        error = records_commit(context->store, &fence, batch, run->arena, &prior);
    if (error == 0 && prior)
        error = record_take_earlier(run, prior);
    if (error != 0 || prior || !shaped) {
        jdoc_free(shaped);
        return error;
    }
    jdoc_free(run->result);
    run->result = shaped;
    return 0;
}

int record_commit_alert(struct tools_run *run, const struct record_item *items, size_t count,
    bool must_exist, const struct records_alert *alert)
{
    return record_commit_batch(run, items,
        &(struct records_batch){.count = count, .must_exist = must_exist}, alert);
}

int record_commit_for_good(struct tools_run *run, const struct record_item *items, size_t count,
    const struct changes_purge *what)
{
    const struct records_fence fence = {.uid = run->context->uid,
        .session = run->context->session,
        .epoch = run->context->epoch};
    struct changes_purge all = *what;
    const char **ids = arena_array(run->arena, count + what->count, sizeof *ids);
    if (!ids)
        return ERR_NOMEM;
    for (all.count = 0; all.count < count; all.count++)
        ids[all.count] = items[all.count].id;
    for (size_t i = 0; i < what->count; i++)
        ids[all.count++] = what->ids[i];
    all.ids = ids;
    int error = changes_purge(run->context->store, &fence, &all, run->arena);
    return error == 0 ? record_commit_batch(run, items,
                            &(struct records_batch){.count = count, .purges = true}, NULL) :
                        error;
}

int record_group(struct tools_run *run, const char **group)
{
    char own[IDENT_UUID_SIZE];
    int error = record_effect(run, group);

    if (error || *group)
        return error;
    ident_uuid7(own);
    *group = arena_strdup(run->arena, own);
    return *group ? 0 : ERR_NOMEM;
}

int record_commit_part(struct tools_run *run, const struct record_item *items, size_t count,
    const char *group, bool last)
{
    const struct tools_context *context = run->context;
    struct records_fence fence = {.uid = context->uid,
        .session = context->session,
        .epoch = context->epoch,
        .tool = run->spec->name};
    struct records_write *writes = arena_array(run->arena, count, sizeof *writes);
    const char *text = last ? record_text_of(run, run->result) : "", *prior = NULL;
    int error = last ? record_effect(run, &fence.effect) : 0;

    if (!error && (!writes || !text))
        error = ERR_NOMEM;
    if (!error)
        error = record_fill_writes(run, items, count, writes);
    if (!error)
        error = records_commit(context->store, &fence,
            &(struct records_batch){.writes = writes,
                .count = count,
                .result = text,
                .group = group},
            run->arena, &prior);
    return !error && prior ? record_take_earlier(run, prior) : error;
}

int record_take_back(struct tools_run *run, const struct changes_one *change, bool last)
{
    const struct tools_context *context = run->context;
    struct records_fence fence = {.uid = context->uid,
        .session = context->session,
        .epoch = context->epoch,
        .tool = run->spec->name};
    struct records_write *writes = arena_array(run->arena, change->count + 1, sizeof *writes);
    const char *text = last ? record_text_of(run, run->result) : "", *prior = NULL;
    int error = last ? record_effect(run, &fence.effect) : 0;
    if (error == 0 && (!writes || !text))
        error = ERR_NOMEM;
    if (error == 0)
        error = changes_reverse(change, run->arena, writes);
    if (error == 0)
        error = records_commit(context->store, &fence,
            &(struct records_batch){.writes = writes,
                .count = change->count,
                .result = text,
                .undoes = change->id,
                .group = change->group,
                .redo = change->act == CHANGES_UNDO},
            run->arena, &prior);
    return error == 0 && prior ? record_take_earlier(run, prior) : error;
}

/* Others read the chat: nothing of the user but the name that they see anyway. */
static bool record_is_hidden(const struct tools_run *run, const char *family)
{
    return run->context->chat_trip && strcmp(family, "profile") != 0;
}

int record_get(struct tools_run *run, const char *family, const char *id, jdoc **document,
    const char **text)
{
    const char *json = NULL;
    *document = NULL;
    if (!ident_is_safe(id, strlen(id), 128) || record_is_hidden(run, family))
        return ERR_NOT_FOUND;
    int error = records_get(run->context->store, run->context->uid, family, id, run->arena, &json);
    if (error != 0)
        return error;
    if (text)
        *text = json;
    error = jdoc_parse(json, strlen(json), document, NULL, 0);
    return error == 0 || error == ERR_NOMEM ? error : ERR_INTERNAL;
}

static int record_each_of(const struct records_list *list, record_each_fn *fn, void *arg)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < list->count; i++) {
        jdoc *document = NULL;
        error = jdoc_parse(list->json[i], strlen(list->json[i]), &document, NULL, 0);
        if (error == 0)
            error = fn(arg, document);
        else if (error != ERR_NOMEM)
            error = ERR_INTERNAL;
        jdoc_free(document);
    }
    return error;
}

int record_list(const struct records_list *list, record_each_fn *fn, void *arg)
{
    int error = record_each_of(list, fn, arg);
    return error == ERR_LIMIT ? 0 : error;
}

int record_tagged(struct tools_run *run, const struct records_page *page, record_each_fn *fn,
    void *arg, bool *more)
{
    struct records_list list;
    int error = records_tagged(run->context->store, run->context->uid, page, run->arena, &list);
    if (error == 0 && more)
        *more = list.more;
    return error == 0 ? record_list(&list, fn, arg) : error;
}

/* From `first` on: each page after it begins where the one before ended, and holds PAGE. */
static int record_visit(struct tools_run *run, const struct records_page *first, record_each_fn *fn,
    void *arg)
{
    struct records_list list = {.more = true};
    struct records_page page = *first;
    int error = 0;
    for (; error == 0 && list.more; page.offset += page.max, page.max = PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(run->context->store, run->context->uid, &page, arena, &list);
        if (error == 0)
            error = record_each_of(&list, fn, arg);
        arena_free(arena);
    }
    return error == ERR_LIMIT ? 0 : error;
}

int record_each(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    record_each_fn *fn, void *arg)
{
    return record_visit(run,
        &(struct records_page){.family = family, .from = from_ms, .to = to_ms, .max = PAGE}, fn,
        arg);
}

int record_newest(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    record_each_fn *fn, void *arg)
{
    return record_visit(run,
        &(struct records_page){.family = family,
            .from = from_ms,
            .to = to_ms,
            .highest_first = true,
            .max = FIRST_PAGE},
        fn, arg);
}

int record_latest(struct tools_run *run, const char *family, jdoc **document, const char **text)
{
    struct records_list page;
    *document = NULL;
    int error = records_range(run->context->store, run->context->uid,
        &(struct records_page){.family = family,
            .from = -RECORD_FOREVER,
            .to = RECORD_FOREVER,
            .highest_first = true,
            .max = 1},
        run->arena, &page);
    if (error != 0)
        return error;
    if (page.count == 0)
        return ERR_NOT_FOUND;
    if (text)
        *text = page.json[0];
    error = jdoc_parse(page.json[0], strlen(page.json[0]), document, NULL, 0);
    return error == 0 || error == ERR_NOMEM ? error : ERR_INTERNAL;
}

int record_retry(struct tools_run *run, record_change_fn *change, void *arg)
{
    int error = ERR_CONFLICT;
    for (int i = 0; error == ERR_CONFLICT && i < TRIES; i++)
        error = change(run, arg);
    if (error == ERR_CONFLICT)
        return run_fail(run, "conflict", "It is being changed by others. Try again.");
    return error == ERR_INVALID ? 0 : error;
}

int record_stamp(const struct tools_run *run, jdoc *document)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_rfc3339(run->context->now_ms, now);
    int error = jdoc_get(document, "created_at") ? 0 : jdoc_set_string(document, "created_at", now);
    return error == 0 ? jdoc_set_string(document, "updated_at", now) : error;
}

int record_copy(jdoc *to, const jdoc *from, const char *const *keys)
{
    int error = 0;
    for (; error == 0 && *keys; keys++) {
        const jdoc *value = jdoc_get(from, *keys);
        jdoc *copy = value ? jdoc_dup(value) : NULL;
        if (value)
            error = copy ? jdoc_set(to, *keys, copy) : ERR_NOMEM;
    }
    return error;
}

int record_confirmed(struct tools_run *run)
{
    if (jdoc_is_true(run->args, "confirm"))
        return 0;
    int error = run_fail_at(run, "/confirm", "true, once the user has agreed",
        "Nothing is removed without confirm.");
    return error ? error : ERR_INVALID;
}

int record_remove(struct tools_run *run, const char *family, const char *seen, const char *key,
    jdoc *record)
{
    int64_t number;
    bool numbered = !jdoc_get_int(record, "id", &number);
    struct record_item item = {.family = family, .seen = seen};
    item.id = numbered ? arena_printf(run->arena, "%" PRId64, number) :
                         arena_strdup(run->arena, jdoc_text_or(record, "id", ""));
    if (!run->result || !item.id) {
        jdoc_free(record);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, key, record);
    return error ? error : record_commit(run, &item, 1, true);
}
