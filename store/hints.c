/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/hints.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CLOCK_KEEP_MS 60000
#define SPREAD_PAGE 500

void hints_member(char out[HINTS_MEMBER_SIZE], const char *uid, const char *turn)
{
    snprintf(out, HINTS_MEMBER_SIZE, "%s %s", uid, turn);
}

int hints_member_read(const char *text, size_t len, char uid[IDENT_USER_MAX + 1],
    char turn[IDENT_UUID_SIZE])
{
    const char *blank = memchr(text, ' ', len);
    size_t user = blank ? (size_t)(blank - text) : 0;

    if (!blank || !ident_is_safe(text, user, IDENT_USER_MAX) ||
        len - user - 1 != IDENT_UUID_SIZE - 1)
        return ERR_INVALID;
    memcpy(uid, text, user);
    uid[user] = '\0';
    memcpy(turn, blank + 1, IDENT_UUID_SIZE - 1);
    turn[IDENT_UUID_SIZE - 1] = '\0';
    return ident_is_uuid(turn) ? 0 : ERR_INVALID;
}

/* ---- parts ---- */

#define SLOTS_OF_PART (LINK_SLOTS / KEYS_HINT_PARTS)

void hints_open(struct store *s)
{
    for (unsigned i = 0; link_is_cluster(s->link) && i < KEYS_HINT_PARTS; i++) {
        char part[KEYS_MAX];

        keys_hint_part(part, KEYS_READY, i);
        s->part[i].slot = link_slot(s->link, part);
    }
}

/* The part by the slot; when its key is on another node, the next one that is on the slot's. */
static unsigned hints_home(const struct store *s, unsigned slot)
{
    const unsigned own = slot / SLOTS_OF_PART;
    const struct link *node = link_at(s->link, slot);

    for (unsigned i = 0; i < KEYS_HINT_PARTS; i++) {
        unsigned part = (own + i) % KEYS_HINT_PARTS;

        if (link_at(s->link, s->part[part].slot) == node)
            return part;
    }
    return own;
}

unsigned hints_parts(const struct store *s)
{
    return link_is_cluster(s->link) ? KEYS_HINT_PARTS : 1;
}

void hints_part(char out[KEYS_MAX], const struct store *s, const char *hints, unsigned part)
{
    if (link_is_cluster(s->link))
        keys_hint_part(out, hints, part);
    else
        snprintf(out, KEYS_MAX, "%s", hints);
}

void hints_key(char out[KEYS_MAX], const struct store *s, const char *hints, const char *member)
{
    char user[IDENT_USER_MAX + 1], prefix[KEYS_MAX];
    unsigned part = 0;

    if (link_is_cluster(s->link)) {
        snprintf(user, sizeof user, "%.*s", (int)strcspn(member, " "), member);
        keys_prefix(prefix, user);
        part = hints_home(s, link_slot(s->link, prefix));
    }
    hints_part(out, s, hints, part);
}

/* ---- nodes that are away ---- */

static unsigned hints_part_of(const struct store *s, const char *key)
{
    return hints_home(s, link_slot(s->link, key));
}

static bool hints_part_is_away(const struct store_part *part)
{
    return part->away && clock_mono_ms() - part->failed_ms < HINTS_AWAY_MS;
}

static bool hints_all_away(const struct store *s)
{
    bool all = link_is_cluster(s->link);

    for (unsigned i = 0; all && i < KEYS_HINT_PARTS; i++)
        all = hints_part_is_away(&s->part[i]);
    return all;
}

/* Its part, and those that are on the same node. */
void hints_told(struct store *s, const char *key, int error)
{
    const int64_t now_ms = clock_mono_ms();
    const struct link *node;
    unsigned own;

    if (!link_is_cluster(s->link))
        return;
    own = hints_part_of(s, key);
    if (error != ERR_STORE && !s->part[own].away)
        return;
    node = link_at(s->link, link_slot(s->link, key));
    for (unsigned i = 0; i < KEYS_HINT_PARTS; i++) {
        if (i != own && link_at(s->link, s->part[i].slot) != node)
            continue;
        s->part[i].away = error == ERR_STORE;
        if (error == ERR_STORE)
            s->part[i].failed_ms = now_ms;
    }
}

void hints_told_user(struct store *s, const char *uid, int error)
{
    char prefix[KEYS_MAX];

    keys_prefix(prefix, uid);
    hints_told(s, prefix, error);
}

bool hints_is_away(const struct store *s, const char *uid)
{
    char prefix[KEYS_MAX];

    if (!link_is_cluster(s->link))
        return false;
    keys_prefix(prefix, uid);
    return hints_part_is_away(&s->part[hints_part_of(s, prefix)]);
}

bool hints_part_has_gone(const struct store *s, unsigned part)
{
    return link_is_cluster(s->link) && hints_part_is_away(&s->part[part]);
}

