/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family together: the chat of a trip (store/chats.h). */
#include "store/chats.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/together/together.h"

#include <string.h>

int together_preview_open_trip_chat(struct tools_run *run)
{
    struct together t;
    int error = together_open(run, TRIPS_INVITE, &t);
    const char *title = error == 0 ? preview_text(run->arena, t.title, PREVIEW_TITLE) : NULL;
    if (error == 0)
        error = title ?
            preview_say(run, "open a chat for all who take part in the trip %s", title) :
            ERR_NOMEM;
    if (error == 0)
        error = about_title(run, "trip", t.trip, "title");
    if (error == 0)
        error = about_audience(run, "others");
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}

/* What open pages of the members hear. */
static int together_tell_chat(struct tools_run *run, const struct together *t, const char *trip,
    const char *chat)
{
    const char *name = together_name(run), *extra = together_member(run, "session_id", chat);
    const char *event = !name ?
        NULL :
        together_event(run,
            &(struct together_event){trip, t->title, "chat",
                arena_printf(run->arena, "%s opens the chat of the trip %s.", name, t->title),
                extra});

    if (!event)
        return ERR_NOMEM;
    trips_show(run->context->store, &t->view, trip, event);
    return 0;
}

static int together_answer_chat(struct tools_run *run, const char *trip, const char *chat)
{
    jdoc *doc = jdoc_new_object();
    int failed = !doc || !run->result || jdoc_set_string(doc, "session_id", chat) != 0 ||
        jdoc_set_string(doc, "trip_id", trip) != 0;

    if (failed) {
        jdoc_free(doc);
        return ERR_NOMEM;
    }
    return jdoc_set(run->result, "chat", doc);
}

int together_tool_open_trip_chat(struct tools_run *run)
{
    const char *trip = jdoc_text_or(run->args, "trip_id", "");
    const char *chat = arena_printf(run->arena, IDENT_CHAT "%s", trip);
    struct together t;
    bool opened = false;
    int error = together_open(run, TRIPS_INVITE, &t);

    if (error == 0)
        error = chat ? record_fence(run) : ERR_NOMEM;
    if (error == 0)
        error = chats_open(run->context->store, run->context->uid, trip, t.title, &opened);
    if (error == ERR_NOT_FOUND) {
        error = together_refuse(run, error);
        together_end(&t);
        return error;
    }
    if (error == 0 && opened)
        error = together_tell_chat(run, &t, trip, chat);
    if (error == 0 &&
        !run_succeed(run,
            opened ? "The chat of the trip %s is open." :
                     "The chat of the trip %s was open already.",
            t.title))
        error = ERR_NOMEM;
    if (error == 0)
        error = together_answer_chat(run, trip, chat);
    if (error == 0)
        error = together_finish(run, "chat", trip, t.title);
    together_end(&t);
    return error == ERR_INVALID ? 0 : error;
}
