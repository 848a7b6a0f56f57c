/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/pushes.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

#define FIRST_LOOK_MS 5000 /* the notice wakes a housekeeper before */

void pushes_expect(struct store *s, const char *uid)
{
    if (*s->conf->push_key)
        err_ignore(hints_set_before(s, KEYS_HINT_PUSHES, uid, uid, FIRST_LOOK_MS));
}

/* ---- subscriptions ---- */

void pushes_id(const char *uid, const char *endpoint, char out[PUSHES_ID_SIZE])
{
    char digest[IDENT_SHA256_SIZE];

    ident_hmac_sha256_hex(uid, strlen(uid), endpoint, strlen(endpoint), digest);
    snprintf(out, PUSHES_ID_SIZE, "%.32s", digest);
}

int pushes_subscribe(struct store *s, const char *uid, const char *id, const char *json)
{
    struct args a;

    args_init(&a);
    args_text(&a, id);
    args_text(&a, json);
    args_int(&a, PUSHES_SUBSCRIPTIONS_MAX);
    return args_call(&a, s, &script_push_subscribe, uid, NULL);
}

int pushes_forget(struct store *s, const char *uid, const char *id)
{
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, id);
    int error = args_call(&a, s, &script_push_forget, uid, &r);
    if (error == 0 && link_reply_int(r) == 0)
        error = ERR_NOT_FOUND;
    link_reply_free(r);
    return error;
}

static bool pushes_is_over(const jdoc *subscription)
{
    int64_t ends_ms = jdoc_int_or(subscription, "ends_ms", 0);

    return ends_ms != 0 && ends_ms <= clock_real_ms();
}

static void pushes_put_one(struct buf *out, const char *id, const jdoc *subscription)
{
    char at[CLOCK_RFC3339_SIZE];

    clock_rfc3339(jdoc_int_or(subscription, "confirmed_ms", 0), at);
    buf_printf(out, "{\"id\":\"%s\",\"endpoint\":", id);
    buf_json_text(out, jdoc_text_or(subscription, "endpoint", ""));
    buf_puts(out, ",\"events\":");
    jdoc_write(jdoc_get(subscription, "events"), out);
    buf_printf(out, ",\"confirmed_at\":\"%s\"", at);
    if (jdoc_has(subscription, "name"))
        buf_json_member(out, "name", jdoc_text_or(subscription, "name", ""));
    if (jdoc_has(subscription, "ends_ms")) {
        clock_rfc3339(jdoc_int_or(subscription, "ends_ms", 0), at);
        buf_json_member(out, "expires_at", at);
    }
    buf_putc(out, '}');
}

int pushes_list(struct store *s, const char *uid, struct buf *out, size_t *count)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    *count = 0;
    keys_pushes(key, uid);
    int error = link_command(s->link, &r, "HGETALL %s", key);
    for (size_t i = 0; error == 0 && i + 1 < link_reply_count(r); i += 2) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(r, i + 1), &len);
        jdoc *doc = NULL;
        error = jdoc_parse(text, len, &doc, NULL, 0);
        if (error == 0 && !pushes_is_over(doc)) {
            buf_puts(out, (*count)++ > 0 ? "," : "");
            pushes_put_one(out, link_reply_text(link_reply_at(r, i), NULL), doc);
        }
        jdoc_free(doc);
    }
    link_reply_free(r);
    return error ? error : buf_error(out);
}

/* ---- sending ---- */

int pushes_due(struct store *s, struct hints_due *out, size_t max, size_t *count)
{
    return hints_due(s, &(struct hints_due_want){KEYS_HINT_PUSHES, PUSHES_LEASE_MS, max}, out,
        count);
}

void pushes_later(struct store *s, const struct hints_due *hint, int64_t wait_ms)
{
    /* Without it the hint is due when its lease is over. */
    hints_later(s, KEYS_HINT_PUSHES, hint->uid, hint->score, wait_ms);
}

/* One claimed delivery; `at` is its first word of the reply. */
static int pushes_read_try(const struct link_reply *r, size_t at, const char *uid,
    struct arena *arena, struct pushes_try *out)
{
    snprintf(out->uid, sizeof out->uid, "%s", uid);
    snprintf(out->member, sizeof out->member, "%s", link_reply_text(link_reply_at(r, at), NULL));
    out->until_ms = link_reply_int(link_reply_at(r, at + 1));
    out->number = (unsigned)link_reply_int(link_reply_at(r, at + 2));
    out->item = arena_strdup(arena, link_reply_text(link_reply_at(r, at + 3), NULL));
    out->subscription = arena_strdup(arena, link_reply_text(link_reply_at(r, at + 4), NULL));
    return out->item && out->subscription ? 0 : ERR_NOMEM;
}

int pushes_claim(struct store *s, const char *uid, struct arena *arena, struct pushes_claimed *out)
{
    struct link_reply *r = NULL;
    struct args a;

    out->count = 0;
    out->wait_ms = -1;
    args_init(&a);
    args_int(&a, (int64_t)(out->max < PUSHES_CLAIM_MAX ? out->max : PUSHES_CLAIM_MAX));
    args_int(&a, PUSHES_LEASE_MS);
    args_int(&a, PUSHES_TRIES);
    int error = args_call(&a, s, &script_push_claim, uid, &r);
    for (size_t i = 1; error == 0 && i + 4 < link_reply_count(r); i += 5)
        error = pushes_read_try(r, i, uid, arena, &out->tries[out->count++]);
    if (error == 0)
        out->wait_ms = link_reply_int(link_reply_at(r, 0));
    link_reply_free(r);
    return error;
}

int pushes_settle(struct store *s, const struct pushes_try *t, enum pushes_outcome outcome,
    int64_t wait_ms, bool *removed)
{
    static const char *const names[] = {[PUSHES_AGAIN] = "again",
        [PUSHES_DONE] = "done",
        [PUSHES_FAILED] = "failed",
        [PUSHES_GONE] = "gone"};
    struct link_reply *r = NULL;
    struct args a;

    args_init(&a);
    args_text(&a, t->member);
    args_int(&a, t->until_ms);
    args_text(&a, names[outcome]);
    args_ints(&a, wait_ms, PUSHES_FAILING_MS, PUSHES_FAILING_COUNT);
    int error = args_call(&a, s, &script_push_settle, t->uid, &r);
    *removed = error == 0 && link_reply_int(r) == 2;
    if (error == 0 && link_reply_int(r) == 0)
        error = ERR_FENCED;
    link_reply_free(r);
    return error;
}
