/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_wire.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_KEY "x-mcp-header"
#define HEADERS_MAX 16 /* of one tool */
#define HEADER_NAME_MAX 64
#define DEPTH_MAX 8 /* of properties that name headers */

const char *mcp_wire_legacy_at(size_t index)
{
    static const char *const known[] = {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"};
    return index < sizeof known / sizeof *known ? known[index] : NULL;
}

bool mcp_wire_legacy_version(const char *version)
{
    const char *known;
    for (size_t i = 0; (known = mcp_wire_legacy_at(i)); i++)
        if (strcmp(version, known) == 0)
            return true;
    return false;
}

/* ---- messages ---- */

void mcp_wire_read(const jdoc *doc, struct mcp_wire_message *out)
{
    *out = (struct mcp_wire_message){.id = -1, .text = "", .method = ""};
    const jdoc *error = jdoc_get(doc, "error"), *id = jdoc_get(doc, "id");
    if (jdoc_type(doc) != JDOC_OBJECT || strcmp(jdoc_text_or(doc, "jsonrpc", ""), "2.0") != 0)
        return;
    out->has_id = id != NULL;
    out->id_value = id;
    if (!id || jdoc_int(id, &out->id) != 0)
        out->id = -1;
    out->method = jdoc_text_or(doc, "method", "");
    out->params = jdoc_get(doc, "params");
    if (out->method[0] != '\0') {
        out->kind = out->has_id ? MCP_WIRE_REQUEST : MCP_WIRE_NOTIFICATION;
    } else if (jdoc_type(error) == JDOC_OBJECT) {
        out->kind = MCP_WIRE_ERROR;
        jdoc_get_int(error, "code", &out->code);
        out->text = jdoc_text_or(error, "message", "");
        out->data = jdoc_get(error, "data");
    } else if (jdoc_type(jdoc_get(doc, "result")) == JDOC_OBJECT && out->has_id) {
        out->kind = MCP_WIRE_RESULT;
        out->result = jdoc_get(doc, "result");
    }
}

void mcp_wire_put(struct buf *out, int64_t id, const char *method, const jdoc *params)
{
    buf_puts(out, "{\"jsonrpc\":\"2.0\"");
    if (id >= 0)
        buf_printf(out, ",\"id\":%lld", (long long)id);
    buf_puts(out, ",\"method\":");
    buf_json_string(out, method, strlen(method));
    if (params) {
        buf_puts(out, ",\"params\":");
        jdoc_write(params, out);
    }
    buf_putc(out, '}');
}

void mcp_wire_put_answer(struct buf *out, const jdoc *id, const jdoc *result)
{
    buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    jdoc_write(id, out);
    if (result) {
        buf_puts(out, ",\"result\":");
        jdoc_write(result, out);
    } else {
        buf_puts(out, ",\"error\":{\"code\":-32601,\"message\":\"this client does not do that\"}");
    }
    buf_putc(out, '}');
}

void mcp_wire_put_refusal(struct buf *out, const jdoc *id, int64_t code, const char *message)
{
    buf_puts(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    jdoc_write(id, out);
    buf_printf(out, ",\"error\":{\"code\":%lld,\"message\":", (long long)code);
    buf_json_string(out, message, strlen(message));
    buf_puts(out, "}}");
}

/* ---- headers ---- */

static bool mcp_wire_is_plain(const char *text, size_t len)
{
    static const char begin[] = "=?base64?";
    if (len > 0 && (strchr(" \t", text[0]) || strchr(" \t", text[len - 1])))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] > 0x7E || ((unsigned char)text[i] < 0x20 && text[i] != '\t'))
            return false;
    return len < sizeof begin - 1 || strncasecmp(text, begin, sizeof begin - 1) != 0;
}

static void mcp_wire_put_coded(struct buf *out, const char *text, size_t len)
{
    buf_puts(out, "=?base64?");
    buf_put_base64(out, text, len);
    buf_puts(out, "?=");
}

void mcp_wire_header_value(struct buf *out, const char *text, size_t len)
{
    if (mcp_wire_is_plain(text, len)) {
        buf_put(out, text, len);
        return;
    }
    mcp_wire_put_coded(out, text, len);
}

bool mcp_wire_header_is(const char *value, const char *text, size_t len)
{
    struct buf coded = {0};
    value += strspn(value, " \t");
    size_t n = strlen(value);
    while (n > 0 && strchr(" \t", value[n - 1]))
        n--;
    bool is = n == len && memcmp(value, text, len) == 0 && mcp_wire_is_plain(text, len);
    if (!is) {
        mcp_wire_put_coded(&coded, text, len);
        is = buf_error(&coded) == 0 && n == coded.len && memcmp(value, coded.data, n) == 0;
    }
    buf_free(&coded);
    return is;
}

static bool mcp_wire_is_token(const char *text)
{
    static const char good[] = "!#$%&'*+-.^_`|~0123456789"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(text);
    return len > 0 && len <= HEADER_NAME_MAX && strspn(text, good) == len;
}

struct scan {
    char names[HEADERS_MAX][HEADER_NAME_MAX + 1];
    size_t count;
    char *why;
    size_t why_size;
};