bool hints_has_failed(const struct store *s, const char *uid, int64_t ms)
{
    char prefix[KEYS_MAX];
    int64_t failed_ms;

    if (!link_is_cluster(s->link))
        return false;
    keys_prefix(prefix, uid);
    failed_ms = s->part[hints_part_of(s, prefix)].failed_ms;
    return failed_ms && clock_mono_ms() - failed_ms < ms;
}

/* ---- walks ---- */

bool hints_next(struct store *s, const char *hints, struct hints_walk *w, char part[KEYS_MAX])
{
    const int64_t now_ms = clock_mono_ms();

    if (!w->at) {
        s->turn++;
        w->began_ms = now_ms;
        w->all = hints_all_away(s);
    } else if (w->at < hints_parts(s) && now_ms - w->began_ms >= s->conf->redis_timeout_ms) {
        w->error = ERR_STORE;
        return false;
    }
    while (w->at < hints_parts(s)) {
        unsigned turn = (s->turn + w->at++) % hints_parts(s);

        if (!w->all && link_is_cluster(s->link) && hints_part_is_away(&s->part[turn])) {
            w->error = ERR_STORE;
            continue;
        }
        w->part_ms = now_ms;
        w->part = turn;
        hints_part(part, s, hints, turn);
        return true;
    }
    return false;
}

void hints_walked(struct store *s, struct hints_walk *w, const char *part, int error)
{
    const int64_t now_ms = clock_mono_ms();

    w->error = error ? error : w->error;
    w->any |= !error;
    hints_told(s, part, error);
    if (link_is_cluster(s->link) && now_ms - w->part_ms >= s->conf->lease_ms / 4)
        s->part[hints_part_of(s, part)].failed_ms = now_ms;
}

/* ---- leases ---- */

void hints_clock(struct store *s, int64_t redis_ms)
{
    s->redis_ms = redis_ms;
    s->redis_mono_ms = clock_mono_ms();
    s->redis_generation = link_generation(s->link);
}

/* Redis' clock by what it said last. False when that is too long ago for two clocks to agree. */
static bool hints_redis_now(const struct store *s, int64_t *now_ms)
{
    int64_t since = clock_mono_ms() - s->redis_mono_ms;

    *now_ms = s->redis_ms + since;
    return s->redis_ms != 0 && !link_is_cluster(s->link) && since < CLOCK_KEEP_MS &&
        s->redis_generation == link_generation(s->link);
}

int hints_set(struct store *s, const char *uid, const char *turn, int64_t due_ms)
{
    char member[HINTS_MEMBER_SIZE], due[24], name[KEYS_MAX];
    struct link_arg key, args[4];
    int64_t now;
    int error;

    hints_member(member, uid, turn);
    hints_key(name, s, KEYS_HINT_LEASES, uid);
    key = link_text(name);
    if (due_ms > 0 && hints_redis_now(s, &now)) {
        snprintf(due, sizeof due, "%lld", (long long)(now + due_ms));
        args[0] = link_text("ZADD");
        args[1] = key;
        args[2] = link_text(due);
        args[3] = link_text(member);
        error = link_send(s->link, args, 4, NULL, NULL);
        if (error || s->redis_generation == link_generation(s->link))
            return error;
        /* It went over a new connection, perhaps to a server with another clock. */
    }
    snprintf(due, sizeof due, "%lld", (long long)due_ms);
    args[0] = link_text(due);
    args[1] = link_text(member);
    return link_send_script(s->link, &script_hint,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, NULL, NULL);
}

static int hints_write(struct store *s, const char *name, const char *member, int64_t due_ms)
{
    char due[24];
    struct link_arg key = link_text(name), args[2] = {{0}, link_text(member)};
    struct link_words words = {.keys = &key, .nkeys = 1, .args = args, .nargs = 2};

    snprintf(due, sizeof due, "%lld", (long long)due_ms);
    args[0] = link_text(due);
    if (link_is_cluster(s->link)) /* another connection, perhaps: it is waited for */
        return link_script_call(s->link, &script_hint, &words, NULL);
    return link_send_script(s->link, &script_hint, &words, NULL, NULL);
}

int hints_set_before(struct store *s, const char *hints, const char *uid, const char *member,
    int64_t due_ms)
{
    struct hints_walk walk = {.at = 0};
    char name[KEYS_MAX];
    int error = ERR_STORE;

    hints_key(name, s, hints, uid);
    if (!hints_is_away(s, uid)) {
        error = hints_write(s, name, member, due_ms);
        hints_told(s, name, error);
    }
    while (error == ERR_STORE && link_is_cluster(s->link) && hints_next(s, hints, &walk, name)) {
        error = hints_write(s, name, member, due_ms); /* another part does: hints_bring_home */
        hints_walked(s, &walk, name, error);
    }
    return error;
}

/* ---- hints in a part that is not the user's ---- */

/* Whether it belongs into another part, whose node can be asked. */
static bool hints_is_elsewhere(const struct store *s, const char *hints, const char *part,
    const char *member, char home[KEYS_MAX])
{
    char uid[IDENT_USER_MAX + 1];

    hints_key(home, s, hints, member);
    snprintf(uid, sizeof uid, "%.*s", (int)strcspn(member, " "), member);
    return strcmp(home, part) != 0 && !hints_is_away(s, uid);
}

