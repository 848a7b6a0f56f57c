/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_TRIPS_H
#define TURNPIKE_STORE_TRIPS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/hints.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * trips -- trips that their owner shares with members. Turn, api and tool workers; the housekeeper
 * delivers.
 *
 * The truth is in the owner's slot: the record of the family `trip`, who its members are, its
 * invitations, its live trip. A member's slot has a link, which says who the owner is, and what the
 * member's role was when the link was written. No script reaches two slots, so:
 *
 *   - Whatever anybody does runs as one script in the owner's slot. It compares the role there, at
 *     that moment. A link alone opens nothing: a removed member reads nothing from then on.
 *   - The same script queues a word for each member who has to be told (a new link, an event for
 *     the inbox). Whoever ran the script delivers these at once. The housekeeper delivers what is
 *     left, until each is acknowledged (tp:hint:trips tells where to look). Delivering twice
 *     changes nothing.
 *   - A mark in the owner's slot makes a repeated call do nothing, and answer what the first did.
 *     An owner's script compares the epoch of the owner's session, too. A member's tool asks
 *     record_fence first; as with store/shared.h, a worker that loses its session within that round
 *     trip may still write.
 *
 * Who may not know of a trip gets ERR_NOT_FOUND, as if there were none.
 */
#define TRIPS_MEMBERS_MAX 50     /* of one trip, beside its owner */
#define TRIPS_SHARES_MAX 100     /* that one user shares */
#define TRIPS_JOINED_MAX 100     /* of others, that one user takes part in */
#define TRIPS_INVITATIONS_MAX 20 /* open, of one trip */
#define TRIPS_USES_MAX 50        /* of one invitation */
#define TRIPS_LIFE_MAX_MS (INT64_C(30) * 86400000)
#define TRIPS_CODE_SIZE 33    /* 32 hexadecimal digits: 128 random bits */
#define TRIPS_WRONG_CODES 10  /* that a user may try within TRIPS_HOUR_MS */
#define TRIPS_INVITES_HOUR 30 /* of one user */
#define TRIPS_HOUR_MS 3600000
#define TRIPS_EVENT_MAX 8192 /* bytes of an event */

/* ---- who may do what ---- */

enum trips_role { TRIPS_NOBODY, TRIPS_VIEWER, TRIPS_EDITOR, TRIPS_OWNER, TRIPS_ROLES };

/* X(NAME, name in texts, viewer, editor, owner): docs/sharing.md has the same table, and a test
 * walks every cell of it. Who is not the owner stops only an own live trip: the caller looks. */
#define TRIPS_RIGHTS(X) \
    X(SEE, "see", true, true, true) \
    X(MEMBERS, "members", true, true, true) \
    X(CHANGE, "change", false, true, true) \
    X(INVITE, "invite", false, false, true) \
    X(REVOKE, "revoke", false, false, true) \
    X(ROLE, "role", false, false, true) \
    X(REMOVE, "remove", false, false, true) \
    X(GIVE, "give", false, false, true) \
    X(LEAVE, "leave", true, true, false) \
    X(END, "end", false, false, true) \
    X(LIVE_SEE, "live_see", true, true, true) \
    X(LIVE_START, "live_start", false, true, true) \
    X(LIVE_STOP, "live_stop", true, true, true)
enum trips_action {
#define TRIPS_ACTION_(name, text, viewer, editor, owner) TRIPS_##name,
    TRIPS_RIGHTS(TRIPS_ACTION_)
#undef TRIPS_ACTION_
        TRIPS_ACTIONS
};

/* Pure. The scripts are given what this says. */
bool trips_may(enum trips_role role, enum trips_action action);
const char *trips_role_name(enum trips_role role);       /* "none", "viewer", ... */
const char *trips_action_name(enum trips_action action); /* "see", ... */
enum trips_role trips_role_of(const char *name, size_t len);

/* ---- looking ---- */

/*
 * trips_owner -- whose trip this is, as far as `uid` may know: uid itself, or the owner that a link
 * names. Returns 0, ERR_NOT_FOUND or ERR_STORE*.
 */
MUST_CHECK int trips_owner(struct store *s, const char *uid, const char *trip,
    char owner[IDENT_USER_MAX + 1]);

