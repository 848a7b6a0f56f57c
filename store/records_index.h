/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_RECORDS_INDEX_H
#define TURNPIKE_STORE_RECORDS_INDEX_H

#include "base/err.h"
#include "store/records.h"

/* records_index -- shared by the files of the store that read indexes. */

/* A script that reads an index, with its ARGV. */
struct records_look {
    const char *family;
    const struct link_script *script;
    const struct link_arg *args;
    size_t count;
};
/* Calls a script whose KEYS are records hash and time index. When it answers INCOMPLETE, makes the
 * index and calls it again. reply: the caller's (link_reply_free), also NULL. As the functions of
 * records.h. */
MUST_CHECK int records_index_call(struct store *s, const char *uid, const struct records_look *look,
    struct arena *arena, struct link_reply **reply);
struct link_arg records_index_number(struct arena *arena, int64_t value);
/* Entry i as text in the arena; NULL on no memory. */
const char *records_index_text(const struct link_reply *reply, size_t i, struct arena *arena);

#endif
