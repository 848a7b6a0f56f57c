/* SPDX-License-Identifier: BSD-2-Clause */
/* What a user wrote for others: read, and erased with all that stands among the shared keys. */
#include "store/userdata_parts.h"

#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "store/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSTS_PAGE "20"
#define FAMILY_PAGE "200"
#define FOLLOWS_PAGE "500"
#define RECORDS_PAGE 200
#define EVER (INT64_C(1) << 52)
#define PLACE_KEPT_S 300 /* the next call comes at once */

const char *userdata_shared_family(size_t index)
{
    static const char *const families[] = {"post", "meetup", "tip", "knowledge", "recipe", NULL};
    return index < sizeof families / sizeof *families ? families[index] : NULL;
}

void userdata_walk_init(struct userdata_walk *walk)
{
    *walk = (struct userdata_walk){.page = "0", .next = "0"};
}

void userdata_walk_free(struct userdata_walk *walk)
{
    buf_free(&walk->left);
}

/* The next part; reply: out, its records from USERDATA_RECORDS on. */
#define USERDATA_RECORDS 2
static int userdata_author_page(struct store *s, const char *mode, const char *uid,
    const char *family, struct userdata_walk *walk, struct link_reply **reply)
{
    const char *most = strcmp(family, "post") == 0 ? POSTS_PAGE : FAMILY_PAGE;
    struct link_arg key = link_text(KEYS_SHARED);
    struct link_arg args[] = {link_text(""), link_text(""), link_text(mode), link_text(uid),
        link_text(family), link_text(walk->next), link_text(most),
        {walk->left.len > 0 ? walk->left.data : "", walk->left.len}};
    if (walk->left.len == 0)
        snprintf(walk->page, sizeof walk->page, "%s", walk->next);
    int error = link_script_call(s->link, &script_shared_author,
        &(struct link_words){.keys = &key,
            .nkeys = 1,
            .args = args,
            .nargs = sizeof args / sizeof *args},
        reply);
    if (error)
        return error;
    size_t len;
    const char *left = link_reply_text(link_reply_at(*reply, 1), &len);
    snprintf(walk->next, sizeof walk->next, "%s", link_reply_text(link_reply_at(*reply, 0), NULL));
    buf_reset(&walk->left);
    buf_put(&walk->left, left, len);
    walk->done = len == 0 && strcmp(walk->next, "0") == 0;
    return buf_error(&walk->left);
}

int userdata_written(struct store *s, const char *uid, const char *family,
    struct userdata_walk *walk, struct arena *arena, struct records_list *out)
{
    struct link_reply *reply = NULL;
    *out = (struct records_list){0};
    int error = userdata_author_page(s, "list", uid, family, walk, &reply);
    if (error == 0)
        error = userdata_take_texts(reply, USERDATA_RECORDS, arena, out);
    link_reply_free(reply);
    return error;
}

/* --- erasing --- */

/* What was given to friends stands in families of theirs. */
static int userdata_take_back(struct erasure *e, const char *json)
{
    jdoc *recipe = NULL;
    int error = jdoc_parse(json, strlen(json), &recipe, NULL, 0);
    const jdoc *with = jdoc_get(recipe, "shared_with");
    const char *id = jdoc_text_or(recipe, "id", "");
    for (size_t i = 0; error == 0 && i < jdoc_length(with); i++) {
        char family[IDENT_USER_MAX + 16];
        const char *other = jdoc_string(jdoc_at(with, i), NULL);
        snprintf(family, sizeof family, "recipe-for:%.*s", IDENT_USER_MAX, other ? other : "");
        error = shared_drop(e->store, family, id, e->uid);
        if (error == ERR_NOT_FOUND)
            error = 0;
    }
    jdoc_free(recipe);
    return error == ERR_INVALID || error == ERR_LIMIT ? 0 : error;
}

