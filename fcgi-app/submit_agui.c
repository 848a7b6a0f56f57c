/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/submit_parts.h"

#include "base/err.h"

#include <string.h>

#define SUBMIT_AGUI_TOOLS 128

/* Bytes of the client's tools: half of what a request may have is for the conversation. */
static size_t submit_tools_max(const struct conf *conf)
{
    int64_t half = conf->model_context_tokens * 18 / 5 / 2; /* bytes of a token: context_tokens */
    return (size_t)(conf->client_tools_max < half ? conf->client_tools_max : half);
}

/* Which vendors would take them is the model's side (agent/context.c); here: what they must
 * have. */
static int submit_check_tools(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *list = jdoc_get(agui, "tools");
    const size_t max = submit_tools_max(p->conf);
    struct buf parameters;
    size_t bytes = 0;
    int error = 0;
    buf_init(&parameters, 0);
    for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
        const jdoc *tool = jdoc_at(list, i);
        const char *name = NULL, *description = NULL;
        if ((error = submit_string(p, tool, "name", &name)) < 0 ||
            (error = submit_string(p, tool, "description", &description)) < 0)
            break;
        if (!name || *name == '\0') {
            error = problem_field(p->problem, "tools", "tools[%zu] has no name.", i);
            break;
        }
        buf_reset(&parameters);
        jdoc_write(jdoc_get(tool, "parameters"), &parameters);
        error = buf_error(&parameters);
        bytes += strlen(name) + (description ? strlen(description) : 0) + parameters.len;
    }
    buf_free(&parameters);
    if (error == 0 && bytes > max)
        error = problem_limit(p->problem, "tools", (int64_t)max,
            "The %zu tools have %zu bytes of names, descriptions and parameters; %zu are allowed.",
            jdoc_length(list), bytes, max);
    return error;
}

int submit_check_agui(struct submit_parser *p, const jdoc *agui)
{
    static const struct {
        const char *name;
        size_t max;
    } arrays[] = {{"tools", SUBMIT_AGUI_TOOLS}, {"context", SUBMIT_CONTEXT_KEYS},
        {"resume", SUBMIT_RESUME_MAX}};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
        const jdoc *list = jdoc_get(agui, arrays[i].name);
        if (!list)
            continue;
        if (jdoc_type(list) != JDOC_ARRAY)
            return problem_field(p->problem, arrays[i].name, "%s must be an array.",
                arrays[i].name);
        if (jdoc_length(list) > arrays[i].max)
            return problem_limit(p->problem, arrays[i].name, (int64_t)arrays[i].max,
                "%s has more than %zu elements.", arrays[i].name, arrays[i].max);
        for (size_t k = 0; k < jdoc_length(list); k++) {
            if (jdoc_type(jdoc_at(list, k)) != JDOC_OBJECT)
                return problem_field(p->problem, arrays[i].name,
                    "Each element of %s must be an object.", arrays[i].name);
        }
    }
    return submit_check_tools(p, agui);
}

/* --- answers to approvals --- */

static int submit_resume_one(struct submit_parser *p, const jdoc *item)
{
    struct submit_resume *out = &p->out->resume[p->out->resume_count];
    const char *status = NULL;
    int error = submit_id(p, item, "interruptId", IDENT_CLIENT_MESSAGE_MAX, &out->id);
    if (error < 0 || (error = submit_string(p, item, "status", &status)) < 0)
        return error;
    out->cancelled = status && strcmp(status, "cancelled") == 0;
    if (!out->id || !status || (!out->cancelled && strcmp(status, "resolved") != 0))
        return problem_field(p->problem, "resume",
            "An element of resume needs interruptId, and status resolved or cancelled.");
    for (size_t i = 0; i < p->out->resume_count; i++) {
        if (strcmp(p->out->resume[i].id, out->id) == 0)
            return problem_field(p->problem, "resume", "resume names %s twice.", out->id);
    }
    out->payload = jdoc_get(item, "payload");
    out->edited = "editedArgs";
    p->out->resume_count++;
    return 0;
}

int submit_resume_list(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *list = jdoc_get(agui, "resume");
    for (size_t i = 0; i < jdoc_length(list); i++) {
        int error = submit_resume_one(p, jdoc_at(list, i));
        if (error < 0)
            return error;
    }
    p->out->resume_all = true;
    if (jdoc_length(list) > 0) {
        buf_puts(&p->hash, "\nresume ");
        jdoc_write_canonical(list, &p->hash);
    }
    return 0;
}

/* --- what the turn keeps --- */

static void submit_free_json(void *doc)
{
    jdoc_free(doc);
}

int submit_keep_agui(struct submit_parser *p, const jdoc *agui)
{
    static const char *const names[] = {"tools", "context", "state", "forwardedProps",
        "parentRunId", "protocolVersion"};
    jdoc *kept = jdoc_new_object();
    if (!kept || arena_on_free(p->arena, submit_free_json, kept) < 0)
        return ERR_NOMEM;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const jdoc *value = jdoc_get(agui, names[i]);
        if (!value)
            continue;
        jdoc *copy = jdoc_dup(value);
        if (!copy || jdoc_set(kept, names[i], copy) < 0)
            return ERR_NOMEM;
    }
    p->out->agui = kept;
    return 0;
}
