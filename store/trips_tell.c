/* SPDX-License-Identifier: BSD-2-Clause */
/* The words to members, from the owner's slot to theirs. */
#include "base/clock.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/inbox.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"
#include "store/trips.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIPS_PAGE 60
#define TRIPS_TOLD_MS (7 * INT64_C(86400000)) /* a word is delivered again within this, if at all */
#define TRIPS_CALM_MS 600000                  /* changes of one trip within this are one entry */
#define TRIPS_LEASE_MS 20000

/* `NUMBER TO TRIP LINK MODE`, title, event: a line each. */
struct trips_word {
    char *number, *to, *trip, *link, *mode, *title, *event;
};

static bool trips_read_word(char *text, struct trips_word *out)
{
    char *save = NULL;

    out->title = strchr(text, '\n');
    if (!out->title)
        return false;
    *out->title++ = '\0';
    out->event = strchr(out->title, '\n');
    if (!out->event)
        return false;
    *out->event++ = '\0';
    out->number = strtok_r(text, " ", &save);
    out->to = strtok_r(NULL, " ", &save);
    out->trip = strtok_r(NULL, " ", &save);
    out->link = strtok_r(NULL, " ", &save);
    out->mode = strtok_r(NULL, " ", &save);
    return out->mode && ident_is_user(out->to, strlen(out->to));
}

static int trips_tell_one(struct store *s, const char *owner, const struct trips_word *w)
{
    struct args a;

    if (strcmp(w->mode, "quiet") != 0)
        pushes_expect(s, w->to);
    args_init(&a);
    args_text(&a, owner);
    args_text(&a, w->number);
    args_text(&a, w->trip);
    args_text(&a, w->link);
    args_text(&a, w->mode);
    args_text(&a, w->title);
    args_text(&a, w->event);
    args_ints(&a, TRIPS_TOLD_MS, INBOX_MAX, INBOX_KEEP_MS, TRIPS_CALM_MS);
    return args_call(&a, s, &script_trip_told, w->to, NULL);
}

/* ---- a trip that is handed over ---- */

/* Into the new owner's slot. full: out, it has no room there. */
static int trips_carry(struct store *s, const char *owner, const struct trips_word *w,
    struct arena *arena, bool *full)
{
    struct trips_view view;
    struct link_reply *reply = NULL;
    struct args a;
    char key[KEYS_MAX];
    int error = trips_look(s, owner, w->trip, arena, &view);

    if (error != 0)
        return error;
    keys_record_times(key, owner, "trip");
    error = link_command(s->link, &reply, "ZSCORE %s %s", key, w->trip);
    int64_t time = link_reply_int(reply);
    link_reply_free(reply);
    reply = NULL;
    if (error == 0)
        error = hints_set_before(s, KEYS_HINT_TRIPS, w->to, w->to, TRIPS_LEASE_MS);
    if (error != 0)
        return error;
    args_init(&a);
    args_text(&a, owner);
    args_text(&a, w->trip);
    args_text(&a, view.json);
    args_int(&a, time);
    args_text(&a, w->title);
    args_text(&a, w->event);
    args_int(&a, TRIPS_SHARES_MAX);
    args_text(&a, w->number);
    for (size_t i = 0; i < view.member_count; i++) {
        args_text(&a, view.members[i].uid);
        args_text(&a,
            arena_printf(arena, "%s %" PRId64, trips_role_name(view.members[i].role),
                view.members[i].since_ms));
    }
    error = args_call(&a, s, &script_trip_taken, w->to, &reply);
    *full = error == 0 && link_reply_says(reply, "FULL");
    link_reply_free(reply);
    return error;
}

static int trips_hand_over(struct store *s, const char *owner, const struct trips_word *w)
{
    static const char refused[] =
        "{\"type\":\"trip_update\",\"message\":\"The trip could not be handed over: the new owner "
        "shares too many.\",\"timestamp\":%" PRId64
        ",\"trip\":{\"trip_id\":\"%.128s\",\"change\":\"kept\"}}";
    struct arena *arena = arena_new();
    struct args a;
    bool full = false;
    char event[512];

    if (!arena)
        return ERR_NOMEM;
    int error = trips_carry(s, owner, w, arena, &full);
    arena_free(arena);
    if (error == ERR_NOT_FOUND) /* it has gone there before */
        return 0;
    if (error != 0)
        return error;
    snprintf(event, sizeof event, refused, clock_real_ms(), w->trip);
    args_init(&a);
    args_text(&a, w->trip);
    args_text(&a, w->to);
    args_text(&a, full ? "0" : "1");
    args_text(&a, w->title);
    args_text(&a, event);
    return args_call(&a, s, &script_trip_given, owner, NULL);
}

