/* SPDX-License-Identifier: BSD-2-Clause */
/* What people do with shared trips: a script in the owner's slot, then the words to the members. */
#include "base/buf.h"
#include "base/clock.h"
#include "process/fault.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "store/trips.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TRIPS_LOOK_MS 5000 /* until a housekeeper looks whether all have been told */
#define TRIPS_TELL_MS 3000 /* how long who acted tells the members itself */
#define TRIPS_HOUR "3600000"

static bool trips_is_id(const char *id, size_t max)
{
    return id && ident_is_safe(id, strlen(id), max);
}

static int trips_error_of(const struct link_reply *reply)
{
    static const struct {
        const char *word;
        int error;
    } words[] = {{"OK", 0}, {"PRIOR", 0}, {"FENCED", ERR_FENCED}, {"MISSING", ERR_NOT_FOUND},
        {"FORBIDDEN", ERR_FORBIDDEN}, {"CHANGED", ERR_CONFLICT}, {"FULL", ERR_FULL},
        {"MOVING", ERR_BUSY}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (link_reply_says(reply, words[i].word))
            return words[i].error == ERR_FULL &&
                    strcmp(link_reply_text(link_reply_at(reply, 1), NULL), "member") == 0 ?
                ERR_EXISTS :
                words[i].error;
    return ERR_INTERNAL;
}

/* " owner editor ": the roles that may. */
static void trips_roles_that(enum trips_action action, char out[40])
{
    size_t len = (size_t)snprintf(out, 40, " ");

    for (int i = TRIPS_VIEWER; i < TRIPS_ROLES; i++)
        if (trips_may((enum trips_role)i, action))
            len +=
                (size_t)snprintf(out + len, 40 - len, "%s ", trips_role_name((enum trips_role)i));
}

/* What every call begins with. The texts of `digest` and `roles` are borrowed by the arguments. */
struct trips_head {
    struct args args;
    bool silent; /* it tells nobody anything */
    char digest[IDENT_SHA256_SIZE], roles[40];
};

/* The mark in the owner's slot. Returns 0 or ERR_NOMEM. */
static int trips_mark(const struct trips_act *act, char digest[IDENT_SHA256_SIZE])
{
    struct buf text = {0};

    buf_printf(&text, "%s\n%s", act->actor, act->mark);
    int error = buf_error(&text);
    if (error == 0)
        ident_sha256_hex(buf_text(&text), text.len, digest);
    buf_free(&text);
    return error;
}

int trips_acted(struct store *s, const struct trips_act *act, bool *acted)
{
    struct link_reply *reply = NULL;
    char digest[IDENT_SHA256_SIZE], effect[IDENT_SHA256_SIZE + 8], key[KEYS_MAX];

    *acted = false;
    if (!act->mark)
        return 0;
    int error = trips_mark(act, digest);
    if (error != 0)
        return error;
    snprintf(effect, sizeof effect, "trip:%s", digest);
    keys_effect(key, act->owner, effect);
    error = link_command(s->link, &reply, "EXISTS %s", key);
    *acted = error == 0 && link_reply_int(reply) == 1;
    link_reply_free(reply);
    return error;
}

static void trips_begin(struct trips_head *h, const struct store *s, const struct trips_act *act,
    enum trips_action action, const char *op)
{
    bool fenced = act->session &&
        (strcmp(act->actor, act->owner) == 0 || ident_is_chat(act->session, strlen(act->session)));

    args_init(&h->args);
    h->silent = false;
    h->digest[0] = '\0';
    if (act->mark && trips_mark(act, h->digest) != 0)
        h->args.error = ERR_NOMEM;
    trips_roles_that(action, h->roles);
    args_text(&h->args, h->digest);
    args_int(&h->args, s->conf->turn_keep_ms);
    args_text(&h->args, fenced ? act->session : "");
    args_int(&h->args, fenced ? act->epoch : 0);
    args_text(&h->args, act->actor);
    args_text(&h->args, act->trip);
    args_text(&h->args, h->roles);
    args_text(&h->args, act->title);
    args_text(&h->args, act->event);
    args_text(&h->args, op);
}

/* Runs the script of h, then tells the members. reply: out, on 0; may be NULL. */
static int trips_run(struct trips_head *h, struct store *s, const struct trips_act *act,
    struct link_reply **out)
{
    struct link_reply *reply = NULL;
    size_t left;
    int error = 0;

    if (!trips_is_id(act->trip, 128) || !trips_is_id(act->owner, IDENT_USER_MAX))
        error = ERR_NOT_FOUND;
    else if (act->event && strlen(act->event) > TRIPS_EVENT_MAX)
        error = ERR_LIMIT;
    if (error == 0 && !h->silent) /* before the fact; a stale hint does no harm */
        error = hints_set_before(s, KEYS_HINT_TRIPS, act->owner, act->owner, TRIPS_LOOK_MS);
    if (error == 0)
        error = args_call(&h->args, s, &script_trip_change, act->owner, &reply);
    else
        args_fini(&h->args);
    if (error == 0)
        error = trips_error_of(reply);
    if (error == 0 && act->title)
        fault_in(s->conf, "trip", act->title, strlen(act->title));
    if (error == 0 && !h->silent) /* what fails here is found by the hint */
        err_ignore(trips_deliver(s, act->owner, TRIPS_TELL_MS, &left));
    if (error == 0 && out)
        *out = reply;
    else
        link_reply_free(reply);
    return error;
}

static int trips_count(struct store *s, const char *uid, const char *name, int64_t most, bool add)
{
    struct link_reply *reply = NULL;
    char name_of[KEYS_MAX];

    keys_rate(name_of, uid, name);
    struct link_arg key = link_text(name_of), window = link_text(TRIPS_HOUR);
    int error = add ?
        link_script_call(s->link, &script_rate,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = &window, .nargs = 1}, &reply) :
        link_command(s->link, &reply, "GET %s", name_of);
    int64_t count = link_reply_int(add ? link_reply_at(reply, 0) : reply);
    link_reply_free(reply);
    return error != 0 ? error : count > most ? ERR_RATE : 0;
}

