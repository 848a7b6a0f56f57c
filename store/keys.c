/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keys.h"

#include "base/ident.h"

#include <stdio.h>
#include <string.h>

#define KEYS_TICKET "tp:ticket:"
#define KEYS_TICKET_PAGE "tp:ticket-page:"
#define KEYS_GRANT "tp:grant:"
#define KEYS_OF_SESSION "}:s:"

/* ---- of a user ---- */

static void keys_put(char out[KEYS_MAX], const char *uid, const char *kind, const char *id,
    const char *part)
{
    snprintf(out, KEYS_MAX, "tp:{%s}:%s%s%s", uid, kind, id, part);
}

void keys_prefix(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "", "", "");
}

void keys_session(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "s:", session, "");
}

void keys_session_log(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "s:", session, ":log");
}

void keys_session_messages(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "s:", session, ":msgs");
}

void keys_control(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "s:", session, ":ctl");
}

void keys_branches(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "branches:", session, "");
}

void keys_branch(char out[KEYS_MAX], const char *uid, const char *turn)
{
    keys_put(out, uid, "branch:", turn, "");
}

void keys_summaries(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "summaries:", session, "");
}

void keys_log_of(char out[KEYS_MAX], const char *session_key)
{
    snprintf(out, KEYS_MAX, "%s:log", session_key);
}

const char *keys_session_id(const char *session_key)
{
    return strstr(session_key, KEYS_OF_SESSION) + strlen(KEYS_OF_SESSION);
}

void keys_user_channel(char out[KEYS_MAX], const char *uid)
{
    snprintf(out, KEYS_MAX, "tp:{%s}", uid);
}

void keys_inbox(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "inbox", "", "");
}

void keys_pushes(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "push", "", "");
}

void keys_sign_ins(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "sign-ins", "", "");
}

void keys_sessions(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "sessions", "", "");
}

void keys_context(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "context", "", "");
}

void keys_feedback(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "feedback", "", "");
}

void keys_families(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "families", "", "");
}

void keys_turn(char out[KEYS_MAX], const char *uid, const char *turn)
{
    keys_put(out, uid, "turn:", turn, "");
}

void keys_seen(char out[KEYS_MAX], const char *uid, const char *client_message_id)
{
    keys_put(out, uid, "seen:", client_message_id, "");
}

void keys_call(char out[KEYS_MAX], const char *uid, const char *call)
{
    keys_put(out, uid, "call:", call, "");
}

bool keys_is_once(const char *session)
{
    return strncmp(session, KEYS_ONCE, sizeof KEYS_ONCE - 1) == 0;
}

bool keys_is_unlisted(const char *session)
{
    return keys_is_once(session) || strncmp(session, KEYS_KEPT, sizeof KEYS_KEPT - 1) == 0;
}

void keys_approval(char out[KEYS_MAX], const char *uid, const char *id)
{
    keys_put(out, uid, "approval:", id, "");
}

void keys_approvals(char out[KEYS_MAX], const char *uid, const char *session)
{
    keys_put(out, uid, "approvals:", session, "");
}

void keys_attachment(char out[KEYS_MAX], const char *uid, const char *id)
{
    keys_put(out, uid, "attachment:", id, "");
}

void keys_attachments(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "attachments", "", "");
}

void keys_feed_parts(char out[KEYS_MAX], const char *uid, const char *id, const char *generation)
{
    keys_put(out, uid, "feed-parts:", id, ":");
    snprintf(out + strlen(out), KEYS_MAX - strlen(out), "%s", generation);
}

void keys_rate(char out[KEYS_MAX], const char *uid, const char *name)
{
    keys_put(out, uid, "rate:", name, "");
}

void keys_tool_seen(char out[KEYS_MAX], const char *uid, const char *key)
{
    keys_put(out, uid, "seen-tool:", key, "");
}

void keys_effect(char out[KEYS_MAX], const char *uid, const char *effect)
{
    keys_put(out, uid, "effect:", effect, "");
}

void keys_records(char out[KEYS_MAX], const char *uid, const char *family)
{
    keys_put(out, uid, "r:", family, "");
}

void keys_trip_share(char out[KEYS_MAX], const char *uid, const char *trip)
{
    keys_put(out, uid, "share:", trip, "");
}

void keys_trip_shares(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "shares", "", "");
}

void keys_trip_out(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "trip-out", "", "");
}

void keys_trip_links(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "joined", "", "");
}

void keys_chats(char out[KEYS_MAX], const char *uid)
{
    keys_put(out, uid, "chats", "", "");
}

void keys_trip_code(char out[KEYS_MAX], const char *digest)
{
    snprintf(out, KEYS_MAX, "tp:invite:%s", digest);
}

void keys_record_times(char out[KEYS_MAX], const char *uid, const char *family)
{
    keys_put(out, uid, "r:", family, ":by-time");
}

/* ---- not of one user alone ---- */

