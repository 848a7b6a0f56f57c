/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/reminders.h"

#include "base/err.h"
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

void reminders_timer_hint(struct reminders_hint *out, const char *uid, const char *timer,
    int64_t due_ms)
{
    snprintf(out->member, sizeof out->member, "%s %s", uid, timer);
    out->due_ms = due_ms;
}

void reminders_event_hint(struct reminders_hint *out, const char *uid, const char *event,
    int64_t minutes, int64_t due_ms)
{
    snprintf(out->member, sizeof out->member, "%s e/%s/%" PRId64 "/%" PRId64, uid, event, minutes,
        due_ms);
    out->due_ms = due_ms;
}

void reminders_series_hint(struct reminders_hint *out, const char *uid, const char *series,
    int64_t minutes, int64_t due_ms)
{
    reminders_event_hint(out, uid, series, minutes, due_ms);
    out->member[strlen(uid) + 1] = 'r';
}

void reminders_alarm_hint(struct reminders_hint *out, const char *uid, const char *family,
    const char *id, int64_t due_ms)
{
    snprintf(out->member, sizeof out->member, "%s a/%s/%s/%" PRId64, uid, id, family, due_ms);
    out->due_ms = due_ms;
}

void reminders_snooze_hint(struct reminders_hint *out, const char *uid, const char *entry,
    int64_t due_ms)
{
    snprintf(out->member, sizeof out->member, "%s s/%s/%" PRId64, uid, entry, due_ms);
    out->due_ms = due_ms;
}

/* ---- their sets ---- */

/* "UID a/...": alarms have a set of their own, as releases that know none would drop them. */
static bool reminders_is_alarm(const char *member)
{
    const char *blank = strchr(member, ' ');

    return blank && strncmp(blank + 1, "a/", 2) == 0;
}

static const char *reminders_set(const char *member)
{
    return reminders_is_alarm(member) ? KEYS_HINT_ALARMS : KEYS_HINT_TIMERS;
}

static int reminders_plan_in(struct store *s, const char *set, const struct reminders_hint *hints,
    size_t count)
{
    struct link_arg key, args[2 * REMINDERS_BATCH];
    char due[REMINDERS_BATCH][24], name[KEYS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(reminders_set(hints[i].member), set) != 0)
            continue;
        snprintf(due[i], sizeof due[i], "%" PRId64, hints[i].due_ms);
        args[n++] = link_text(due[i]);
        args[n++] = link_text(hints[i].member);
    }
    if (n == 0)
        return 0;
    hints_key(name, s, set, hints[0].member);
    key = link_text(name);
    return link_script_call(s->link, &script_reminder_hint,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = n}, NULL);
}

int reminders_plan(struct store *s, const struct reminders_hint *hints, size_t count)
{
    int error;

    if (count > REMINDERS_BATCH)
        return ERR_INVALID;
    error = reminders_plan_in(s, KEYS_HINT_TIMERS, hints, count);
    return error ? error : reminders_plan_in(s, KEYS_HINT_ALARMS, hints, count);
}

static int reminders_drop_from(struct store *s, const char *set, const char *member)
{
    char key[KEYS_MAX];

    hints_key(key, s, set, member);
    const struct link_arg args[] = {link_text("ZREM"), link_text(key), link_text(member)};
    return link_send(s->link, args, sizeof args / sizeof *args, NULL, NULL);
}

int reminders_drop(struct store *s, const char *member)
{
    int error = reminders_drop_from(s, reminders_set(member), member);

    /* A release that knew no set of alarms may have written it there. */
    return !error && reminders_is_alarm(member) ? reminders_drop_from(s, KEYS_HINT_TIMERS, member) :
                                                  error;
}

/* The keys of the part where it was found, and of its user's. Returns whether they are two, and the
 * second one's node can be asked. */
static bool reminders_part(struct store *s, const struct reminders_due *due, char found[KEYS_MAX],
    char home[KEYS_MAX])
{
    hints_part(found, s, reminders_set(due->member), due->part);
    hints_key(home, s, reminders_set(due->member), due->member);
    return strcmp(found, home) != 0 && !hints_is_away(s, due->uid);
}

int reminders_done(struct store *s, const struct reminders_due *due)
{
    char found[KEYS_MAX], home[KEYS_MAX];

    if (reminders_part(s, due, found, home)) {
        int error = reminders_drop(s, due->member);
        if (error)
            return error;
    }
    if (hints_part_has_gone(s, due->part))
        return ERR_STORE;
    const struct link_arg args[] = {link_text("ZREM"), link_text(found), link_text(due->member)};
    return link_send(s->link, args, sizeof args / sizeof *args, NULL, NULL);
}

