/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_PUSH_LETTER_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_PUSH_LETTER_H

#include "base/buf.h"
#include "base/err.h"
#include "process/webpush.h"

#include <stdint.h>

/*
 * push_letter -- what a browser is told of an inbox entry or of a turn, as JSON (docs/push.md), and
 * how urgent it is. Pure. Used by the housekeeper's push desk.
 */
#define PUSH_LETTER_MAX 3072 /* bytes; push services take 3,993 */
struct push_letter {
    struct buf text;
    char topic[33];      /* a later one of the same topic replaces one that waits at the service */
    const char *urgency; /* of RFC 8030, section 5.3 */
    int ttl_s;
};
/*
 * push_letter_write -- item: JSON as store/lua/lib_push.lua stores it. member: "ITEM SUBSCRIPTION".
 * out is empty at first; push_letter_free frees it, also after an error.
 * Returns 0; ERR_INVALID (no item of ours); ERR_NOMEM.
 */
struct push_letter_of {
    const struct webpush_key *key;
    const char *uid, *member, *item;
    int64_t now_ms;
};
MUST_CHECK int push_letter_write(const struct push_letter_of *of, struct push_letter *out);
void push_letter_free(struct push_letter *letter);

#endif