void trips_invitation_new(struct trips_invitation *i)
{
    ident_uuid7(i->id);
    ident_token((TRIPS_CODE_SIZE - 1) / 2, i->code);
}

/* Where the code leads, before the invitation is there. */
static int trips_put_code(struct store *s, const struct trips_act *act,
    const struct trips_invitation *i, const char *digest)
{
    char key[KEYS_MAX], life[24];
    struct buf value = {0};

    keys_trip_code(key, digest);
    snprintf(life, sizeof life, "%" PRId64, i->life_ms);
    buf_printf(&value, "%s %s %s", act->owner, act->trip, act->title);
    int error = buf_error(&value);
    if (error == 0) {
        const struct link_arg args[] = {link_text("SET"), link_text(key), {value.data, value.len},
            link_text("PX"), link_text(life)};
        error = link_call(s->link, args, 5, NULL);
    }
    buf_free(&value);
    return error;
}

/* Did the script say no? A fault leaves open whether it has run. */
static bool trips_refused(int error)
{
    return error == ERR_NOT_FOUND || error == ERR_FORBIDDEN || error == ERR_FENCED ||
        error == ERR_CONFLICT || error == ERR_FULL || error == ERR_EXISTS || error == ERR_BUSY ||
        error == ERR_LIMIT;
}

/* The call's own code leads nowhere; that of its first execution leads to the trip, which the
 * worker that died may have taken back. */
static int trips_keep_code(struct store *s, const struct trips_act *act,
    const struct trips_invitation *i, int error, const char *digest)
{
    char key[KEYS_MAX], first[IDENT_SHA256_SIZE];

    if (error == 0) {
        ident_sha256_hex(i->code, strlen(i->code), first);
        if (strcmp(first, digest) == 0)
            return 0;
        error = trips_put_code(s, act, i, first);
    } else if (!trips_refused(error)) {
        return error;
    }
    keys_trip_code(key, digest);
    err_ignore(link_command(s->link, NULL, "DEL %s", key));
    return error;
}

