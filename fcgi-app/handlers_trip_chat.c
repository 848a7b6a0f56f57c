/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"
#include "fcgi-app/shared_chat.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>

#define HANDLERS_TITLE_BYTES 150

/* handlers -- the chats of shared trips: opening one, who is in it, all of them. Api workers. */

static int handlers_no_chat(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such trip, or it has no chat.");
}

static const char *handlers_chat_title(struct exchange *x, const struct trips_view *view)
{
    char text[HANDLERS_TITLE_BYTES];
    jdoc *trip = NULL;

    snprintf(text, sizeof text, "Trip");
    if (!jdoc_parse(view->json, strlen(view->json), &trip, NULL, 0)) {
        const char *title = jdoc_text_or(trip, "title", "");
        if (*title)
            snprintf(text, sizeof text, "%s", title);
        else
            snprintf(text, sizeof text, "%.70s to %.70s",
                jdoc_text_or(jdoc_get(trip, "origin"), "name", "?"),
                jdoc_text_or(jdoc_get(trip, "destination"), "name", "?"));
    }
    jdoc_free(trip);
    utf8_mend_end(text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return arena_strdup(x->arena, text);
}

static int handlers_put_person(struct exchange *x, const char *uid, enum trips_role role)
{
    struct buf *b = &x->reply.body;
    const char *name;
    int error = chats_name(x->app->store, uid, x->arena, &name);

    if (error)
        return error;
    buf_puts(b, "{\"id\":");
    buf_json_text(b, uid);
    buf_json_member(b, "name", name);
    buf_json_member(b, "role", trips_role_name(role));
    buf_putc(b, '}');
    return buf_error(b);
}

/* {"session":{...},"trip_id","role","members":[the owner, then the others]} */
static int handlers_put_chat(struct exchange *x, const char *trip, const struct trips_view *view)
{
    struct buf *b = &x->reply.body;
    const char *chat = arena_printf(x->arena, IDENT_CHAT "%s", trip);

    if (!chat)
        return ERR_NOMEM;
    if (!ident_is_chat(chat, strlen(chat)))
        return handlers_no_chat(x);
    buf_puts(b, "{\"session\":");
    int error = sessions_get(x->app->store, view->owner, chat, b);
    if (error)
        return error == ERR_NOT_FOUND ? handlers_no_chat(x) : error;
    buf_json_member(b, "trip_id", trip);
    buf_json_member(b, "role", trips_role_name(view->role));
    buf_puts(b, ",\"members\":[");
    error = handlers_put_person(x, view->owner, TRIPS_OWNER);
    for (size_t i = 0; !error && i < view->member_count; i++) {
        buf_putc(b, ',');
        error = handlers_put_person(x, view->members[i].uid, view->members[i].role);
    }
    buf_puts(b, "]}");
    return error;
}

int handlers_trip_chat_get(struct exchange *x)
{
    struct trips_view view;
    int error = trips_look(x->app->store, x->who.user, x->params[0], x->arena, &view);

    if (error)
        return error == ERR_NOT_FOUND ? handlers_no_chat(x) : error;
    exchange_json(x, 200);
    return handlers_put_chat(x, x->params[0], &view);
}

/* What open pages of the members hear. */
static void handlers_tell_opened(struct exchange *x, const struct trips_view *view,
    const char *title)
{
    const char *name;
    struct buf b = {0};

    if (chats_name(x->app->store, x->who.user, x->arena, &name))
        return;
    buf_printf(&b, "{\"type\":\"trip_update\",\"timestamp\":%lld", (long long)clock_real_ms());
    buf_json_member(&b, "message",
        arena_printf(x->arena, "%s opens the chat of the trip %s.", name, title));
    buf_puts(&b, ",\"trip\":{\"trip_id\":");
    buf_json_text(&b, x->params[0]);
    buf_json_member(&b, "title", title);
    buf_json_member(&b, "change", "chat");
    buf_json_member(&b, "by", x->who.user);
    buf_json_member(&b, "by_name", name);
    buf_json_member(&b, "session_id", arena_printf(x->arena, IDENT_CHAT "%s", x->params[0]));
    buf_puts(&b, "}}");
    if (!buf_error(&b))
        trips_show(x->app->store, view, x->params[0], buf_text(&b));
    buf_free(&b);
}

int handlers_trip_chat_open(struct exchange *x)
{
    struct trips_view view;
    bool opened = false;
    int error = trips_look(x->app->store, x->who.user, x->params[0], x->arena, &view);

    if (error)
        return error == ERR_NOT_FOUND ? handlers_no_chat(x) : error;
    if (view.role != TRIPS_OWNER) {
        problem_set(&x->problem, PROBLEM_FORBIDDEN, "Only the owner of a trip opens its chat.");
        return ERR_FORBIDDEN;
    }
    const char *title = handlers_chat_title(x, &view);
    if (!title)
        return ERR_NOMEM;
    error = chats_open(x->app->store, x->who.user, x->params[0], title, &opened);
    if (error)
        return error == ERR_NOT_FOUND ? handlers_no_chat(x) : error;
    exchange_json(x, opened ? 201 : 200);
    error = handlers_put_chat(x, x->params[0], &view);
    if (!error && opened)
        handlers_tell_opened(x, &view, title);
    return error;
}

/* ---- all of them ---- */

/* One line of the list, when there is a chat and uid may see it. */
static int handlers_list_chat(struct exchange *x, const char *trip, size_t *count)
{
    struct buf *b = &x->reply.body;
    const size_t before = b->len;
    const char *chat = arena_printf(x->arena, IDENT_CHAT "%s", trip);
    struct chats_place place;

    if (!chat)
        return ERR_NOMEM;
    int error = chats_find(x->app->store, x->who.user, chat, &place);
    if (!error) {
        buf_puts(b, *count ? ",{\"session\":" : "{\"session\":");
        error = sessions_get(x->app->store, place.owner, chat, b);
    }
    if (error) {
        b->len = before;
        return error == ERR_NOT_FOUND ? 0 : error;
    }
    buf_json_member(b, "trip_id", trip);
    buf_json_member(b, "role", trips_role_name(place.role));
    buf_puts(b, ",\"shared_by\":");
    if ((error = handlers_put_person(x, place.owner, TRIPS_OWNER)))
        return error;
    buf_putc(b, '}');
    ++*count;
    return buf_error(b);
}

int handlers_trip_chats(struct exchange *x)
{
    struct trips_link *links = NULL;
    const char **own = NULL;
    size_t link_count = 0, own_count = 0, count = 0;
    int error = trips_shares(x->app->store, x->who.user, x->arena, &own, &own_count);

    if (!error)
        error = trips_links(x->app->store, x->who.user, x->arena, &links, &link_count);
    if (error)
        return error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"chats\":[");
    for (size_t i = 0; !error && i < own_count; i++)
        error = handlers_list_chat(x, own[i], &count);
    for (size_t i = 0; !error && i < link_count; i++)
        error = handlers_list_chat(x, links[i].trip, &count);
    buf_puts(&x->reply.body, "]}");
    return error;
}
