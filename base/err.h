#ifndef TURNPIKE_BASE_ERR_H
#define TURNPIKE_BASE_ERR_H

/*
 * err -- the one table of results. Every function that can fail returns 0 or one of these.
 * Used by every process. The text is for logs; what a client sees is the table in
 * process/problem.h.
 *
 * Adding an error is adding a row: X(NAME, "text for the log").
 */
#define ERR_TABLE(X)                                                                               \
    X(ERR_NOMEM, "out of memory")                                                                  \
    X(ERR_INVALID, "invalid input")                                                                \
    X(ERR_LIMIT, "a limit was exceeded")                                                           \
    X(ERR_NOT_FOUND, "not found")                                                                  \
    X(ERR_EXISTS, "exists already")                                                                \
    X(ERR_CONFLICT, "conflicts with what is stored")                                               \
    X(ERR_FENCED, "a newer epoch owns this session")                                               \
    X(ERR_DEADLINE, "deadline passed")                                                             \
    X(ERR_CANCELLED, "cancelled")                                                                  \
    X(ERR_PEER_GONE, "the peer left")                                                              \
    X(ERR_NET, "network failure")                                                                  \
    X(ERR_PROTOCOL, "the peer broke its protocol")                                                 \
    X(ERR_REMOTE, "the remote service reported an error")                                          \
    X(ERR_OVERLOADED, "the remote service is overloaded")                                          \
    X(ERR_QUOTA, "the quota or credit at the remote service is used up")                           \
    X(ERR_STORE, "Redis cannot be reached")                                                        \
    X(ERR_STORE_FULL, "Redis is out of memory")                                                    \
    X(ERR_STORE_READONLY, "Redis is read-only")                                                    \
    X(ERR_AUTH, "credential missing or not valid")                                                 \
    X(ERR_FORBIDDEN, "not allowed")                                                                \
    X(ERR_RATE, "too many requests")                                                               \
    X(ERR_BUSY, "busy")                                                                            \
    X(ERR_FULL, "full")                                                                            \
    X(ERR_AGAIN, "nothing there yet")                                                              \
    X(ERR_NOT_CONFIGURED, "not configured")                                                        \
    X(ERR_IO, "input or output failed")                                                            \
    X(ERR_CONFIG, "configuration is not valid")                                                    \
    X(ERR_DRAINING, "draining")                                                                    \
    X(ERR_INTERNAL, "internal error")

enum err_code {
    ERR_TABLE_START_ = -1000,
#define ERR_ENUM_(name, text) name,
    ERR_TABLE(ERR_ENUM_)
#undef ERR_ENUM_
    ERR_TABLE_END_,
    ERR_OK = 0
};

/* Text of a result, never NULL; "ok" for 0, "unknown error" outside the table. */
const char *err_text(int error);

/* Name of a result as written in the source ("ERR_FENCED"), for logs and tests. Never NULL. */
const char *err_name(int error);

#endif