int trips_invite(struct store *s, const struct trips_act *act, struct trips_invitation *i)
{
    struct link_reply *reply = NULL;
    struct trips_head h;
    char digest[IDENT_SHA256_SIZE];

    ident_sha256_hex(i->code, strlen(i->code), digest);
    int error = trips_count(s, act->actor, "trip-invites", TRIPS_INVITES_HOUR, true);
    if (error == 0)
        error = trips_put_code(s, act, i, digest);
    if (error != 0)
        return error;
    trips_begin(&h, s, act, TRIPS_INVITE, "invite");
    args_text(&h.args, i->id);
    args_text(&h.args, digest);
    args_text(&h.args, trips_role_name(i->role));
    args_ints(&h.args, i->life_ms, i->uses);
    args_text(&h.args, i->to ? i->to : "-");
    args_ints(&h.args, TRIPS_INVITATIONS_MAX, TRIPS_SHARES_MAX);
    args_text(&h.args, i->code);
    error = trips_run(&h, s, act, &reply);
    if (error == 0 &&
        sscanf(link_reply_text(link_reply_at(reply, 1), NULL), "%36s %32s %" SCNd64, i->id, i->code,
            &i->expires_ms) != 3)
        error = ERR_INTERNAL;
    link_reply_free(reply);
    return trips_keep_code(s, act, i, error, digest);
}

_Static_assert(IDENT_UUID_SIZE == 37 && TRIPS_CODE_SIZE == 33, "the widths in sscanf above");

void trips_code_failed(struct store *s, const char *uid)
{
    err_ignore(trips_count(s, uid, "trip-codes", TRIPS_WRONG_CODES, true));
}

static int trips_read_code(struct store *s, const char *code, struct arena *arena,
    struct trips_link *out)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX], digest[IDENT_SHA256_SIZE], *save = NULL;

    ident_sha256_hex(code, strlen(code), digest);
    keys_trip_code(key, digest);
    int error = link_command(s->link, &reply, "GET %s", key);
    char *text = error == 0 ? arena_strdup(arena, link_reply_text(reply, NULL)) : NULL;
    link_reply_free(reply);
    if (error != 0)
        return error;
    if (!text)
        return ERR_NOMEM;
    out->owner = strtok_r(text, " ", &save);
    out->trip = strtok_r(NULL, " ", &save);
    out->title = strtok_r(NULL, "", &save);
    return out->trip ? 0 : ERR_NOT_FOUND;
}

int trips_code(struct store *s, const char *uid, const char *code, struct arena *arena,
    struct trips_link *out)
{
    memset(out, 0, sizeof *out);
    int error = trips_count(s, uid, "trip-codes", TRIPS_WRONG_CODES - 1, false);
    if (error == 0)
        error = trips_read_code(s, code, arena, out);
    if (error == ERR_NOT_FOUND)
        trips_code_failed(s, uid);
    if (error == 0 && !out->title)
        out->title = "";
    return error;
}

/* `DIGEST ROLE EXPIRES USES TO` of an invitation. */
static bool trips_is_good(const char *value, const char *digest, const char *uid)
{
    char of[IDENT_SHA256_SIZE], to[IDENT_USER_MAX + 1];
    int64_t expires_ms;

    return sscanf(value, "%64s %*s %" SCNd64 " %*s %128s", of, &expires_ms, to) == 3 &&
        strcmp(of, digest) == 0 && expires_ms > clock_real_ms() &&
        (strcmp(to, "-") == 0 || strcmp(to, uid) == 0);
}

_Static_assert(IDENT_SHA256_SIZE == 65 && IDENT_USER_MAX == 128, "the widths in sscanf above");

int trips_code_is_good(struct store *s, const char *uid, const char *code,
    const struct trips_link *link)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX], digest[IDENT_SHA256_SIZE];
    bool good = false;

    if (!trips_is_id(link->trip, 128) || !trips_is_id(link->owner, IDENT_USER_MAX))
        return ERR_NOT_FOUND;
    ident_sha256_hex(code, strlen(code), digest);
    keys_trip_share(key, link->owner, link->trip);
    int error = link_command(s->link, &reply, "HGETALL %s", key);
    for (size_t k = 0; error == 0 && k + 1 < link_reply_count(reply); k += 2) {
        const char *field = link_reply_text(link_reply_at(reply, k), NULL);
        const char *value = link_reply_text(link_reply_at(reply, k + 1), NULL);

        good |= (strncmp(field, "m ", 2) == 0 && strcmp(field + 2, uid) == 0) ||
            (strncmp(field, "i ", 2) == 0 && trips_is_good(value, digest, uid));
    }
    link_reply_free(reply);
    if (error != 0 || good)
        return error;
    trips_code_failed(s, uid);
    return ERR_NOT_FOUND;
}

