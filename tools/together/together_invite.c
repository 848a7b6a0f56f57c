/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: invitations, and what becomes of them. */
#include "base/clock.h"
#include "store/shared.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/courtesy.h"
#include "tools/kit/people.h"
#include "tools/kit/preview.h"
#include "tools/together/together.h"

#include <stdio.h>
#include <string.h>

#define TOGETHER_HOUR_MS INT64_C(3600000)

/* ---- invite_to_trip ---- */

/* NULL: whoever has the code. */
static const char *together_guest(const struct tools_run *run)
{
    const char *to = jdoc_text_or(run->args, "user_id", "");

    return *to ? to : NULL;
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int together_check_guest(struct tools_run *run, const struct together *t)
{
    const char *to = together_guest(run);
    int error = 0, said = 0;

    if (!to)
        return 0;
    for (size_t i = 0; i < t->view.member_count; i++)
        if (strcmp(t->view.members[i].uid, to) == 0)
            error = ERR_EXISTS;
    if (strcmp(to, run->context->uid) == 0) {
        said = run_fail_at(run, "/user_id", "the id of another user", "this is the user's own id");
    } else if (error == ERR_EXISTS) {
        said = together_refuse(run, error);
    } else {
        error = shared_known(run->context->store, to);
        if (error == 0)
            error = courtesy_may_write_to(run, to);
        if (error != ERR_NOT_FOUND && error != ERR_FORBIDDEN)
            return error;
        /* One answer for both: nobody learns who is here. */
        said = run_fail_at(run, "/user_id", "a user who takes messages from you",
            "There is no such user, or none who takes invitations from you. Without user_id you "
            "get a code to hand on.");
    }
    return said != 0 ? said : ERR_INVALID;
}

int together_preview_invite_to_trip(struct tools_run *run)
{
    struct together t;
    const char *to = together_guest(run), *name = "", *label = "";
    int error = together_open(run, TRIPS_INVITE, &t);
    if (error == 0)
        error = together_check_guest(run, &t);
    if (error == 0 && to)
        error = people_called(run, to, &name, &label);
    const char *title = error == 0 ? preview_text(run->arena, t.title, PREVIEW_TITLE) : NULL;
    if (error == 0)
        error = !title ?
            ERR_NOMEM :
            preview_say(run, "invite %s to the trip %s as %s", to ? name : "whoever has the code",
                title, jdoc_text_or(run->args, "role", "viewer"));
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    if (error == 0)
        error = to ? about_people(run, &label, 1) : about_audience(run, "others");
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

static int together_set_invitation(struct tools_run *run, const struct trips_invitation *i,
    const char *trip)
{
    char until[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();

    clock_rfc3339(i->expires_ms, until);
    int failed = !doc || jdoc_set_string(doc, "invitation_id", i->id) != 0 ||
        jdoc_set_string(doc, "code", i->code) != 0 || jdoc_set_string(doc, "trip_id", trip) != 0 ||
        jdoc_set_string(doc, "role", trips_role_name(i->role)) != 0 ||
        jdoc_set_string(doc, "expires_at", until) != 0 || jdoc_set_int(doc, "uses", i->uses) != 0 ||
        (i->to && jdoc_set_string(doc, "user_id", i->to) != 0);
    if (failed || jdoc_set(run->result, "invitation", doc) != 0) {
        if (failed)
            jdoc_free(doc);
        return ERR_NOMEM;
    }
    return 0;
}

static const char *together_invite_event(struct tools_run *run, const struct together *t,
    const struct trips_invitation *i)
{
    const char *name = together_name(run);
    const char *code = together_member(run, "code", i->code);
    const char *role = together_member(run, "role", trips_role_name(i->role));

    if (!i->to)
        return "";
    if (!name || !code || !role)
        return NULL;
    return together_event(run,
        &(struct together_event){jdoc_text_or(run->args, "trip_id", ""), t->title, "invited",
            arena_printf(run->arena, "%s invites you to the trip %s, as %s.", name, t->title,
                trips_role_name(i->role)),
            arena_printf(run->arena, "%s%s", code, role)});
}

static int together_invite(struct tools_run *run, const struct together *t)
{
    const char *role = jdoc_text_or(run->args, "role", "viewer");
    const char *trip = jdoc_text_or(run->args, "trip_id", "");
    struct trips_act act;
    struct trips_invitation i = {.role = trips_role_of(role, strlen(role)),
        .life_ms = jdoc_int_or(run->args, "expires_hours", 168) * TOGETHER_HOUR_MS,
        .uses = together_guest(run) ? 1 : jdoc_int_or(run->args, "max_uses", 1),
        .to = together_guest(run)};
    int error = together_begin(run, run->context->uid, trip, t->title, &act);

    trips_invitation_new(&i);
    if (error != 0)
        return error;
    act.event = together_invite_event(run, t, &i);
    if (!act.event)
        return ERR_NOMEM;
    error = trips_invite(run->context->store, &act, &i);
    if (error != 0)
        return together_refuse(run, error);
    jdoc *answer = i.to ?
        run_succeed(run, "%s is invited to the trip %s as %s.", i.to, t->title, role) :
        run_succeed(run, "Whoever has the code %s can join the trip %s as %s, %lld time%s.", i.code,
            t->title, role, (long long)i.uses, i.uses == 1 ? "" : "s");
    error = answer ? together_set_invitation(run, &i, trip) : ERR_NOMEM;
    return error == 0 ? together_finish(run, "invite", trip, t->title) : error;
}

int together_tool_invite_to_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_INVITE, &t);
    if (error == 0)
        error = together_check_guest(run, &t);
    if (error == 0)
        error = together_invite(run, &t);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- join_trip ---- */

static int together_no_code(struct tools_run *run)
{
    return run_fail(run, "not_found",
        "This code is not good: it is wrong, used up, over, taken back, or for another user.");
}

/* Returns 0; ERR_INVALID (said); a fault. */
static int together_find_code(struct tools_run *run, struct trips_link *link)
{
    int error = trips_code(run->context->store, run->context->uid,
        jdoc_text_or(run->args, "code", ""), run->arena, link);
    int said = 0;

    if (error == 0 && strcmp(link->owner, run->context->uid) == 0)
        said = run_fail(run, "conflict", "This trip is your own.");
    else if (error == ERR_NOT_FOUND)
        said = together_no_code(run);
    else if (error == ERR_RATE)
        said = together_refuse(run, error);
    else
        return error;
    return said != 0 ? said : ERR_INVALID;
}

int together_preview_join_trip(struct tools_run *run)
{
    struct trips_link link;
    bool decline = jdoc_is_true(run->args, "decline");
    int error = together_find_code(run, &link);
    if (error == 0) { /* who may not join learns no title and no owner */
        error = trips_code_is_good(run->context->store, run->context->uid,
            jdoc_text_or(run->args, "code", ""), &link);
        if (error == ERR_NOT_FOUND)
            return together_no_code(run);
    }
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    const char *title = preview_text(run->arena, link.title, PREVIEW_TITLE);
    const char *owner = preview_text(run->arena, link.owner, PREVIEW_TITLE);
    error = !title || !owner ?
        ERR_NOMEM :
        preview_say(run, "%s the trip %s of %s", decline ? "decline" : "join", title, owner);
    return error == 0 ? about_people(run, &link.owner, 1) : error;
}

static int together_answer_join(struct tools_run *run, const struct trips_link *link,
    enum trips_role role, bool already)
{
    jdoc *answer = already ? run_succeed(run, "You take part in the trip %s already, as %s.",
                                 link->title, trips_role_name(role)) :
                             run_succeed(run, "You take part in the trip %s now, as %s.",
                                 link->title, trips_role_name(role));
    jdoc *doc = answer ? jdoc_new_object() : NULL;

    if (!doc || jdoc_set_string(doc, "trip_id", link->trip) != 0 ||
        jdoc_set_string(doc, "title", link->title) != 0 ||
        jdoc_set_string(doc, "owner", link->owner) != 0 ||
        jdoc_set_string(doc, "role", trips_role_name(role)) != 0) {
        jdoc_free(doc);
        return ERR_NOMEM;
    }
    int error = jdoc_set(run->result, "membership", doc);
    return error == 0 ? together_finish(run, "join", link->trip, link->title) : error;
}

static int together_join(struct tools_run *run, const struct trips_link *link)
{
    const char *code = jdoc_text_or(run->args, "code", ""), *name = together_name(run);
    bool decline = jdoc_is_true(run->args, "decline"), already = false;
    enum trips_role role = TRIPS_NOBODY;
    struct trips_act act;
    int error = together_begin(run, link->owner, link->trip, link->title, &act);

    if (error != 0 || !name)
        return error != 0 ? error : ERR_NOMEM;
    act.event = together_event(run,
        &(struct together_event){link->trip, link->title, decline ? "declined" : "joined",
            arena_printf(run->arena, decline ? "%s declines the trip %s." : "%s joins the trip %s.",
                name, link->title),
            ""});
    if (!act.event)
        return ERR_NOMEM;
    error = decline ? trips_decline(run->context->store, &act, code) :
                      trips_join(run->context->store, &act, code, &role, &already);
    if (error == ERR_NOT_FOUND) {
        trips_code_failed(run->context->store, run->context->uid);
        return together_no_code(run);
    }
    if (error != 0)
        return together_refuse(run, error);
    if (!decline)
        return together_answer_join(run, link, role, already);
    return run_succeed(run, "The invitation to the trip %s is declined.", link->title) ?
        together_finish(run, "decline", link->trip, link->title) :
        ERR_NOMEM;
}

int together_tool_join_trip(struct tools_run *run)
{
    struct trips_link link;
    int error = together_find_code(run, &link);
    if (error == 0)
        error = together_join(run, &link);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- revoke_trip_invitation ---- */

int together_tool_revoke_trip_invitation(struct tools_run *run)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", "");
    struct together t;
    struct trips_act act;
    int error = together_open(run, TRIPS_REVOKE, &t);
    if (error == 0)
        error = together_begin(run, run->context->uid, trip, t.title, &act);
    if (error == 0) {
        error =
            trips_revoke(run->context->store, &act, jdoc_text_or(run->args, "invitation_id", ""));
        if (error == ERR_CONFLICT)
            error = run_fail(run, "not_found", "There is no such invitation any more.");
        else if (error != 0)
            error = together_refuse(run, error);
        else if (!run_succeed(run, "The invitation to the trip %s is taken back.", t.title))
            error = ERR_NOMEM;
        else
            error = together_finish(run, "revoke", trip, t.title);
    }
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}
