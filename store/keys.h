/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_KEYS_H
#define TURNPIKE_STORE_KEYS_H

#include <stdbool.h>

/*
 * keys -- the names of keys and channels in Redis; docs/design/keys.md, "Keys", tells what each
 * holds. No other C file spells one (build-aux/check-rules). The scripts' twin is
 * store/lua/lib_keys.lua. Every process; pure.
 *
 * Each function writes one name with its end into `out`. The caller has checked the ids
 * (ident_is_user, ident_is_session, ident_is_safe). The longest ids that these allow fit, and so
 * does an effect or a family of up to 200 bytes.
 */
#define KEYS_MAX 400

/* Every function that names one thing of a user is one. */
typedef void keys_of_fn(char out[KEYS_MAX], const char *uid, const char *id);

/* The beginning of all keys of a user; KEYS[1] of scripts over them. */
void keys_prefix(char out[KEYS_MAX], const char *uid);

/* A session. Its key is also the channel on which its log's entries are published. */
void keys_session(char out[KEYS_MAX], const char *uid, const char *session);
void keys_session_log(char out[KEYS_MAX], const char *uid, const char *session);
void keys_session_messages(char out[KEYS_MAX], const char *uid, const char *session);
void keys_control(char out[KEYS_MAX], const char *uid, const char *session); /* a channel */
void keys_branches(char out[KEYS_MAX], const char *uid, const char *session);
void keys_branch(char out[KEYS_MAX], const char *uid, const char *turn);
void keys_summaries(char out[KEYS_MAX], const char *uid, const char *session);
/* By a session's key, as keys_session wrote it. */
void keys_log_of(char out[KEYS_MAX], const char *session_key);
const char *keys_session_id(const char *session_key); /* borrowed from it */

/*
 * How the id begins of a session that a request made which named none. It is in no list; a
 * stateless one is kept as long as its events, that of a stored response as long as this.
 */
#define KEYS_ONCE "once:"
#define KEYS_KEPT "resp:"
bool keys_is_once(const char *session);
bool keys_is_unlisted(const char *session);

/* A user. */
void keys_user_channel(char out[KEYS_MAX], const char *uid); /* of the inbox */
void keys_inbox(char out[KEYS_MAX], const char *uid);
void keys_pushes(char out[KEYS_MAX], const char *uid);
void keys_sign_ins(char out[KEYS_MAX], const char *uid);
void keys_sessions(char out[KEYS_MAX], const char *uid);
void keys_context(char out[KEYS_MAX], const char *uid);
void keys_feedback(char out[KEYS_MAX], const char *uid);
void keys_families(char out[KEYS_MAX], const char *uid);
void keys_turn(char out[KEYS_MAX], const char *uid, const char *turn);
void keys_seen(char out[KEYS_MAX], const char *uid, const char *client_message_id);
/* The session in which a call of a stateless client's tool waits for its result. */
void keys_call(char out[KEYS_MAX], const char *uid, const char *call);
void keys_approval(char out[KEYS_MAX], const char *uid, const char *id);
void keys_approvals(char out[KEYS_MAX], const char *uid, const char *session);
void keys_attachment(char out[KEYS_MAX], const char *uid, const char *id);
void keys_attachments(char out[KEYS_MAX], const char *uid);
/* Parts of a subscribed calendar's events: store/feeds.h. */
void keys_feed_parts(char out[KEYS_MAX], const char *uid, const char *id, const char *generation);
void keys_rate(char out[KEYS_MAX], const char *uid, const char *name);
void keys_tool_seen(char out[KEYS_MAX], const char *uid, const char *key);
void keys_effect(char out[KEYS_MAX], const char *uid, const char *effect);
void keys_records(char out[KEYS_MAX], const char *uid, const char *family);
void keys_record_times(char out[KEYS_MAX], const char *uid, const char *family);
/* Trips that are shared: store/trips.h. */
void keys_trip_share(char out[KEYS_MAX], const char *uid, const char *trip);
void keys_trip_shares(char out[KEYS_MAX], const char *uid);
void keys_trip_out(char out[KEYS_MAX], const char *uid);
void keys_trip_links(char out[KEYS_MAX], const char *uid);
/* In which chats of others' trips the user has written: store/chats.h. */
void keys_chats(char out[KEYS_MAX], const char *uid);

