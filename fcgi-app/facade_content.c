/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_parts.h"

#include "base/utf8.h"

#include <string.h>

#define FACADE_MIME_MAX 100

/* --- texts --- */

/* The text of a part that is one; NULL = it is of another kind. */
static const char *facade_part_text(const jdoc *part, size_t *len)
{
    static const char *const kinds[] = {"text", "input_text", "output_text", "summary_text"};
    const char *type = jdoc_text_or(part, "type", "");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i]) == 0)
            return jdoc_string(jdoc_get(part, "text"), len);
    }
    return strcmp(type, "refusal") == 0 ? jdoc_string(jdoc_get(part, "refusal"), len) : NULL;
}

static int facade_no_part(const struct facade_reader *r, const jdoc *part)
{
    const char *type = jdoc_text_or(part, "type", "");
    return problem_field(r->p->problem, "messages",
        "A part of the type \"%.40s\" is not understood here, or it lacks its text.", type);
}

/* Content of instructions, results and the assistant: nothing but text. */
static int facade_text(struct facade_reader *r, const jdoc *content, struct buf *out)
{
    size_t len = 0;
    const char *text = jdoc_string(content, &len);
    if (text)
        buf_put(out, text, len);
    else if (jdoc_type(content) != JDOC_ARRAY && jdoc_type(content) != JDOC_NULL)
        return problem_field(r->p->problem, "messages",
            "content must be a string or an array of parts, not %s.",
            jdoc_type_name(jdoc_type(content)));
    for (size_t i = 0; !text && i < jdoc_length(content); i++) {
        const char *piece = facade_part_text(jdoc_at(content, i), &len);
        if (!piece)
            return facade_no_part(r, jdoc_at(content, i));
        if (out->len > 0)
            buf_putc(out, '\n');
        buf_put(out, piece, len);
    }
    if (memchr(buf_text(out), '\0', out->len))
        return problem_field(r->p->problem, "messages",
            "content must not hold the character U+0000.");
    return buf_error(out);
}

int facade_add_instructions(struct facade_reader *r, const jdoc *content)
{
    struct buf text;
    buf_init(&text, 0);
    int error = facade_text(r, content, &text);
    if (error == 0 && !utf8_blank(buf_text(&text), text.len)) {
        if (r->instructions.len > 0)
            buf_puts(&r->instructions, "\n\n");
        buf_put(&r->instructions, text.data, text.len);
        error = buf_error(&r->instructions);
    }
    buf_free(&text);
    if (error == 0 && r->instructions.len > (size_t)r->p->conf->facade_instructions_max)
        error = problem_limit(r->p->problem, "instructions", r->p->conf->facade_instructions_max,
            "The instructions of the application have more than %lld bytes.",
            (long long)r->p->conf->facade_instructions_max);
    return error;
}

/* --- images and files, in AG-UI's words --- */

/* "data:TYPE;base64,VALUE" or an address; of: what the part is in AG-UI. */
static int facade_put_source(struct facade_reader *r, const char *of, const char *url,
    struct buf *out)
{
    const char *comma = strchr(url, ',');
    size_t type = strcspn(url, ";,");
    buf_printf(out, "{\"type\":\"%s\",\"source\":{", of);
    if (strncmp(url, "data:", 5) == 0) {
        if (!comma || type <= 5 || type - 5 > FACADE_MIME_MAX || comma - url < 7 ||
            strncmp(comma - 7, ";base64", 7) != 0)
            return problem_field(r->p->problem, "messages",
                "A data URL must be data:TYPE;base64,DATA.");
        buf_puts(out, "\"type\":\"data\",\"mimeType\":");
        buf_json_string(out, url + 5, type - 5);
        buf_json_member(out, "value", comma + 1);
    } else if (strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0) {
        buf_puts(out, "\"type\":\"url\",\"value\":");
        buf_json_text(out, url);
    } else {
        return problem_field(r->p->problem, "messages",
            "An image or a file is given by a data URL or an https URL.");
    }
    buf_putc(out, '}');
    return buf_error(out);
}

/* image_url: {"url"} of chat completions, a text of responses. */
static int facade_put_image(struct facade_reader *r, const jdoc *part, struct buf *out)
{
    const jdoc *image = jdoc_get(part, "image_url");
    const char *url = jdoc_string(image, NULL);
    if (!url)
        url = jdoc_text_or(image, "url", "");
    if (*url == '\0')
        return facade_unsupported(r, "file_id",
            "An image is given by image_url; stored files are not served.");
    int error = facade_put_source(r, "image", url, out);
    buf_putc(out, '}');
    return error;
}

/* {"file":{"file_data","filename"}} of chat completions; of responses these at the top, or
 * "file_url". */
static int facade_put_file(struct facade_reader *r, const jdoc *part, struct buf *out)
{
    const jdoc *file = jdoc_get(part, "file") ? jdoc_get(part, "file") : part;
    const char *url = jdoc_text_or(file, "file_data", jdoc_text_or(file, "file_url", ""));
    const char *name = jdoc_text_or(file, "filename", "");
    if (*url == '\0')
        return facade_unsupported(r, "file_id",
            "A file is given by file_data or file_url; stored files are not served.");
    int error = facade_put_source(r, "document", url, out);
    if (*name != '\0') {
        buf_puts(out, ",\"metadata\":{\"filename\":");
        buf_json_text(out, name);
        buf_putc(out, '}');
    }
    buf_putc(out, '}');
    return error;
}

