#include "store/hints.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

#define CLOCK_KEEP_MS 60000

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
    return s->redis_ms != 0 && since < CLOCK_KEEP_MS &&
        s->redis_generation == link_generation(s->link);
}

int hints_set(struct store *s, const char *uid, const char *turn, int64_t due_ms)
{
    char member[HINTS_MEMBER_SIZE], due[24];
    struct link_arg key = link_text(KEYS_HINT_LEASES), args[4];
    int64_t now;
    int error;

    hints_member(member, uid, turn);
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

void hints_drop(struct store *s, const char *uid, const char *turn)
{
    char member[HINTS_MEMBER_SIZE];
    struct link_arg args[3] = {link_text("ZREM"), link_text(KEYS_HINT_LEASES)};

    hints_member(member, uid, turn);
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