int reminders_later(struct store *s, const struct reminders_due *due, int64_t look_ms)
{
    char found[KEYS_MAX], home[KEYS_MAX];
    int error;

    if (reminders_part(s, due, found, home)) { /* it has been carried there */
        error = link_command(s->link, NULL, "ZADD %s XX %lld %s", home, (long long)look_ms,
            due->member);
        hints_told(s, home, error);
    }
    if (hints_part_has_gone(s, due->part))
        return ERR_STORE;
    error =
        link_command(s->link, NULL, "ZADD %s XX %lld %s", found, (long long)look_ms, due->member);
    hints_told(s, found, error);
    return error;
}

/* --- looking --- */

static bool reminders_read_number(const char *text, int64_t *value)
{
    char *end;

    if (*text == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 17)
        return false;
    *value = strtoll(text, &end, 10);
    return true;
}

/* Cuts `text` at its last slash; returns what stands behind it, or NULL. */
static char *reminders_cut_last(char *text)
{
    char *slash = strrchr(text, '/');

    if (slash)
        *slash++ = '\0';
    return slash;
}

/* When a UUID of version 7 was made; 0 for another id. */
static int64_t reminders_made_ms(const char *id)
{
    char digits[13];

    if (!ident_is_uuid(id))
        return 0;
    snprintf(digits, sizeof digits, "%.8s%.4s", id, id + 9);
    return strtoll(digits, NULL, 16);
}

/* The part of a member behind the user's id. */
static bool reminders_read_what(char *what, int64_t score, struct reminders_due *to)
{
    const char *text;

    to->due_ms = score;
    to->written_ms = reminders_made_ms(what);
    to->kind = REMINDERS_TIMER;
    if (what[0] != '\0' && what[1] == '/') {
        to->kind = what[0] == 'e' ? REMINDERS_EVENT :
            what[0] == 'r'        ? REMINDERS_SERIES :
            what[0] == 'a'        ? REMINDERS_ALARM :
                                    REMINDERS_SNOOZE;
        text = reminders_cut_last(what + 2);
        if (!strchr("ersa", what[0]) || !text || !reminders_read_number(text, &to->due_ms))
            return false;
        to->written_ms = to->due_ms;
        what += 2;
    }
    if (to->kind == REMINDERS_ALARM) {
        text = reminders_cut_last(what);
        if (!text || !ident_is_safe(text, strlen(text), REMINDERS_FAMILY_MAX))
            return false;
        memcpy(to->family, text, strlen(text) + 1);
    }
    if (to->kind == REMINDERS_EVENT || to->kind == REMINDERS_SERIES) {
        text = reminders_cut_last(what);
        if (!text || !reminders_read_number(text, &to->minutes))
            return false;
    }
    if (!ident_is_safe(what, strlen(what), sizeof to->id - 1))
        return false;
    snprintf(to->id, sizeof to->id, "%s", what);
    return true;
}

static bool reminders_read_member(const char *member, size_t len, int64_t score,
    struct reminders_due *to)
{
    char copy[REMINDERS_MEMBER_SIZE];

    memset(to, 0, sizeof *to);
    if (len >= sizeof copy || memchr(member, '\0', len))
        return false;
    memcpy(copy, member, len);
    copy[len] = '\0';
    memcpy(to->member, copy, len + 1);
    char *blank = strchr(copy, ' ');
    if (!blank || !ident_is_safe(copy, (size_t)(blank - copy), IDENT_USER_MAX))
        return false;
    *blank = '\0';
    snprintf(to->uid, sizeof to->uid, "%.*s", IDENT_USER_MAX, copy);
    return reminders_read_what(blank + 1, score, to);
}

struct reminders_list {
    struct reminders_due *due;
    size_t max, count;
    unsigned part;   /* that is looked at */
    const char *set; /* the one whose part it is */
};

/* An alarm that another release has put among the timers: into its set, then out of this one. */
static int reminders_move_alarm(struct store *s, const char *from, const char *member,
    const char *score)
{
    char key[KEYS_MAX];
    int error;

    hints_key(key, s, KEYS_HINT_ALARMS, member);
    error = link_command(s->link, NULL, "ZADD %s NX %s %s", key, score, member);
    return error ? error : link_command(s->link, NULL, "ZREM %s %s", from, member);
}

/* What is due of one part; wait_ms becomes less when the next one comes sooner. */
static int reminders_look_at(struct store *s, const char *hints, int64_t *now_ms, int64_t *wait_ms,
    struct reminders_list *list)
{
    struct link_arg key = link_text(hints), args[2];
    struct link_reply *r = NULL;
    char now[24] = "", most[24];

