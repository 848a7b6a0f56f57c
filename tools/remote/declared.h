/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_DECLARED_H
#define TURNPIKE_TOOLS_REMOTE_DECLARED_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * declared -- tools without C: each a JSON file that tells how to make an HTTP request of the
 * arguments, and what of its answer the model gets. docs/tools.md tells the form. Read before the
 * fork; called by turn and api workers.
 *
 * Templates: `{NAME}` stands for an argument, `{{` and `}}` for braces. In the URL's path and query
 * the value is percent-encoded and can never become a part of the path's structure; scheme, host
 * and port have no placeholders. A query parameter, a header or a member of the body whose argument
 * is absent is left out.
 */
struct declared {
    const char *name, *description, *keywords;
    jdoc *document, *arguments; /* the file; its schema of arguments */
    const char *arguments_text; /* its arguments as the model is shown them */
    const char *schema_text;    /* the same as the file has them, for the check */
    const char *const *examples, *const *example_arguments;
    const char *method, *url;       /* url: scheme, host and path, templates */
    const char *query;              /* template behind '?', or "" */
    const jdoc *headers, *body;     /* {NAME: template}; template value; or NULL */
    char *credential;               /* a header line, or NULL */
    const char *idempotency_header; /* or NULL */
    const char *pointer;            /* of the answer's part that counts; "" = all */
    int64_t max_bytes;              /* of what the model gets */
    int64_t timeout_ms;
    bool public_only;
    bool vouched; /* "outside": false */
    enum tools_effect effect;
    enum tools_approval approval;
};
struct declared_list {
    struct arena *arena;
    struct declared *list; /* by name of file */
    size_t count;
};
/*
 * declared_load -- every *.json of the directory; "" = none. why: file, field, what would be right.
 *   secrets  read the credential files, too
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
MUST_CHECK int declared_load(struct declared_list *out, const char *directory, bool secrets,
    char *why, size_t why_size);
void declared_free(struct declared_list *list);

/* The request's URL, and value templates, from arguments. ERR_INVALID: a failure was set (path). */
struct declared_problem {
    const char *argument;
    const char *expected;
};
MUST_CHECK int declared_url(const struct declared *d, const jdoc *args, struct buf *out,
    struct declared_problem *problem);
/* One header's value; *present false: an argument is absent. */
MUST_CHECK int declared_header(const char *template, const jdoc *args, struct buf *out,
    bool *present, struct declared_problem *problem);
/* The body; *out NULL when nothing is left of it. Returns 0 or ERR_NOMEM. */
MUST_CHECK int declared_body(const jdoc *template, const jdoc *args, jdoc **out);

/* The handler of every row with a declaration (dynamic.h). */
MUST_CHECK int declared_tool(struct tools_run *run);

#endif
