/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_USERDATA_PARTS_H
#define TURNPIKE_STORE_USERDATA_PARTS_H

#include "store/userdata.h"

/*
 * userdata_parts -- what the files of userdata share:
 *
 *   userdata           pages of the user's own data; the erasure
 *   userdata_branches  branches with their messages
 *   userdata_written   what the user wrote for others
 */
struct erasure {
    struct store *store;
    const char *uid;
    int64_t until_ms;
    void (*beat)(void *arg);
    void *arg;
    int64_t keys;
    int64_t found; /* in this pass */
};
/* Between two steps. Returns 0 or ERR_MORE, when the time is over. */
MUST_CHECK int userdata_go_on(const struct erasure *e);
/* The reply's texts from `from` on. Returns 0 or ERR_NOMEM. */
MUST_CHECK int userdata_take_texts(const struct link_reply *reply, size_t from, struct arena *arena,
    struct records_list *out);
/*
 * userdata_erase_shared -- all that the user wrote for others, likes, follows and the shared place.
 * Stopped by the time, it goes on there within some minutes; it begins anew when the user has
 * written something meanwhile. Returns 0, ERR_MORE, ERR_STORE* or ERR_NOMEM.
 */
MUST_CHECK int userdata_erase_shared(struct erasure *e);
/* The erasure is over: forgets where that has come to. Returns 0 or ERR_STORE*. */
MUST_CHECK int userdata_erased_written(const struct erasure *e);

#endif