    if (*now_ms != 0)
        snprintf(now, sizeof now, "%" PRId64, *now_ms);
    snprintf(most, sizeof most, "%zu", list->max - list->count);
    args[0] = link_text(now);
    args[1] = link_text(most);
    int error = link_script_call(s->link, &script_reminder_due,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, &r);
    if (error)
        return error;
    *now_ms = link_reply_int(link_reply_at(r, 0));
    if (link_reply_text(link_reply_at(r, 1), NULL)[0] != '\0' &&
        (*wait_ms < 0 || link_reply_int(link_reply_at(r, 1)) < *wait_ms))
        *wait_ms = link_reply_int(link_reply_at(r, 1));
    for (size_t i = 2; i + 1 < link_reply_count(r) && list->count < list->max; i += 2) {
        size_t len;
        const char *member = link_reply_text(link_reply_at(r, i), &len);
        double score = strtod(link_reply_text(link_reply_at(r, i + 1), NULL), NULL);
        if (score < 0 || score > 9e15)
            score = 0;
        if (!reminders_read_member(member, len, (int64_t)score, &list->due[list->count])) {
            /* none of ours: out of the way */
            err_ignore(link_command(s->link, NULL, "ZREM %s %b", hints, member, len));
        } else if (strcmp(reminders_set(list->due[list->count].member), list->set) != 0) {
            if (reminders_is_alarm(list->due[list->count].member))
                err_ignore(reminders_move_alarm(s, hints, list->due[list->count].member,
                    link_reply_text(link_reply_at(r, i + 1), NULL)));
        } else {
            hints_carry_home(s, list->set, hints, list->due[list->count].member);
            list->due[list->count++].part = list->part;
        }
    }
    link_reply_free(r);
    return 0;
}

/* Of one set. */
static int reminders_look_in(struct store *s, const char *set, int64_t *now_ms, int64_t *wait_ms,
    struct reminders_list *list, bool *any)
{
    struct hints_walk walk = {.at = 0};
    char key[KEYS_MAX];

    list->set = set;
    while (list->count < list->max && hints_next(s, set, &walk, key)) {
        list->part = walk.part;
        hints_walked(s, &walk, key, reminders_look_at(s, key, now_ms, wait_ms, list));
    }
    *any |= walk.any;
    return walk.error;
}

int reminders_look(struct store *s, int64_t *now_ms, int64_t *wait_ms, struct reminders_due *out,
    size_t max, size_t *count)
{
    struct reminders_list list = {.due = out, .max = max > 4 ? max / 4 : max};
    bool any = false;
    int error, other;

    /* First those that are few: alarms, which have a quarter of the places at most. */
    *wait_ms = -1;
    error = reminders_look_in(s, KEYS_HINT_ALARMS, now_ms, wait_ms, &list, &any);
    list.max = max;
    other = reminders_look_in(s, KEYS_HINT_TIMERS, now_ms, wait_ms, &list, &any);
    *count = list.count;
    return any ? 0 : error ? error : other;
}

/* A page is a thousand members of which few are given, so Redis is not held up. */
int reminders_settle_alarms(struct store *s, struct reminders_settling *at)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];
    int error;

    if (at->part >= hints_parts(s))
        return ERR_NOT_FOUND;
    hints_part(key, s, KEYS_HINT_TIMERS, at->part);
    error = link_command(s->link, &r, "ZSCAN %s %s MATCH %s COUNT 1000", key,
        *at->cursor ? at->cursor : "0", "* a/*");
    const struct link_reply *found = error ? NULL : link_reply_at(r, 1);
    for (size_t i = 0; !error && i + 1 < link_reply_count(found); i += 2) {
        const char *member = link_reply_text(link_reply_at(found, i), NULL);

        if (reminders_is_alarm(member))
            error = reminders_move_alarm(s, key, member,
                link_reply_text(link_reply_at(found, i + 1), NULL));
    }
    if (!error)
        snprintf(at->cursor, sizeof at->cursor, "%s", link_reply_text(link_reply_at(r, 0), NULL));
    if (!error && strcmp(at->cursor, "0") == 0) {
        at->part++;
        *at->cursor = '\0';
    }
    link_reply_free(r);
    return error;
}

/* --- their records --- */

const char *reminders_family(const struct reminders_due *due)
{
    static const char *const families[] = {[REMINDERS_TIMER] = "timer",
        [REMINDERS_EVENT] = "event",
        [REMINDERS_SERIES] = "series",
        [REMINDERS_SNOOZE] = NULL,
        [REMINDERS_ALARM] = NULL};
    return due->kind == REMINDERS_ALARM ? due->family : families[due->kind];
}

