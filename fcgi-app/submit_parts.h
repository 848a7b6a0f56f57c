/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_SUBMIT_PARTS_H
#define TURNPIKE_FCGI_APP_SUBMIT_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "fcgi-app/submit.h"

/*
 * submit_parts -- what the files of submit share with each other:
 *
 *   submit              the forms
 *   submit_fields       members that several forms have
 *   submit_messages     new messages
 *   submit_attachments  files of messages, in each form that clients have
 *   submit_agui         what a RunAgentInput has besides
 *   submit_aisdk        the body of an AI SDK client
 *
 * and with the readers of OpenAI's requests (fcgi-app/facade_parts.h).
 *
 * All that return int: 0; ERR_INVALID with the problem set; ERR_NOMEM.
 */
#define SUBMIT_CONTEXT_KEYS 50

struct submit_parser { /* what every step needs */
    const jdoc *body;
    const struct conf *conf;
    struct arena *arena;
    struct submit *out;
    struct problem *problem;
    struct buf hash; /* what makes the request the same, as JSON members */
    size_t messages_max;
    int64_t text_max; /* characters of a new message of the user */
    const struct submit_source *from;
};

/* ---- submit_fields ---- */

/* A member that is a string without U+0000. out: NULL when it is absent. Borrowed from doc. */
MUST_CHECK int submit_string(struct submit_parser *p, const jdoc *doc, const char *name,
    const char **out);
/* The same for an id of at most max characters, and for the id of a session. */
MUST_CHECK int submit_id(struct submit_parser *p, const jdoc *doc, const char *name, size_t max,
    const char **out);
MUST_CHECK int submit_session_id(struct submit_parser *p, const jdoc *doc, const char *name,
    const char **out);
/* The user's words: not blank, and not too long. name: for the problem. */
MUST_CHECK int submit_check_text(struct submit_parser *p, const char *name, const char *text);

/* Members of the body, into p->out: context, client_message_id (or the header's key, which may be
 * NULL). */
MUST_CHECK int submit_context(struct submit_parser *p);
MUST_CHECK int submit_key(struct submit_parser *p, const char *key);
/* Members of doc: timezone (or the context's) and locale; on_busy. */
MUST_CHECK int submit_zone_and_locale(struct submit_parser *p, const jdoc *doc);
/* "cache": false = no kept answer is wanted. */
MUST_CHECK int submit_cache(struct submit_parser *p, const jdoc *doc);
MUST_CHECK int submit_on_busy(struct submit_parser *p, const jdoc *doc);
/* The session that the client named; NULL = a new one. */
void submit_session(struct submit_parser *p, const char *session);

/* ---- submit_messages ---- */

/* Adds a message. id: NULL = one is made. tool_call: NULL = it is no result. */
MUST_CHECK int submit_add_text(struct submit_parser *p, const char *id, const char *role,
    const char *text, const char *tool_call);
/*
 * Adds a message whose content is that of an AG-UI message: a string, or an array of its parts.
 * content is checked here; NULL is refused. role "user": it must not be blank, and it becomes
 * p->out->text.
 */
MUST_CHECK int submit_add_content(struct submit_parser *p, const char *id, const char *role,
    const jdoc *content, const char *tool_call);
/* The user's text (NULL or "" = none) with all files that were read before: one of the two. name:
 * of the text's field. */
MUST_CHECK int submit_add_with_files(struct submit_parser *p, const char *id, const char *name,
    const char *text);
/* Adds a message of these JSON members, with a comma in front; its id is made. */
MUST_CHECK int submit_add_members(struct submit_parser *p, const char *members);
/* Adds those behind the last assistant message. */
MUST_CHECK int submit_agui_messages(struct submit_parser *p, const jdoc *agui);

/* ---- submit_aisdk ---- */

/* key: the Idempotency-Key header, or NULL. */
MUST_CHECK int submit_aisdk(struct submit_parser *p, const char *key);

/* ---- submit_aisdk_file ---- */

/* Appends a file part of the AI SDK to content, as AG-UI has it. */
MUST_CHECK int submit_aisdk_file_part(struct submit_parser *p, const jdoc *part, jdoc *content);

/* ---- submit_attachments ---- */

/* The body's member `attachments`: into p->out->files. */
MUST_CHECK int submit_attachments(struct submit_parser *p);
/* A part of a message that is no text: image, document, binary; others are refused by name. */
MUST_CHECK int submit_part_file(struct submit_parser *p, jdoc *part, const char *field,
    struct submit_file **out);

/* ---- submit_agui ---- */

/* The arrays of a RunAgentInput: kinds, counts, the client's tools. */
MUST_CHECK int submit_check_agui(struct submit_parser *p, const jdoc *agui);
/* Answers to approvals. */
MUST_CHECK int submit_resume_list(struct submit_parser *p, const jdoc *agui);
/* Keeps what the turn needs of a RunAgentInput: everything but the conversation. */
MUST_CHECK int submit_keep_agui(struct submit_parser *p, const jdoc *agui);

#endif
