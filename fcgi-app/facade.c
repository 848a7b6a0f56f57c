/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade.h"

#include "base/jdoc.h"

#include <string.h>

#define FACADE_ROOT "/v1/"
#define FACADE_BELOW "/openai/v1/"
#define FACADE_NO_QUOTA "insufficient_quota"

const char *facade_path(const struct conf *conf, const char *path)
{
    size_t base = strlen(conf->public_base);
    if (strncmp(path, FACADE_ROOT, sizeof FACADE_ROOT - 1) == 0)
        return path + sizeof FACADE_ROOT - 2;
    if (strncmp(path, conf->public_base, base) != 0 ||
        strncmp(path + base, FACADE_BELOW, sizeof FACADE_BELOW - 1) != 0)
        return NULL;
    return path + base + sizeof FACADE_BELOW - 2;
}

bool facade_model(const struct conf *conf, size_t index, const char **name, size_t *len)
{
    const char *at = conf->facade_model;
    for (size_t i = 0;; i++) {
        at += strspn(at, " ");
        *name = at;
        *len = strcspn(at, " ");
        if (*len == 0)
            return false;
        if (i == index)
            return true;
        at += *len;
    }
}

bool facade_has_model(const struct conf *conf, const char *name)
{
    const char *one;
    size_t len;
    for (size_t i = 0; facade_model(conf, i, &one, &len); i++) {
        if (strlen(name) == len && memcmp(one, name, len) == 0)
            return true;
    }
    return false;
}

const char *facade_turn(const char *id)
{
    size_t len = sizeof FACADE_RESPONSE - 1;
    return strncmp(id, FACADE_RESPONSE, len) == 0 && ident_is_uuid(id + len) ? id + len : NULL;
}

/* --- errors --- */

/* OpenAI's own types (guide "Error codes", November 2026). */
const char *facade_error_type(int status)
{
    switch (status) {
    case 401:
        return "authentication_error";
    case 403:
        return "permission_error";
    case 429:
        return "rate_limit_error";
    default:
        return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

int facade_status(int status)
{
    return status == 422 || status == 406 ? 400 : status;
}

static void facade_put_member(struct buf *json, const char *name, const char *text)
{
    if (text && *text != '\0')
        buf_json_member(json, name, text);
    else
        buf_printf(json, ",\"%s\":null", name);
}

/* OpenAI's word for what its clients know; else our own. */
static const char *facade_code(const struct facade_error *e)
{
    return e->code && strcmp(e->code, "rate_limited") == 0 ? "rate_limit_exceeded" : e->code;
}

void facade_error_write(const struct facade_error *e, struct buf *json)
{
    buf_puts(json, "{\"error\":{\"message\":");
    buf_json_text(json, e->message);
    const bool used_up = e->status == 429 && e->code && strstr(e->code, "budget_used_up");
    buf_json_member(json, "type", used_up ? FACADE_NO_QUOTA : facade_error_type(e->status));
    facade_put_member(json, "param", e->param);
    facade_put_member(json, "code", used_up ? FACADE_NO_QUOTA : facade_code(e));
    if (e->trace_id && *e->trace_id != '\0')
        buf_json_member(json, "trace_id", e->trace_id);
    buf_puts(json, "}}");
}

void facade_problem_write(const struct problem *p, const char *trace_id, struct buf *json)
{
    const struct problem_kind *kind = problem_kind(p->code);
    const struct facade_error e = {.status = kind->status,
        .message = p->detail[0] != '\0' ? p->detail : kind->title,
        .param = p->field,
        .code = kind->code,
        .trace_id = trace_id};
    facade_error_write(&e, json);
}

int facade_stored_problem(const char *reply, size_t len, int status, bool *retryable,
    struct buf *json)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(reply, len, &doc, NULL, 0);
    if (error < 0)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    *retryable = jdoc_is_true(doc, "retryable");
    const struct facade_error e = {.status = status,
        .message = jdoc_text_or(doc, "detail", "The message could not be answered."),
        .param = jdoc_text_or(doc, "field", ""),
        .code = jdoc_text_or(doc, "code", ""),
        .trace_id = jdoc_text_or(doc, "trace_id", "")};
    facade_error_write(&e, json);
    jdoc_free(doc);
    return 0;
}
