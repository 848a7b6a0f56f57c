/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/feeds.h"

#include "store/args.h"
#include "store/hints.h"
#include "store/inbox.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LOOK_MS 5000 /* the hint that is written before; the one behind it is due now */
#define READERS_MS 60000   /* how long a reader may be at what was shown before */

/* ---- their form ---- */

static const struct {
    const char *name;
    size_t at;
} feeds_texts[] = {{"url", offsetof(struct feed, url)}, {"name", offsetof(struct feed, name)},
    {"color", offsetof(struct feed, color)}, {"state", offsetof(struct feed, state)},
    {"why", offsetof(struct feed, why)}, {"etag", offsetof(struct feed, etag)},
    {"modified", offsetof(struct feed, modified)}, {"gen", offsetof(struct feed, gen)},
    {"index", offsetof(struct feed, index)}, {"token", offsetof(struct feed, token)}};

static const struct {
    const char *name;
    size_t at;
} feeds_numbers[] = {{"created_ms", offsetof(struct feed, created_ms)},
    {"fetched_ms", offsetof(struct feed, fetched_ms)}, {"next_ms", offsetof(struct feed, next_ms)},
    {"failing_ms", offsetof(struct feed, failing_ms)},
    {"refresh_ms", offsetof(struct feed, refresh_ms)}, {"events", offsetof(struct feed, events)},
    {"left", offsetof(struct feed, left)}, {"bytes", offsetof(struct feed, bytes)},
    {"failures", offsetof(struct feed, failures)}};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static int feeds_read_field(struct feed *f, const char *name, const char *value,
    struct arena *arena)
{
    const char *copy;

    for (size_t i = 0; i < COUNT(feeds_numbers); i++)
        if (strcmp(name, feeds_numbers[i].name) == 0) {
            int64_t number = strtoll(value, NULL, 10);

            memcpy((char *)f + feeds_numbers[i].at, &number, sizeof number);
            return 0;
        }
    if (strcmp(name, "told") == 0)
        f->told = strcmp(value, "1") == 0;
    for (size_t i = 0; i < COUNT(feeds_texts); i++)
        if (strcmp(name, feeds_texts[i].name) == 0) {
            if (!(copy = arena_strdup(arena, value)))
                return ERR_NOMEM;
            memcpy((char *)f + feeds_texts[i].at, &copy, sizeof copy);
        }
    return 0;
}

/* {id, field, value, ...} */
static int feeds_read_one(const struct link_reply *r, struct arena *arena, struct feed *f)
{
    static const char *const none = "";
    int error = 0;

    *f = (struct feed){.id = arena_strdup(arena, link_reply_text(link_reply_at(r, 0), NULL))};
    for (size_t i = 0; i < COUNT(feeds_texts); i++)
        memcpy((char *)f + feeds_texts[i].at, &none, sizeof none);
    for (size_t i = 1; !error && i + 1 < link_reply_count(r); i += 2)
        error = feeds_read_field(f, link_reply_text(link_reply_at(r, i), NULL),
            link_reply_text(link_reply_at(r, i + 1), NULL), arena);
    return f->id ? error : ERR_NOMEM;
}

/* Those of a reply from its element `from` on. */
static int feeds_read_all(const struct link_reply *r, size_t from, struct arena *arena,
    struct feeds *out)
{
    size_t count = link_reply_count(r);
    int error = 0;

    *out = (struct feeds){.all = arena_array(arena, count + 1, sizeof *out->all)};
    if (!out->all)
        return ERR_NOMEM;
    for (size_t i = from; !error && i < count; i++)
        error = feeds_read_one(link_reply_at(r, i), arena, &out->all[out->count++]);
    return error;
}

/* ---- lists and changes ---- */

int feeds_list(struct store *s, const char *uid, struct arena *arena, struct feeds *out)
{
    struct link_reply *r = NULL;
    struct args a;

    *out = (struct feeds){0};
    args_init(&a);
    int error = args_call(&a, s, &script_feed_list, uid, &r);
    if (!error)
        error = feeds_read_all(r, 0, arena, out);
    link_reply_free(r);
    return error;
}

int feeds_add(struct store *s, const char *uid, const struct feeds_want *want, int64_t most,
    char id[IDENT_UUID_SIZE], bool *there)
{
    struct link_reply *r = NULL;
    const char *word;
    struct args a;

    ident_uuid7(id);
    int error = hints_set_before(s, KEYS_HINT_FEEDS, uid, uid, FIRST_LOOK_MS);
    if (error)
        return error;
    args_init(&a);
    args_text(&a, id);
    args_int(&a, most);
    args_text(&a, want->url);
    if (want->name) {
        args_text(&a, "name");
        args_text(&a, want->name);
    }
    if (want->color) {
        args_text(&a, "color");
        args_text(&a, want->color);
    }
    error = args_call(&a, s, &script_feed_add, uid, &r);
    word = error ? "" : link_reply_text(link_reply_at(r, 0), NULL);
    *there = strcmp(word, "THERE") == 0;
    if (!error && strcmp(word, "FULL") == 0)
        error = ERR_FULL;
    if (!error)
        snprintf(id, IDENT_UUID_SIZE, "%s", link_reply_text(link_reply_at(r, 1), NULL));
    link_reply_free(r);
    if (!error)
        err_ignore(hints_set_before(s, KEYS_HINT_FEEDS, uid, uid, 0));
    return error;
}

