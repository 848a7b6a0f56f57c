/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/request.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/url.h"
#include "process/spans.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REQUEST_LANGUAGE_MAX 35
#define REQUEST_TARGET_MAX 8192
#define REQUEST_RETRY_MS 1000

const char *request_header(const struct request *r, const char *param)
{
    const char *value = r->source->param(r->source->arg, param);
    return value && *value != '\0' ? value : NULL;
}

const char *request_language(const struct request *r)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    const char *header = request_header(r, "HTTP_ACCEPT_LANGUAGE");
    size_t len = header ? strspn(header, good) : 0;
    bool whole = len > 0 && len <= REQUEST_LANGUAGE_MAX &&
        (header[len] == '\0' || strchr(",; ", header[len]));
    const char *tag = whole ? arena_printf(r->arena, "%.*s", (int)len, header) : NULL;
    return tag ? tag : "";
}

static int64_t request_waited(const struct request *r)
{
    const char *start = request_header(r, "T_START");
    if (!start)
        return -1;
    char *end;
    double seconds = strtod(start, &end);
    if (*end != '\0' || !(seconds > 0 && seconds < 1e11))
        return -1;
    int64_t waited = clock_real_ms() - (int64_t)(seconds * 1000.0 + 0.5);
    return waited < 0 ? 0 : waited;
}

static void request_trace(struct request *r)
{
    struct ident_trace parent;
    const char *header = request_header(r, "HTTP_TRACEPARENT");
    const char *state = request_header(r, "HTTP_TRACESTATE");
    r->tracestate = "";
    if (header && ident_trace_parse(header, &parent)) {
        ident_trace_child(&parent, &r->trace);
        memcpy(r->span_parent, parent.span_id, sizeof r->span_parent);
        if (state && spans_is_state(state))
            r->tracestate = state;
    } else {
        ident_trace_new(&r->trace);
        r->trace.flags = 0; /* whether it is sampled is said to those whom a turn asks */
    }
    ident_trace_format(&r->trace, r->traceparent);
}

void request_start(struct request *r, const struct request_source *source, struct arena *arena)
{
    memset(r, 0, sizeof *r);
    r->arena = arena;
    r->source = source;
    r->method = "GET";
    r->path = "/";
    r->body = "";
    const char *id = request_header(r, "HTTP_X_REQUEST_ID");
    if (!id)
        id = request_header(r, "REQUEST_ID");
    if (id && ident_is_safe(id, strlen(id), REQUEST_ID_SIZE - 1))
        snprintf(r->id, sizeof r->id, "%s", id);
    else
        ident_token(16, r->id);
    request_trace(r);
    r->internal = request_header(r, "TP_INTERNAL");
    r->waited_ms = request_waited(r);
}

long request_decode(char *s, bool plus)
{
    size_t len = strlen(s);
    return url_decode(s, len, plus, s, len + 1);
}

static int request_parse_query(struct request *r, char *query, struct problem *problem)
{
    char *rest = query;
    for (char *pair; (pair = strsep(&rest, "&"));) {
        if (*pair == '\0')
            continue;
        if (r->query_count == REQUEST_QUERY_MAX)
            return problem_set(problem, PROBLEM_BAD_REQUEST, "The query has more than %d fields.",
                REQUEST_QUERY_MAX);
        char *value = strchr(pair, '=');
        if (value)
            *value++ = '\0';
        if (request_decode(pair, true) < 0 || (value && request_decode(value, true) < 0))
            return problem_set(problem, PROBLEM_BAD_REQUEST,
                "The query is not correctly percent-encoded.");
        r->query[r->query_count].name = pair;
        r->query[r->query_count++].value = value ? value : "";
    }
    return 0;
}

