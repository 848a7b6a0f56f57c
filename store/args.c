/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/args.h"

#include "base/err.h"
#include "store/hints.h"
#include "store/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void args_init(struct args *a)
{
    a->v = a->few;
    a->n = 0;
    a->cap = ARGS_INLINE;
    a->error = 0;
    a->number_count = 0;
}

void args_fini(struct args *a)
{
    if (a->v != a->few)
        free(a->v);
    args_init(a);
}

void args_bytes(struct args *a, const char *data, size_t len)
{
    if (a->n == a->cap) {
        struct link_arg *v = malloc(a->cap * 2 * sizeof *v);

        if (!v) {
            a->error = ERR_NOMEM;
            return;
        }
        memcpy(v, a->v, a->n * sizeof *v);
        if (a->v != a->few)
            free(a->v);
        a->v = v;
        a->cap *= 2;
    }
    a->v[a->n++] = (struct link_arg){data, len};
}

void args_text(struct args *a, const char *text)
{
    args_bytes(a, text ? text : "", text ? strlen(text) : 0);
}

void args_int(struct args *a, int64_t value)
{
    char *out;

    if (a->number_count == ARGS_NUMBERS) {
        a->error = ERR_INTERNAL;
        return;
    }
    out = a->numbers[a->number_count++];
    snprintf(out, sizeof a->numbers[0], "%lld", (long long)value);
    args_text(a, out);
}

void args_int_list(struct args *a, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        args_int(a, values[i]);
}

void args_common(struct args *a, const struct store *s, size_t history_limit)
{
    const struct conf *c = s->conf;

    args_text(a, s->owner);
    args_ints(a, c->lease_ms, c->log_keep_ms, c->turn_keep_ms, c->session_keep_ms, c->seen_keep_ms,
        c->session_messages_max, c->queue_max, (int64_t)history_limit);
}

static int args_hint_first(struct store *s, const char *uid, const char *turn)
{
    char member[HINTS_MEMBER_SIZE];

    if (!turn)
        return 0;
    if (link_is_cluster(s->link)) {
        hints_member(member, uid, turn);
        return hints_set_before(s, KEYS_HINT_LEASES, uid, member, s->conf->lease_ms);
    }
    link_hold(s->link);
    if (!hints_set(s, uid, turn, s->conf->lease_ms))
        return 0;
    return hints_set(s, uid, turn, s->conf->lease_ms); /* the connection had been lost unnoticed */
}

int args_call_hinted(struct args *a, struct store *s, const struct link_script *script,
    const char *uid, const char *turn, struct link_reply **out)
{
    char prefix[KEYS_MAX];
    struct link_arg key;
    int error = a->error;

    keys_prefix(prefix, uid);
    key = link_text(prefix);
    if (out)
        *out = NULL;
    if (!error)
        error = args_hint_first(s, uid, turn);
    if (!error) {
        struct link_words words = {.keys = &key, .nkeys = 1, .args = a->v, .nargs = a->n};
        unsigned generation = link_generation(s->link);
        bool broke;

        error = link_script_once(s->link, script, &words, out, &broke);
        if (error == ERR_STORE && broke && !args_hint_first(s, uid, turn)) {
            generation = link_generation(s->link);
            error = link_script_once(s->link, script, &words, out, NULL);
        }
        if (!error && generation != link_generation(s->link))
            err_ignore(args_hint_first(s, uid, turn)); /* else the first renewal of its lease */
    }
    args_fini(a);
    return error;
}

int args_call(struct args *a, struct store *s, const struct link_script *script, const char *uid,
    struct link_reply **out)
{
    return args_call_hinted(a, s, script, uid, NULL, out);
}