static bool mcp_wire_refuse(struct scan *s, const char *what, const char *name)
{
    snprintf(s->why, s->why_size, HEADER_KEY " \"%.64s\" %s", name, what);
    return false;
}

/* `reachable`: only by way of `properties`, so that the argument can be found. */
static bool mcp_wire_scan_one(struct scan *s, const jdoc *schema, bool reachable)
{
    const char *name = jdoc_text_or(schema, HEADER_KEY, "");
    const char *type = jdoc_text_or(schema, "type", "");
    if (!jdoc_has(schema, HEADER_KEY))
        return true;
    if (!mcp_wire_is_token(name))
        return mcp_wire_refuse(s, "is no name of a header", name);
    if (!reachable)
        return mcp_wire_refuse(s, "stands where no argument can be found", name);
    if (strcmp(type, "string") != 0 && strcmp(type, "integer") != 0 &&
        strcmp(type, "number") != 0 && strcmp(type, "boolean") != 0)
        return mcp_wire_refuse(s, "is of a list, an object or no type", name);
    for (size_t i = 0; i < s->count; i++)
        if (strcasecmp(s->names[i], name) == 0)
            return mcp_wire_refuse(s, "comes twice", name);
    if (s->count == HEADERS_MAX)
        return mcp_wire_refuse(s, "is one too many", name);
    snprintf(s->names[s->count++], sizeof s->names[0], "%s", name);
    return true;
}

static bool mcp_wire_scan_schema(struct scan *s, const jdoc *schema, bool reachable, int depth);

/* The member `properties` of a schema, in which keys are names, not keywords. */
static bool mcp_wire_scan_properties(struct scan *s, const jdoc *properties, bool reachable,
    int depth)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    bool good = true;
    while (good && jdoc_type(properties) == JDOC_OBJECT && jdoc_next(properties, &it, &key, &value))
        good = mcp_wire_scan_one(s, value, reachable && depth < DEPTH_MAX) &&
            mcp_wire_scan_schema(s, value, reachable, depth + 1);
    return good;
}

/* Values of enum, const, default and examples are data: what looks like a keyword there is none. */
static bool mcp_wire_is_data(const char *key)
{
    return strcmp(key, "enum") == 0 || strcmp(key, "const") == 0 || strcmp(key, "default") == 0 ||
        strcmp(key, "examples") == 0;
}

static bool mcp_wire_scan_schema(struct scan *s, const jdoc *schema, bool reachable, int depth)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    bool good = true;
    if (jdoc_type(schema) == JDOC_ARRAY)
        for (size_t i = 0; good && i < jdoc_length(schema); i++)
            good = mcp_wire_scan_one(s, jdoc_at(schema, i), false) &&
                mcp_wire_scan_schema(s, jdoc_at(schema, i), false, depth);
    while (good && jdoc_type(schema) == JDOC_OBJECT && jdoc_next(schema, &it, &key, &value)) {
        if (strcmp(key, "properties") == 0)
            good = mcp_wire_scan_properties(s, value, reachable, depth);
        else if (!mcp_wire_is_data(key))
            good = (jdoc_type(value) != JDOC_OBJECT || mcp_wire_scan_one(s, value, false)) &&
                mcp_wire_scan_schema(s, value, false, depth + 1);
    }
    return good;
}

bool mcp_wire_headers_valid(const jdoc *schema, char *why, size_t why_size)
{
    struct scan s = {.why = why, .why_size = why_size};
    return mcp_wire_scan_one(&s, schema, false) && mcp_wire_scan_schema(&s, schema, true, 0);
}

static int mcp_wire_put_one(const char *name, const jdoc *value, mcp_wire_put_fn *put, void *arg)
{
    struct buf line = {0};
    size_t len = 0;
    const char *text = jdoc_string(value, &len);
    buf_printf(&line, "Mcp-Param-%s: ", name);
    if (text)
        mcp_wire_header_value(&line, text, len);
    else
        jdoc_write(value, &line);
    int error = buf_error(&line);
    if (error == 0)
        error = put(arg, buf_text(&line));
    buf_free(&line);
    return error;
}

static int mcp_wire_put_all(const jdoc *schema, const jdoc *arguments, int depth,
    mcp_wire_put_fn *put, void *arg)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *field;
    int error = 0;
    while (error == 0 && depth < DEPTH_MAX &&
        jdoc_next(jdoc_get(schema, "properties"), &it, &key, &field)) {
        const jdoc *value = jdoc_get(arguments, key);
        const char *name = jdoc_text_or(field, HEADER_KEY, "");
        if (!value)
            continue;
        if (name[0] != '\0' && jdoc_type(value) != JDOC_OBJECT && jdoc_type(value) != JDOC_ARRAY)
            error = mcp_wire_put_one(name, value, put, arg);
        else if (jdoc_type(value) == JDOC_OBJECT)
            error = mcp_wire_put_all(field, value, depth + 1, put, arg);
    }
    return error;
}

int mcp_wire_headers(const jdoc *schema, const jdoc *arguments, mcp_wire_put_fn *put, void *arg)
{
    return mcp_wire_put_all(schema, arguments, 0, put, arg);
}
