/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_PROBLEM_H
#define TURNPIKE_PROCESS_PROBLEM_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * problem -- every error that a client of the HTTP API can see, and its form (RFC 9457). Used by
 * api and turn workers. A new error is a new row; docs/http-api.md lists the same rows.
 *
 * X(NAME, status, "code", "title", retryable)
 */
#define PROBLEM_TABLE(X) \
    X(PROBLEM_BAD_REQUEST, 400, "bad_request", "The request cannot be understood", false) \
    X(PROBLEM_BAD_JSON, 400, "bad_json", "The body is not valid JSON", false) \
    X(PROBLEM_UNSUPPORTED, 400, "unsupported_value", "This is not served here", false) \
    X(PROBLEM_PREVIOUS, 400, "previous_response_not_found", "There is no such response", false) \
    X(PROBLEM_UNAUTHENTICATED, 401, "unauthenticated", "A valid credential is needed", false) \
    X(PROBLEM_EXPIRED, 401, "credential_expired", "The credential has expired", false) \
    X(PROBLEM_REVOKED, 401, "credential_revoked", "The credential has been revoked", false) \
    X(PROBLEM_SCOPE, 403, "scope_missing", "The credential is not made for this", false) \
    X(PROBLEM_FORBIDDEN, 403, "forbidden", "Not allowed for this credential", false) \
    X(PROBLEM_ORIGIN, 403, "origin_not_allowed", "This origin is not allowed", false) \
    X(PROBLEM_HOST, 421, "host_not_answered", "This host name is not answered here", false) \
    X(PROBLEM_NOT_FOUND, 404, "not_found", "There is nothing here", false) \
    X(PROBLEM_MODEL, 404, "model_not_found", "There is no such model", false) \
    X(PROBLEM_UNKNOWN_TOOL, 404, "unknown_tool", "There is no such tool", false) \
    X(PROBLEM_METHOD, 405, "method_not_allowed", "This method is not allowed here", false) \
    X(PROBLEM_NOT_ACCEPTABLE, 406, "not_acceptable", "No acceptable form of the reply", false) \
    X(PROBLEM_BUSY, 409, "session_busy", "A turn is running in this session", true) \
    X(PROBLEM_CONFLICT, 409, "conflict", "The present state does not allow this", false) \
    X(PROBLEM_MISMATCH, 409, "client_message_mismatch", \
        "This client message id was used for another message", false) \
    X(PROBLEM_KEY_MISMATCH, 409, "idempotency_mismatch", \
        "This idempotency key was used for another call", false) \
    X(PROBLEM_APPROVAL, 409, "approval_required", "The user has to approve this", false) \
    X(PROBLEM_APPROVALS_OPEN, 409, "approvals_open", "An approval has to be answered first", \
        false) \
    X(PROBLEM_APPROVALS_UNCOVERED, 409, "approvals_uncovered", \
        "Every open approval has to be answered", false) \
    X(PROBLEM_APPROVAL_USED, 409, "approval_used", "The approval was answered before", false) \
    X(PROBLEM_APPROVAL_CANCELLED, 409, "approval_cancelled", "The approval is not open any more", \
        false) \
    X(PROBLEM_APPROVAL_MISMATCH, 409, "approval_mismatch", "The approval is for another call", \
        false) \
    X(PROBLEM_APPROVAL_DENIED, 403, "approval_denied", "The user said no", false) \
    X(PROBLEM_APPROVAL_EXPIRED, 410, "approval_expired", "The approval's time is over", false) \
    X(PROBLEM_AMBIGUOUS, 409, "ambiguous", "More than one thing fits", false) \
    X(PROBLEM_TOO_LARGE, 413, "body_too_large", "The body is too large", false) \
    X(PROBLEM_FILE_SIZE, 413, "attachment_too_large", "The file is too large", false) \
    X(PROBLEM_FILES_FULL, 413, "attachments_full", "The user's files take all their room", false) \
    X(PROBLEM_STORAGE, 413, "storage_full", "The user's data take all their room", false) \
    X(PROBLEM_MEDIA_TYPE, 415, "unsupported_media_type", "The body has the wrong form", false) \
    X(PROBLEM_INVALID, 422, "invalid_field", "A field is not valid", false) \
    X(PROBLEM_FILE_FETCH, 422, "attachment_not_fetched", "The file cannot be fetched", true) \
    X(PROBLEM_ARGUMENT, 422, "invalid_argument", "An argument of the tool is not valid", false) \
    X(PROBLEM_LIMIT_REACHED, 422, "limit_reached", "There is no room for more", false) \
    X(PROBLEM_NO_ROUTE, 422, "no_route", "No road connects these places", false) \
    X(PROBLEM_RESULT_SIZE, 422, "result_too_large", "The tool's answer is too long", false) \
    X(PROBLEM_TOOL_FAILED, 422, "tool_failed", "The tool could not do this", false) \
    X(PROBLEM_RATE, 429, "rate_limited", "Too many requests", true) \
    X(PROBLEM_QUEUE_FULL, 429, "session_queue_full", "Too many messages wait in this session", \
        true) \
    X(PROBLEM_USER_TURNS, 429, "turns_per_user", "Too many turns of this user run", true) \
    X(PROBLEM_KEY_TURNS, 429, "turns_per_key", "Too many turns of this API key run", true) \
    X(PROBLEM_BUDGET, 429, "budget_used_up", "The tokens or the budget are used up", false) \
    X(PROBLEM_SITE_BUDGET, 429, "site_budget_used_up", \
        "The tokens or the budget of this site are used up", false) \
    X(PROBLEM_CONNECTIONS, 429, "connections_per_user", \
        "Too many connections of this user are open", true) \
    X(PROBLEM_USER_CALLS, 429, "calls_per_user", "Too many slow calls of this user run", true) \
    X(PROBLEM_NO_WEBHOOKS, 501, "webhooks_not_configured", "Webhooks are not set up here", false) \
    X(PROBLEM_NO_PUSH, 501, "push_not_configured", "Web pushes are not set up here", false) \
    X(PROBLEM_INTERNAL, 500, "internal_error", "Something went wrong here", true) \
    X(PROBLEM_MEMORY_OFF, 409, "memory_off", "Facts are not remembered", false) \
    X(PROBLEM_NO_PROVIDER, 501, "provider_not_configured", "No service for this is set up", false) \
    X(PROBLEM_PROVIDER, 502, "provider_failed", "The service behind the tool failed", true) \
    X(PROBLEM_PROVIDER_AWAY, 502, "provider_unavailable", "The service behind the tool is away", \
        true) \
    X(PROBLEM_OUTCOME, 502, "unknown_outcome", "Whether the call had its effect is not known", \
        false) \
    X(PROBLEM_UNFINISHED, 503, "erasure_unfinished", "It takes more than one request", true) \
    X(PROBLEM_STORE, 503, "store_unavailable", "The storage cannot be reached", true) \
    X(PROBLEM_STORE_FULL, 503, "store_full", "The storage takes no writes now", true) \
    X(PROBLEM_STORE_READONLY, 503, "store_readonly", "The storage is read-only now", true) \
    X(PROBLEM_CRASHED, 503, "request_crashed_worker", "A worker process died in this", true) \
    X(PROBLEM_KEYS, 503, "keys_unavailable", "The token cannot be checked now", true) \
    X(PROBLEM_POOL_FULL, 503, "pool_full", "All workers are busy", true) \
    X(PROBLEM_QUEUE_WAIT, 503, "queue_wait", "The request waited too long for a worker", true) \
    X(PROBLEM_DRAINING, 503, "draining", "This machine is being taken out of service", true) \
    X(PROBLEM_TAKEN_OVER, 503, "taken_over", "Another worker goes on with this turn", true) \
    X(PROBLEM_WEBHOOKS_FULL, 503, "webhook_queue_full", "Too many webhooks wait", true) \
    X(PROBLEM_NOT_READY, 503, "not_ready", "Not ready to take messages", true) \
    X(PROBLEM_TOOL_TIMEOUT, 504, "timeout", "The tool did not answer in time", true)