static int userdata_erase_given(struct erasure *e)
{
    struct records_list page = {.more = true};
    int error = 0;
    for (size_t offset = 0; error == 0 && page.more; offset += RECORDS_PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(e->store, e->uid,
            &(struct records_page){.family = "recipe",
                .from = -EVER,
                .to = EVER,
                .offset = offset,
                .max = RECORDS_PAGE},
            arena, &page);
        for (size_t i = 0; error == 0 && i < page.count; i++)
            error = userdata_take_back(e, page.json[i]);
        arena_free(arena);
        if (error == 0)
            error = userdata_go_on(e);
    }
    return error;
}

/* Where a call before stopped: the family, and the cursor of the page in it. */
struct place {
    size_t family;
    char cursor[USERDATA_CURSOR_SIZE];
};

/* The user's name among the members tells whether something was written since the walk began. */
static int userdata_read_place(struct erasure *e, struct place *place)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    *place = (struct place){.cursor = "0"};
    keys_erasing_written(key, e->uid);
    int error = link_command(e->store->link, &reply, "SREM %s %s", KEYS_SHARED_MEMBERS, e->uid);
    bool wrote = link_reply_int(reply) > 0;
    link_reply_free(reply);
    reply = NULL;
    if (error == 0 && !wrote)
        error = link_command(e->store->link, &reply, "GET %s", key);
    if (link_reply_type(reply) == LINK_STRING) {
        char *end;
        place->family = strtoul(link_reply_text(reply, NULL), &end, 10);
        snprintf(place->cursor, sizeof place->cursor, "%s", *end == ' ' ? end + 1 : "0");
    }
    link_reply_free(reply);
    return error;
}

/* Without it the next call begins from the start. */
static void userdata_keep_place(const struct erasure *e, const struct place *place)
{
    char key[KEYS_MAX], text[24 + USERDATA_CURSOR_SIZE];
    keys_erasing_written(key, e->uid);
    int n = snprintf(text, sizeof text, "%zu %s", place->family, place->cursor);
    err_ignore(
        link_command(e->store->link, NULL, "SET %s %b EX %d", key, text, (size_t)n, PLACE_KEPT_S));
}

int userdata_erased_written(const struct erasure *e)
{
    char key[KEYS_MAX];
    keys_erasing_written(key, e->uid);
    return link_command(e->store->link, NULL, "DEL %s", key);
}

/* A family from the cursor on; the cursor goes along. */
static int userdata_erase_family(struct erasure *e, const char *family,
    char cursor[USERDATA_CURSOR_SIZE])
{
    struct userdata_walk walk;
    int error = 0;
    userdata_walk_init(&walk);
    snprintf(walk.next, sizeof walk.next, "%s", cursor);
    while (error == 0 && !walk.done) {
        struct link_reply *reply = NULL;
        error = userdata_author_page(e->store, "erase", e->uid, family, &walk, &reply);
        link_reply_free(reply);
        if (error == 0 && !walk.done)
            error = userdata_go_on(e);
    }
    snprintf(cursor, USERDATA_CURSOR_SIZE, "%s", walk.left.len > 0 ? walk.page : walk.next);
    userdata_walk_free(&walk);
    return error;
}

static int userdata_erase_written(struct erasure *e)
{
    struct place place;
    int error = userdata_read_place(e, &place);
    while (error == 0 && userdata_shared_family(place.family)) {
        error = userdata_erase_family(e, userdata_shared_family(place.family), place.cursor);
        if (error == 0) {
            place.family++;
            snprintf(place.cursor, sizeof place.cursor, "0");
            error = userdata_go_on(e);
        }
    }
    if (error == 0 || error == ERR_MORE)
        userdata_keep_place(e, &place);
    return error;
}

int userdata_erase_shared(struct erasure *e)
{
    struct link_arg key = link_text(KEYS_SHARED);
    struct link_arg args[] = {link_text(""), link_text(""), link_text(e->uid),
        link_text(FOLLOWS_PAGE)};
    int64_t more = 1;
    int error = userdata_erase_given(e);
    if (error == 0)
        error = userdata_erase_written(e);
    while (error == 0 && more == 1) {
        struct link_reply *reply = NULL;
        error = link_script_call(e->store->link, &script_shared_forget,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 4}, &reply);
        more = link_reply_int(reply);
        link_reply_free(reply);
        if (error == 0)
            error = userdata_go_on(e);
    }
    return error;
}