/* ---- all of them ---- */

/* Returns 0, also for a word that nobody can read: it goes. */
static int trips_deliver_one(struct store *s, const char *owner, const char *member, char *given)
{
    struct trips_word w = {0};
    struct buf text = {0};

    buf_puts(&text, member);
    if (buf_error(&text) != 0) {
        buf_free(&text);
        return ERR_NOMEM;
    }
    bool known = trips_read_word(text.data, &w), give = known && strcmp(w.mode, "give") == 0;
    int error = 0;
    if (known && !hints_is_away(s, w.to)) {
        error = give ? trips_hand_over(s, owner, &w) : trips_tell_one(s, owner, &w);
        hints_told_user(s, w.to, error);
    } else if (known) {
        error = ERR_STORE;
    }
    if (error == 0 && give)
        snprintf(given, IDENT_USER_MAX + 1, "%s", w.to);
    buf_free(&text);
    return error;
}

/* A page from the word at `from` on; kept: out, how many of it stay. given: out, a new owner. */
static int trips_deliver_page(struct store *s, const char *owner, size_t from, size_t *count,
    size_t *kept, char given[IDENT_USER_MAX + 1])
{
    struct link_arg gone[2 + TRIPS_PAGE] = {link_text("ZREM")};
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];
    size_t n = 2;

    *kept = 0;
    keys_trip_out(key, owner);
    gone[1] = link_text(key);
    int error = link_command(s->link, &reply, "ZRANGE %s %lld %lld", key, (long long)from,
        (long long)from + TRIPS_PAGE - 1);
    *count = error == 0 ? link_reply_count(reply) : 0;
    for (size_t i = 0; i < *count; i++) {
        size_t len;
        const char *member = link_reply_text(link_reply_at(reply, i), &len);

        if (trips_deliver_one(s, owner, member, given) == 0)
            gone[n++] = (struct link_arg){member, len};
        else
            ++*kept;
    }
    if (error == 0 && n > 2)
        error = link_call(s->link, gone, n, NULL);
    link_reply_free(reply);
    return error;
}

static int trips_deliver_own(struct store *s, const char *owner, int64_t until_ms, size_t *left,
    char given[IDENT_USER_MAX + 1])
{
    size_t count = 0, kept = 0;
    int error;

    *left = 0;
    do {
        error = trips_deliver_page(s, owner, *left, &count, &kept, given);
        *left += kept;
    } while (error == 0 && count == TRIPS_PAGE && clock_mono_ms() < until_ms);
    if (error != 0 || count == TRIPS_PAGE)
        ++*left;
    return error;
}

int trips_deliver(struct store *s, const char *owner, int64_t budget_ms, size_t *left)
{
    char given[IDENT_USER_MAX + 1] = "", again[IDENT_USER_MAX + 1];
    int64_t until = clock_mono_ms() + budget_ms;
    size_t others;
    int error = trips_deliver_own(s, owner, until, left, given);

    if (error == 0 && *given) /* the new owner's words; those left are found by the hint */
        err_ignore(trips_deliver_own(s, given, until, &others, again));
    return error;
}

void trips_show(struct store *s, const struct trips_view *view, const char *trip, const char *event)
{
    char number[24];
    struct trips_word w = {.number = number,
        .trip = (char *)(uintptr_t)trip,
        .link = (char *)(uintptr_t) "-",
        .mode = (char *)(uintptr_t) "quiet",
        .title = (char *)(uintptr_t) "",
        .event = (char *)(uintptr_t)event};

    snprintf(number, sizeof number, "-");
    for (size_t i = 0; i <= view->member_count; i++) {
        w.to = (char *)(uintptr_t)(i == view->member_count ? view->owner : view->members[i].uid);
        if (!hints_is_away(s, w.to))
            err_ignore(trips_tell_one(s, view->owner, &w));
    }
}

/* ---- the housekeeper's ---- */

int trips_due(struct store *s, struct hints_due *out, size_t max, size_t *count)
{
    return hints_due(s, &(struct hints_due_want){KEYS_HINT_TRIPS, TRIPS_LEASE_MS, max}, out, count);
}

void trips_later(struct store *s, const struct hints_due *hint, int64_t wait_ms)
{
    hints_later(s, KEYS_HINT_TRIPS, hint->uid, hint->score, wait_ms);
}
