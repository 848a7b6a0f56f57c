/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/together/together.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>

#define TOGETHER_TITLE 160 /* bytes */

int together_refuse(struct tools_run *run, int error)
{
    static const struct {
        int error;
        const char *code, *message;
    } words[] = {
        {ERR_NOT_FOUND, "not_found",
            "There is no such trip. list_shared_trips lists those there are."},
        {ERR_FORBIDDEN, "forbidden", "Your role on this trip does not allow that."},
        {ERR_CONFLICT, "conflict",
            "It is not so any more: somebody else has changed it. Look again with "
            "list_trip_members or get_trip."},
        {ERR_EXISTS, "conflict", "This user takes part already."},
        {ERR_BUSY, "busy",
            "The trip is being handed over to its new owner. Try again in a moment."},
        {ERR_LIMIT, "result_too_large", "That is too long to be told to the members."},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].error == error)
            return run_fail(run, words[i].code, "%s", words[i].message);
    if (error == ERR_FULL)
        return run_fail(run, "limit_reached",
            "There is no room: a trip has at most %d members and %d open invitations, and a user "
            "shares or joins at most %d trips.",
            TRIPS_MEMBERS_MAX, TRIPS_INVITATIONS_MAX, TRIPS_SHARES_MAX);
    if (error != ERR_RATE)
        return error;
    run->retry_after_ms = TRIPS_HOUR_MS;
    return run_fail(run, "rate_limited", "Too many tries within an hour. Try again later.");
}

const char *together_title(struct tools_run *run, const jdoc *trip)
{
    char text[TOGETHER_TITLE];
    const char *title = jdoc_text_or(trip, "title", "");

    if (*title)
        snprintf(text, sizeof text, "%.*s", TOGETHER_TITLE - 1, title);
    else
        snprintf(text, sizeof text, "%.70s to %.70s",
            jdoc_text_or(jdoc_get(trip, "origin"), "name", "?"),
            jdoc_text_or(jdoc_get(trip, "destination"), "name", "?"));
    utf8_mend_end(text);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return arena_strdup(run->arena, text);
}

const char *together_name(struct tools_run *run)
{
    jdoc *profile = NULL;
    const char *uid = run->context->uid, *name = NULL;
    int error = record_get(run, "profile", "me", &profile, NULL);

    if (error == 0)
        name = arena_strdup(run->arena, jdoc_text_or(profile, "username", ""));
    jdoc_free(profile);
    return name && *name ? name : arena_strdup(run->arena, uid);
}

int together_open(struct tools_run *run, enum trips_action action, struct together *t)
{
    int error;

    memset(t, 0, sizeof *t);
    error = trips_allowed(run->context->store, run->context->uid,
        jdoc_text_or(run->args, "trip_id", ""), action, run->arena, &t->view);
    if (error == ERR_NOT_FOUND || error == ERR_FORBIDDEN) {
        error = together_refuse(run, error);
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = jdoc_parse(t->view.json, strlen(t->view.json), &t->trip, NULL, 0);
    if (error != 0)
        return error == ERR_INVALID || error == ERR_LIMIT ? ERR_INTERNAL : error;
    t->title = together_title(run, t->trip);
    return t->title ? 0 : ERR_NOMEM;
}

void together_end(struct together *t)
{
    jdoc_free(t->trip);
    t->trip = NULL;
}

/* ---- what members are told ---- */

static const char *together_text_of(struct tools_run *run, struct buf *text)
{
    const char *copy =
        buf_error(text) == 0 ? arena_memdup(run->arena, buf_text(text), text->len) : NULL;

    buf_free(text);
    return copy;
}

const char *together_member(struct tools_run *run, const char *key, const char *text)
{
    struct buf out = {0};

    buf_json_member(&out, key, text);
    return together_text_of(run, &out);
}

const char *together_event(struct tools_run *run, const struct together_event *e)
{
    const char *name = together_name(run);
    struct buf out = {0};

    if (!name || !e->message || !e->extra)
        return NULL;
    buf_printf(&out, "{\"type\":\"trip_update\",\"timestamp\":%lld",
        (long long)run->context->now_ms);
    buf_json_member(&out, "message", e->message);
    buf_printf(&out, ",\"trip\":{\"trip_id\":");
    buf_json_text(&out, e->trip);
    buf_json_member(&out, "title", e->title);
    buf_json_member(&out, "change", e->change);
    buf_json_member(&out, "by", run->context->uid);
    buf_json_member(&out, "by_name", name);
    buf_puts(&out, e->extra);
    buf_puts(&out, "}}");
    return together_text_of(run, &out);
}

/* ---- acting ---- */

int together_begin(struct tools_run *run, const char *owner, const char *trip, const char *title,
    struct trips_act *act)
{
    *act = (struct trips_act){.actor = run->context->uid,
        .owner = owner,
        .trip = trip,
        .session = run->context->chat_session ? run->context->chat_session : run->context->session,
        .epoch = run->context->epoch,
        .title = title,
        .event = ""};
    int error = record_effect(run, &act->mark);
    return error == 0 ? record_fence(run) : error;
}

int together_acted(struct tools_run *run, const char *owner, bool *acted)
{
    struct trips_act act = {.actor = run->context->uid, .owner = owner};

    *acted = false;
    int error = record_effect(run, &act.mark);
    return error == 0 ? trips_acted(run->context->store, &act, acted) : error;
}

/* Front ends refresh by the entity: one that an action does not show is the trip's id. */
static int together_set_entity(struct tools_run *run, const char *trip)
{
    jdoc *doc;

    if (!run->result || jdoc_has(run->result, run->spec->entity))
        return run->result ? 0 : ERR_NOMEM;
    doc = jdoc_new_object();
    if (!doc || jdoc_set_string(doc, "trip_id", trip) != 0) {
        jdoc_free(doc);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, run->spec->entity, doc);
}

int together_finish(struct tools_run *run, const char *kind, const char *trip, const char *text)
{
    char id[192], now[CLOCK_RFC3339_SIZE];
    jdoc *act = jdoc_new_object();

    snprintf(id, sizeof id, "%.40s:%.100s", kind, trip);
    clock_rfc3339(run->context->now_ms, now);
    int failed = !act || jdoc_set_string(act, "id", id) != 0 ||
        jdoc_set_string(act, "kind", kind) != 0 || jdoc_set_string(act, "trip_id", trip) != 0 ||
        jdoc_set_string(act, "text", text) != 0 || jdoc_set_string(act, "created_at", now) != 0;
    struct record_item item = {.family = "together",
        .id = id,
        .document = act,
        .time_ms = run->context->now_ms};
    int error = failed ? ERR_NOMEM : together_set_entity(run, trip);
    if (error == 0)
        error = record_commit(run, &item, 1, false);
    jdoc_free(act);
    return error;
}
