/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_NOTICE_H
#define TURNPIKE_STORE_NOTICE_H

#include "base/err.h"
#include "base/ident.h"
#include "process/blame.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * notice -- the messages by which processes of all machines wake each other through Redis. No other
 * C file writes or parses one. The scripts' twin is store/lua/lib_notice.lua. A notice may be lost:
 * its receiver finds the same in Redis later.
 *
 *   on KEYS_WAKE, to every housekeeper:
 *     UID TURN           NOTICE_TURN      a pending turn waits for a worker
 *     webhook UID TURN   NOTICE_WEBHOOK   a turn that has a webhook has ended
 *     timers             NOTICE_TIMERS    a reminder is due before all others
 *     blame MARK/MS      NOTICE_BLAME     workers died in this work (hexadecimal; milliseconds)
 *     mcp                NOTICE_MCP       the accepted tools of MCP servers have changed
 *     mcp list           NOTICE_MCP_LIST  the tools of MCP servers are to be listed now
 *     push/UID           NOTICE_PUSH      something waits to be pushed to this user
 *     keys               NOTICE_KEYS      a token names a key that the issuer's set may have by now
 *     revoked            NOTICE_REVOKED   an administrator has ended credentials
 *     selftest           NOTICE_SELFTEST  an administrator asks for a self-test
 *   on keys_control of a session, to the worker that runs its turn:
 *     stop TURN          notice_is_stop
 *     answer TURN        notice_is_answer: the user has answered what a call of it waits for
 */
enum notice_kind {
    NOTICE_TURN,
    NOTICE_WEBHOOK,
    NOTICE_TIMERS,
    NOTICE_BLAME,
    NOTICE_MCP,
    NOTICE_MCP_LIST,
    NOTICE_KEYS,
    NOTICE_PUSH,
    NOTICE_REVOKED,
    NOTICE_SELFTEST
};
struct notice {
    enum notice_kind kind;
    char uid[IDENT_USER_MAX + 1],
        turn[IDENT_UUID_SIZE]; /* NOTICE_TURN, NOTICE_WEBHOOK; uid: NOTICE_PUSH */
    struct blame_mark mark;    /* NOTICE_BLAME: key and ms */
};
#define NOTICE_SIZE 192

/* The text of a message on KEYS_WAKE. */
void notice_format(const struct notice *n, char out[NOTICE_SIZE]);
/*
 * A message on KEYS_WAKE. Returns 0 or ERR_INVALID. A user may be called "mcp", "webhook" or
 * "blame": then "mcp TURN" is a NOTICE_TURN. A mark is not 0 and lasts from 1 to BLAME_KEEP_MAX_MS.
 */
MUST_CHECK int notice_parse(const char *bytes, size_t len, struct notice *out);
/* Publishes on KEYS_WAKE. Any process. Returns 0 or an ERR_STORE* error. */
MUST_CHECK int notice_publish(struct store *s, const struct notice *n);
/* The same without waiting for Redis' answer. Returns 0 when it is on its way. */
MUST_CHECK int notice_send(struct store *s, const struct notice *n);
/* The same from a loop that must not wait: link is attached to it (wire/redis/link.h). */
MUST_CHECK int notice_ask(struct link *link, const struct notice *n);

/* Whether a message on a session's control channel stops this turn. */
bool notice_is_stop(const char *bytes, size_t len, const char *turn);
/* Whether it says that the user has answered a question of this turn's. */
bool notice_is_answer(const char *bytes, size_t len, const char *turn);

#endif