/* Shared by all users. */
#define KEYS_SHARED "tp:{community}:" /* KEYS[1] of scripts over it */
#define KEYS_SHARED_MEMBERS KEYS_SHARED "members"
void keys_shared_records(char out[KEYS_MAX], const char *family);

/* Of the site: an answer of the geocoder; who has just asked it. */
void keys_geocode(char out[KEYS_MAX], unsigned place);
/* Of the site: a kept answer (store/kept_answers.h). */
void keys_answer(char out[KEYS_MAX], unsigned place);
#define KEYS_GEOCODE_TURN "tp:geocode:turn"

/* By the SHA-256 of the ticket, which is never stored itself. */
void keys_ticket(char out[KEYS_MAX], const char *ticket);
void keys_ticket_page(char out[KEYS_MAX], const char *token);
void keys_grant(char out[KEYS_MAX], const char *ticket);
bool keys_is_grant(const char *key);
#define KEYS_TICKETS_PATTERN \
    "tp:[gt][ri][ac][nk]*:*" /* of SCAN: tickets of both kinds and grants */
/* Where an invitation to a trip leads, by the SHA-256 of its code. */
void keys_trip_code(char out[KEYS_MAX], const char *digest);

/* A user's erasure: where it stopped; how often a day, by the SHA-256 of the id. */
void keys_erasing(char out[KEYS_MAX], const char *uid);
void keys_erasing_written(char out[KEYS_MAX], const char *uid);
void keys_erased(char out[KEYS_MAX], const char *uid);
/* What `turnpike limits` has set for the user. */
void keys_limits(char out[KEYS_MAX], const char *uid);
/* Of SCAN. It finds more than the user's keys: keys_is_of_user tells. */
void keys_user_pattern(char out[KEYS_MAX], const char *uid);
/* Whether this key is the user's alone, or about the user among the shared ones, and an erasure
 * removes it: it leaves what was used and may be used, else it would begin a new budget. */
bool keys_is_of_user(const char *key, const char *uid);

/* What all users said about answers in one month, YYYYMM. */
void keys_feedback_month(char out[64], const char *month);

/* Sums of the site, all in one slot; no user's id holds a plus. */
void keys_stats(char out[KEYS_MAX], const char *name);

/* One for all. */
#define KEYS_WAKE "tp:wake" /* a channel: store/notice.h */
#define KEYS_HINT_ALARMS "tp:hint:alarms"
#define KEYS_HINT_FEEDS "tp:hint:feeds"
#define KEYS_HINT_LEASES "tp:hint:leases"
#define KEYS_HINT_PUSHES "tp:hint:pushes"
#define KEYS_HINT_TIMERS "tp:hint:timers"
#define KEYS_HINT_TRIPS "tp:hint:trips"
#define KEYS_HINT_WEBHOOKS "tp:hint:webhooks"
#define KEYS_HINT_GONE "tp:hint:gone"
/* One of these in a cluster: in parts, each for a range of slots. part: below KEYS_HINT_PARTS. */
#define KEYS_HINT_PARTS 16
void keys_hint_part(char out[KEYS_MAX], const char *hints, unsigned part);
#define KEYS_BLAMED "tp:blamed"
#define KEYS_KEYUSES "tp:keyuses"
#define KEYS_RATES "tp:{+rates}" /* exchange rates of the site: store/rates_kept.h */
#define KEYS_MCP_SERVERS "tp:mcp:servers"
#define KEYS_MCP_PINS "tp:mcp:pins"
#define KEYS_MCP_LOGINS "tp:mcp:logins" /* store/mcp_logins.h */
#define KEYS_READY "tp:ready"
#define KEYS_REVOKED "tp:revoked"
#define KEYS_SELFTEST "tp:selftest"
#define KEYS_SELFTEST_RUNNING "tp:selftest:running"
#define KEYS_FAILOVER "tp:failover"

#endif
