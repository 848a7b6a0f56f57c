/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_ENTRY_FILE_H
#define TURNPIKE_TOOLS_REMOTE_ENTRY_FILE_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * entry_file -- what the operator's JSON files (MCP servers, declared tools) have in common:
 * reading them strictly, and telling what is wrong as "FILE: FIELD: what would be right".
 */
struct entry_file {
    const char *path; /* as in messages */
    char *why;
    size_t why_size;
};
/* A whole regular file as text with a NUL behind it; the caller frees it. 0, ERR_CONFIG,
 * ERR_NOMEM. */
MUST_CHECK int entry_file_text(const struct entry_file *f, const char *path, size_t max,
    char **text, size_t *len);
MUST_CHECK int entry_file_read(const struct entry_file *f, size_t max, jdoc **out);
/* Goes on behind the reason that why has: the next one gets a line of its own, as far as there is
 * room. */
void entry_file_next(struct entry_file *f);
/* Sets why; returns ERR_CONFIG. */
MUST_CHECK int entry_file_wrong(const struct entry_file *f, const char *field, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
/* Every member of `object` is in `known` (NULL-terminated). field: of the object, for messages. */
MUST_CHECK int entry_file_known(const struct entry_file *f, const char *field, const jdoc *object,
    const char *const *known);

/* Members of an object; absent leaves *out as it is. field: whole path for messages. */
MUST_CHECK int entry_file_bool(const struct entry_file *f, const jdoc *object, const char *key,
    bool *out);
MUST_CHECK int entry_file_int(const struct entry_file *f, const jdoc *object, const char *key,
    int64_t min, int64_t max, int64_t *out);
MUST_CHECK int entry_file_string(const struct entry_file *f, const jdoc *object, const char *key,
    bool required, size_t max, const char **out);
MUST_CHECK int entry_file_effect(const struct entry_file *f, const jdoc *object,
    enum tools_effect *out);
MUST_CHECK int entry_file_approval(const struct entry_file *f, const jdoc *object,
    enum tools_approval *out);

/*
 * entry_file_credential -- {"file": PATH or name in $CREDENTIALS_DIRECTORY, "header": default
 * Authorization, "scheme": default Bearer, "" = none} as a header line; the caller frees it.
 *   secrets  false: only the form is checked, *out stays NULL
 */
MUST_CHECK int entry_file_credential(const struct entry_file *f, const jdoc *credential,
    bool secrets, char **out);
/* What a file of a credential holds, without blanks at its end; named as in entry_file_credential.
 * field: for messages. The caller wipes and frees it. */
MUST_CHECK int entry_file_secret(const struct entry_file *f, const char *field, const char *file,
    char **out);
/*
 * entry_file_url -- is the text a URL to call (base/url.h)? Without user and password: a credential
 * has a file of its own.
 *   private  out: it names an address that is not public; the operator wrote it, so it may
 */
MUST_CHECK int entry_file_url(const struct entry_file *f, const char *field, const char *url,
    bool *private);
/* Is it a name of a header, none of those that belong to the transport? */
bool entry_file_is_header(const char *name);

#endif