struct reminders_reading {
    struct reminders_due *due;
    struct arena *arena;
};

static void reminders_on_record(void *arg, int error, struct link_reply *reply)
{
    struct reminders_reading *reading = arg;
    size_t len;
    const char *text = link_reply_text(reply, &len);

    if (error == 0 && link_reply_type(reply) == LINK_NIL)
        reading->due->read = true;
    else if (error == 0 && link_reply_type(reply) == LINK_STRING)
        reading->due->read =
            (reading->due->record = arena_memdup(reading->arena, text, len)) != NULL;
    link_reply_free(reply);
}

void reminders_read(struct store *s, struct reminders_due *due, size_t count, struct arena *arena)
{
    struct reminders_reading *all = arena_array(arena, count + 1, sizeof *all);
    int error = !all || link_is_cluster(s->link) ? ERR_INVALID : 0;
    size_t asked = 0;

    for (; error == 0 && asked < count; asked++) {
        char key[KEYS_MAX];
        const char *family = reminders_family(&due[asked]);

        if (!family)
            continue;
        all[asked] = (struct reminders_reading){&due[asked], arena};
        keys_records(key, due[asked].uid, family);
        const struct link_arg args[] = {link_text("HGET"), link_text(key),
            link_text(due[asked].id)};
        error =
            link_send(s->link, args, sizeof args / sizeof *args, reminders_on_record, &all[asked]);
    }
    if (error == 0) /* its reply comes behind all of theirs */
        error = link_command(s->link, NULL, "PING");
    for (size_t i = 0; error != 0 && i < asked; i++)
        link_forget(s->link, &all[i]);
}

/* --- firing --- */

static int reminders_outcome(const struct link_reply *r)
{
    const char *word = link_reply_text(link_reply_at(r, 0), NULL);

    if (strcmp(word, "OK") == 0)
        return 0;
    if (strcmp(word, "CHANGED") == 0)
        return ERR_CONFLICT;
    return strcmp(word, "PRIOR") == 0 ? ERR_NOT_FOUND : ERR_INTERNAL;
}

static void reminders_put_firing(struct args *a, const struct store *s,
    const struct reminders_firing *f)
{
    args_init(a);
    args_text(a, f->family);
    args_text(a, f->id);
    args_text(a, f->seen);
    args_text(a, f->next);
    args_text(a, f->mark);
    args_int(a, s->conf->turn_keep_ms);
    args_text(a, f->event);
    args_text(a, f->extra);
    args_int(a, INBOX_MAX);
    args_int(a, INBOX_KEEP_MS);
    args_int(a, f->next_ms);
}

int reminders_fire(struct store *s, const struct reminders_firing *f)
{
    struct link_reply *r = NULL;
    struct args a;

    reminders_put_firing(&a, s, f);
    pushes_expect(s, f->uid);
    int error = args_call(&a, s, &script_reminder_fire, f->uid, &r);
    if (error == 0)
        error = reminders_outcome(r);
    link_reply_free(r);
    return error;
}

static void reminders_on_fired(void *arg, int error, struct link_reply *reply)
{
    int *outcome = arg;

    *outcome = error ? error : reminders_outcome(reply);
    link_reply_free(reply);
}

int reminders_fire_later(struct store *s, const struct reminders_firing *f, int *outcome)
{
    char prefix[KEYS_MAX];
    struct args a;

    *outcome = ERR_STORE;
    keys_prefix(prefix, f->uid);
    reminders_put_firing(&a, s, f);
    pushes_expect(s, f->uid);
    struct link_arg key = link_text(prefix);
    int error = a.error;
    if (error == 0)
        error = link_send_script(s->link, &script_reminder_fire,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = a.v, .nargs = a.n},
            reminders_on_fired, outcome);
    args_fini(&a);
    return error;
}

void reminders_fired(struct store *s, int *outcomes, size_t count)
{
    if (link_command(s->link, NULL, "PING") != 0) /* its reply comes behind all of theirs */
        for (size_t i = 0; i < count; i++)
            link_forget(s->link, &outcomes[i]);
}

int reminders_fire_snooze(struct store *s, const struct reminders_due *due, const char *extra)
{
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, due->id);
    args_int(&a, due->due_ms);
    args_text(&a, extra);
    args_int(&a, INBOX_MAX);
    args_int(&a, INBOX_KEEP_MS);
    pushes_expect(s, due->uid);
    int error = args_call(&a, s, &script_inbox_again, due->uid, &r);
    if (error == 0)
        error = reminders_outcome(r);
    link_reply_free(r);
    return error;
}
