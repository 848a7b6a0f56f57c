/* Sums beside records of money; the scripts are records_sums*.lua and lib_sums.lua. */
#include "store/records.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

#define SPANS_MAX 400
#define PAGE "300"        /* records counted at once: some 2 ms of Redis' time */
#define PAGES_MAX 20000
#define FIELDS 4          /* of the answer, per sum */

static const char *key_of(struct arena *arena, const char *uid, const char *family,
    const char *suffix)
{
    char rest[256], key[STORE_KEY_MAX];
    snprintf(rest, sizeof rest, "r:%s%s", family, suffix);
    store_key_user(key, uid, rest);
    return arena_strdup(arena, key);
}

static bool is_safe(const char *uid, const char *family)
{
    return ident_is_safe(uid, strlen(uid), IDENT_USER_MAX)
        && ident_is_safe(family, strlen(family), 64) && records_has_sums(family);
}

/* Calls a script until it answers something else than MORE. */
static int make_all(struct store *s, const struct link_arg keys[2])
{
    for (int i = 0; i < PAGES_MAX; i++) {
        struct link_reply *reply = NULL;
        struct link_arg page = link_text(PAGE);
        int result =
            link_script_call(s->link, &script_records_sums_make, keys, 2, &page, 1, &reply);
        bool more = result == 0
            && strcmp(link_reply_text(link_reply_at(reply, 0), NULL), "MORE") == 0;
        link_reply_free(reply);
        if (!more)
            return result;
    }
    return ERR_LIMIT;
}

static const char *text_at(const struct link_reply *reply, size_t i, struct arena *arena)
{
    size_t len;
    const char *text = link_reply_text(link_reply_at(reply, i), &len);
    return arena_memdup(arena, text, len);
}

static int read_sums(const struct link_reply *reply, struct arena *arena, struct records_sums *out)
{
    size_t count = (link_reply_count(reply) - 1) / FIELDS;
    out->all = arena_array(arena, count > 0 ? count : 1, sizeof *out->all);
    if (out->all == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        struct records_sum *sum = &out->all[i];
        char *name = (char *)text_at(reply, 2 + i * FIELDS, arena);
        sum->day = text_at(reply, 1 + i * FIELDS, arena);
        if (name == NULL || sum->day == NULL)
            return ERR_NOMEM;
        char *blank = strchr(name, ' ');
        if (blank == NULL)
            return ERR_INTERNAL;
        *blank = '\0';
        sum->currency = name;
        sum->category = blank + 1;
        sum->minor = link_reply_int(link_reply_at(reply, 3 + i * FIELDS));
        sum->count = link_reply_int(link_reply_at(reply, 4 + i * FIELDS));
    }
    out->count = count;
    return 0;
}

int records_sums(struct store *s, const char *uid, const char *family, const char *const *spans,
    size_t count, struct arena *arena, struct records_sums *out)
{
    *out = (struct records_sums){ 0 };
    if (!is_safe(uid, family) || count == 0 || count > SPANS_MAX)
        return ERR_INVALID;
    const char *records = key_of(arena, uid, family, ""),
               *times = key_of(arena, uid, family, ":by-time");
    struct link_arg *args = arena_array(arena, count, sizeof *args);
    if (records == NULL || times == NULL || args == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        args[i] = link_text(spans[i]);
    struct link_arg keys[2] = { link_text(records), link_text(times) };
    int result = ERR_BUSY;
    for (int i = 0; i < 3 && result == ERR_BUSY; i++) {
        struct link_reply *reply = NULL;
        result = link_script_call(s->link, &script_records_sums, keys, 1, args, count, &reply);
        if (result == 0
            && strcmp(link_reply_text(link_reply_at(reply, 0), NULL), "INCOMPLETE") == 0) {
            result = make_all(s, keys);
            result = result == 0 ? ERR_BUSY : result;
        } else if (result == 0) {
            result = read_sums(reply, arena, out);
        }
        link_reply_free(reply);
    }
    return result;
}

int records_sums_drop(struct store *s, const char *uid, const char *family, struct arena *arena)
{
    if (!is_safe(uid, family))
        return ERR_INVALID;
    const char *records = key_of(arena, uid, family, "");
    if (records == NULL)
        return ERR_NOMEM;
    struct link_arg key = link_text(records);
    return link_script_call(s->link, &script_records_sums_drop, &key, 1, NULL, 0, NULL);
}
