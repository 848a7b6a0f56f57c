/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/shared_chat.h"

#include "fcgi-app/limited.h"

#include <stdio.h>
#include <string.h>

static int shared_chat_none(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such session.");
}

static int shared_chat_find(struct exchange *x, const char *session, enum trips_role least,
    struct chats_place *place)
{
    int error = chats_find(x->app->store, x->who.user, session, place);

    if (error)
        return error == ERR_NOT_FOUND ? shared_chat_none(x) : error;
    if (place->role < least) {
        problem_set(&x->problem, PROBLEM_FORBIDDEN,
            "You are a %s of this trip; in its chat this is for its %s.",
            trips_role_name(place->role), least == TRIPS_OWNER ? "owner" : "editors and owner");
        return ERR_FORBIDDEN;
    }
    if (strcmp(place->owner, x->who.user) != 0 &&
        !(x->owner = arena_strdup(x->arena, place->owner)))
        return ERR_NOMEM;
    return 0;
}

int shared_chat_open(struct exchange *x, const char *session, enum trips_role least)
{
    struct chats_place place;

    if (ident_is_session(session, strlen(session)))
        return 0;
    return shared_chat_find(x, session, least, &place);
}

int shared_chat_turn(struct exchange *x, const char *session, char turn[IDENT_UUID_SIZE])
{
    struct chats_turn running;

    turn[0] = '\0';
    int error = shared_chat_open(x, session, TRIPS_EDITOR);
    if (error || !x->owner)
        return error;
    if ((error = chats_running(x->app->store, x->owner, session, &running)))
        return error;
    if (!*running.turn)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No turn is running in this session.");
    if (strcmp(running.author, x->who.user) != 0) {
        problem_set(&x->problem, PROBLEM_FORBIDDEN,
            "Another member asked for this answer: only that member and the owner stop it.");
        return ERR_FORBIDDEN;
    }
    memcpy(turn, running.turn, sizeof running.turn);
    return 0;
}

/* ---- a message ---- */

static int shared_chat_check(struct exchange *x, const struct submit *s)
{
    if (s->file_count)
        return problem_field(&x->problem, "attachments", "The chat of a trip takes no files.");
    if (s->webhook)
        return problem_field(&x->problem, "webhook", "The chat of a trip tells no webhooks.");
    if (x->owner && s->on_busy == TURNS_INTERRUPT)
        return problem_field(&x->problem, "on_busy",
            "Only the owner of the trip interrupts the answer to another member.");
    return s->message_count == 1 ? 0 : ERR_INTERNAL;
}

/* Of the member: the owner's are looked at where the turn begins. */
static int shared_chat_budget(struct exchange *x)
{
    struct usage_account *a = x->owner ? limited_account(x) : NULL;

    if (!a)
        return x->owner ? ERR_NOMEM : 0;
    int error = usage_look(x->app->store, x->who.user, a);
    return !error && a->over.set ? limited_problem(x, &a->over) : error;
}

/* Two members may give their messages the same id. */
static int shared_chat_key(struct exchange *x, struct submit *s)
{
    char digest[IDENT_SHA256_SIZE];
    const char *text = arena_printf(x->arena, "%s\n%s", x->who.user, s->client_message_id);

    if (!text)
        return ERR_NOMEM;
    ident_sha256_hex(text, strlen(text), digest);
    s->client_message_id = arena_printf(x->arena, "chat:%.40s", digest);
    return s->client_message_id ? 0 : ERR_NOMEM;
}

/* Its id is ours, so that nobody goes back to the message of another one. */
static int shared_chat_write(struct exchange *x, struct submit *s)
{
    char id[IDENT_UUID_SIZE];
    struct buf json = {0};

    ident_uuid7(id);
    s->message_id = arena_strdup(x->arena, id);
    s->message_id_made = true;
    buf_printf(&json, "{\"id\":\"%s\",\"role\":\"user\",\"content\":", id);
    buf_json_text(&json, s->text);
    buf_json_member(&json, "name", s->author);
    buf_puts(&json, ",\"author\":{\"id\":");
    buf_json_text(&json, x->who.user);
    buf_json_member(&json, "name", s->author);
    buf_puts(&json, "}}");
    s->messages[0] = buf_error(&json) ? NULL : arena_memdup(x->arena, buf_text(&json), json.len);
    buf_free(&json);
    return s->message_id && s->messages[0] ? 0 : ERR_NOMEM;
}

int shared_chat_submit(struct exchange *x, struct submit *s)
{
    struct chats_place place;
    int error = shared_chat_find(x, s->session, TRIPS_EDITOR, &place);

    if (!error)
        error = shared_chat_check(x, s);
    if (!error)
        error = shared_chat_budget(x);
    if (!error)
        error = chats_name(x->app->store, x->who.user, x->arena, &s->author);
    if (!error && x->owner)
        error = chats_note(x->app->store, x->who.user, x->owner, s->session);
    if (error)
        return error;
    s->trip = place.trip;
    s->context = NULL; /* where its author is, and on what page, is not for the others */
    if (s->client_message_id && (error = shared_chat_key(x, s)))
        return error;
    return shared_chat_write(x, s);
}
