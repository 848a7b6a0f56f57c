/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_REQUEST_STRICT_H
#define TURNPIKE_TESTS_UNIT_REQUEST_STRICT_H

#include "agent/model/request_rules.h"
#include "base/jdoc.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* request_strict -- why a vendor would refuse this request; NULL = it would not. Used by unit tests
 * and fuzz harnesses; tests/doubles/strict-*.mjs say more. */
static const char request_strict_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static inline bool request_strict_id(const char *id)
{
    size_t len = strlen(id);
    return len && len <= 40 && strspn(id, request_strict_letters) == len;
}

static inline bool request_strict_seen(const jdoc *part, const char *key)
{
    size_t len;
    const char *s;
    return !jdoc_get_string(part, key, &s, &len) && !utf8_blank(s, len);
}

/* Does a text of this JSON hold half of a surrogate pair? */
static inline bool request_strict_halves(const char *json)
{
    for (const char *s = json; (s = strchr(s, '\\'));) {
        unsigned code, low;
        size_t run = strspn(s, "\\");
        s += run;
        if (run % 2 == 0 || sscanf(s, "u%4x", &code) != 1 || code < 0xD800 || code > 0xDFFF)
            continue;
        if (code >= 0xDC00 || sscanf(s + 5, "\\u%4x", &low) != 1 || low < 0xDC00 || low > 0xDFFF)
            return true;
        s += 5 + 6;
    }
    return false;
}

/* Every tool_use of the message before is answered first, in any order, and nothing else is. */
static inline const char *request_strict_results(const jdoc *before, const jdoc *parts)
{
    size_t calls = 0, results = 0;
    for (size_t i = 0; i < jdoc_length(before); i++) {
        const char *id = jdoc_text_or(jdoc_at(before, i), "id", NULL);
        size_t found = 0;
        if (strcmp(jdoc_text_or(jdoc_at(before, i), "type", ""), "tool_use"))
            continue;
        calls++;
        for (size_t k = 0; k < jdoc_length(parts); k++)
            found += !strcmp(jdoc_text_or(jdoc_at(parts, k), "tool_use_id", ""), id);
        if (found != 1)
            return "a call has not one result";
    }
    while (results < jdoc_length(parts) &&
        !strcmp(jdoc_text_or(jdoc_at(parts, results), "type", ""), "tool_result"))
        results++;
    for (size_t k = results; k < jdoc_length(parts); k++)
        if (!strcmp(jdoc_text_or(jdoc_at(parts, k), "type", ""), "tool_result"))
            return "a result behind something else";
    return results == calls ? NULL : "a result without a call";
}

/* An id that came in an earlier message, or earlier in this one, is another call's. */
static inline bool request_strict_is_new(const jdoc *messages, const char *list, size_t message,
    size_t part)
{
    const char *id =
        jdoc_text_or(jdoc_at(jdoc_get(jdoc_at(messages, message), list), part), "id", "");
    for (size_t i = 0; i <= message; i++) {
        const jdoc *parts = jdoc_get(jdoc_at(messages, i), list);
        for (size_t k = 0; jdoc_type(parts) == JDOC_ARRAY && k < jdoc_length(parts); k++)
            if ((i < message || k < part) && *id &&
                !strcmp(jdoc_text_or(jdoc_at(parts, k), "id", ""), id))
                return false;
    }
    return true;
}

static inline const char *request_strict_thought(const jdoc *part)
{
    const char *s;
    size_t len;
    if (!strcmp(jdoc_text_or(part, "type", ""), "redacted_thinking"))
        return jdoc_get_string(part, "data", &s, &len) ? "a thought without data" : NULL;
    return jdoc_get_string(part, "thinking", &s, &len) ||
            jdoc_get_string(part, "signature", &s, &len) ?
        "a thought without its signature" :
        NULL;
}

static inline bool request_strict_file(const jdoc *part)
{
    const jdoc *source = jdoc_get(part, "source");
    return !strcmp(jdoc_text_or(source, "type", ""), "base64") &&
        request_strict_seen(source, "media_type") && request_strict_seen(source, "data");
}

/* A text, or texts and names of tools. */
static inline bool request_strict_told(const jdoc *part)
{
    const jdoc *content = jdoc_get(part, "content");
    bool good = jdoc_length(content) > 0;
    if (jdoc_type(content) != JDOC_ARRAY)
        return request_strict_seen(part, "content");
    for (size_t i = 0; i < jdoc_length(content) && good; i++)
        good = request_strict_seen(jdoc_at(content, i),
            strcmp(jdoc_text_or(jdoc_at(content, i), "type", ""), "text") ? "tool_name" : "text");
    return good;
}

