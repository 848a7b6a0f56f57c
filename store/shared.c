/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/shared.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/inbox.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES_MAX 200000

struct number {
    char text[32];
};

static struct number shared_number_of(int64_t value)
{
    struct number n;
    snprintf(n.text, sizeof n.text, "%" PRId64, value);
    return n;
}

static bool shared_is_name(const char *text, size_t max)
{
    return text && ident_is_safe(text, strlen(text), max);
}

/* One script over the community's keys. args[0] and args[1] are filled in: the mark and its
 * life. */
static int shared_call(struct store *s, const struct link_script *script,
    const struct shared_mark *mark, struct link_arg *args, size_t nargs, struct link_reply **reply)
{
    char text[2 * IDENT_USER_MAX + 64] = "";
    struct number life = shared_number_of(s->conf->turn_keep_ms);
    struct link_arg key = link_text(KEYS_SHARED);
    struct link_words words = {.keys = &key, .nkeys = 1, .args = args, .nargs = nargs};
    *reply = NULL;
    if (mark && mark->effect) {
        if (!shared_is_name(mark->uid, IDENT_USER_MAX) || !shared_is_name(mark->effect, 192))
            return ERR_INVALID;
        snprintf(text, sizeof text, "%s:%s", mark->uid, mark->effect);
    }
    args[0] = link_text(text);
    args[1] = link_text(life.text);
    if (mark && !mark->effect) /* nothing to know its repetition by */
        return link_script_once(s->link, script, &words, reply, NULL);
    return link_script_call(s->link, script, &words, reply);
}

static int shared_error_of(const char *word)
{
    static const struct {
        const char *word;
        int error;
    } words[] = {
        {"OK", 0},
        {"PRIOR", 0},
        {"MISSING", ERR_NOT_FOUND},
        {"FULL", ERR_FULL},
        {"RATE", ERR_RATE},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].error;
    return ERR_INTERNAL;
}

/* {WORD, text}: the text goes into the arena when `text` is wanted. */
static int shared_outcome(const struct link_reply *reply, struct arena *arena, const char **text)
{
    size_t len = 0;
    int error = shared_error_of(link_reply_text(link_reply_at(reply, 0), NULL));
    if (error == 0 && text) {
        const char *data = link_reply_text(link_reply_at(reply, 1), &len);
        *text = arena_memdup(arena, data, len);
        error = *text ? 0 : ERR_NOMEM;
    }
    return error;
}

int shared_put(struct store *s, const struct shared_mark *mark, const struct shared_record *r,
    struct arena *arena, const char **stored)
{
    struct link_reply *reply = NULL;
    struct number time = shared_number_of(r->time_ms), keep = shared_number_of((int64_t)r->keep);
    *stored = NULL;
    if (r->parent && !shared_is_name(r->parent, 128))
        return ERR_NOT_FOUND;
    if (!shared_is_name(r->family, 200) || !shared_is_name(r->id, 128))
        return ERR_INVALID;
    struct link_arg args[] = {{0}, {0}, link_text(r->family), link_text(r->id), link_text(r->json),
        link_text(time.text), link_text(r->terms), link_text(keep.text),
        link_text(r->refuse_when_full ? "refuse" : "drop"),
        link_text(r->parent_family ? r->parent_family : ""), link_text(r->parent ? r->parent : ""),
        link_text(r->author)};
    int error = shared_call(s, &script_shared_put, mark, args, sizeof args / sizeof *args, &reply);
    if (error == 0)
        error = shared_outcome(reply, arena, stored);
    link_reply_free(reply);
    return error;
}

int shared_drop(struct store *s, const char *family, const char *id, const char *author)
{
    struct link_reply *reply = NULL;
    if (!shared_is_name(family, 200) || !shared_is_name(id, 128))
        return ERR_NOT_FOUND;
    struct link_arg args[] = {{0}, {0}, link_text(family), link_text(id), link_text(author)};
    int error = shared_call(s, &script_shared_drop, NULL, args, sizeof args / sizeof *args, &reply);
    if (error == 0)
        error = shared_outcome(reply, NULL, NULL);
    link_reply_free(reply);
    return error;
}

