/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/approval_parts.h"

#include "tools/remote/elicit.h"

#include <stdio.h>
#include <string.h>

static const char *approval_form_keep(struct arena *arena, struct buf *text)
{
    const char *kept = buf_error(text) ? NULL : arena_memdup(arena, buf_text(text), text->len + 1);

    buf_free(text);
    return kept;
}

int approval_form_question(struct approvals_ask *ask, const struct tools_question *q,
    struct arena *arena)
{
    struct buf form = {0};

    buf_puts(&form, "{\"from\":");
    buf_json_string(&form, q->from, strlen(q->from));
    buf_json_member(&form, "message", q->message);
    buf_printf(&form, ",\"schema\":%s}", q->schema);
    ask->form = approval_form_keep(arena, &form);
    ask->message = *q->message ? arena_printf(arena, "%s asks you: %s", q->from, q->message) :
                                 arena_printf(arena, "%s asks you something.", q->from);
    return ask->form && ask->message ? 0 : ERR_NOMEM;
}

static const jdoc *approval_form_parse(const char *form, jdoc **doc)
{
    return jdoc_parse(form, strlen(form), doc, NULL, 0) ? NULL : jdoc_get(*doc, "schema");
}

void approval_form_about(const struct approvals_ask *ask, const char *ends, struct buf *json)
{
    buf_json_member(json, "expiresAt", ends);
    buf_puts(json, ",\"metadata\":{\"tool\":");
    buf_json_string(json, ask->tool, strlen(ask->tool));
    buf_printf(json, ",\"arguments\":%s", ask->args);
    buf_json_member(json, "argumentsHash", ask->hash);
    buf_json_member(json, "reason", ask->why);
}

void approval_form_interrupt(const struct approvals_ask *ask, const char *ends, struct buf *json)
{
    jdoc *doc = NULL;
    const jdoc *schema = approval_form_parse(ask->form, &doc);

    buf_printf(json, "{\"id\":\"%s\",\"reason\":\"input_required\"", ask->id);
    buf_json_member(json, "message", ask->message);
    buf_json_member(json, "toolCallId", ask->call);
    buf_puts(json,
        ",\"responseSchema\":{\"type\":\"object\",\"properties\":{\"action\":"
        "{\"enum\":[\"accept\",\"decline\",\"cancel\"]},\"content\":");
    if (schema)
        jdoc_write(schema, json);
    else
        buf_puts(json, "{\"type\":\"object\"}");
    buf_puts(json, "},\"required\":[\"action\"],\"additionalProperties\":false}");
    approval_form_about(ask, ends, json);
    buf_printf(json, ",\"form\":%s%s}}", ask->form, ask->live_ms ? ",\"live\":true" : "");
    jdoc_free(doc);
}

/* ---- answers ---- */

static int approval_form_action(const jdoc *payload, struct approvals_answer *out,
    struct tools_problem *problem)
{
    static const struct {
        const char *name;
        enum approvals_event event;
    } actions[] = {{"accept", APPROVALS_APPROVE}, {"decline", APPROVALS_DENY},
        {"cancel", APPROVALS_DECLINE}};
    const char *action = jdoc_text_or(payload, "action", "");
    bool approved = false;

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(action, actions[i].name)) {
            out->event = actions[i].event;
            return 0;
        }
    if (jdoc_has(payload, "action") || jdoc_get_bool(payload, "approved", &approved))
        return approval_refuse(problem, "/action", "accept, decline or cancel",
            "action must be accept, decline or cancel.");
    out->event = approved ? APPROVALS_APPROVE : APPROVALS_DENY;
    return 0;
}

static int approval_form_members(const jdoc *payload, struct tools_problem *problem)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_next(payload, &it, &key, &value)) {
        char path[128];
        if (!strcmp(key, "action") || !strcmp(key, "approved") || !strcmp(key, "content"))
            continue;
        snprintf(path, sizeof path, "/%.100s", key);
        return approval_refuse(problem, path, "nothing",
            "The answer to a form has no such member.");
    }
    return 0;
}

/* content NULL: every field has its default. */
static int approval_form_content(const jdoc *content, const char *form, struct arena *arena,
    struct approvals_answer *out, struct tools_problem *problem)
{
    jdoc *doc = NULL, *filled = content ? jdoc_dup(content) : jdoc_new_object();
    const jdoc *schema = approval_form_parse(form, &doc);
    char path[sizeof problem->path + 16];
    struct buf text = {0};
    int error = filled && schema ? 0 : ERR_NOMEM;

    if (!error && !content)
        error = elicit_defaults(schema, filled);
    if (!error)
        error = elicit_check(schema, filled, problem);
    if (error == ERR_INVALID) {
        snprintf(path, sizeof path, "/content%s", problem->path);
        path[sizeof problem->path - 1] = 0;
        memcpy(problem->path, path, strlen(path) + 1);
    }
    if (!error) {
        jdoc_write_canonical(filled, &text);
        out->content = approval_form_keep(arena, &text);
        error = out->content ? 0 : ERR_NOMEM;
    }
    jdoc_free(filled);
    jdoc_free(doc);
    return error;
}

int approval_form_answer(const jdoc *payload, const char *form, struct arena *arena,
    struct approvals_answer *out, struct tools_problem *problem)
{
    int error;

    if (jdoc_type(payload) != JDOC_OBJECT)
        return approval_refuse(problem, "", "an object", "The answer must be an object.");
    out->args = out->content = NULL;
    out->hash[0] = 0;
    if ((error = approval_form_action(payload, out, problem)) ||
        (error = approval_form_members(payload, problem)))
        return error;
    if (out->event == APPROVALS_APPROVE)
        error = approval_form_content(jdoc_get(payload, "content"), form, arena, out, problem);
    approval_seal(out);
    return error;
}
