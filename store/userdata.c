/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/userdata_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/chats.h"
#include "store/feedback.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "store/sessions.h"
#include "store/tickets.h"
#include "store/trips.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_COUNT 2000  /* where few keys are left, ten times as many places */
#define UNLINK_COUNT 250 /* keys of one command */
#define SESSIONS_PAGE 50
#define PASSES_MAX 4
#define LIMITS_KEPT_S (62 * 86400) /* USAGE_KEEP.month */
#define CURSOR_KEPT_S 86400
#define DAY_MS "86400000"

/* --- reading --- */

int userdata_take_texts(const struct link_reply *reply, size_t from, struct arena *arena,
    struct records_list *out)
{
    size_t count = link_reply_count(reply), len;
    out->count = 0;
    out->json = arena_array(arena, count + 1, sizeof *out->json);
    if (!out->json)
        return ERR_NOMEM;
    for (size_t i = from; i < count; i++) {
        const char *text = link_reply_text(link_reply_at(reply, i), &len);
        out->json[out->count] = arena_memdup(arena, text, len);
        if (!out->json[out->count++])
            return ERR_NOMEM;
    }
    return 0;
}

static int userdata_list_page(struct store *s, const char *key, size_t from, size_t max,
    struct arena *arena, struct records_list *out)
{
    struct link_reply *reply = NULL;
    *out = (struct records_list){0};
    int error = link_command(s->link, &reply, "LRANGE %s %lld %lld", key, (long long)from,
        (long long)(from + max) - 1);
    if (error == 0)
        error = userdata_take_texts(reply, 0, arena, out);
    out->more = out->count == max;
    link_reply_free(reply);
    return error;
}

int userdata_messages(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out)
{
    char key[KEYS_MAX];
    keys_session_messages(key, uid, page->session);
    return userdata_list_page(s, key, page->from, page->max, arena, out);
}

int userdata_summaries(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out)
{
    char key[KEYS_MAX];
    keys_summaries(key, uid, page->session);
    return userdata_list_page(s, key, page->from, page->max, arena, out);
}

int userdata_feedback(struct store *s, const char *uid, struct arena *arena,
    struct records_list *out)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    *out = (struct records_list){0};
    keys_feedback(key, uid);
    int error = link_command(s->link, &reply, "HGETALL %s", key);
    if (error == 0)
        error = userdata_take_texts(reply, 0, arena, out);
    link_reply_free(reply);
    return error;
}

/* --- erasing --- */

int userdata_go_on(const struct erasure *e)
{
    if (e->beat)
        e->beat(e->arg);
    return clock_mono_ms() < e->until_ms ? 0 : ERR_MORE;
}

static int userdata_erase_sessions(struct erasure *e)
{
    char key[KEYS_MAX];
    size_t count = 1;
    int error = 0;
    keys_sessions(key, e->uid);
    while (error == 0 && count > 0) {
        struct link_reply *reply = NULL;
        error = link_command(e->store->link, &reply, "ZRANGE %s 0 %d", key, SESSIONS_PAGE - 1);
        count = link_reply_count(reply);
        for (size_t i = 0; error == 0 && i < count; i++) {
            const char *id = link_reply_text(link_reply_at(reply, i), NULL);
            error = ident_is_session(id, strlen(id)) || ident_is_chat(id, strlen(id)) ?
                sessions_delete(e->store, e->uid, id, 0, NULL) :
                ERR_NOT_FOUND;
            if (error == ERR_NOT_FOUND)
                error = link_command(e->store->link, NULL, "ZREM %s %s", key, id);
            if (error == 0)
                error = userdata_go_on(e);
        }
        link_reply_free(reply);
    }
    return error;
}

/* Members `UID ...` of a sorted set of all users. */
static int userdata_erase_members(struct erasure *e, const char *key)
{
    char cursor[USERDATA_CURSOR_SIZE] = "0", pattern[IDENT_USER_MAX + 8];
    int error = 0;
    snprintf(pattern, sizeof pattern, "%.*s *", IDENT_USER_MAX, e->uid);
    do {
        struct link_reply *reply = NULL;
        error = link_command(e->store->link, &reply, "ZSCAN %s %s MATCH %s COUNT %d", key, cursor,
            pattern, SCAN_COUNT);
        const struct link_reply *members = link_reply_at(reply, 1);
        for (size_t i = 0; error == 0 && i + 1 < link_reply_count(members); i += 2) {
            size_t len;
            const char *member = link_reply_text(link_reply_at(members, i), &len);
            error = link_command(e->store->link, NULL, "ZREM %s %b", key, member, len);
        }
        snprintf(cursor, sizeof cursor, "%s", link_reply_text(link_reply_at(reply, 0), NULL));
        link_reply_free(reply);
        if (error == 0)
            error = userdata_go_on(e);
    } while (error == 0 && strcmp(cursor, "0") != 0);
    return error;
}

