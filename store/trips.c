/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/trips.h"

#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- looking ---- */

/* A link: `NUMBER ROLE OWNER SINCE`, line feed, title. In place of the text, which is changed. */
static bool trips_read_link(char *text, struct trips_link *out)
{
    char *save = NULL, *title = strchr(text, '\n');

    if (!title)
        return false;
    *title++ = '\0';
    const char *number = strtok_r(text, " ", &save), *role = strtok_r(NULL, " ", &save);
    const char *owner = strtok_r(NULL, " ", &save), *since = strtok_r(NULL, " ", &save);
    if (!number || !role || !owner || !since || !ident_is_user(owner, strlen(owner)))
        return false;
    out->role = trips_role_of(role, strlen(role));
    out->owner = owner;
    out->title = title;
    return sscanf(since, "%" SCNd64, &out->since_ms) == 1;
}

int trips_owner(struct store *s, const char *uid, const char *trip, char owner[IDENT_USER_MAX + 1])
{
    struct link_reply *reply = NULL;
    struct trips_link link;
    char key[KEYS_MAX], text[IDENT_USER_MAX + 1024];

    if (!ident_is_safe(trip, strlen(trip), 128))
        return ERR_NOT_FOUND;
    keys_records(key, uid, "trip");
    int error = link_command(s->link, &reply, "HEXISTS %s %s", key, trip);
    bool own = error == 0 && link_reply_int(reply) == 1;
    link_reply_free(reply);
    if (error != 0)
        return error;
    if (own) {
        snprintf(owner, IDENT_USER_MAX + 1, "%s", uid);
        return 0;
    }
    reply = NULL;
    keys_trip_links(key, uid);
    error = link_command(s->link, &reply, "HGET %s %s", key, trip);
    snprintf(text, sizeof text, "%s", error == 0 ? link_reply_text(reply, NULL) : "");
    link_reply_free(reply);
    if (error != 0)
        return error;
    if (!trips_read_link(text, &link) || link.role == TRIPS_NOBODY)
        return ERR_NOT_FOUND;
    snprintf(owner, IDENT_USER_MAX + 1, "%s", link.owner);
    return 0;
}

static int trips_read_member(const struct link_reply *reply, size_t at, struct arena *arena,
    struct trips_member *out)
{
    const char *value = link_reply_text(link_reply_at(reply, at + 1), NULL);
    size_t len = strcspn(value, " ");

    out->uid = arena_strdup(arena, link_reply_text(link_reply_at(reply, at), NULL));
    out->role = trips_role_of(value, len);
    if (sscanf(value + len, "%" SCNd64, &out->since_ms) != 1)
        out->since_ms = 0;
    return out->uid ? 0 : ERR_NOMEM;
}

/* `DIGEST ROLE EXPIRES USES TO`. */
static int trips_read_open(const struct link_reply *reply, size_t at, struct arena *arena,
    struct trips_open *out)
{
    char role[16], to[IDENT_USER_MAX + 1];
    const char *value = link_reply_text(link_reply_at(reply, at + 1), NULL);

    out->id = arena_strdup(arena, link_reply_text(link_reply_at(reply, at), NULL));
    if (sscanf(value, "%*s %15s %" SCNd64 " %" SCNd64 " %128s", role, &out->expires_ms, &out->uses,
            to) != 4)
        return ERR_INTERNAL;
    out->role = trips_role_of(role, strlen(role));
    out->to = strcmp(to, "-") == 0 ? NULL : arena_strdup(arena, to);
    return out->id && (out->to || strcmp(to, "-") == 0) ? 0 : ERR_NOMEM;
}

_Static_assert(IDENT_USER_MAX == 128, "the width in sscanf above");

static int trips_read_view(const struct link_reply *reply, struct arena *arena,
    struct trips_view *out)
{
    enum { ROLE = 1, JSON, LIVE, LEFT, COUNT, MEMBERS };
    size_t json_len, live_len, role_len, all = link_reply_count(reply);
    const char *role = link_reply_text(link_reply_at(reply, ROLE), &role_len);
    const char *json = link_reply_text(link_reply_at(reply, JSON), &json_len);
    const char *live = link_reply_text(link_reply_at(reply, LIVE), &live_len);
    size_t members = (size_t)link_reply_int(link_reply_at(reply, COUNT)), at = MEMBERS;
    int error = 0;

