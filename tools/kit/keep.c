#include "tools/kit/keep.h"

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
int keep_effect(struct tools_run *run, const char **effect)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf text = { 0 };
    *effect = NULL;
    if (run->call_id == NULL || run->call_id[0] == '\0')
        return 0;
    buf_puts(&text, run->call_id);
    buf_putc(&text, '\n');
    jdoc_write_canonical(run->args, &text);
    int result = buf_error(&text);
    if (result == 0) {
        ident_sha256_hex(buf_text(&text), text.len, digest);
        *effect = arena_printf(run->arena, "%s:%.40s", run->spec->name, digest);
        result = *effect != NULL ? 0 : ERR_NOMEM;
    }
    buf_free(&text);
    return result;
}

int keep_fence(struct tools_run *run)
{
    const struct tools_context *context = run->context;
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    if (context->session == NULL)
        return 0;
    keys_session(key, context->uid, context->session);
    int result = link_command(context->store->link, &reply, "HGET %s epoch", key);
    if (result == 0 && link_reply_int(reply) != context->epoch)
        result = ERR_FENCED;
    link_reply_free(reply);
    return result;
}

static int take_earlier(struct tools_run *run, const char *text)
{
    jdoc *earlier = NULL;
    int result = jdoc_parse(text, strlen(text), &earlier, NULL, 0);
    if (result != 0)
        return result == ERR_NOMEM ? result : ERR_INTERNAL;
    jdoc_free(run->result);
    run->result = earlier;
    return 0;
}

int keep_earlier(struct tools_run *run)
{
    const char *effect, *prior = NULL;
    int result = keep_effect(run, &effect);
    if (result != 0)
        return result;
    if (effect == NULL)
        return ERR_NOT_FOUND;
    result = records_effect(run->context->store, run->context->uid, effect, run->arena, &prior);
    return result == 0 ? take_earlier(run, prior) : result;
}

static const char *text_of(struct tools_run *run, const jdoc *document)
{
    struct buf text = { 0 };
    jdoc_write(document, &text);
    const char *copy = buf_error(&text) == 0
        ? arena_memdup(run->arena, buf_text(&text), text.len) : NULL;
    buf_free(&text);
    return copy;
}

int keep_commit(struct tools_run *run, const struct keep_item *items, size_t count,
    bool must_exist)
{
    return keep_commit_alert(run, items, count, must_exist, NULL);
}

int keep_commit_alert(struct tools_run *run, const struct keep_item *items, size_t count,
    bool must_exist, const struct records_alert *alert)
{
    const struct tools_context *context = run->context;
    struct records_fence fence = { .uid = context->uid, .session = context->session,
        .epoch = context->epoch, .alert = alert };
    struct records_write *writes = arena_array(run->arena, count, sizeof *writes);
    const char *text = text_of(run, run->result), *prior = NULL;
    int result = keep_effect(run, &fence.effect);
    if (result != 0 || writes == NULL || text == NULL)
        return result != 0 ? result : ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        writes[i] = (struct records_write){ .family = items[i].family, .id = items[i].id,
            .time_ms = items[i].time_ms, .seen = items[i].seen };
        if (items[i].document != NULL) {
            writes[i].json = text_of(run, items[i].document);
            if (writes[i].json == NULL)
                return ERR_NOMEM;
        }
    }
    result = records_commit(context->store, &fence, writes, count, must_exist, text, run->arena,
        &prior);
    return result == 0 && prior != NULL ? take_earlier(run, prior) : result;
}

int keep_get(struct tools_run *run, const char *family, const char *id, jdoc **document,
    const char **text)
{
    const char *json = NULL;
    *document = NULL;
    if (!ident_is_safe(id, strlen(id), 128))
        return ERR_NOT_FOUND;
    int result = records_get(run->context->store, run->context->uid, family, id, run->arena, &json);
    if (result != 0)
        return result;
    if (text != NULL)
        *text = json;
    result = jdoc_parse(json, strlen(json), document, NULL, 0);
    return result == 0 || result == ERR_NOMEM ? result : ERR_INTERNAL;
}

static int each_of(const struct records_list *list, keep_each_fn *fn, void *arg)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < list->count; i++) {
        jdoc *document = NULL;
        result = jdoc_parse(list->json[i], strlen(list->json[i]), &document, NULL, 0);
        if (result == 0)
            result = fn(arg, document);
        else if (result != ERR_NOMEM)
            result = ERR_INTERNAL;
        jdoc_free(document);
    }
    return result;
}

