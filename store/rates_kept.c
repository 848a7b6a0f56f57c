/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rates_kept.h"

#include "store/keys.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int rates_kept_put(struct store *s, const struct rates_fetched *fetched)
{
    size_t n = 0;
    char at[24];
    if (fetched->count > RATES_LINES_MAX)
        return ERR_LIMIT;
    struct link_arg *args = calloc(2 * fetched->count + 8, sizeof *args);
    if (!args)
        return ERR_NOMEM;
    snprintf(at, sizeof at, "%" PRId64, fetched->at_ms);
    args[n++] = link_text("HSET");
    args[n++] = link_text(KEYS_RATES);
    args[n++] = link_text("latest");
    args[n++] = link_text(fetched->latest);
    args[n++] = link_text("source");
    args[n++] = link_text(fetched->source);
    args[n++] = link_text("fetched");
    args[n++] = link_text(at);
    for (size_t i = 0; i < fetched->count; i++) {
        args[n++] = link_text(fetched->lines[i].date);
        args[n++] = link_text(fetched->lines[i].line);
    }
    int error = link_call(s->link, args, n, NULL);
    free(args);
    return error;
}

int rates_kept_at(struct store *s, int64_t *at_ms)
{
    struct link_reply *r = NULL;
    int error = link_command(s->link, &r, "HGET " KEYS_RATES " fetched");
    const char *text = error == 0 ? link_reply_text(r, NULL) : NULL;
    *at_ms = text ? strtoll(text, NULL, 10) : 0;
    link_reply_free(r);
    return error;
}

int rates_kept_get(struct store *s, const char *const *fields, size_t count, struct arena *arena,
    const char **out)
{
    struct link_arg args[2 + RATES_FIELDS_MAX] = {link_text("HMGET"), link_text(KEYS_RATES)};
    struct link_reply *r = NULL;
    if (count > RATES_FIELDS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++)
        args[2 + i] = link_text(fields[i]);
    int error = link_call(s->link, args, 2 + count, &r);
    for (size_t i = 0; error == 0 && i < count; i++) {
        const char *text = link_reply_text(link_reply_at(r, i), NULL);
        bool any = text && *text != '\0'; /* an absent field is an empty text */
        out[i] = any ? arena_strdup(arena, text) : NULL;
        if (any && !out[i])
            error = ERR_NOMEM;
    }
    link_reply_free(r);
    return error;
}
