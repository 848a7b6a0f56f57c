/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: who takes part, and as what. */
#include "base/clock.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/people.h"
#include "tools/kit/preview.h"
#include "tools/together/together.h"

#include <stdio.h>
#include <string.h>

/* ---- list_trip_members ---- */

static int together_push_member(jdoc *list, const char *uid, enum trips_role role, int64_t since_ms)
{
    char since[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();

    clock_rfc3339(since_ms, since);
    int failed = !doc || jdoc_set_string(doc, "user_id", uid) != 0 ||
        jdoc_set_string(doc, "role", trips_role_name(role)) != 0 ||
        (since_ms > 0 && jdoc_set_string(doc, "since", since) != 0);
    return jdoc_push_made(list, doc, failed);
}

static int together_push_open(jdoc *list, const struct trips_open *open)
{
    char until[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();

    clock_rfc3339(open->expires_ms, until);
    int failed = !doc || jdoc_set_string(doc, "invitation_id", open->id) != 0 ||
        jdoc_set_string(doc, "role", trips_role_name(open->role)) != 0 ||
        jdoc_set_string(doc, "expires_at", until) != 0 ||
        jdoc_set_int(doc, "uses", open->uses) != 0 ||
        (open->to && jdoc_set_string(doc, "user_id", open->to) != 0);
    return jdoc_push_made(list, doc, failed);
}

static int together_answer_members(struct tools_run *run, const struct together *t)
{
    const struct trips_view *v = &t->view;
    jdoc *members = jdoc_new_array(), *open = jdoc_new_array();
    int error =
        members && open ? together_push_member(members, v->owner, TRIPS_OWNER, 0) : ERR_NOMEM;

    for (size_t i = 0; error == 0 && i < v->member_count; i++)
        error = together_push_member(members, v->members[i].uid, v->members[i].role,
            v->members[i].since_ms);
    for (size_t i = 0; error == 0 && i < v->open_count; i++)
        error = together_push_open(open, &v->open[i]);
    if (error != 0 ||
        !run_succeed(run, "%zu take part in the trip %s; you are its %s.", v->member_count + 1,
            t->title, trips_role_name(v->role))) {
        jdoc_free(members);
        jdoc_free(open);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "members", members);
    int set = jdoc_set(run->result, "invitations", open);
    if (error == 0)
        error = set;
    return error == 0 ? jdoc_set_string(run->result, "your_role", trips_role_name(v->role)) : error;
}

int together_tool_list_trip_members(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_MEMBERS, &t);
    if (error == 0)
        error = together_answer_members(run, &t);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- change_trip_member ---- */

enum together_deed { TOGETHER_ROLE, TOGETHER_REMOVE, TOGETHER_GIVE };
static const struct {
    const char *name, *change;
    enum trips_action action;
} together_deeds[] = {
    [TOGETHER_ROLE] = {"set_role", "role", TRIPS_ROLE},
    [TOGETHER_REMOVE] = {"remove", "removed", TRIPS_REMOVE},
    [TOGETHER_GIVE] = {"hand_over", "owner", TRIPS_GIVE},
};

static enum together_deed together_deed_of(const struct tools_run *run)
{
    const char *name = jdoc_text_or(run->args, "action", "");
    size_t i = 0;

    while (i < TOGETHER_GIVE && strcmp(together_deeds[i].name, name) != 0)
        i++;
    return (enum together_deed)i;
}

/* Is there such a member, and a role when one is needed? Returns 0; ERR_INVALID (said). */
static int together_check_member(struct tools_run *run, const struct together *t)
{
    const char *uid = jdoc_text_or(run->args, "user_id", "");
    int said = 0;

    for (size_t i = 0; i < t->view.member_count; i++)
        if (strcmp(t->view.members[i].uid, uid) == 0) {
            if (together_deed_of(run) != TOGETHER_ROLE || jdoc_has(run->args, "role"))
                return 0;
            said = run_fail_at(run, "/role", "editor or viewer", "set_role needs the new role");
            return said != 0 ? said : ERR_INVALID;
        }
    said = run_fail_at(run, "/user_id", "the id of a member, as list_trip_members has it",
        "this user takes no part in the trip, or is its owner");
    return said != 0 ? said : ERR_INVALID;
}

static const char *together_deed_words(struct tools_run *run, const char *who, const char *title)
{
    switch (together_deed_of(run)) {
    case TOGETHER_ROLE:
        return arena_printf(run->arena, "makes %s %s of the trip %s", who,
            jdoc_text_or(run->args, "role", ""), title);
    case TOGETHER_REMOVE:
        return arena_printf(run->arena, "removes %s from the trip %s", who, title);
    case TOGETHER_GIVE:
        break;
    }
    return arena_printf(run->arena, "hands the trip %s over to %s", title, who);
}

int together_preview_change_trip_member(struct tools_run *run)
{
    struct together t;
    const char *uid = jdoc_text_or(run->args, "user_id", ""), *who = "", *label = "";
    enum together_deed deed = together_deed_of(run);
    int error = together_open(run, together_deeds[deed].action, &t);
    if (error == 0)
        error = together_check_member(run, &t);
    if (error == 0)
        error = people_called(run, uid, &who, &label);
    if (error == 0) {
        const char *title = preview_text(run->arena, t.title, PREVIEW_TITLE);
        if (!title)
            error = ERR_NOMEM;
        else if (deed == TOGETHER_ROLE)
            error = preview_say(run, "make %s %s of the trip %s", who,
                jdoc_text_or(run->args, "role", ""), title);
        else if (deed == TOGETHER_REMOVE)
            error = preview_say(run, "remove %s from the trip %s", who, title);
        else
            error = preview_say(run,
                "hand over the trip %s to %s, who will be its owner, and you an editor", title,
                who);
    }
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    if (error == 0)
        error = about_people(run, &label, 1);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

static int together_do_deed(struct tools_run *run, const struct trips_act *act)
{
    const char *uid = jdoc_text_or(run->args, "user_id", "");
    const char *role = jdoc_text_or(run->args, "role", "");
    struct store *s = run->context->store;

    switch (together_deed_of(run)) {
    case TOGETHER_ROLE:
        return trips_set_role(s, act, uid, trips_role_of(role, strlen(role)));
    case TOGETHER_REMOVE:
        return trips_remove(s, act, uid);
    case TOGETHER_GIVE:
        break;
    }
    return trips_give(s, act, uid);
}

static int together_deed_done(struct tools_run *run, const char *title)
{
    const char *uid = jdoc_text_or(run->args, "user_id", ""), *text;
    const char *trip = jdoc_text_or(run->args, "trip_id", "");

    switch (together_deed_of(run)) {
    case TOGETHER_ROLE:
        text = arena_printf(run->arena, "%s has another role on the trip %s now.", uid, title);
        break;
    case TOGETHER_REMOVE:
        text = arena_printf(run->arena, "%s takes no part in the trip %s any more.", uid, title);
        break;
    default:
        text = arena_printf(run->arena, "%s becomes the owner of the trip %s; you are an editor.",
            uid, title);
    }
    return text && run_succeed(run, "%s", text) ? together_finish(run, "member", trip, text) :
                                                  ERR_NOMEM;
}

static int together_change_member(struct tools_run *run, const struct together *t)
{
    const char *uid = jdoc_text_or(run->args, "user_id", "");
    const char *trip = jdoc_text_or(run->args, "trip_id", "");
    const char *name = together_name(run), *words = together_deed_words(run, uid, t->title);
    const char *member = together_member(run, "member", uid);
    const char *role = together_member(run, "role", jdoc_text_or(run->args, "role", ""));
    enum together_deed deed = together_deed_of(run);
    struct trips_act act;
    int error = together_begin(run, run->context->uid, trip, t->title, &act);

    if (error != 0 || !name || !words || !member || !role)
        return error != 0 ? error : ERR_NOMEM;
    act.event = together_event(run,
        &(struct together_event){trip, t->title, together_deeds[deed].change,
            arena_printf(run->arena, "%s %s.", name, words),
            arena_printf(run->arena, "%s%s", member, deed == TOGETHER_ROLE ? role : "")});
    if (!act.event)
        return ERR_NOMEM;
    error = together_do_deed(run, &act);
    return error != 0 ? together_refuse(run, error) : together_deed_done(run, t->title);
}

/* error: of the look. When this very call has done its deed already, that is what it answers. */
static int together_deed_again(struct tools_run *run, const struct together *t, int error)
{
    bool acted = false;

    if (error != ERR_INVALID)
        return error;
    error = together_acted(run, run->context->uid, &acted);
    if (error == 0 && acted)
        error =
            together_deed_done(run, t->title ? t->title : jdoc_text_or(run->args, "trip_id", ""));
    return error != 0 ? error : ERR_INVALID;
}

int together_tool_change_trip_member(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, together_deeds[together_deed_of(run)].action, &t);
    if (error == 0)
        error = together_check_member(run, &t);
    if (error == 0)
        error = together_change_member(run, &t);
    else
        error = together_deed_again(run, &t, error);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* ---- leave_trip ---- */

/*
 * The trip cannot be seen. It may be gone, and a share or a link be left; or this very call has
 * left it already. Returns 0; ERR_INVALID (said); a fault.
 */
static int together_open_rest(struct tools_run *run, struct together *t)
{
    struct trips_link link;
    bool acted = false;
    int error = trips_rest(run->context->store, run->context->uid,
        jdoc_text_or(run->args, "trip_id", ""), run->arena, &link);

    if (error == 0 && link.role == TRIPS_NOBODY) {
        error = together_acted(run, link.owner, &acted);
        if (error == 0 && !acted)
            error = ERR_NOT_FOUND;
    }
    if (error != 0)
        return error == ERR_NOT_FOUND ? ERR_INVALID : error;
    snprintf(t->view.owner, sizeof t->view.owner, "%s", link.owner);
    t->view.role = link.role;
    t->title = *link.title ? link.title : jdoc_text_or(run->args, "trip_id", "");
    return 0;
}

/* The owner ends the sharing; a member leaves. Without the trip t->trip is NULL. */
static int together_open_to_leave(struct tools_run *run, struct together *t)
{
    int error = together_open(run, TRIPS_SEE, t);
    bool acted = false;
    int said = 0;

    if (error == ERR_INVALID && !t->trip)
        return together_open_rest(run, t);
    if (error != 0 || t->view.role != TRIPS_OWNER || t->view.member_count > 0 ||
        t->view.open_count > 0)
        return error;
    error = together_acted(run, t->view.owner, &acted);
    if (error != 0 || acted)
        return error;
    said = run_fail(run, "conflict", "This trip is your own, and not shared with anybody.");
    return said != 0 ? said : ERR_INVALID;
}

int together_preview_leave_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open_to_leave(run, &t);
    const char *title = error == 0 ? preview_text(run->arena, t.title, PREVIEW_TITLE) : NULL;
    if (error == 0 && !title)
        error = ERR_NOMEM;
    if (error == 0)
        error = t.view.role == TRIPS_OWNER ?
            preview_say(run, "end the sharing of the trip %s with %zu others", title,
                t.view.member_count) :
            preview_say(run, "leave the trip %s", title);
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    if (error == 0)
        error = about_audience(run, "others");
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

static int together_leave(struct tools_run *run, const struct together *t)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", ""), *name = together_name(run);
    bool own = t->view.role == TRIPS_OWNER;
    struct trips_act act;
    int error = together_begin(run, t->view.owner, trip, t->title, &act);

    if (error != 0 || !name)
        return error != 0 ? error : ERR_NOMEM;
    act.event = together_event(run,
        &(struct together_event){trip, t->title, own ? "ended" : "left",
            arena_printf(run->arena,
                own ? "%s shares the trip %s no more." : "%s leaves the trip %s.", name, t->title),
            ""});
    if (!act.event)
        return ERR_NOMEM;
    error = own ? trips_end(run->context->store, &act) : trips_leave(run->context->store, &act);
    if (error == ERR_NOT_FOUND && !own && !t->trip) /* the link leads nowhere */
        error = trips_forget(run->context->store, run->context->uid, trip);
    if (error != 0)
        return together_refuse(run, error);
    return run_succeed(run,
               own ? "The trip %s is shared with nobody any more." :
                     "You take no part in the trip %s any more.",
               t->title) ?
        together_finish(run, own ? "end" : "leave", trip, t->title) :
        ERR_NOMEM;
}

int together_tool_leave_trip(struct tools_run *run)
{
    struct together t;
    int error = together_open_to_leave(run, &t);
    if (error == 0)
        error = together_leave(run, &t);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}
