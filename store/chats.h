/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_CHATS_H
#define TURNPIKE_STORE_CHATS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"
#include "store/trips.h"
#include "store/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * chats -- the chat of a shared trip, which its members read and write together. Turn, api and
 * stream workers.
 *
 * A chat is a session in the slot of the trip's owner whose id is IDENT_CHAT and the trip's id. So
 * who takes part in the trip takes part in its chat, with the same role, and the owner's slot alone
 * says who that is (store/trips.h): a removed member has lost both in the same moment. Nothing
 * else about a chat is stored. It begins empty: no conversation of one user ever becomes one.
 *
 *   owner   reads, writes, stops every turn, deletes
 *   editor  reads, writes, stops an own turn
 *   viewer  reads
 *
 * When the trip is handed over, its chat stays with the former owner, who alone goes on to see it.
 */
struct chats_place {
    char owner[IDENT_USER_MAX + 1]; /* in whose slot it is */
    enum trips_role role;           /* of who asks: never TRIPS_NOBODY */
    const char *trip;               /* borrowed from the session's id */
};
/*
 * chats_find -- whose chat this is, as far as `uid` may know. Of the owner also when nobody has
 * opened it yet. Returns 0, ERR_NOT_FOUND (no such chat, or not for uid), ERR_STORE*.
 */
MUST_CHECK int chats_find(struct store *s, const char *uid, const char *chat,
    struct chats_place *out);
/* The role of uid by the owner's slot, now; TRIPS_NOBODY is 0 as well. */
MUST_CHECK int chats_role(struct store *s, const char *owner, const char *chat, const char *uid,
    enum trips_role *role);
/*
 * chats_open -- the trip's owner begins the chat. title: what it is called. opened: out, it was not
 * there before. Returns 0, ERR_NOT_FOUND (no such trip), ERR_STORE*.
 */
MUST_CHECK int chats_open(struct store *s, const char *owner, const char *trip, const char *title,
    bool *opened);
/* How other members see uid: the name of the profile, without control characters; else the id. */
MUST_CHECK int chats_name(struct store *s, const char *uid, struct arena *arena, const char **out);
/*
 * chats_running -- the turn that holds the chat, and who asked for it. turn "": none does.
 */
struct chats_turn {
    char turn[IDENT_UUID_SIZE];
    char author[IDENT_USER_MAX + 1];
};
MUST_CHECK int chats_running(struct store *s, const char *owner, const char *chat,
    struct chats_turn *out);
/* Before uid writes in the chat of another one's trip: so that an erasure finds it. */
MUST_CHECK int chats_note(struct store *s, const char *uid, const char *owner, const char *chat);
/*
 * chats_erase -- before a user's keys are erased, and behind trips_erase: what the user wrote in
 * the chats of others' trips, also of trips that the user has left, stays without its words and its
 * author. Returns 0, or ERR_STORE*: call it again.
 */
MUST_CHECK int chats_erase(struct store *s, const char *uid);
/*
 * chats_spend -- counts in the slot of a member what that member's turn has used by now, which is
 * what a->spent says; once, however often it is called, by whichever worker. Fills a->over.
 * Returns 0 or ERR_STORE*.
 */
MUST_CHECK int chats_spend(struct store *s, const char *member, const char *turn,
    struct usage_account *a);

#endif