static inline const char *request_strict_part(const jdoc *part, bool assistant)
{
    const char *type = jdoc_text_or(part, "type", "");
    if (!strcmp(type, "text"))
        return request_strict_seen(part, "text") ? NULL : "blank text";
    if (!strcmp(type, "tool_result"))
        return !assistant && request_strict_told(part) ? NULL : "result";
    if (!strcmp(type, "image") || !strcmp(type, "document"))
        return !assistant && request_strict_file(part) ? NULL : "file";
    if (!assistant)
        return "a part that no user has";
    if (!strcmp(type, "tool_use"))
        return request_strict_id(jdoc_text_or(part, "id", "")) &&
                request_rules_name_valid(jdoc_text_or(part, "name", "")) &&
                jdoc_type(jdoc_get(part, "input")) == JDOC_OBJECT ?
            NULL :
            "call";
    return strstr(type, "thinking") ? request_strict_thought(part) : "a part of unknown type";
}

static inline bool request_strict_only_thinks(const jdoc *parts)
{
    for (size_t i = 0; i < jdoc_length(parts); i++)
        if (!strstr(jdoc_text_or(jdoc_at(parts, i), "type", ""), "thinking"))
            return false;
    return true;
}

static inline const char *request_strict_anthropic(const jdoc *body)
{
    const jdoc *messages = jdoc_get(body, "messages"), *before = NULL;
    const char *why = jdoc_length(messages) % 2 ? NULL : "not the user first and last";
    for (size_t i = 0; i < jdoc_length(messages) && !why; i++) {
        const jdoc *m = jdoc_at(messages, i), *parts = jdoc_get(m, "content");
        if (strcmp(jdoc_text_or(m, "role", ""), i % 2 ? "assistant" : "user") ||
            !jdoc_length(parts))
            return "roles, or nothing in it";
        for (size_t k = 0; k < jdoc_length(parts) && !why; k++) {
            why = request_strict_part(jdoc_at(parts, k), i % 2);
            if (!why && !request_strict_is_new(messages, "content", i, k))
                why = "an id that came before";
        }
        if (!why && request_strict_only_thinks(parts))
            why = "nothing but thoughts";
        if (!why && i % 2 == 0)
            why = request_strict_results(before, parts);
        before = parts;
    }
    return why;
}

static inline const char *request_strict_calls(const jdoc *calls)
{
    for (size_t i = 0; i < jdoc_length(calls); i++) {
        const jdoc *call = jdoc_at(calls, i), *function = jdoc_get(call, "function");
        const char *args = "";
        size_t len = 0;
        jdoc *doc = NULL;
        if (!request_strict_id(jdoc_text_or(call, "id", "")) ||
            !request_rules_name_valid(jdoc_text_or(function, "name", "")) ||
            jdoc_get_string(function, "arguments", &args, &len))
            return "call";
        bool object = !jdoc_parse(args, len, &doc, NULL, 0) && jdoc_type(doc) == JDOC_OBJECT;
        jdoc_free(doc);
        if (!object || request_strict_halves(args))
            return "arguments";
    }
    return NULL;
}

/* Members that the protocol does not know, and a content of another form. */
static inline const char *request_strict_members(const jdoc *message)
{
    static const char *const known[] = {"role", "content", "tool_calls", "tool_call_id",
        "reasoning_content", "reasoning", "reasoning_details"};
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(message, &it, &key, &value)) {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(known[i], key))
            i++;
        if (i == sizeof known / sizeof *known)
            return "a member that nobody knows";
    }
    return jdoc_get(message, "content") || jdoc_get(message, "tool_calls") ? NULL : "no content";
}

/* A text, or parts that are texts, images or files; of users alone. */
static inline bool request_strict_content(const jdoc *message)
{
    const jdoc *parts = jdoc_get(message, "content");
    if (jdoc_type(parts) != JDOC_ARRAY)
        return request_strict_seen(message, "content");
    for (size_t i = 0; i < jdoc_length(parts); i++) {
        const jdoc *part = jdoc_at(parts, i);
        const char *type = jdoc_text_or(part, "type", "");
        if (strcmp(type, "text") ? !request_strict_seen(jdoc_get(part, type),
                                       !strcmp(type, "image_url") ? "url" : "file_data") :
                                   !request_strict_seen(part, "text"))
            return false;
    }
    return jdoc_length(parts) && !strcmp(jdoc_text_or(message, "role", ""), "user");
}