int request_target(struct request *r, struct problem *problem)
{
    const char *method = request_header(r, "REQUEST_METHOD");
    r->method = arena_strdup(r->arena, method ? method : "GET");
    const char *target = request_header(r, "REQUEST_URI");
    bool raw = target != NULL;
    if (!target)
        target = request_header(r, "DOCUMENT_URI");
    if (!target)
        target = request_header(r, "SCRIPT_NAME");
    if (!target || *target != '/')
        return problem_set(problem, PROBLEM_BAD_REQUEST, "The request has no path.");
    if (strlen(target) > REQUEST_TARGET_MAX)
        return problem_set(problem, PROBLEM_BAD_REQUEST, "The request line is too long.");
    char *path = arena_strdup(r->arena, target);
    const char *query = request_header(r, "QUERY_STRING");
    char *query_copy = arena_strdup(r->arena, query);
    if (!r->method || !path || (query && !query_copy))
        return ERR_NOMEM;
    if (strcmp(r->method, "HEAD") == 0) {
        r->method = "GET";
        r->head = true;
    }
    char *mark = raw ? strchr(path, '?') : NULL;
    if (mark) {
        *mark++ = '\0';
        if (!query_copy)
            query_copy = mark;
    }
    r->raw_path = raw ? arena_strdup(r->arena, path) : path;
    if (!r->raw_path)
        return ERR_NOMEM;
    if (raw && request_decode(path, false) < 0)
        return problem_set(problem, PROBLEM_BAD_REQUEST,
            "The path is not correctly percent-encoded.");
    r->path = path;
    return query_copy ? request_parse_query(r, query_copy, problem) : 0;
}

/* Bodies are read as they are. gzip without the header that says so is told, too. */
static int request_coding(struct request *r, struct problem *problem)
{
    const char *coding = request_header(r, "HTTP_CONTENT_ENCODING");
    bool plain = !coding || strcasecmp(coding, "identity") == 0;
    if (r->body_len < 2 || (plain && memcmp(r->body, "\x1f\x8b", 2) != 0))
        return 0;
    return problem_set(problem, PROBLEM_MEDIA_TYPE,
        "The body is compressed (%.40s). Send it without Content-Encoding.",
        plain ? "it begins like gzip" : coding);
}

/* A byte order mark: UTF-8's is passed over, those of UTF-16 tell what is wrong. */
static int request_mark(struct request *r, struct problem *problem)
{
    if (r->body_len >= 3 && memcmp(r->body, "\xef\xbb\xbf", 3) == 0) {
        r->body += 3;
        r->body_len -= 3;
    }
    if (r->body_len >= 2 &&
        (memcmp(r->body, "\xff\xfe", 2) == 0 || memcmp(r->body, "\xfe\xff", 2) == 0))
        return problem_set(problem, PROBLEM_BAD_JSON, "The body is UTF-16. Send it as UTF-8.");
    return 0;
}

void request_free_body(struct request *r)
{
    free(r->body_owned);
    r->body_owned = NULL;
    r->body = "";
    r->body_len = 0;
}

static void request_on_free(void *arg)
{
    request_free_body(arg);
}

void request_body_done(struct request *r)
{
    request_free_body(r);
    if (r->source->body_done)
        r->source->body_done(r->source->arg);
}

int request_body(struct request *r, size_t max, struct problem *problem)
{
    struct buf body;
    buf_init(&body, 0);
    int error = r->source->body(r->source->arg, &body, max);
    if (error == ERR_LIMIT) {
        problem_set(problem, PROBLEM_TOO_LARGE, "The body may have %zu bytes at most.", max);
        problem->has_limit = true;
        problem->limit = (int64_t)max;
        error = ERR_INVALID;
    }
    if (error == ERR_FULL) {
        problem_set(problem, PROBLEM_POOL_FULL,
            "This worker holds all the large bodies that it may. Nothing was accepted.");
        problem->retry_after_ms = REQUEST_RETRY_MS;
        error = ERR_INVALID;
    }
    if (error == 0 && body.len > 0) {
        size_t len = 0;
        r->body_owned = buf_take(&body, &len);
        r->body = r->body_owned;
        r->body_len = len;
        error = !r->body_owned ? ERR_NOMEM : arena_on_free(r->arena, request_on_free, r);
    }
    buf_free(&body);
    return error == 0 ? request_coding(r, problem) : error;
}

static bool request_is_json(const char *type)
{
    size_t len = strcspn(type, "; \t");
    if (len == strlen("application/json") && strncasecmp(type, "application/json", len) == 0)
        return true;
    return len > 17 && strncasecmp(type, "application/", 12) == 0 &&
        strncasecmp(type + len - 5, "+json", 5) == 0;
}

static void request_free_json(void *doc)
{
    jdoc_free(doc);
}