static int shared_read_item(const struct link_reply *from, struct arena *arena,
    struct shared_item *to)
{
    size_t len = 0;
    const char *text = link_reply_text(link_reply_at(from, 0), &len);
    to->json = arena_memdup(arena, text, len);
    to->likes = link_reply_int(link_reply_at(from, 1));
    to->comments = link_reply_int(link_reply_at(from, 2));
    to->liked = link_reply_int(link_reply_at(from, 3)) == 1;
    to->followed = link_reply_int(link_reply_at(from, 4)) == 1;
    return to->json ? 0 : ERR_NOMEM;
}

int shared_search(struct store *s, const struct shared_query *q, struct arena *arena,
    struct shared_list *out)
{
    struct link_reply *reply = NULL;
    struct link_arg args[8 + 2 * SHARED_TERMS_MAX];
    struct number offset = shared_number_of((int64_t)q->offset),
                  limit = shared_number_of((int64_t)q->limit),
                  depth = shared_number_of(SHARED_DEPTH),
                  terms = shared_number_of((int64_t)q->term_count);
    size_t n = 8;
    memset(out, 0, sizeof *out);
    if (!shared_is_name(q->family, 200) || q->limit > 200 || q->term_count > SHARED_TERMS_MAX ||
        q->required_count > SHARED_TERMS_MAX)
        return ERR_INVALID;
    args[2] = link_text(q->family);
    args[3] = link_text(q->viewer);
    args[4] = link_text(offset.text);
    args[5] = link_text(limit.text);
    args[6] = link_text(depth.text);
    args[7] = link_text(terms.text);
    for (size_t i = 0; i < q->term_count; i++)
        args[n++] = link_text(q->terms[i]);
    for (size_t i = 0; i < q->required_count; i++)
        args[n++] = link_text(q->required[i]);
    int error = shared_call(s, &script_shared_search, NULL, args, n, &reply);
    size_t found = error == 0 && link_reply_count(reply) > 0 ? link_reply_count(reply) - 1 : 0;
    out->items = arena_array(arena, found + 1, sizeof *out->items);
    if (error == 0 && !out->items)
        error = ERR_NOMEM;
    if (error == 0)
        out->total = (size_t)link_reply_int(link_reply_at(reply, 0));
    for (size_t i = 0; error == 0 && i < found; i++)
        error = shared_read_item(link_reply_at(reply, i + 1), arena, &out->items[out->count++]);
    link_reply_free(reply);
    return error;
}