static inline const char *request_strict_openai(const jdoc *body)
{
    const jdoc *messages = jdoc_get(body, "messages"), *calls = NULL;
    size_t answered = 0;
    const char *role = "", *why = jdoc_length(messages) ? NULL : "no messages";
    for (size_t i = 0; i < jdoc_length(messages) && !why; i++) {
        const jdoc *m = jdoc_at(messages, i);
        const char *last = role;
        role = jdoc_text_or(m, "role", "");
        if (!strcmp(role, "tool")) {
            if (answered >= jdoc_length(calls) ||
                strcmp(jdoc_text_or(m, "tool_call_id", ""),
                    jdoc_text_or(jdoc_at(calls, answered), "id", "")))
                return "a result without its call";
            answered++;
            continue;
        }
        if (answered < jdoc_length(calls))
            return "a call without its result";
        if (!strcmp(role, last))
            return "the same role twice";
        calls = jdoc_get(m, "tool_calls");
        answered = 0;
        if (!jdoc_length(calls) && !request_strict_content(m))
            return "nothing in it";
        why = request_strict_calls(calls);
        for (size_t k = 0; k < jdoc_length(calls) && !why; k++)
            if (!request_strict_is_new(messages, "tool_calls", i, k))
                why = "an id that came before";
        if (!why)
            why = request_strict_members(m);
    }
    if (why || answered < jdoc_length(calls))
        return why ? why : "a call without its result";
    return strcmp(role, "assistant") ? NULL : "the assistant is last";
}

/* A part of a message: a text, or a user's image or file. */
static inline bool request_strict_input(const jdoc *part, const char *role)
{
    const char *type = jdoc_text_or(part, "type", "");
    if (!strcmp(type, "input_image"))
        return !strcmp(role, "user") && request_strict_seen(part, "image_url");
    if (!strcmp(type, "input_file"))
        return !strcmp(role, "user") && request_strict_seen(part, "file_data") &&
            request_strict_seen(part, "filename");
    return request_strict_seen(part, "text");
}

/* Each call is answered before another message; calls and results have the same ids. */
static inline const char *request_strict_item(const jdoc *item, char open[][48], size_t *count)
{
    const char *type = jdoc_text_or(item, "type", ""), *id = jdoc_text_or(item, "call_id", "");
    const jdoc *content = jdoc_get(item, "content");
    size_t at = 0;

    if (!strcmp(type, "function_call")) {
        if (!request_strict_id(id) || !request_rules_name_valid(jdoc_text_or(item, "name", "")) ||
            *count == 64)
            return "call";
        snprintf(open[(*count)++], 48, "%s", id);
        return NULL;
    }
    if (!strcmp(type, "tool_search_call")) {
        if (!request_strict_id(id) || jdoc_type(jdoc_get(item, "arguments")) != JDOC_OBJECT ||
            *count == 64)
            return "search";
        snprintf(open[(*count)++], 48, "%s", id);
        return NULL;
    }
    if (!strcmp(type, "function_call_output") || !strcmp(type, "tool_search_output")) {
        bool search = !strcmp(type, "tool_search_output");
        while (at < *count && strcmp(open[at], id))
            at++;
        if (at == *count ||
            (search ? jdoc_type(jdoc_get(item, "tools")) != JDOC_ARRAY :
                      !request_strict_seen(item, "output")))
            return "result";
        memmove(open[at], open[at + 1], (*count - at - 1) * sizeof open[0]);
        --*count;
        return NULL;
    }
    if (strcmp(type, "message"))
        return strcmp(type, "reasoning") ? "an item of unknown type" : NULL;
    if (*count)
        return "a call without its result";
    if (jdoc_string(content, NULL))
        return request_strict_seen(item, "content") ? NULL : "blank";
    for (size_t i = 0; i < jdoc_length(content); i++)
        if (!request_strict_input(jdoc_at(content, i), jdoc_text_or(item, "role", "")))
            return "blank part";
    return jdoc_length(content) ? NULL : "nothing in it";
}

/* A text between a call and its result is another message of the same answer. */
static inline const char *request_strict_responses(const jdoc *body)
{
    const jdoc *input = jdoc_get(body, "input");
    const char *why = jdoc_length(input) ? NULL : "no input";
    const char *last = "";
    char open[64][48];
    size_t count = 0;

    for (size_t i = 0; i < jdoc_length(input) && !why; i++) {
        const jdoc *item = jdoc_at(input, i);
        bool said = !strcmp(jdoc_text_or(item, "role", ""), "assistant");
        size_t none = 0;
        why = request_strict_item(item, open, said ? &none : &count);
        last = jdoc_text_or(item, "role", jdoc_text_or(item, "type", ""));
    }
    if (why || count)
        return why ? why : "a call without its result";
    return !strcmp(last, "assistant") || !strcmp(last, "function_call") ||
            !strcmp(last, "tool_search_call") || !strcmp(last, "reasoning") ?
        "the model is last" :
        NULL;
}

#endif