int keep_list(const struct records_list *list, keep_each_fn *fn, void *arg)
{
    int result = each_of(list, fn, arg);
    return result == ERR_LIMIT ? 0 : result;
}

int keep_tagged(struct tools_run *run, const struct records_page *page, keep_each_fn *fn, void *arg,
    bool *more)
{
    struct records_list list;
    int result = records_tagged(run->context->store, run->context->uid, page, run->arena, &list);
    if (result == 0 && more != NULL)
        *more = list.more;
    return result == 0 ? keep_list(&list, fn, arg) : result;
}

static int each(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    bool newest_first, size_t size, keep_each_fn *fn, void *arg)
{
    struct records_list page = { .more = true };
    int result = 0;
    for (size_t offset = 0; result == 0 && page.more; offset += size, size = PAGE) {
        struct arena *arena = arena_new();
        if (arena == NULL)
            return ERR_NOMEM;
        result = records_range(run->context->store, run->context->uid, family, from_ms, to_ms,
            newest_first, offset, size, arena, &page);
        if (result == 0)
            result = each_of(&page, fn, arg);
        arena_free(arena);
    }
    return result == ERR_LIMIT ? 0 : result;
}

int keep_each(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    keep_each_fn *fn, void *arg)
{
    return each(run, family, from_ms, to_ms, false, PAGE, fn, arg);
}

int keep_newest(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    keep_each_fn *fn, void *arg)
{
    return each(run, family, from_ms, to_ms, true, FIRST_PAGE, fn, arg);
}

int keep_latest(struct tools_run *run, const char *family, jdoc **document, const char **text)
{
    struct records_list page;
    *document = NULL;
    int result = records_range(run->context->store, run->context->uid, family, -KEEP_FOREVER,
        KEEP_FOREVER, true, 0, 1, run->arena, &page);
    if (result != 0)
        return result;
    if (page.count == 0)
        return ERR_NOT_FOUND;
    if (text != NULL)
        *text = page.json[0];
    result = jdoc_parse(page.json[0], strlen(page.json[0]), document, NULL, 0);
    return result == 0 || result == ERR_NOMEM ? result : ERR_INTERNAL;
}

int keep_retry(struct tools_run *run, keep_change_fn *change, void *arg)
{
    int result = ERR_CONFLICT;
    for (int i = 0; result == ERR_CONFLICT && i < TRIES; i++)
        result = change(run, arg);
    if (result == ERR_CONFLICT)
        return run_fail(run, "conflict", "It is being changed by others. Try again.");
    return result == ERR_INVALID ? 0 : result;
}

int keep_stamp(const struct tools_run *run, jdoc *document)
{
    char now[CLOCK_RFC3339_SIZE];
    clock_rfc3339(run->context->now_ms, now);
    int result = jdoc_get(document, "created_at") != NULL ? 0
        : jdoc_set_string(document, "created_at", now);
    return result == 0 ? jdoc_set_string(document, "updated_at", now) : result;
}

int keep_copy(jdoc *to, const jdoc *from, const char *const *keys)
{
    int result = 0;
    for (; result == 0 && *keys != NULL; keys++) {
        const jdoc *value = jdoc_get(from, *keys);
        jdoc *copy = value != NULL ? jdoc_dup(value) : NULL;
        if (value != NULL)
            result = copy != NULL ? jdoc_set(to, *keys, copy) : ERR_NOMEM;
    }
    return result;
}

int keep_confirmed(struct tools_run *run)
{
    if (jdoc_is_true(run->args, "confirm"))
        return 0;
    int error = run_fail_at(run, "/confirm", "true, once the user has agreed",
        "Nothing is removed without confirm.");
    return error ? error : ERR_INVALID;
}

int keep_remove(struct tools_run *run, const char *family, const char *seen, const char *key,
    jdoc *record)
{
    int64_t number;
    bool numbered = !jdoc_get_int(record, "id", &number);
    struct keep_item item = { .family = family, .seen = seen };
    item.id = numbered ? arena_printf(run->arena, "%" PRId64, number)
        : arena_strdup(run->arena, jdoc_text_or(record, "id", ""));
    if (!run->result || !item.id) {
        jdoc_free(record);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, key, record);
    return error ? error : keep_commit(run, &item, 1, true);
}