/* Of what housekeepers look at. */
static int userdata_erase_hints(struct erasure *e, const char *hints)
{
    char key[KEYS_MAX];
    int error = 0;
    for (unsigned i = 0; error == 0 && i < hints_parts(e->store); i++) { /* slots may have moved */
        hints_part(key, e->store, hints, i);
        error = userdata_erase_members(e, key);
    }
    return error;
}

/* What the user said about answers stands in the index of the whole site too. */
static int userdata_erase_feedback(struct erasure *e)
{
    char key[64];
    int error = 0;
    for (size_t i = 0; error == 0 && feedback_month(e->store, i, key); i++)
        error = userdata_erase_members(e, key);
    return error;
}

/* All keys of a user are in one slot: one command takes many. Those among the shared ones are in
 * another. */
static int userdata_erase_keys(struct erasure *e, const struct link_reply *keys)
{
    struct link_arg args[1 + UNLINK_COUNT] = {link_text("UNLINK")};
    size_t n = 1, count = link_reply_count(keys);
    unsigned slot = 0;
    int error = 0;
    for (size_t i = 0; error == 0 && i < count; i++) {
        size_t len;
        const char *key = link_reply_text(link_reply_at(keys, i), &len);
        if (strlen(key) == len && keys_is_of_user(key, e->uid)) {
            unsigned at = link_slot(e->store->link, key);
            if (n > 1 && at != slot) {
                error = link_call(e->store->link, args, n, NULL);
                n = 1;
            }
            slot = at;
            args[n++] = (struct link_arg){key, len};
            e->keys++;
            e->found++;
        }
        if (error == 0 && (n > UNLINK_COUNT || (n > 1 && i + 1 == count))) {
            error = link_call(e->store->link, args, n, NULL);
            n = 1;
        }
    }
    return error;
}

/* Where a call before stopped; "0" = at the beginning. The key is outside of the user's own. In a
 * cluster it is forgotten: a node holds less, and only two are walked through. */
static void userdata_read_cursor(struct erasure *e, const char *key,
    char cursor[USERDATA_CURSOR_SIZE])
{
    struct link_reply *reply = NULL;
    snprintf(cursor, USERDATA_CURSOR_SIZE, "0");
    if (link_command(e->store->link, &reply, "GET %s", key) == 0 &&
        link_reply_type(reply) == LINK_STRING)
        snprintf(cursor, USERDATA_CURSOR_SIZE, "%s", link_reply_text(reply, NULL));
    link_reply_free(reply);
}

/* All keys of one server, from the cursor on. */
static int userdata_walk(struct erasure *e, struct link *server, char cursor[USERDATA_CURSOR_SIZE])
{
    char pattern[KEYS_MAX];
    int error = 0;
    keys_user_pattern(pattern, e->uid);
    do {
        struct link_reply *reply = NULL;
        error =
            link_command(server, &reply, "SCAN %s MATCH %s COUNT %d", cursor, pattern, SCAN_COUNT);
        if (error == 0)
            error = userdata_erase_keys(e, link_reply_at(reply, 1));
        if (error == 0)
            snprintf(cursor, USERDATA_CURSOR_SIZE, "%s",
                link_reply_text(link_reply_at(reply, 0), NULL));
        link_reply_free(reply);
        if (error == 0)
            error = userdata_go_on(e);
    } while (error == 0 && strcmp(cursor, "0") != 0);
    return error;
}

/* While a slot moves, its keys may be behind the walk: such a pass proves nothing. */
static int userdata_settled(const struct erasure *e)
{
    char prefix[KEYS_MAX];
    keys_prefix(prefix, e->uid);
    int error = link_settled(e->store->link, prefix);
    return error ? error : link_settled(e->store->link, KEYS_SHARED);
}

static int userdata_pass_cluster(struct erasure *e)
{
    struct link *face = e->store->link, *server[2];
    char prefix[KEYS_MAX];
    e->found = 0;
    int error = userdata_settled(e);
    unsigned version = link_map_version(face);
    keys_prefix(prefix, e->uid);
    server[0] = link_at(face, link_slot(face, prefix));
    server[1] = link_at(face, link_slot(face, KEYS_SHARED));
    for (size_t i = 0; error == 0 && i < (server[0] == server[1] ? 1 : 2); i++) {
        char cursor[USERDATA_CURSOR_SIZE] = "0";
        error = server[i] == face ? ERR_STORE : userdata_walk(e, server[i], cursor);
    }
    if (error == 0)
        error = userdata_settled(e);
    if (version != link_map_version(face))
        e->found++; /* a slot has another node: such a pass proves nothing either */
    return error;
}