int feeds_drop(struct store *s, const char *uid, const char *id)
{
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, id);
    int error = args_call(&a, s, &script_feed_drop, uid, &r);
    if (!error && link_reply_int(r) == 0)
        error = ERR_NOT_FOUND;
    link_reply_free(r);
    return error;
}

int feeds_part(struct store *s, const char *uid, const struct feed *feed, size_t number,
    struct arena *arena, struct feeds_text *out)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_feed_parts(key, uid, feed->id, feed->gen);
    int error = link_command(s->link, &r, "LINDEX %s %lld", key, (long long)number);
    if (!error && link_reply_type(r) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (!error) {
        const char *bytes = link_reply_text(r, &out->len);

        out->bytes = arena_memdup(arena, bytes, out->len);
        error = out->bytes ? 0 : ERR_NOMEM;
    }
    link_reply_free(r);
    return error;
}

bool feeds_next_part(const char **at, int64_t *from_ms, int64_t *until_ms)
{
    char *end;

    if (!**at)
        return false;
    *from_ms = strtoll(*at, &end, 10);
    *until_ms = strtoll(end, &end, 10);
    *at = end + strcspn(end, "\n");
    *at += **at == '\n';
    return true;
}

/* ---- refreshing ---- */

int feeds_due(struct store *s, struct hints_due *out, size_t max, size_t *count)
{
    return hints_due(s, &(struct hints_due_want){KEYS_HINT_FEEDS, FEEDS_LEASE_MS, max}, out, count);
}

void feeds_later(struct store *s, const struct hints_due *hint, int64_t wait_ms)
{
    hints_later(s, KEYS_HINT_FEEDS, hint->uid, hint->score, wait_ms);
}

int feeds_claim(struct store *s, const char *uid, size_t max, struct arena *arena,
    struct feeds *out, int64_t *wait_ms)
{
    char token[IDENT_UUID_SIZE];
    struct link_reply *r = NULL;
    struct args a;

    *out = (struct feeds){0};
    *wait_ms = -1;
    ident_uuid7(token);
    args_init(&a);
    args_int(&a, (int64_t)(max < FEEDS_CLAIM_MAX ? max : FEEDS_CLAIM_MAX));
    args_int(&a, FEEDS_LEASE_MS);
    args_text(&a, token);
    args_int(&a, FEEDS_WAIT_MAX_MS);
    int error = args_call(&a, s, &script_feed_claim, uid, &r);
    if (!error)
        error = feeds_read_all(r, 1, arena, out);
    if (!error)
        *wait_ms = link_reply_int(link_reply_at(r, 0));
    link_reply_free(r);
    return error;
}

int feeds_put_part(struct store *s, const char *uid, const struct feed *feed,
    const struct feeds_put *part)
{
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, feed->id);
    args_text(&a, feed->token);
    args_text(&a, part->gen);
    args_int(&a, (int64_t)part->number);
    args_int(&a, FEEDS_LEASE_MS);
    args_int(&a, FEEDS_PART_LIFE_MS);
    args_bytes(&a, part->text, part->len);
    int error = args_call(&a, s, &script_feed_part, uid, &r);
    if (!error && link_reply_int(r) == 0)
        error = ERR_FENCED;
    link_reply_free(r);
    return error;
}

/* Those that a refresh changes; the others are the user's. */
static void feeds_put_fields(struct args *a, const struct feed *f)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"state", f->state}, {"why", f->why}, {"etag", f->etag}, {"modified", f->modified},
        {"index", f->index}, {"told", f->told ? "1" : "0"}};
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {{"fetched_ms", f->fetched_ms}, {"failing_ms", f->failing_ms},
        {"refresh_ms", f->refresh_ms}, {"events", f->events}, {"left", f->left},
        {"failures", f->failures}};

    for (size_t i = 0; i < COUNT(texts); i++) {
        args_text(a, texts[i].name);
        args_text(a, texts[i].value);
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        args_text(a, numbers[i].name);
        args_int(a, numbers[i].value);
    }
}

int feeds_settle(struct store *s, const char *uid, const struct feed *feed,
    const struct feeds_end *end)
{
    static const int errors[] = {ERR_FENCED, 0, ERR_FULL, ERR_CONFLICT};
    struct link_reply *r = NULL;
    struct args a;

    if (end->event)
        pushes_expect(s, uid);
    args_init(&a);
    args_text(&a, feed->id);
    args_text(&a, feed->token);
    args_int(&a, end->wait_ms);
    args_text(&a, !end->gen ? "" : *end->gen ? end->gen : "-");
    args_int(&a, (int64_t)end->parts);
    args_int(&a, feed->bytes);
    args_int(&a, FEEDS_BYTES_MAX);
    args_int(&a, READERS_MS);
    args_text(&a, end->event);
    args_int(&a, INBOX_MAX);
    args_int(&a, INBOX_KEEP_MS);
    feeds_put_fields(&a, feed);
    int error = args_call(&a, s, &script_feed_settle, uid, &r);
    int64_t told = error ? 0 : link_reply_int(r);
    if (!error)
        error = told >= 0 && told < (int64_t)COUNT(errors) ? errors[told] : ERR_INTERNAL;
    link_reply_free(r);
    return error;
}