void keys_shared_records(char out[KEYS_MAX], const char *family)
{
    snprintf(out, KEYS_MAX, KEYS_SHARED "r:%s", family);
}

static void keys_put_digest(char out[KEYS_MAX], const char *start, const char *secret)
{
    char digest[IDENT_SHA256_SIZE];

    ident_sha256_hex(secret, strlen(secret), digest);
    snprintf(out, KEYS_MAX, "%s%s", start, digest);
}

void keys_ticket(char out[KEYS_MAX], const char *ticket)
{
    keys_put_digest(out, KEYS_TICKET, ticket);
}

void keys_ticket_page(char out[KEYS_MAX], const char *token)
{
    keys_put_digest(out, KEYS_TICKET_PAGE, token);
}

void keys_grant(char out[KEYS_MAX], const char *ticket)
{
    keys_put_digest(out, KEYS_GRANT, ticket);
}

bool keys_is_grant(const char *key)
{
    return strncmp(key, KEYS_GRANT, strlen(KEYS_GRANT)) == 0;
}

void keys_feedback_month(char out[64], const char *month)
{
    snprintf(out, 64, "tp:feedback:%s", month);
}

void keys_stats(char out[KEYS_MAX], const char *name)
{
    snprintf(out, KEYS_MAX, "tp:{+stats}:%s", name);
}

void keys_answer(char out[KEYS_MAX], unsigned place)
{
    snprintf(out, KEYS_MAX, "tp:answer:%u", place);
}

void keys_geocode(char out[KEYS_MAX], unsigned place)
{
    snprintf(out, KEYS_MAX, "tp:geocode:%u", place);
}

void keys_erasing(char out[KEYS_MAX], const char *uid)
{
    snprintf(out, KEYS_MAX, "tp:erasing:%s", uid);
}

void keys_erasing_written(char out[KEYS_MAX], const char *uid)
{
    snprintf(out, KEYS_MAX, "tp:erasing-written:%s", uid);
}

void keys_limits(char out[KEYS_MAX], const char *uid)
{
    keys_prefix(out, uid);
    snprintf(out + strlen(out), KEYS_MAX - strlen(out), "limits");
}

void keys_erased(char out[KEYS_MAX], const char *uid)
{
    keys_put_digest(out, "tp:erased:", uid);
}

/* ---- parts, in a cluster ---- */

/* The slot of each is in its sixteenth of all slots, so a part is as a rule on the node of those
 * whose hints it holds. */
static const char *const keys_parts[KEYS_HINT_PARTS] = {"p00ab", "p01aa", "p02", "p03bb", "p04c",
    "p05db", "p06fa", "p07fb", "p08fc", "p09c", "p10c", "p11dc", "p12fa", "p13fb", "p14ac",
    "p15ad"};

void keys_hint_part(char out[KEYS_MAX], const char *hints, unsigned part)
{
    snprintf(out, KEYS_MAX, "%s:{%s}", hints, keys_parts[part % KEYS_HINT_PARTS]);
}

/* ---- the user of a key ---- */

void keys_user_pattern(char out[KEYS_MAX], const char *uid)
{
    snprintf(out, KEYS_MAX, "tp:{*%s*", uid);
}

static bool keys_begins(const char *key, const char *start, const char *uid, const char *end)
{
    size_t a = strlen(start), b = strlen(uid), c = strlen(end);

    return strncmp(key, start, a) == 0 && strncmp(key + a, uid, b) == 0 &&
        strncmp(key + a + b, end, c) == 0;
}

/* How many colons stand behind START UID ":"; -1 when the key begins otherwise. */
static int keys_colons_behind(const char *key, const char *start, const char *uid)
{
    int n = 0;

    if (!keys_begins(key, start, uid, ":"))
        return -1;
    for (key += strlen(start) + strlen(uid) + 1; *key; key++)
        n += *key == ':';
    return n;
}

/* A pattern finds more than the user's keys: "ann" is part of "joanne", and of "ann:lee". Behind
 * the user stands in a mark TOOL:DIGEST, in an index of given recipes a word. */
bool keys_is_of_user(const char *key, const char *uid)
{
    static const char given[] = KEYS_SHARED "r:recipe-for:";
    const char *rest;

    if (keys_begins(key, "tp:{", uid, "}:usage:") || keys_begins(key, "tp:{", uid, "}:limits"))
        return false;
    if (keys_begins(key, "tp:{", uid, "}:") ||
        keys_colons_behind(key, KEYS_SHARED "effect:", uid) == 1 ||
        keys_colons_behind(key, KEYS_SHARED "w:recipe-for:", uid) == 0)
        return true;
    if (!keys_begins(key, given, uid, ""))
        return false;
    rest = key + strlen(given) + strlen(uid);
    return !*rest || strcmp(rest, ":by-time") == 0 || strcmp(rest, ":terms") == 0;
}
