/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/problem.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct problem_kind problem_kinds[PROBLEM_COUNT] = {
#define PROBLEM_ROW_(name, status_, code_, title_, retryable_) \
    [name] = {.status = status_, .code = code_, .title = title_, .retryable = retryable_},
    PROBLEM_TABLE(PROBLEM_ROW_)
#undef PROBLEM_ROW_
};

/* What each result means for a client; what is not listed is an internal error. */
static const struct {
    int error;
    enum problem_code code;
    const char *detail;
} problem_errors[] = {
    {ERR_INVALID, PROBLEM_BAD_REQUEST, "The request is not valid."},
    {ERR_LIMIT, PROBLEM_BAD_REQUEST, "The request exceeds a limit."},
    {ERR_NOT_FOUND, PROBLEM_NOT_FOUND, "No such thing, or it belongs to somebody else."},
    {ERR_EXISTS, PROBLEM_CONFLICT, "It exists already."},
    {ERR_CONFLICT, PROBLEM_CONFLICT, "Its present state does not allow this."},
    {ERR_FENCED, PROBLEM_TAKEN_OVER, "Another worker goes on with this turn; ask for it again."},
    {ERR_STORE, PROBLEM_STORE, "Nothing was accepted. Try again shortly."},
    {ERR_STORE_FULL, PROBLEM_STORE_FULL, "Nothing was accepted: the storage is out of memory."},
    {ERR_STORE_READONLY, PROBLEM_STORE_READONLY, "Nothing was accepted: the storage is read-only."},
    {ERR_AUTH, PROBLEM_UNAUTHENTICATED, "The credential is missing or not valid."},
    {ERR_FORBIDDEN, PROBLEM_FORBIDDEN, "This credential does not allow it."},
    {ERR_RATE, PROBLEM_RATE, "Wait before the next request."},
    {ERR_BUSY, PROBLEM_BUSY, "Wait for its end, or send with on_busy enqueue or interrupt."},
    {ERR_FULL, PROBLEM_QUEUE_FULL, "Wait for the end of a turn."},
    {ERR_DRAINING, PROBLEM_DRAINING, "Try again; another machine or generation answers."},
};

const struct problem_kind *problem_kind(enum problem_code code)
{
    return &problem_kinds[code < PROBLEM_COUNT ? code : PROBLEM_INTERNAL];
}

static void problem_fill(struct problem *p, enum problem_code code, const char *field,
    const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void problem_fill(struct problem *p, enum problem_code code, const char *field,
    const char *format, va_list args)
{
    memset(p, 0, sizeof *p);
    p->set = true;
    p->code = code;
    snprintf(p->field, sizeof p->field, "%s", field);
    vsnprintf(p->detail, sizeof p->detail, format, args);
}

int problem_set(struct problem *p, enum problem_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_fill(p, code, "", format, args);
    va_end(args);
    return ERR_INVALID;
}

int problem_field(struct problem *p, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_fill(p, PROBLEM_INVALID, field, format, args);
    va_end(args);
    return ERR_INVALID;
}

int problem_limit(struct problem *p, const char *field, int64_t limit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    problem_fill(p, PROBLEM_INVALID, field, format, args);
    va_end(args);
    p->has_limit = true;
    p->limit = limit;
    return ERR_INVALID;
}

enum problem_code problem_code_of(int error)
{
    for (size_t i = 0; i < sizeof problem_errors / sizeof problem_errors[0]; i++) {
        if (problem_errors[i].error == error)
            return problem_errors[i].code;
    }
    return PROBLEM_INTERNAL;
}

void problem_from_error(struct problem *p, int error)
{
    const char *detail = "The fault is on this side; it has been logged with the request id.";
    for (size_t i = 0; i < sizeof problem_errors / sizeof problem_errors[0]; i++) {
        if (problem_errors[i].error == error)
            detail = problem_errors[i].detail;
    }
    problem_set(p, problem_code_of(error), "%s", detail);
    if (problem_kind(p->code)->status == 503)
        p->retry_after_ms = 1000;
}

void problem_write(const struct problem *p, const char *trace_id, const char *request_id,
    struct buf *out)
{
    problem_write_kind(p, problem_kind(p->code), trace_id, request_id, out);
}

void problem_write_kind(const struct problem *p, const struct problem_kind *kind,
    const char *trace_id, const char *request_id, struct buf *out)
{
    buf_puts(out, "{\"type\":\"urn:turnpike:problem:");
    buf_puts(out, kind->code);
    buf_puts(out, "\"");
    buf_json_member(out, "title", kind->title);
    buf_printf(out, ",\"status\":%d", kind->status);
    buf_json_member(out, "detail", p->detail);
    buf_json_member(out, "code", kind->code);
    buf_printf(out, ",\"retryable\":%s", kind->retryable ? "true" : "false");
    if (p->retry_after_ms > 0)
        buf_printf(out, ",\"retry_after_ms\":%lld", (long long)p->retry_after_ms);
    if (p->field[0] != '\0')
        buf_json_member(out, "field", p->field);
    if (p->expected[0] != '\0')
        buf_json_member(out, "expected", p->expected);
    if (p->reason[0] != '\0')
        buf_json_member(out, "reason", p->reason);
    if (p->has_limit)
        buf_printf(out, ",\"limit\":%lld", (long long)p->limit);
    if (p->members)
        buf_puts(out, p->members);
    buf_json_member(out, "trace_id", trace_id);
    buf_json_member(out, "request_id", request_id);
    buf_putc(out, '}');
}