struct trips_member {
    const char *uid;
    enum trips_role role;
    int64_t since_ms;
};
struct trips_open {      /* an invitation */
    const char *id, *to; /* to: NULL = anybody who has the code */
    enum trips_role role;
    int64_t expires_ms, uses;
};
struct trips_view {
    char owner[IDENT_USER_MAX + 1];
    enum trips_role role;         /* of who looks */
    const char *json;             /* the trip */
    const char *live;             /* the state of the live trip, JSON; "" = none */
    struct trips_member *members; /* without the owner */
    size_t member_count;
    struct trips_open *open; /* the owner alone sees them */
    size_t open_count;
};
/* What uid may see of the trip, all in the arena. Returns 0; ERR_NOT_FOUND (none, or not for uid);
 * ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int trips_look(struct store *s, const char *uid, const char *trip, struct arena *arena,
    struct trips_view *out);

/* A role of uid on a trip, for a check before a write elsewhere. Returns 0; ERR_NOT_FOUND;
 * ERR_FORBIDDEN (uid may see the trip, and not do this); ERR_STORE*. */
MUST_CHECK int trips_allowed(struct store *s, const char *uid, const char *trip,
    enum trips_action action, struct arena *arena, struct trips_view *out);

struct trips_link {
    const char *trip, *owner, *title;
    enum trips_role role; /* when it was written */
    int64_t since_ms;
};
/* The trips of others in which uid takes part, and the ids of those that uid shares. At most
 * TRIPS_JOINED_MAX and TRIPS_SHARES_MAX. */
MUST_CHECK int trips_links(struct store *s, const char *uid, struct arena *arena,
    struct trips_link **out, size_t *count);
MUST_CHECK int trips_shares(struct store *s, const char *uid, struct arena *arena,
    const char ***out, size_t *count);

/*
 * trips_rest -- what uid's own slot has of a trip that trips_look does not find: a share of uid's
 * (role TRIPS_OWNER, title ""), or a link, also one that says TRIPS_NOBODY. Returns 0,
 * ERR_NOT_FOUND, ERR_STORE*, ERR_NOMEM.
 */
MUST_CHECK int trips_rest(struct store *s, const char *uid, const char *trip, struct arena *arena,
    struct trips_link *out);
/* uid's link goes; for one that leads nowhere. Returns 0 or ERR_STORE*. */
MUST_CHECK int trips_forget(struct store *s, const char *uid, const char *trip);

/* ---- acting ---- */

struct trips_act {
    const char *actor, *trip;
    const char *owner;   /* trips_owner's, or of the code */
    const char *mark;    /* of the call, of any form; NULL = nothing to know its repetition by */
    const char *session; /* of the actor, or the trip's chat; NULL = a direct call */
    int64_t epoch;
    const char *title; /* of the trip; no line feeds */
    const char *event; /* for the members: JSON of an entry of the inbox; "" = none */
};
/*
 * All of these return 0; ERR_NOT_FOUND (no such trip for the actor); ERR_FORBIDDEN; ERR_FENCED;
 * ERR_CONFLICT (the member or invitation is not there any more; changed since it was read);
 * ERR_FULL; ERR_BUSY (it is being handed over); ERR_LIMIT (the event); ERR_STORE*, ERR_NOMEM. After
 * 0 the members have been told, as far as they could be reached.
 */
struct trips_invitation {
    enum trips_role role; /* TRIPS_VIEWER or TRIPS_EDITOR */
    int64_t life_ms, uses;
    const char *to;                                  /* a user's id; NULL = whoever has the code */
    char id[IDENT_UUID_SIZE], code[TRIPS_CODE_SIZE]; /* in: new ones (trips_invitation_new); out:
                                                        those of the first call */
    int64_t expires_ms;                              /* out */
};
/* Has this very call (actor, mark) acted in the owner's slot before? Returns 0, ERR_STORE* or
 * ERR_NOMEM. */
MUST_CHECK int trips_acted(struct store *s, const struct trips_act *act, bool *acted);
void trips_invitation_new(struct trips_invitation *invitation);
/* ERR_FULL: TRIPS_SHARES_MAX or TRIPS_INVITATIONS_MAX; ERR_EXISTS: `to` takes part already;
 * ERR_RATE: TRIPS_INVITES_HOUR. */