int shared_get(struct store *s, const char *family, const char *id, struct arena *arena,
    const char **json)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    size_t len = 0;
    *json = NULL;
    if (!shared_is_name(family, 200) || !shared_is_name(id, 128))
        return ERR_NOT_FOUND;
    keys_shared_records(key, family);
    int error = link_command(s->link, &reply, "HGET %s %s", key, id);
    if (error == 0 && link_reply_type(reply) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (error == 0) {
        const char *text = link_reply_text(reply, &len);
        *json = arena_memdup(arena, text, len);
        error = *json ? 0 : ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

/* The numbers of an outcome's text. */
static int shared_read_numbers(const struct link_reply *reply, int64_t *numbers, size_t count)
{
    int error = shared_error_of(link_reply_text(link_reply_at(reply, 0), NULL));
    const char *text = link_reply_text(link_reply_at(reply, 1), NULL);
    for (size_t i = 0; error == 0 && i < count; i++) {
        char *end;
        numbers[i] = strtoll(text, &end, 10);
        if (end == text)
            error = ERR_INTERNAL;
        text = end;
    }
    return error;
}

int shared_like(struct store *s, const struct shared_mark *mark, const char *post, const char *uid,
    struct shared_like *out)
{
    struct link_reply *reply = NULL;
    int64_t numbers[2] = {0};
    if (!shared_is_name(post, 128))
        return ERR_NOT_FOUND;
    struct link_arg args[] = {{0}, {0}, link_text(post), link_text(uid)};
    int error = shared_call(s, &script_shared_like, mark, args, 4, &reply);
    if (error == 0)
        error = shared_read_numbers(reply, numbers, 2);
    link_reply_free(reply);
    *out = (struct shared_like){.liked = numbers[0] == 1, .likes = numbers[1]};
    return error;
}

int shared_follow(struct store *s, const struct shared_mark *mark, const char *uid,
    const char *target, bool follow, struct shared_follow *out)
{
    struct link_reply *reply = NULL;
    struct number most = shared_number_of(SHARED_FOLLOWS_MAX);
    int64_t numbers[3] = {0};
    if (!shared_is_name(target, IDENT_USER_MAX))
        return ERR_NOT_FOUND;
    struct link_arg args[] = {{0}, {0}, link_text(uid), link_text(target),
        link_text(follow ? "1" : "0"), link_text(most.text)};
    int error = shared_call(s, &script_shared_follow, mark, args, 6, &reply);
    if (error == 0)
        error = shared_read_numbers(reply, numbers, 3);
    link_reply_free(reply);
    *out = (struct shared_follow){.changed = numbers[0] == 1,
        .friends = numbers[1] == 1,
        .followers = numbers[2]};
    return error;
}

int shared_is_friend(struct store *s, const char *uid, const char *other, bool *out)
{
    struct link_reply *reply = NULL;
    *out = false;
    if (!shared_is_name(other, IDENT_USER_MAX))
        return 0;
    struct link_arg args[] = {{0}, {0}, link_text(uid), link_text("1"), link_text(other)};
    int error = shared_call(s, &script_shared_friends, NULL, args, 5, &reply);
    if (error == 0)
        *out = link_reply_int(link_reply_at(reply, 1)) == 1;
    link_reply_free(reply);
    return error;
}

int shared_friends(struct store *s, const char *uid, size_t max, struct arena *arena,
    const char ***out, size_t *count)
{
    struct link_reply *reply = NULL;
    struct number most = shared_number_of((int64_t)max);
    *count = 0;
    *out = arena_array(arena, max + 1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    struct link_arg args[] = {{0}, {0}, link_text(uid), link_text(most.text), link_text("")};
    int error = shared_call(s, &script_shared_friends, NULL, args, 5, &reply);
    for (size_t i = 1; error == 0 && i < link_reply_count(reply) && *count < max; i++) {
        (*out)[*count] = arena_strdup(arena, link_reply_text(link_reply_at(reply, i), NULL));
        if (!(*out)[(*count)++])
            error = ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

int shared_known(struct store *s, const char *uid)
{
    static const char *const families[] = {"profile", "settings", "vehicle", "privacy"};
    enum { FAMILIES = sizeof families / sizeof *families, KEYS = FAMILIES + 3 };
    char keys[KEYS][KEYS_MAX];
    struct link_arg args[1 + KEYS] = {link_text("EXISTS")};
    struct link_reply *reply = NULL;
    if (!shared_is_name(uid, IDENT_USER_MAX))
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < FAMILIES; i++)
        keys_records(keys[i], uid, families[i]);
    keys_sessions(keys[FAMILIES], uid);
    keys_context(keys[FAMILIES + 1], uid);
    keys_inbox(keys[FAMILIES + 2], uid);
    for (size_t i = 0; i < KEYS; i++)
        args[i + 1] = link_text(keys[i]);
    int error = link_call(s->link, args, 1 + KEYS, &reply);
    bool known = error == 0 && link_reply_int(reply) > 0;
    link_reply_free(reply);
    if (error != 0 || known)
        return error;
    reply = NULL;
    error = link_command(s->link, &reply, "SISMEMBER " KEYS_SHARED_MEMBERS " %s", uid);
    known = error == 0 && link_reply_int(reply) > 0;
    link_reply_free(reply);
    return error != 0 || known ? error : ERR_NOT_FOUND;
}

int shared_message(struct store *s, const struct shared_mark *mark, const char *uid, char id[64],
    int64_t *now_ms, int64_t *wait_ms)
{
    struct link_reply *reply = NULL;
    struct number now = shared_number_of(*now_ms), most = shared_number_of(SHARED_MESSAGES),
                  window = shared_number_of(SHARED_MESSAGES_MS);
    struct link_arg args[] = {{0}, {0}, link_text(uid), link_text(id), link_text(now.text),
        link_text(most.text), link_text(window.text)};
    *wait_ms = 0;
    int error = shared_call(s, &script_shared_message, mark, args, 7, &reply);
    if (error == 0)
        error = shared_error_of(link_reply_text(link_reply_at(reply, 0), NULL));
    if (error == ERR_RATE)
        *wait_ms = link_reply_int(link_reply_at(reply, 1));
    if (error == 0 &&
        sscanf(link_reply_text(link_reply_at(reply, 1), NULL), "%63s %" SCNd64, id, now_ms) != 2)
        error = ERR_INTERNAL;
    link_reply_free(reply);
    return error;
}

int shared_inbox(struct store *s, const char *uid, const char *id, const char *event)
{
    struct link_reply *reply = NULL;
    char prefix[KEYS_MAX];
    struct number most = shared_number_of(INBOX_MAX), life = shared_number_of(INBOX_KEEP_MS),
                  mark_life = shared_number_of(s->conf->turn_keep_ms);
    if (!shared_is_name(uid, IDENT_USER_MAX) || !shared_is_name(id, 128))
        return ERR_INVALID;
    keys_prefix(prefix, uid);
    struct link_arg keys[] = {link_text(prefix)};
    struct link_arg args[] = {link_text(id), link_text(event), link_text(most.text),
        link_text(life.text), link_text(mark_life.text)};
    pushes_expect(s, uid);
    int error = link_script_call(s->link, &script_shared_inbox,
        &(struct link_words){.keys = keys, .nkeys = 1, .args = args, .nargs = 5}, &reply);
    if (error == 0)
        error = shared_error_of(link_reply_text(link_reply_at(reply, 0), NULL));
    link_reply_free(reply);
    return error;
}

int shared_place(struct store *s, const struct shared_mark *mark, const char *uid,
    const struct shared_place *place, struct arena *arena, const char **stored)
{
    struct link_reply *reply = NULL;
    char longitude[40], latitude[40];
    struct number expires = shared_number_of(place->expires_ms),
                  now = shared_number_of(place->now_ms), most = shared_number_of(PLACES_MAX);
    *stored = NULL;
    snprintf(longitude, sizeof longitude, "%.6f", place->longitude);
    snprintf(latitude, sizeof latitude, "%.6f", place->latitude);
    struct link_arg args[] = {{0}, {0}, link_text(uid), link_text(longitude), link_text(latitude),
        link_text(place->json), link_text(expires.text), link_text(now.text), link_text(most.text)};
    int error = shared_call(s, &script_shared_place, mark, args, 9, &reply);
    if (error == 0)
        error = shared_outcome(reply, arena, stored);
    link_reply_free(reply);
    return error;
}

int shared_near(struct store *s, const char *viewer, const struct shared_circle *circle,
    struct arena *arena, struct shared_near **out, size_t *count)
{
    struct link_reply *reply = NULL;
    char where[3][40];
    struct number now = shared_number_of(circle->now_ms),
                  most = shared_number_of((int64_t)circle->max);
    *count = 0;
    snprintf(where[0], sizeof where[0], "%.6f", circle->longitude);
    snprintf(where[1], sizeof where[1], "%.6f", circle->latitude);
    snprintf(where[2], sizeof where[2], "%.0f", circle->metres);
    struct link_arg args[] = {{0}, {0}, link_text(viewer), link_text(where[0]), link_text(where[1]),
        link_text(where[2]), link_text(now.text), link_text(most.text)};
    int error = shared_call(s, &script_shared_near, NULL, args, 8, &reply);
    *out = arena_array(arena, circle->max + 1, sizeof **out);
    if (error == 0 && !*out)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < link_reply_count(reply) && i < circle->max; i++) {
        const struct link_reply *one = link_reply_at(reply, i);
        struct shared_near *to = &(*out)[(*count)++];
        to->uid = arena_strdup(arena, link_reply_text(link_reply_at(one, 0), NULL));
        to->metres = strtod(link_reply_text(link_reply_at(one, 1), NULL), NULL);
        to->json = arena_strdup(arena, link_reply_text(link_reply_at(one, 2), NULL));
        if (!to->uid || !to->json)
            error = ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}
