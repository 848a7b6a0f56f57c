/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/chats.h"

#include "base/jdoc.h"
#include "base/utf8.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/records.h"
#include "store/scripts.h"
#include "store/turns.h"

#include <stdio.h>
#include <string.h>

#define CHATS_NAME_MAX 80 /* bytes of a name that others see */

/* ---- whose it is ---- */

static int chats_is_own(struct store *s, const char *uid, const char *chat, bool *own)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_session(key, uid, chat);
    int error = link_command(s->link, &r, "HEXISTS %s created", key);
    *own = !error && link_reply_int(r) == 1;
    link_reply_free(r);
    return error;
}

int chats_role(struct store *s, const char *owner, const char *chat, const char *uid,
    enum trips_role *role)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX], field[IDENT_USER_MAX + 3];

    *role = TRIPS_OWNER;
    if (!strcmp(owner, uid))
        return 0;
    *role = TRIPS_NOBODY;
    keys_trip_share(key, owner, ident_chat_trip(chat));
    snprintf(field, sizeof field, "m %s", uid);
    const struct link_arg args[] = {link_text("HGET"), link_text(key), link_text(field)};
    int error = link_call(s->link, args, 3, &r);
    if (!error && link_reply_type(r) != LINK_NIL) {
        const char *text = link_reply_text(r, NULL);
        *role = trips_role_of(text, strcspn(text, " "));
    }
    link_reply_free(r);
    return error;
}

int chats_find(struct store *s, const char *uid, const char *chat, struct chats_place *out)
{
    bool own;
    int error;

    memset(out, 0, sizeof *out);
    if (!ident_is_chat(chat, strlen(chat)))
        return ERR_NOT_FOUND;
    out->trip = ident_chat_trip(chat);
    if ((error = chats_is_own(s, uid, chat, &own)))
        return error;
    if (own)
        snprintf(out->owner, sizeof out->owner, "%s", uid);
    else if ((error = trips_owner(s, uid, out->trip, out->owner)))
        return error;
    error = chats_role(s, out->owner, chat, uid, &out->role);
    return !error && out->role == TRIPS_NOBODY ? ERR_NOT_FOUND : error;
}

/* ---- its beginning ---- */

int chats_open(struct store *s, const char *owner, const char *trip, const char *title,
    bool *opened)
{
    struct link_reply *r = NULL;
    struct args a;
    char chat[sizeof IDENT_CHAT + IDENT_SESSION_MAX];
    int len = snprintf(chat, sizeof chat, IDENT_CHAT "%s", trip);

    *opened = false;
    if (len < 0 || (size_t)len >= sizeof chat || !ident_is_chat(chat, (size_t)len))
        return ERR_NOT_FOUND;
    args_init(&a);
    args_common(&a, s, 0);
    args_text(&a, trip);
    args_text(&a, chat);
    args_text(&a, title);
    int error = args_call(&a, s, &script_chat_open, owner, &r);
    if (!error && !link_reply_says(r, "OK"))
        error = ERR_NOT_FOUND;
    *opened = !error && link_reply_int(link_reply_at(r, 1)) == 1;
    link_reply_free(r);
    return error;
}