int request_value(struct request *r, bool optional, jdoc **out, struct problem *problem)
{
    jdoc *doc = NULL;
    if (r->body_len == 0) {
        if (!optional)
            return problem_set(problem, PROBLEM_BAD_JSON, "The body is empty.");
        doc = jdoc_new_object();
        if (!doc)
            return ERR_NOMEM;
    } else {
        const char *type = request_header(r, "CONTENT_TYPE");
        if (!type || !request_is_json(type))
            return problem_set(problem, PROBLEM_MEDIA_TYPE,
                "Send the body with Content-Type: application/json.");
        char why[161] = "";
        int error = request_mark(r, problem);
        if (error < 0)
            return error;
        error = jdoc_parse(r->body, r->body_len, &doc, why, sizeof why);
        if (error == ERR_NOMEM)
            return error;
        if (error < 0)
            return problem_set(problem, PROBLEM_BAD_JSON, "%s", why);
    }
    int error = arena_on_free(r->arena, request_free_json, doc);
    if (error == 0)
        *out = doc;
    return error;
}

int request_json(struct request *r, bool optional, jdoc **out, struct problem *problem)
{
    jdoc *doc = NULL;
    int error = request_value(r, optional, &doc, problem);
    if (error < 0)
        return error;
    if (jdoc_type(doc) != JDOC_OBJECT)
        return problem_set(problem, PROBLEM_BAD_JSON, "The body must be a JSON object, not %s.",
            jdoc_type_name(jdoc_type(doc)));
    *out = doc;
    return 0;
}

const char *request_query(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->query_count; i++) {
        if (strcmp(r->query[i].name, name) == 0)
            return r->query[i].value;
    }
    return NULL;
}

int request_query_int(const struct request *r, const char *name,
    const struct request_bounds *bounds, int64_t *out, struct problem *problem)
{
    const char *text = request_query(r, name);
    *out = bounds->fallback;
    if (!text)
        return 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || isspace((unsigned char)*text) ||
        value < bounds->min || value > bounds->max)
        return problem_limit(problem, name, bounds->max,
            "%s must be a whole number from %lld to %lld.", name, (long long)bounds->min,
            (long long)bounds->max);
    *out = value;
    return 0;
}

/* How closely an element's range fits the type: 3 names it, 2 TYPE/STAR, 1 all; 0 not at all. */
static int request_range_fit(const char *range, size_t len, const char *type)
{
    if (len == strlen(type) && strncasecmp(range, type, len) == 0)
        return 3;
    if (len == 3 && memcmp(range, "*/*", 3) == 0)
        return 1;
    size_t major = (size_t)(strchr(type, '/') - type) + 1;
    return len == major + 1 && strncasecmp(range, type, major) == 0 && range[major] == '*' ? 2 : 0;
}

/* The weight of an element, 0 to 1000: its parameter q, whose value is read as far as it is one. */
static int request_range_weight(const char *parameters, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        const char *p = parameters + i;
        if ((*p != ';' && *p != ' ' && *p != '\t') || (p[1] | 0x20) != 'q' || p[2] != '=')
            continue;
        double weight = strtod(p + 3, NULL);
        return weight >= 1 ? 1000 : weight > 0 ? (int)(weight * 1000 + 0.5) : 0;
    }
    return 1000;
}

/* RFC 9110, 12.5.1: the closest range decides. *named: a range names the type itself. */
static int request_weight(const struct request *r, const char *type, bool *named)
{
    const char *accept = request_header(r, "HTTP_ACCEPT");
    int closest = 0, weight = 0;
    *named = false;
    if (!accept)
        return 1000;
    while (*accept != '\0') {
        accept += strspn(accept, " \t,");
        size_t len = strcspn(accept, ",");
        size_t range = strcspn(accept, ";, \t");
        int fit = range > 0 ? request_range_fit(accept, range, type) : 0;
        if (fit > closest) {
            closest = fit;
            weight = request_range_weight(accept + range, len - range);
        }
        accept += len;
    }
    *named = closest == 3;
    return weight;
}

bool request_accepts(const struct request *r, const char *type)
{
    bool named;
    return request_weight(r, type, &named) > 0;
}

bool request_wants_stream(const struct request *r, bool asked)
{
    bool named, unused;
    int stream = request_weight(r, REQUEST_SSE, &named);
    int json = request_weight(r, "application/json", &unused);
    if (stream == 0 || json == 0)
        return stream > 0;
    return asked || (named && stream >= json);
}

bool request_prefers_async(const struct request *r)
{
    static const char wanted[] = "respond-async";
    const char *at = request_header(r, "HTTP_PREFER");
    while (at && *at != '\0') {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, " \t,;");
        if (len == sizeof wanted - 1 && strncasecmp(at, wanted, len) == 0)
            return true;
        at += strcspn(at, ",");
    }
    return false;
}
