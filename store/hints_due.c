/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of hints whose members are users: whose time has come. */
#include "store/hints.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/scripts.h"

#include <stdio.h>

static int hints_due_of(struct store *s, const struct hints_due_want *want, const char *part,
    struct hints_due *out, size_t *count)
{
    struct link_arg key = link_text(part), args[2];
    struct link_reply *r = NULL;
    char most[24], lease[24];

    snprintf(most, sizeof most, "%zu", want->max - *count);
    snprintf(lease, sizeof lease, "%d", want->lease_ms);
    args[0] = link_text(most);
    args[1] = link_text(lease);
    int error = link_script_call(s->link, &script_push_due,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, &r);
    for (size_t i = 1; !error && i < link_reply_count(r) && *count < want->max; i++) {
        size_t len;
        const char *uid = link_reply_text(link_reply_at(r, i), &len);

        if (!ident_is_safe(uid, len, IDENT_USER_MAX)) {
            error = link_command(s->link, NULL, "ZREM %s %b", part, uid, len);
            continue;
        }
        snprintf(out[*count].uid, sizeof out->uid, "%s", uid);
        out[*count].score = link_reply_int(link_reply_at(r, 0));
        ++*count;
        hints_carry_home(s, want->hints, part, uid);
    }
    link_reply_free(r);
    return error;
}

int hints_due(struct store *s, const struct hints_due_want *want, struct hints_due *out,
    size_t *count)
{
    struct hints_walk walk = {.at = 0};
    char part[KEYS_MAX];

    *count = 0;
    while (*count < want->max && hints_next(s, want->hints, &walk, part))
        hints_walked(s, &walk, part, hints_due_of(s, want, part, out, count));
    return *count ? 0 : walk.error;
}
