/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_ERR_H
#define TURNPIKE_BASE_ERR_H

#include <stdbool.h>

/*
 * err -- the one table of results. Every function that can fail returns 0 or one of these.
 * Used by every process. The text is for logs; what a client sees is the table in
 * process/problem.h.
 *
 * Adding an error is adding a row: X(NAME, "text for the log").
 *
 * Six of them are no failures; each asks something else of the caller:
 *   ERR_PENDING   the call has begun; its callback tells the end (tools)
 *   ERR_NOT_YET   the wanted thing is not there: ask again later (an answer, a reply, a connection)
 *   ERR_MORE      the call used up its budget: call it again, it goes on from there
 *   ERR_ELAPSED   the time that the caller named has come, and nothing else happened
 *   ERR_BEHIND    a log lacks entries that were confirmed: append them, then call again
 *   ERR_NOSCRIPT  load the script, then call again; the calls of wire/redis/link.h do so themselves
 */
#define ERR_TABLE(X) \
    X(ERR_NOMEM, "out of memory") \
    X(ERR_INVALID, "invalid input") \
    X(ERR_LIMIT, "a limit was exceeded") \
    X(ERR_NOT_FOUND, "not found") \
    X(ERR_EXISTS, "exists already") \
    X(ERR_CONFLICT, "conflicts with what is stored") \
    X(ERR_FENCED, "a newer epoch owns this session") \
    X(ERR_DEADLINE, "deadline passed") \
    X(ERR_CANCELLED, "cancelled") \
    X(ERR_PEER_GONE, "the peer left") \
    X(ERR_NET, "network failure") \
    X(ERR_PROTOCOL, "the peer broke its protocol") \
    X(ERR_REMOTE, "the remote service reported an error") \
    X(ERR_OVERLOADED, "the remote service is overloaded") \
    X(ERR_QUOTA, "the quota or credit at the remote service is used up") \
    X(ERR_POLICY, "the policy of the remote service forbids it") \
    X(ERR_TOO_LONG, "too long for the remote service") \
    X(ERR_STORE, "Redis cannot be reached") \
    X(ERR_STORE_FULL, "Redis is out of memory") \
    X(ERR_STORE_READONLY, "Redis is read-only") \
    X(ERR_AUTH, "credential missing or not valid") \
    X(ERR_FORBIDDEN, "not allowed") \
    X(ERR_RATE, "too many requests") \
    X(ERR_BUSY, "busy") \
    X(ERR_FULL, "full") \
    X(ERR_PENDING, "started; the end is told later") \
    X(ERR_NOT_YET, "not there yet") \
    X(ERR_MORE, "stopped before the end") \
    X(ERR_ELAPSED, "the time to wait is over") \
    X(ERR_BEHIND, "Redis lacks entries that it has confirmed") \
    X(ERR_NOSCRIPT, "Redis does not know the script") \
    X(ERR_NOT_CONFIGURED, "not configured") \
    X(ERR_IO, "input or output failed") \
    X(ERR_CONFIG, "configuration is not valid") \
    X(ERR_DRAINING, "draining") \
    X(ERR_INTERNAL, "internal error")

enum err_code {
    ERR_TABLE_START_ = -1000,
#define ERR_ENUM_(name, text) name,
    ERR_TABLE(ERR_ENUM_)
#undef ERR_ENUM_
        ERR_TABLE_END_,
    ERR_OK = 0
};

/* Whether Redis could not do it at the moment: away, full or read-only. The same may succeed
 * later. */
bool err_is_store(int error);

/* Text of a result, never NULL; "ok" for 0, "unknown error" outside the table. */
const char *err_text(int error);

/* Name of a result as written in the source ("ERR_FENCED"), for logs and tests. Never NULL. */
const char *err_name(int error);

/* On the prototype of each function that can fail: the compiler refuses a caller that drops its
 * result. */
#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * err_ignore -- drops a result on purpose: err_ignore(hints_set(...)). Only where the caller would
 * do nothing else on an error, and nothing is lost by that: something later finds it again, or it
 * was the last thing to be said. Where the line does not show the reason, a comment does.
 */
static inline void err_ignore(int error)
{
    (void)error;
}

#endif
