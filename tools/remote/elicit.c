/* SPDX-License-Identifier: BSD-2-Clause */
/* The user's answer to a form of elicit_form.c. */
#include "tools/remote/elicit.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

int elicit_defaults(const jdoc *schema, jdoc *content)
{
    struct jdoc_iter it = {0};
    const char *name;
    jdoc *field;
    int error = 0;

    while (!error && jdoc_next(jdoc_get(schema, "properties"), &it, &name, &field)) {
        const jdoc *value = jdoc_get(field, "default");
        jdoc *copy = value && !jdoc_has(content, name) ? jdoc_dup(value) : NULL;
        if (copy)
            error = jdoc_set(content, name, copy);
        else if (value && !jdoc_has(content, name))
            error = ERR_NOMEM;
    }
    return error;
}

static int elicit_wrong(struct tools_problem *problem, const char *field, const char *expected,
    const char *message)
{
    *problem = (struct tools_problem){0};
    snprintf(problem->path, sizeof problem->path, "%s%.100s", *field ? "/" : "", field);
    snprintf(problem->expected, sizeof problem->expected, "%s", expected);
    snprintf(problem->message, sizeof problem->message, "%s", message);
    return ERR_INVALID;
}

static bool elicit_is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t\r\n<>,;");
}

static bool elicit_has_twice(const jdoc *list)
{
    for (size_t i = 1; i < jdoc_length(list); i++)
        for (size_t k = 0; k < i; k++) {
            const char *a = jdoc_string(jdoc_at(list, i), NULL);
            const char *b = jdoc_string(jdoc_at(list, k), NULL);
            if (a && b && !strcmp(a, b))
                return true;
        }
    return false;
}

/* What schema_validate does not know. */
static int elicit_check_field(const char *name, const jdoc *field, const jdoc *value,
    struct tools_problem *problem)
{
    const char *text = jdoc_string(value, NULL);
    char message[200];

    if (text && !strcmp(jdoc_text_or(field, "format", ""), "email") && !elicit_is_email(text)) {
        snprintf(message, sizeof message, "%.100s is not an e-mail address.", name);
        return elicit_wrong(problem, name, "an e-mail address, such as ann@example.org", message);
    }
    if (elicit_has_twice(value)) {
        snprintf(message, sizeof message, "%.100s names a choice twice.", name);
        return elicit_wrong(problem, name, "each choice at most once", message);
    }
    return 0;
}

static int elicit_check_size(const jdoc *content, struct tools_problem *problem)
{
    struct buf text = {0};
    char limit[64];

    jdoc_write(content, &text);
    int error = buf_error(&text);
    size_t len = text.len;
    buf_free(&text);
    snprintf(limit, sizeof limit, "at most %d bytes", ELICIT_CONTENT_MAX);
    if (error || len <= ELICIT_CONTENT_MAX)
        return error;
    return elicit_wrong(problem, "", limit, "The answer is too long.");
}

int elicit_check(const jdoc *schema, const jdoc *content, struct tools_problem *problem)
{
    struct jdoc_iter it = {0};
    const char *name;
    jdoc *field;
    int error;

    if (jdoc_type(content) != JDOC_OBJECT)
        return elicit_wrong(problem, "", "an object", "content must be an object.");
    error = elicit_check_size(content, problem);
    if (!error)
        error = schema_validate(schema, content, problem);
    while (!error && jdoc_next(jdoc_get(schema, "properties"), &it, &name, &field))
        error = elicit_check_field(name, field, jdoc_get(content, name), problem);
    return error;
}

jdoc *elicit_result(const char *action, const char *content)
{
    jdoc *result = jdoc_new_object(), *values = NULL;
    int error = result ? jdoc_set_string(result, "action", action) : ERR_NOMEM;

    if (!error && content)
        error = jdoc_parse(content, strlen(content), &values, NULL, 0);
    if (!error && values)
        error = jdoc_set(result, "content", values);
    if (!error)
        return result;
    jdoc_free(result);
    return NULL;
}
