/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/approval_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* ---- arguments ---- */

/* Some models send the object as JSON text; tools_start takes that too. */
static int approval_parse(const char *text, size_t len, jdoc **out)
{
    jdoc *inner = NULL;
    const char *string;
    int error;

    while (len && strchr(" \t\r\n", text[len - 1]))
        len--;
    if (!len)
        return (*out = jdoc_new_object()) ? 0 : ERR_NOMEM;
    if ((error = jdoc_parse(text, len, out, NULL, 0)))
        return error == ERR_NOMEM ? error : ERR_INVALID;
    string = jdoc_string(*out, &len);
    if (string && !jdoc_parse(string, len, &inner, NULL, 0)) {
        jdoc_free(*out);
        *out = inner;
    }
    return jdoc_type(*out) == JDOC_OBJECT ? 0 : ERR_INVALID;
}

static int approval_write_canonical(const jdoc *args, struct arena *arena,
    struct approval_form *out)
{
    struct buf text = {0};

    jdoc_write_canonical(args, &text);
    out->args = buf_error(&text) ? NULL : arena_memdup(arena, buf_text(&text), text.len);
    if (out->args)
        ident_sha256_hex(out->args, text.len, out->hash);
    buf_free(&text);
    return out->args ? 0 : ERR_NOMEM;
}

int approval_canonical(const struct tools_spec *spec, const char *text, size_t len,
    struct arena *arena, struct approval_form *out, struct tools_problem *problem)
{
    jdoc *args = NULL;
    int error = approval_parse(text, len, &args);

    *problem = (struct tools_problem){.expected = "an object",
        .message = "The arguments must be a JSON object."};
    if (!error)
        error = tools_check(spec, args, problem);
    if (!error)
        error = approval_write_canonical(args, arena, out);
    jdoc_free(args);
    return error;
}

/* ---- who is asked ---- */

static const struct chat_call *approval_call_of(const struct chat *chat, size_t result)
{
    for (size_t i = result; i-- > 0;) {
        const struct chat_message *m = &chat->items[i];
        for (size_t k = 0; k < m->call_count; k++)
            if (!strcmp(m->calls[k].id, chat->items[result].call_id))
                return &m->calls[k];
    }
    return NULL;
}

/* A failure says what others wrote when it is marked so: a server's own words of why. So does a
 * result of a tool that also brings what the user wrote (tools_result_untrusted). */
static bool approval_brings_untrusted(const struct chat *chat, size_t result)
{
    static const char mark[] = APPROVAL_OUTSIDE_MARK;
    const struct chat_message *m = &chat->items[result];
    const struct chat_call *call = approval_call_of(chat, result);
    const struct tools_spec *spec = call && !call->alias ? tools_find(call->name) : NULL;

    if (chat->of_trip && spec && !strcmp(spec->family, "together"))
        return false;
    if (m->len >= sizeof mark - 1 && !memcmp(m->text, mark, sizeof mark - 1))
        return true;
    return !m->failed && (!spec || spec->untrusted);
}

bool approval_tainted(const struct chat *chat)
{
    for (size_t i = 0; i < chat->count; i++)
        if (chat->items[i].role == CHAT_TOOL && approval_brings_untrusted(chat, i))
            return true;
    return false;
}

static const char untrusted_content[] = "untrusted_content";

static int approval_write_preview(const jdoc *about, struct arena *arena, const char **out)
{
    struct buf text = {0};

    jdoc_write(about, &text);
    *out = buf_error(&text) ? NULL : arena_memdup(arena, buf_text(&text), text.len + 1);
    buf_free(&text);
    return *out ? 0 : ERR_NOMEM;
}

int approval_question(struct approvals_ask *ask, const struct tools_run *run, struct arena *arena)
{
    const char *preview = run ? run->preview : NULL;
    const char *before = strcmp(ask->why, untrusted_content) ?
        "" :
        "Others wrote some of what this conversation goes by. ";
    char words[96];

    snprintf(words, sizeof words, "%s", ask->tool);
    for (char *c = words; *c; c++)
        if (*c == '_')
            *c = ' ';
    ask->message = preview ? arena_printf(arena, "%sMay I %s" TOOLS_QUESTION_END, before, preview) :
                             arena_printf(arena, "%sMay I %s " TOOLS_QUESTION_BARE, before, words);
    if (!ask->message)
        return ERR_NOMEM;
    return run && run->about ? approval_write_preview(run->about, arena, &ask->preview) : 0;
}

int approval_needed(const struct tools_spec *spec, const struct chat_call *call, bool tainted,
    struct arena *arena, bool *needed, struct approvals_ask *ask)
{
    bool policy = tools_call_needs_approval(spec, call->args, call->args_len);
    struct approval_form form;
    struct tools_problem problem;
    int error;

    *needed = policy || (tainted && tools_call_leaves(spec, call->args, call->args_len));
    if (!*needed)
        return 0;
    memset(ask, 0, sizeof *ask);
    error = approval_canonical(spec, call->args, call->args_len, arena, &form, &problem);
    if (error == ERR_INVALID) {
        *needed = false;
        return 0;
    }
    if (error)
        return error;
    ident_token(APPROVALS_ID_BYTES, ask->id);
    ask->call = call->id;
    ask->tool = arena_strdup(arena, spec->name);
    ask->args = form.args;
    ask->hash = arena_strdup(arena, form.hash);
    ask->why = policy ? "policy" : untrusted_content;
    return ask->hash && ask->tool ? approval_question(ask, NULL, arena) : ERR_NOMEM;
}