MUST_CHECK int trips_invite(struct store *s, const struct trips_act *act,
    struct trips_invitation *invitation);
/*
 * trips_code -- which trip an invitation's code leads to; out: without role and since_ms, in the
 * arena. Counts wrong ones of this user. trips_join says whether the code is still good.
 * Returns 0; ERR_NOT_FOUND; ERR_RATE (TRIPS_WRONG_CODES); ERR_STORE*.
 */
MUST_CHECK int trips_code(struct store *s, const char *uid, const char *code, struct arena *arena,
    struct trips_link *out);
/* Is trips_code's code good for uid now, or uid a member? For who shows what it leads to. Returns
 * 0; ERR_NOT_FOUND, and it counts as a wrong one; ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int trips_code_is_good(struct store *s, const char *uid, const char *code,
    const struct trips_link *link);
/* A code that is not good for this user any more counts as a wrong one. */
void trips_code_failed(struct store *s, const char *uid);
/* already: out, a member before. ERR_FULL: TRIPS_MEMBERS_MAX or TRIPS_JOINED_MAX. */
MUST_CHECK int trips_join(struct store *s, const struct trips_act *act, const char *code,
    enum trips_role *role, bool *already);
MUST_CHECK int trips_decline(struct store *s, const struct trips_act *act, const char *code);
MUST_CHECK int trips_leave(struct store *s, const struct trips_act *act);
MUST_CHECK int trips_remove(struct store *s, const struct trips_act *act, const char *uid);
MUST_CHECK int trips_set_role(struct store *s, const struct trips_act *act, const char *uid,
    enum trips_role role);
MUST_CHECK int trips_revoke(struct store *s, const struct trips_act *act, const char *invitation);
/* Nobody but the owner takes part any more. */
MUST_CHECK int trips_end(struct store *s, const struct trips_act *act);
/*
 * trips_give -- a member becomes the owner, and the owner an editor. The trip goes to the new
 * owner's slot; until it has arrived there nobody changes it. When the new owner shares
 * TRIPS_SHARES_MAX trips already it stays, and the owner is told.
 */
MUST_CHECK int trips_give(struct store *s, const struct trips_act *act, const char *uid);
/* seen: the JSON that was read. */
MUST_CHECK int trips_change(struct store *s, const struct trips_act *act, const char *json,
    const char *seen, int64_t time_ms);
/*
 * trips_live -- writes the state of a live trip.
 *   json  "" = it is over
 *   seen  the state that was read; "" = none
 *   quiet the event is for open connections alone
 */
struct trips_live_state {
    const char *json, *seen;
    int64_t ends_ms; /* real time; nothing of it is there after that */
    bool quiet;
};
MUST_CHECK int trips_live(struct store *s, const struct trips_act *act, enum trips_action action,
    const struct trips_live_state *state);
/* An event for the open connections of all who may see the trip, and nothing kept. It may get
 * lost. */
void trips_show(struct store *s, const struct trips_view *view, const char *trip,
    const char *event);

/* ---- telling the members ---- */

/*
 * trips_deliver -- what is queued in the owner's slot reaches its receivers. It goes on behind
 * those who cannot be reached. left: out, how many words stay. Returns 0 or ERR_STORE* (of the
 * owner's slot).
 */
MUST_CHECK int trips_deliver(struct store *s, const char *owner, int64_t budget_ms, size_t *left);

/* Owners for whom something may be left; hints_due. Housekeeper. */
MUST_CHECK int trips_due(struct store *s, struct hints_due *out, size_t max, size_t *count);
void trips_later(struct store *s, const struct hints_due *hint, int64_t wait_ms);

/*
 * trips_erase -- before a user's keys are erased: trips that the user shares end, and their members
 * are told; the user leaves those of others. Returns 0; ERR_MORE (a trip is being handed over: call
 * it again), ERR_STORE* (likewise) or ERR_NOMEM.
 */
MUST_CHECK int trips_erase(struct store *s, const char *uid);

#endif