/* The score as Redis writes it; empty: it is not there, or nobody knows. */
static int hints_score(struct store *s, const char *part, const char *member, char score[40])
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "ZSCORE %s %s", part, member);

    snprintf(score, 40, "%s", error ? "" : link_reply_text(r, NULL));
    link_reply_free(r);
    return error;
}

void hints_leave(struct store *s, const char *part, const char *home, const char *member,
    const char *score)
{
    struct link_arg key = link_text(part), args[2] = {link_text(member), link_text(score)};
    struct link_words words = {.keys = &key, .nkeys = 1, .args = args, .nargs = 2};
    struct link_reply *r = NULL;
    char there[40];

    if (link_script_call(s->link, &script_hint_moved, &words, &r))
        return; /* next time */
    if (link_reply_int(r) && !hints_score(s, home, member, there) && !*there)
        err_ignore(link_command(s->link, NULL, "ZADD %s NX %s %s", home, score, member));
    link_reply_free(r);
}

void hints_bring_home(struct store *s, const char *hints, const char *part, const char *member)
{
    char home[KEYS_MAX], score[40];
    int error;

    if (!hints_is_elsewhere(s, hints, part, member, home) || hints_score(s, part, member, score) ||
        !*score)
        return;
    error = hints_write(s, home, member, 0);
    hints_told(s, home, error);
    if (!error)
        hints_leave(s, part, home, member, score);
}

void hints_carry_home(struct store *s, const char *hints, const char *part, const char *member)
{
    char home[KEYS_MAX], score[40];
    int error;

    if (!hints_is_elsewhere(s, hints, part, member, home) || hints_score(s, part, member, score) ||
        !*score)
        return;
    error = link_command(s->link, NULL, "ZADD %s NX %s %s", home, score, member);
    hints_told(s, home, error);
    if (!error)
        hints_leave(s, part, home, member, score);
}

int hints_put_off(struct store *s, const char *part, const char *member, int64_t ms)
{
    return hints_write(s, part, member, ms);
}

void hints_drop(struct store *s, const char *uid, const char *turn)
{
    char member[HINTS_MEMBER_SIZE], key[KEYS_MAX];
    struct link_arg args[3] = {link_text("ZREM")};

    hints_member(member, uid, turn);
    hints_key(key, s, KEYS_HINT_LEASES, uid);
    args[1] = link_text(key);
    args[2] = link_text(member);
    err_ignore(link_send(s->link, args, 3, NULL, NULL));
}

void hints_announce(struct store *s, const char *uid, const char *turn)
{
    struct notice n = {.kind = NOTICE_TURN};

    snprintf(n.uid, sizeof n.uid, "%s", uid);
    snprintf(n.turn, sizeof n.turn, "%s", turn);
    err_ignore(hints_set(s, uid, turn, 0)); /* its acceptance has made one, which comes later */
    err_ignore(notice_send(s, &n));
}

/* A page of the members of one set, to their parts. */
static int hints_spread_page(struct store *s, const char *hints, bool *more)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "ZRANGE %s 0 %d WITHSCORES", hints, SPREAD_PAGE - 1);

    *more = !error && link_reply_count(r) > 0;
    for (size_t i = 0; !error && i + 1 < link_reply_count(r); i += 2) {
        const char *member = link_reply_text(link_reply_at(r, i), NULL);
        char key[KEYS_MAX];

        hints_key(key, s, hints, member);
        error = link_command(s->link, NULL, "ZADD %s NX %s %s", key,
            link_reply_text(link_reply_at(r, i + 1), NULL), member);
        if (!error)
            error = link_command(s->link, NULL, "ZREM %s %s", hints, member);
    }
    link_reply_free(r);
    return error;
}

void hints_later(struct store *s, const char *hints, const char *member, int64_t score,
    int64_t wait_ms)
{
    struct link_arg key, args[3];
    char was[24], wait[24], name[KEYS_MAX];

    hints_key(name, s, hints, member);
    key = link_text(name);
    snprintf(was, sizeof was, "%" PRId64, score);
    snprintf(wait, sizeof wait, "%" PRId64, wait_ms);
    args[0] = link_text(member);
    args[1] = link_text(was);
    args[2] = link_text(wait);
    err_ignore(link_send_script(s->link, &script_hint_later,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 3}, NULL, NULL));
}

int hints_spread(struct store *s)
{
    static const char *const all[] = {KEYS_HINT_LEASES, KEYS_HINT_TIMERS, KEYS_HINT_WEBHOOKS,
        KEYS_HINT_GONE, KEYS_HINT_PUSHES, KEYS_HINT_TRIPS, KEYS_HINT_ALARMS, KEYS_HINT_FEEDS};
    int error = 0;

    for (size_t i = 0; !error && link_is_cluster(s->link) && i < sizeof all / sizeof *all; i++)
        for (bool more = true; !error && more;)
            error = hints_spread_page(s, all[i], &more);
    return error;
}