enum problem_code {
#define PROBLEM_ENUM_(name, status, code, title, retryable) name,
    PROBLEM_TABLE(PROBLEM_ENUM_)
#undef PROBLEM_ENUM_
        PROBLEM_COUNT
};

struct problem_kind {
    int status;
    const char *code, *title;
    bool retryable;
};
const struct problem_kind *problem_kind(enum problem_code code);

/* One error on its way to the client. Zeroed = none. */
struct problem {
    bool set;
    enum problem_code code;
    char detail[1024];  /* a sentence for the client's developer; never a secret */
    char field[128];    /* of the request, or "" */
    char expected[256]; /* what would be right there, or "" */
    char reason[48];    /* a tool's own code that has no row above, or "" */
    bool has_limit;
    int64_t limit;          /* of the field, in the unit that detail names */
    int64_t retry_after_ms; /* 0 = none */
    const char *allow;      /* for 405; borrowed; or NULL */
    const char *challenge;  /* for 401: WWW-Authenticate; borrowed; NULL = "Bearer" */
    const char *members;    /* further members as JSON, each behind a comma; borrowed; or NULL */
};

/* Sets everything; detail is printf-like. Returns ERR_INVALID, for `return problem_set(...)`. */
int problem_set(struct problem *p, enum problem_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, naming a field of the request; PROBLEM_INVALID. */
int problem_field(struct problem *p, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the limit that was exceeded. */
int problem_limit(struct problem *p, const char *field, int64_t limit, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The problem of a result of base/err.h, with that problem's own detail. */
enum problem_code problem_code_of(int error);
void problem_from_error(struct problem *p, int error);

/* Appends the application/problem+json body. request_id: NULL = none. */
void problem_write(const struct problem *p, const char *trace_id, const char *request_id,
    struct buf *out);
/* The same with a status, code and title of the caller's; p->code is not looked at. */
void problem_write_kind(const struct problem *p, const struct problem_kind *kind,
    const char *trace_id, const char *request_id, struct buf *out);

#endif