int chats_name(struct store *s, const char *uid, struct arena *arena, const char **out)
{
    const char *json = NULL;
    jdoc *profile = NULL;
    char name[CHATS_NAME_MAX];
    int error = records_get(s, uid, "profile", "me", arena, &json);

    if (error && error != ERR_NOT_FOUND)
        return error;
    *name = '\0';
    if (!error && !jdoc_parse(json, strlen(json), &profile, NULL, 0))
        snprintf(name, sizeof name, "%s", jdoc_text_or(profile, "username", ""));
    jdoc_free(profile);
    utf8_mend_end(name);
    for (char *c = name; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    *out = arena_strdup(arena, name[strspn(name, " ")] ? name : uid);
    return *out ? 0 : ERR_NOMEM;
}

/* ---- its turns ---- */

static int chats_author(struct store *s, const char *owner, struct chats_turn *out)
{
    struct link_reply *r = NULL;
    jdoc *input = NULL;
    char key[KEYS_MAX];
    size_t len;

    keys_turn(key, owner, out->turn);
    int error = link_command(s->link, &r, "HGET %s input", key);
    const char *text = link_reply_text(r, &len);
    if (!error && !jdoc_parse(text, len, &input, NULL, 0))
        snprintf(out->author, sizeof out->author, "%s",
            jdoc_text_or(jdoc_get(input, "chat"), "actor", ""));
    jdoc_free(input);
    link_reply_free(r);
    return error;
}

int chats_running(struct store *s, const char *owner, const char *chat, struct chats_turn *out)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    memset(out, 0, sizeof *out);
    keys_session(key, owner, chat);
    int error = link_command(s->link, &r, "HGET %s run", key);
    if (!error && ident_is_uuid(link_reply_text(r, NULL)))
        snprintf(out->turn, sizeof out->turn, "%s", link_reply_text(r, NULL));
    link_reply_free(r);
    return error || !*out->turn ? error : chats_author(s, owner, out);
}

/* ---- what a member leaves ---- */

int chats_note(struct store *s, const char *uid, const char *owner, const char *chat)
{
    char key[KEYS_MAX], place[IDENT_USER_MAX + IDENT_SESSION_MAX + 2];

    keys_chats(key, uid);
    snprintf(place, sizeof place, "%s %s", owner, chat);
    const struct link_arg args[] = {link_text("SADD"), link_text(key), link_text(place)};
    /* No end: the words of others keep the chat alive, and with it those that are to be erased. */
    return link_call(s->link, args, 3, NULL);
}

static int chats_take_back(struct store *s, const char *owner, const struct link_reply *r)
{
    char turn[IDENT_UUID_SIZE], state[16];
    int error = 0;

    for (size_t i = 0; !error && i < link_reply_count(r); i++) {
        const struct turns_target target = {.turn = link_reply_text(link_reply_at(r, i), NULL),
            .take_back = true};
        error = turns_stop(s, owner, &target, turn, state);
        if (error == ERR_NOT_FOUND)
            error = 0;
    }
    return error;
}

static int chats_forget(struct store *s, const char *owner, const char *chat, const char *uid)
{
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, chat);
    args_text(&a, uid);
    int error = args_call(&a, s, &script_chat_forget, owner, &r);
    if (!error)
        error = chats_take_back(s, owner, r);
    link_reply_free(r);
    return error;
}

int chats_erase(struct store *s, const char *uid)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_chats(key, uid);
    int error = link_command(s->link, &r, "SMEMBERS %s", key);
    for (size_t i = 0; !error && i < link_reply_count(r); i++) {
        char owner[IDENT_USER_MAX + 1];
        const char *place = link_reply_text(link_reply_at(r, i), NULL);
        size_t len = strcspn(place, " ");
        if (!place[len] || !ident_is_user(place, len) ||
            !ident_is_chat(place + len + 1, strlen(place + len + 1)))
            continue;
        snprintf(owner, sizeof owner, "%.*s", (int)len, place);
        error = chats_forget(s, owner, place + len + 1, uid);
    }
    link_reply_free(r);
    return error;
}

int chats_spend(struct store *s, const char *member, const char *turn, struct usage_account *a)
{
    struct link_reply *r = NULL;
    struct args args;
    char spent[USAGE_TEXT_SIZE];

    usage_expect(s, member, a);
    args_init(&args);
    args_text(&args, turn);
    usage_put_spent(&args, a, spent);
    usage_put_account(&args, a);
    args_int(&args, s->conf->turn_keep_ms);
    int error = args_call(&args, s, &script_chat_spend, member, &r);
    if (!error)
        usage_read_over(r, 0, &a->over);
    link_reply_free(r);
    return error;
}