static int facade_put_part(struct facade_reader *r, const jdoc *part, struct buf *out)
{
    static const struct {
        const char *type;
        int (*put)(struct facade_reader *r, const jdoc *part, struct buf *out);
    } kinds[] = {{"image_url", facade_put_image}, {"input_image", facade_put_image},
        {"file", facade_put_file}, {"input_file", facade_put_file}};
    const char *type = jdoc_text_or(part, "type", "");
    size_t len = 0;
    const char *text = facade_part_text(part, &len);
    if (text) {
        buf_puts(out, "{\"type\":\"text\",\"text\":");
        buf_json_string(out, text, len);
        buf_putc(out, '}');
        return buf_error(out);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].put(r, part, out);
    }
    if (strcmp(type, "input_audio") == 0)
        return facade_unsupported(r, "input_audio", "Audio is not understood here.");
    return facade_no_part(r, part);
}

/* The parts as those of an AG-UI message; they live in the arena. */
static int facade_parts(struct facade_reader *r, const jdoc *content, jdoc **out)
{
    struct buf json;
    int error = 0;
    buf_init(&json, 0);
    buf_putc(&json, '[');
    for (size_t i = 0; error == 0 && i < jdoc_length(content); i++) {
        if (i > 0)
            buf_putc(&json, ',');
        error = facade_put_part(r, jdoc_at(content, i), &json);
    }
    buf_putc(&json, ']');
    if (error == 0 && (error = buf_error(&json)) == 0)
        error = jdoc_parse(json.data, json.len, out, NULL, 0);
    buf_free(&json);
    return error == 0 ? facade_own(r, *out) : error;
}

/* --- messages --- */

static bool facade_is_text(const jdoc *content)
{
    size_t len = 0, count = jdoc_length(content), i = 0;
    if (jdoc_type(content) != JDOC_ARRAY)
        return jdoc_string(content, NULL);
    while (i < count && facade_part_text(jdoc_at(content, i), &len))
        i++;
    return i == count;
}

/* It was taken when it was new, or is another assistant's: it may be blank, or long. */
static int facade_add_earlier(struct facade_reader *r, const jdoc *content)
{
    struct buf text;
    buf_init(&text, 0);
    int error = facade_text(r, content, &text);
    if (error == 0)
        error = submit_add_text(r->p, NULL, "user", buf_text(&text), NULL);
    buf_free(&text);
    return error;
}

int facade_add_user(struct facade_reader *r, const jdoc *content, bool is_new)
{
    jdoc *parts = NULL;
    if (!is_new && facade_is_text(content))
        return facade_add_earlier(r, content);
    if (jdoc_type(content) != JDOC_ARRAY)
        return submit_add_content(r->p, NULL, "user", content, NULL);
    int error = facade_parts(r, content, &parts);
    return error < 0 ? error : submit_add_content(r->p, NULL, "user", parts, NULL);
}

int facade_add_result(struct facade_reader *r, const char *call, const jdoc *content)
{
    struct buf text;
    if (!call || !ident_is_safe(call, strlen(call), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(r->p->problem, r->flat ? "call_id" : "tool_call_id",
            IDENT_CLIENT_MESSAGE_MAX,
            "The result of a call needs its id: 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    buf_init(&text, 0);
    int error = facade_text(r, content, &text);
    if (error == 0)
        error = submit_add_text(r->p, NULL, "tool", buf_text(&text), call);
    buf_free(&text);
    return error;
}

int facade_put_call(struct facade_reader *r, const struct facade_call *call, struct buf *calls)
{
    if (!ident_is_safe(call->id, strlen(call->id), IDENT_CLIENT_MESSAGE_MAX) || *call->name == '\0')
        return problem_field(r->p->problem, r->flat ? "input" : "tool_calls",
            "A call needs its id, of A-Z a-z 0-9 _ . : @ -, and its name.");
    if (calls->len > 0)
        buf_putc(calls, ',');
    buf_puts(calls, "{\"id\":");
    buf_json_text(calls, call->id);
    buf_puts(calls, ",\"type\":\"function\",\"function\":{\"name\":");
    buf_json_text(calls, call->name);
    buf_json_member(calls, "arguments", call->arguments);
    buf_puts(calls, "}}");
    return buf_error(calls);
}

int facade_add_assistant(struct facade_reader *r, const jdoc *content, const struct buf *calls)
{
    struct buf text, members;
    buf_init(&text, 0);
    buf_init(&members, 0);
    int error = facade_text(r, content, &text);
    buf_puts(&members, ",\"role\":\"assistant\",\"content\":");
    buf_json_string(&members, buf_text(&text), text.len);
    if (calls->len > 0)
        buf_printf(&members, ",\"toolCalls\":[%s]", buf_text(calls));
    if (error == 0 && (error = buf_error(&members)) == 0)
        error = submit_add_members(r->p, members.data);
    buf_free(&text);
    buf_free(&members);
    return error;
}