static int userdata_pass(struct erasure *e)
{
    char cursor[USERDATA_CURSOR_SIZE], key[KEYS_MAX];
    if (link_is_cluster(e->store->link))
        return userdata_pass_cluster(e);
    keys_erasing(key, e->uid);
    userdata_read_cursor(e, key, cursor);
    e->found = strcmp(cursor, "0") != 0; /* half a pass proves nothing */
    int error = userdata_walk(e, e->store->link, cursor);
    if (error == ERR_MORE)
        err_ignore(link_command(e->store->link, NULL, "SET %s %s EX %d", key, cursor,
            CURSOR_KEPT_S)); /* without it the next call begins from the start */
    else if (error == 0)
        error = link_command(e->store->link, NULL, "DEL %s", key);
    return error;
}

/* Of hints whose members are users. */
static int userdata_erase_user_hint(const struct erasure *e, const char *hints)
{
    char key[KEYS_MAX];
    int error = 0;
    for (unsigned i = 0; error == 0 && i < hints_parts(e->store); i++) {
        hints_part(key, e->store, hints, i);
        error = link_command(e->store->link, NULL, "ZREM %s %s", key, e->uid);
    }
    return error;
}

/* Each names its user until it ends by itself. */
static int userdata_walk_tickets(struct erasure *e)
{
    struct link *server;
    int error = 0;
    for (size_t i = 0; error == 0 && (server = link_primary(e->store->link, i)); i++) {
        char cursor[TICKETS_CURSOR_SIZE] = "0";
        do {
            error = tickets_erase(e->store, server, e->uid, cursor, &e->keys);
            if (error == 0)
                error = userdata_go_on(e);
        } while (error == 0 && strcmp(cursor, "0") != 0);
    }
    return error;
}

/* They are on all nodes: once more when a slot has come to another one meanwhile. */
static int userdata_erase_tickets(struct erasure *e)
{
    unsigned version;
    int error, passes = 0;
    do {
        version = link_map_version(e->store->link);
        error = userdata_walk_tickets(e);
    } while (error == 0 && ++passes < PASSES_MAX && version != link_map_version(e->store->link));
    return error;
}

/* What an operator has set holds as long as the month's counters: it ends with them. */
static int userdata_end_limits(const struct erasure *e)
{
    char key[KEYS_MAX];
    keys_limits(key, e->uid);
    return link_command(e->store->link, NULL, "EXPIRE %s %d", key, LIMITS_KEPT_S);
}

int userdata_erased(struct store *s, const char *uid, bool done, int64_t *count)
{
    char name[KEYS_MAX];
    struct link_reply *reply = NULL;
    keys_erased(name, uid);
    struct link_arg key = link_text(name), window = link_text(DAY_MS);
    int error = done ?
        link_script_call(s->link, &script_rate,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = &window, .nargs = 1}, &reply) :
        link_command(s->link, &reply, "GET %s", name);
    *count = link_reply_int(done ? link_reply_at(reply, 0) : reply);
    link_reply_free(reply);
    return error;
}

int userdata_erase(struct store *s, const char *uid, int64_t budget_ms, void (*beat)(void *arg),
    void *arg, int64_t *keys)
{
    static const char *const hints[] = {KEYS_HINT_LEASES, KEYS_HINT_TIMERS, KEYS_HINT_WEBHOOKS,
        KEYS_HINT_GONE, KEYS_HINT_ALARMS};
    struct erasure e = {.store = s,
        .uid = uid,
        .until_ms = clock_mono_ms() + budget_ms,
        .beat = beat,
        .arg = arg};
    *keys = 0;
    if (!ident_is_user(uid, strlen(uid)))
        return ERR_INVALID;
    int error = userdata_erase_sessions(&e);
    if (error == 0)
        error = userdata_erase_tickets(&e);
    if (error == 0)
        error = trips_erase(s, uid);
    if (error == 0)
        error = chats_erase(s, uid);
    if (error == 0)
        error = userdata_erase_shared(&e);
    /* Until one pass finds nothing: a turn that was stopped may have written meanwhile. */
    for (int i = 0; error == 0 && i < PASSES_MAX; i++) {
        error = userdata_pass(&e);
        if (error == 0 && e.found == 0)
            break;
    }
    /* Last: a hint is written before its record, also by a turn that is fenced then. Without
     * records they do nothing. */
    for (size_t i = 0; error == 0 && i < sizeof hints / sizeof *hints; i++)
        error = userdata_erase_hints(&e, hints[i]);
    if (error == 0)
        error = userdata_erase_user_hint(&e, KEYS_HINT_PUSHES);
    if (error == 0)
        error = userdata_erase_user_hint(&e, KEYS_HINT_TRIPS);
    if (error == 0)
        error = userdata_erase_user_hint(&e, KEYS_HINT_FEEDS);
    if (error == 0)
        error = userdata_erase_feedback(&e);
    if (error == 0)
        error = userdata_end_limits(&e);
    if (error == 0)
        error = userdata_erased_written(&e);
    *keys = e.keys;
    return error == ERR_NOT_FOUND ? ERR_INTERNAL : error;
}