static int trips_with_code(struct store *s, const struct trips_act *act, const char *op,
    const char *code, struct link_reply **reply)
{
    struct trips_head h;
    char digest[IDENT_SHA256_SIZE];

    ident_sha256_hex(code, strlen(code), digest);
    trips_begin(&h, s, act, TRIPS_SEE, op);
    args_text(&h.args, digest);
    args_int(&h.args, TRIPS_MEMBERS_MAX);
    return trips_run(&h, s, act, reply);
}

int trips_join(struct store *s, const struct trips_act *act, const char *code,
    enum trips_role *role, bool *already)
{
    struct link_reply *reply = NULL;
    struct trips_link *links;
    struct arena *arena = arena_new();
    size_t count = 0;

    if (!arena)
        return ERR_NOMEM;
    int error = trips_links(s, act->actor, arena, &links, &count);
    bool linked = false;
    for (size_t k = 0; error == 0 && k < count; k++)
        linked |= strcmp(links[k].trip, act->trip) == 0;
    arena_free(arena);
    if (error == 0 && !linked && count >= TRIPS_JOINED_MAX)
        error = ERR_FULL;
    if (error == 0)
        error = trips_with_code(s, act, "join", code, &reply);
    if (error == 0) {
        const char *text = link_reply_text(link_reply_at(reply, 1), NULL);
        size_t len = strcspn(text, " ");
        *role = trips_role_of(text, len);
        *already = text[len] != '\0';
    }
    link_reply_free(reply);
    return error;
}

int trips_decline(struct store *s, const struct trips_act *act, const char *code)
{
    return trips_with_code(s, act, "decline", code, NULL);
}

static int trips_about(struct store *s, const struct trips_act *act, enum trips_action action,
    const char *op, const char *what, const char *more)
{
    struct trips_head h;

    if (!trips_is_id(what, 128))
        return ERR_CONFLICT;
    trips_begin(&h, s, act, action, op);
    args_text(&h.args, what);
    args_text(&h.args, more);
    return trips_run(&h, s, act, NULL);
}

int trips_leave(struct store *s, const struct trips_act *act)
{
    return trips_about(s, act, TRIPS_LEAVE, "drop", act->actor, "");
}

int trips_remove(struct store *s, const struct trips_act *act, const char *uid)
{
    return trips_about(s, act, TRIPS_REMOVE, "drop", uid, "");
}

int trips_set_role(struct store *s, const struct trips_act *act, const char *uid,
    enum trips_role role)
{
    return trips_about(s, act, TRIPS_ROLE, "role", uid, trips_role_name(role));
}

int trips_revoke(struct store *s, const struct trips_act *act, const char *invitation)
{
    return trips_about(s, act, TRIPS_REVOKE, "revoke", invitation, "");
}

int trips_end(struct store *s, const struct trips_act *act)
{
    return trips_about(s, act, TRIPS_END, "finish", "-", "");
}

int trips_give(struct store *s, const struct trips_act *act, const char *uid)
{
    return trips_about(s, act, TRIPS_GIVE, "give", uid, "");
}

int trips_change(struct store *s, const struct trips_act *act, const char *json, const char *seen,
    int64_t time_ms)
{
    struct trips_head h;

    trips_begin(&h, s, act, TRIPS_CHANGE, "change");
    args_text(&h.args, json);
    args_text(&h.args, seen);
    args_int(&h.args, time_ms);
    return trips_run(&h, s, act, NULL);
}

int trips_live(struct store *s, const struct trips_act *act, enum trips_action action,
    const struct trips_live_state *state)
{
    struct trips_head h;

    trips_begin(&h, s, act, action, "live");
    args_text(&h.args, state->json);
    args_text(&h.args, state->seen);
    args_int(&h.args, state->ends_ms);
    args_text(&h.args, state->quiet ? "quiet" : "inbox");
    h.silent = *act->event == '\0';
    return trips_run(&h, s, act, NULL);
}