    out->role = trips_role_of(role, role_len);
    out->json = arena_memdup(arena, json, json_len);
    out->live = arena_memdup(arena, live, live_len);
    out->members = arena_array(arena, all + 1, sizeof *out->members);
    out->open = arena_array(arena, all + 1, sizeof *out->open);
    if (!out->json || !out->live || !out->members || !out->open)
        return ERR_NOMEM;
    for (; error == 0 && out->member_count < members && at + 1 < all; at += 2)
        error = trips_read_member(reply, at, arena, &out->members[out->member_count++]);
    for (; error == 0 && at + 1 < all; at += 2)
        error = trips_read_open(reply, at, arena, &out->open[out->open_count++]);
    return error;
}

int trips_look(struct store *s, const char *uid, const char *trip, struct arena *arena,
    struct trips_view *out)
{
    struct link_reply *reply = NULL;
    struct args a;

    memset(out, 0, sizeof *out);
    int error = trips_owner(s, uid, trip, out->owner);
    if (error != 0)
        return error;
    args_init(&a);
    args_text(&a, uid);
    args_text(&a, trip);
    error = args_call(&a, s, &script_trip_look, out->owner, &reply);
    if (error == 0 && !link_reply_says(reply, "OK"))
        error = ERR_NOT_FOUND;
    if (error == 0)
        error = trips_read_view(reply, arena, out);
    link_reply_free(reply);
    return error;
}

int trips_allowed(struct store *s, const char *uid, const char *trip, enum trips_action action,
    struct arena *arena, struct trips_view *out)
{
    int error = trips_look(s, uid, trip, arena, out);

    return error == 0 && !trips_may(out->role, action) ? ERR_FORBIDDEN : error;
}

int trips_links(struct store *s, const char *uid, struct arena *arena, struct trips_link **out,
    size_t *count)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];

    *count = 0;
    keys_trip_links(key, uid);
    int error = link_command(s->link, &reply, "HGETALL %s", key);
    *out = arena_array(arena, link_reply_count(reply) + 1, sizeof **out);
    if (error == 0 && !*out)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i + 1 < link_reply_count(reply); i += 2) {
        struct trips_link *link = &(*out)[*count];
        char *text = arena_strdup(arena, link_reply_text(link_reply_at(reply, i + 1), NULL));

        link->trip = arena_strdup(arena, link_reply_text(link_reply_at(reply, i), NULL));
        if (!text || !link->trip)
            error = ERR_NOMEM;
        else if (trips_read_link(text, link) && link->role != TRIPS_NOBODY)
            ++*count;
    }
    link_reply_free(reply);
    return error;
}

int trips_shares(struct store *s, const char *uid, struct arena *arena, const char ***out,
    size_t *count)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];

    *count = 0;
    keys_trip_shares(key, uid);
    int error = link_command(s->link, &reply, "SMEMBERS %s", key);
    *out = arena_array(arena, link_reply_count(reply) + 1, sizeof **out);
    if (error == 0 && !*out)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < link_reply_count(reply); i++) {
        (*out)[*count] = arena_strdup(arena, link_reply_text(link_reply_at(reply, i), NULL));
        if (!(*out)[(*count)++])
            error = ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

int trips_rest(struct store *s, const char *uid, const char *trip, struct arena *arena,
    struct trips_link *out)
{
    struct link_reply *reply = NULL;
    char key[KEYS_MAX];

    *out = (struct trips_link){.owner = uid, .trip = trip, .title = "", .role = TRIPS_OWNER};
    if (!ident_is_safe(trip, strlen(trip), 128))
        return ERR_NOT_FOUND;
    keys_trip_shares(key, uid);
    int error = link_command(s->link, &reply, "SISMEMBER %s %s", key, trip);
    bool own = error == 0 && link_reply_int(reply) == 1;
    link_reply_free(reply);
    if (error != 0 || own)
        return error;
    reply = NULL;
    keys_trip_links(key, uid);
    error = link_command(s->link, &reply, "HGET %s %s", key, trip);
    char *text = error == 0 ? arena_strdup(arena, link_reply_text(reply, NULL)) : NULL;
    link_reply_free(reply);
    if (error == 0 && !text)
        error = ERR_NOMEM;
    if (error == 0 && !trips_read_link(text, out))
        error = ERR_NOT_FOUND;
    return error;
}

int trips_forget(struct store *s, const char *uid, const char *trip)
{
    char key[KEYS_MAX];

    keys_trip_links(key, uid);
    return link_command(s->link, NULL, "HDEL %s %s", key, trip);
}