/* ---- the form ---- */

void approval_interrupt(const struct approvals_ask *ask, struct buf *json)
{
    const struct tools_spec *spec = tools_find(ask->tool);
    char ends[CLOCK_RFC3339_SIZE];

    clock_rfc3339(ask->expires_ms, ends);
    if (ask->form) {
        approval_form_interrupt(ask, ends, json);
        return;
    }
    buf_printf(json, "{\"id\":\"%s\",\"reason\":\"tool_call\"", ask->id);
    buf_json_member(json, "message", ask->message);
    buf_json_member(json, "toolCallId", ask->call);
    buf_printf(json,
        ",\"responseSchema\":{\"type\":\"object\",\"properties\":{\"approved\":"
        "{\"type\":\"boolean\"},\"editedArgs\":");
    buf_puts(json, spec ? spec->arguments_schema : "{\"type\":\"object\"}");
    buf_puts(json, "},\"required\":[\"approved\"],\"additionalProperties\":false}");
    approval_form_about(ask, ends, json);
    if (ask->preview)
        buf_printf(json, ",\"preview\":%s", ask->preview);
    buf_puts(json, "}}");
}

/* ---- answers ---- */

void approval_seal(struct approvals_answer *out)
{
    static const char *const words[] = {[APPROVALS_APPROVE] = "approve",
        [APPROVALS_DENY] = "deny",
        [APPROVALS_DECLINE] = "decline"};
    char text[16 + IDENT_SHA256_SIZE], content[IDENT_SHA256_SIZE] = "";
    if (out->content)
        ident_sha256_hex(out->content, strlen(out->content), content);
    int len =
        snprintf(text, sizeof text, "%s %s", words[out->event], out->content ? content : out->hash);

    ident_sha256_hex(text, (size_t)len, out->digest);
}

void approval_decline(struct approvals_answer *out)
{
    out->event = APPROVALS_DECLINE;
    out->args = NULL;
    out->hash[0] = 0;
    approval_seal(out);
}

int approval_refuse(struct tools_problem *problem, const char *path, const char *expected,
    const char *message)
{
    *problem = (struct tools_problem){0};
    snprintf(problem->path, sizeof problem->path, "%s", path);
    snprintf(problem->expected, sizeof problem->expected, "%s", expected);
    snprintf(problem->message, sizeof problem->message, "%s", message);
    return ERR_INVALID;
}

static int approval_check_members(const jdoc *payload, const char *edited,
    struct tools_problem *problem)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_next(payload, &it, &key, &value)) {
        char path[128];
        if (!strcmp(key, "approved") || !strcmp(key, edited))
            continue;
        snprintf(path, sizeof path, "/%s", key);
        return approval_refuse(problem, path, "nothing", "An approval has no such member.");
    }
    return 0;
}

/* Edited arguments are the whole of them, checked as a model's are. */
static int approval_take_edited(const jdoc *args, const char *edited, const char *name,
    struct arena *arena, struct approvals_answer *out, struct tools_problem *problem)
{
    const struct tools_spec *spec = tools_find(name);
    char path[sizeof problem->path + 32];
    struct approval_form form = {0};
    struct buf text = {0};
    int error;

    if (!spec)
        return approval_refuse(problem, "", "", "The tool is not offered any more.");
    if (jdoc_type(args) != JDOC_OBJECT) {
        snprintf(path, sizeof path, "/%.30s", edited);
        return approval_refuse(problem, path, "an object",
            "Edited arguments must be a JSON object.");
    }
    jdoc_write(args, &text);
    error = buf_error(&text);
    if (!error)
        error = approval_canonical(spec, buf_text(&text), text.len, arena, &form, problem);
    buf_free(&text);
    if (!error) {
        out->args = form.args;
        memcpy(out->hash, form.hash, sizeof out->hash);
    }
    if (error == ERR_INVALID) {
        snprintf(path, sizeof path, "/%.30s%s", edited, problem->path);
        path[sizeof problem->path - 1] = 0;
        memcpy(problem->path, path, strlen(path) + 1);
    }
    return error;
}

int approval_answer(const jdoc *payload, const char *edited, const char *name, struct arena *arena,
    struct approvals_answer *out, struct tools_problem *problem)
{
    bool approved = false;
    int error = 0;

    if (jdoc_type(payload) != JDOC_OBJECT)
        return approval_refuse(problem, "", "an object", "The answer must be an object.");
    if (jdoc_get_bool(payload, "approved", &approved))
        return approval_refuse(problem, "/approved", "true or false",
            "approved must be true or false.");
    if ((error = approval_check_members(payload, edited, problem)))
        return error;
    out->event = approved ? APPROVALS_APPROVE : APPROVALS_DENY;
    out->args = NULL;
    out->hash[0] = 0;
    if (jdoc_has(payload, edited))
        error = approval_take_edited(jdoc_get(payload, edited), edited, name, arena, out, problem);
    if (!error && !approved) {
        out->args = NULL;
        out->hash[0] = 0;
    }
    approval_seal(out);
    return error;
}
