/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/revokes.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

static int revokes_tell(struct store *s)
{
    return notice_publish(s, &(struct notice){.kind = NOTICE_REVOKED});
}

int revokes_put(struct store *s, const char *name, int64_t before_ms, int64_t until_ms)
{
    const struct link_arg key = link_text(KEYS_REVOKED);
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, name);
    args_ints(&args, before_ms, until_ms, REVOKED_COUNT_MAX);
    error = args.error;
    if (!error)
        error = link_script_call(s->link, &script_revoke_put,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = args.v, .nargs = args.n}, &r);
    args_fini(&args);
    if (!error && link_reply_int(r) == 0)
        error = ERR_LIMIT;
    link_reply_free(r);
    return error ? error : revokes_tell(s);
}

int revokes_forget(struct store *s, const char *name, bool *found)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "HDEL " KEYS_REVOKED " %s", name);

    *found = !error && link_reply_int(r) > 0;
    link_reply_free(r);
    return error ? error : revokes_tell(s);
}

static int revokes_take(struct store *s, struct revoked *out, const char *name, const char *value)
{
    const struct link_arg key = link_text(KEYS_REVOKED),
                          args[2] = {link_text(name), link_text(value)};
    int error = revoked_add(out, name, value);
    int64_t until;

    if (error)
        return error == ERR_INVALID ? 0 : error;
    until = out->entries[out->count - 1].until_ms;
    if (until == 0 || until > clock_real_ms())
        return 0;
    out->count--;
    return link_script_call(s->link, &script_revoke_drop,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, NULL);
}

int revokes_read(struct store *s, struct revoked *out)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "HGETALL " KEYS_REVOKED);

    for (size_t i = 0; !error && i + 1 < link_reply_count(r); i += 2)
        error = revokes_take(s, out, link_reply_text(link_reply_at(r, i), NULL),
            link_reply_text(link_reply_at(r, i + 1), NULL));
    link_reply_free(r);
    return error;
}

void revokes_first(struct store *s)
{
    struct revoked list = {0};
    char written[IDENT_SHA256_SIZE] = "";
    int error;

    if (revoked_file_is_there(s->conf))
        return;
    error = revokes_read(s, &list);
    if (!error)
        error = revoked_file_write(s->conf, &list, written);
    if (error)
        log_warn("what is revoked is not known until the housekeeper has read it: %s",
            err_text(error));
    revoked_free(&list);
}
