/* SPDX-License-Identifier: BSD-2-Clause */
/* Usage and limits for people: users ask for their own, the operator for anybody's. */
#include "store/usage.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/money.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements of the reply of usage_show.lua. */
enum usage_part {
    AT_NOW,
    AT_DAY,
    AT_DAY_LEFT,
    AT_DAY_USED,
    AT_MONTH,
    AT_MONTH_LEFT,
    AT_MONTH_USED,
    AT_SET
};

struct usage_view {
    const struct link_reply *r;
    struct buf *json;
    int64_t now_ms;
    bool money, first;
};

#define USAGE_KEYS_SHOWN 32
struct usage_keys {
    char who[USAGE_KEYS_SHOWN][USAGE_KEY_MAX + 2]; /* "KEY/" */
    size_t count;
};

/* The value of a field among fields and values; NULL = it is not there. */
static const char *usage_field(const struct link_reply *pairs, const char *who, const char *name)
{
    char field[LIMITS_CLASS_MAX + USAGE_KEY_MAX + 24];

    snprintf(field, sizeof field, "%s%s", who, name);
    for (size_t i = 0; i + 1 < link_reply_count(pairs); i += 2)
        if (!strcmp(link_reply_text(link_reply_at(pairs, i), NULL), field))
            return link_reply_text(link_reply_at(pairs, i + 1), NULL);
    return NULL;
}

static int64_t usage_number(const struct link_reply *pairs, const char *who, const char *name)
{
    const char *text = usage_field(pairs, who, name);

    return text ? strtoll(text, NULL, 10) : 0;
}

static void usage_put_money(struct buf *json, const char *name, int64_t micros)
{
    char text[MONEY_TEXT_SIZE];

    buf_printf(json, ",\"%s\":%s", name, money_text(micros, text));
}

static void usage_put_end(struct usage_view *v, int64_t left_ms)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_rfc3339(v->now_ms + left_ms, text);
    buf_json_member(v->json, "resets_at", text);
}

static void usage_put_window(struct usage_view *v, const char *name, enum usage_part at)
{
    const struct link_reply *used = link_reply_at(v->r, at + 2);

    buf_printf(v->json, ",\"%s\":{\"window\":", name);
    buf_json_text(v->json, link_reply_text(link_reply_at(v->r, at), NULL));
    buf_printf(v->json, ",\"tokens\":%lld", (long long)usage_number(used, "", "tokens"));
    if (v->money) {
        usage_put_money(v->json, "money_usd", usage_number(used, "", "micros"));
        usage_put_money(v->json, "assumed_usd", usage_number(used, "", "assumed"));
        buf_printf(v->json, ",\"unpriced_tokens\":%lld",
            (long long)usage_number(used, "", "unpriced"));
    }
    usage_put_end(v, link_reply_int(link_reply_at(v->r, at + 1)));
    buf_putc(v->json, '}');
}

/* The window that the limit counts in; AT_NOW = none. */
static enum usage_part usage_window_of(enum limits_name name)
{
    switch (name) {
    case LIMITS_TOKENS_DAY:
    case LIMITS_MONEY_DAY:
        return AT_DAY;
    case LIMITS_TOKENS_MONTH:
    case LIMITS_MONEY_MONTH:
        return AT_MONTH;
    default:
        return AT_NOW;
    }
}

static void usage_put_value(struct usage_view *v, const char *name, bool money, int64_t value)
{
    if (money)
        usage_put_money(v->json, name, value);
    else
        buf_printf(v->json, ",\"%s\":%lld", name, (long long)value);
}

static void usage_put_limit(struct usage_view *v, enum usage_scope scope, const char *who,
    enum limits_name name, int64_t limit)
{
    const enum usage_part at = usage_window_of(name);
    const bool money = name == LIMITS_MONEY_DAY || name == LIMITS_MONEY_MONTH;
    const struct link_reply *pairs = link_reply_at(v->r, at + 2);
    int64_t used;

    if (!limit)
        return;
    buf_printf(v->json, "%s{\"scope\":\"%s\",\"name\":\"%s\",\"unit\":\"%s\"", v->first ? "" : ",",
        usage_scope_word(scope), limits_word(name),
        money                    ? "usd" :
            at                   ? "tokens" :
            name == LIMITS_BYTES ? "bytes" :
                                   limits_word(name));
    v->first = false;
    usage_put_value(v, "limit", money, limit);
    if (at) {
        used = money ?
            money_add(usage_number(pairs, who, "micros"), usage_number(pairs, who, "assumed")) :
            usage_number(pairs, who, "tokens");
        usage_put_value(v, "used", money, used);
        usage_put_value(v, "left", money, used < limit ? limit - used : 0);
        usage_put_end(v, link_reply_int(link_reply_at(v->r, at + 1)));
    }
    if (v->money && scope == USAGE_KEY) {
        buf_puts(v->json, ",\"key\":");
        buf_json_string(v->json, who, strlen(who) - 1);
    }
    buf_putc(v->json, '}');
}

/* who: in front of the names of what is used; set: of what is set. */
static void usage_put_limits(struct usage_view *v, enum usage_scope scope, const char *who,
    struct limits *limits)
{
    const struct link_reply *set = link_reply_at(v->r, AT_SET);

    for (size_t i = 0; i < LIMITS_COUNT; i++) {
        const char *value = usage_field(set, scope == USAGE_SITE ? "site/" : who, limits_word(i));
        if (value)
            limits->of[i] = strtoll(value, NULL, 10);
        usage_put_limit(v, scope, who, i, limits->of[i]);
    }
}

static void usage_put_set(struct usage_view *v)
{
    const struct link_reply *set = link_reply_at(v->r, AT_SET);
    char text[LIMITS_VALUE_SIZE];

    buf_puts(v->json, ",\"set\":{");
    for (size_t i = 0; i + 1 < link_reply_count(set); i += 2) {
        const char *field = link_reply_text(link_reply_at(set, i), NULL);
        const char *slash = strrchr(field, '/'), *word = slash ? slash + 1 : field;
        enum limits_name name = limits_find(word, strlen(word));
        if (i)
            buf_putc(v->json, ',');
        buf_json_text(v->json, field);
        buf_printf(v->json, ":%s",
            name == LIMITS_COUNT ?
                "null" :
                limits_value_text(name, link_reply_int(link_reply_at(set, i + 1)), text));
    }
    buf_putc(v->json, '}');
}

static void usage_put_key(struct usage_view *v, const struct store *s, const char *who)
{
    struct limits limits;

    limits_of_key(s->conf, &limits);
    usage_put_limits(v, USAGE_KEY, who, &limits);
}

/* "KEY/" of a field; false: it is not of a key, or keys has that one. */
static bool usage_new_key(const struct usage_keys *keys, const char *field,
    char who[USAGE_KEY_MAX + 2])
{
    const char *slash = strchr(field, '/');
    size_t len = slash ? (size_t)(slash - field) : 0;

    if (!len || len > USAGE_KEY_MAX || strchr(slash + 1, '/')) /* "warned/KEY/NAME" */
        return false;
    snprintf(who, USAGE_KEY_MAX + 2, "%.*s", (int)len + 1, field);
    for (size_t i = 0; i < keys->count; i++)
        if (!strcmp(keys->who[i], who))
            return false;
    return true;
}

/* Those of each key that has used something this month, or for which something is set. */
static void usage_put_keys(struct usage_view *v, const struct store *s)
{
    static const enum usage_part parts[] = {AT_MONTH_USED, AT_SET};
    struct usage_keys keys = {0};

    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        const struct link_reply *pairs = link_reply_at(v->r, parts[p]);
        for (size_t i = 0; i + 1 < link_reply_count(pairs) && keys.count < USAGE_KEYS_SHOWN; i += 2)
            if (usage_new_key(&keys, link_reply_text(link_reply_at(pairs, i), NULL),
                    keys.who[keys.count]))
                usage_put_key(v, s, keys.who[keys.count++]);
    }
}

static void usage_put_all(struct usage_view *v, const struct store *s, const struct usage_asker *a)
{
    char who[USAGE_KEY_MAX + 2];
    struct limits limits;

    buf_puts(v->json, ",\"limits\":[");
    if (a->uid) {
        limits_of_user(s->conf, a->cls, &limits);
        usage_site_apply(s, a->cls, &limits);
        usage_put_limits(v, USAGE_USER, "", &limits);
    } else {
        limits_of_site(s->conf, &limits);
        usage_put_limits(v, USAGE_SITE, "", &limits);
    }
    if (a->uid && *a->key) {
        snprintf(who, sizeof who, "%s/", a->key);
        usage_put_key(v, s, who);
    } else if (a->uid && a->money) {
        usage_put_keys(v, s);
    }
    buf_putc(v->json, ']');
}

int usage_show(struct store *s, const struct usage_asker *a, struct buf *json)
{
    char prefix[KEYS_MAX] = KEYS_SHARED;
    struct usage_view v = {.json = json, .money = a->money, .first = true};
    struct link_reply *r = NULL;
    struct link_arg key;
    int error;

    usage_site_ask(s);
    if (a->uid)
        keys_prefix(prefix, a->uid);
    key = link_text(prefix);
    error = link_script_call(s->link, &script_usage_show,
        &(struct link_words){.keys = &key, .nkeys = 1}, &r);
    if (error)
        return error;
    v.r = r;
    v.now_ms = link_reply_int(link_reply_at(r, AT_NOW));
    buf_printf(json, "{\"scope\":\"%s\"", a->uid ? "user" : "site");
    if (a->uid)
        buf_json_member(json, "user", a->uid);
    if (a->uid && *a->cls)
        buf_json_member(json, "class", a->cls);
    usage_put_window(&v, "day", AT_DAY);
    usage_put_window(&v, "month", AT_MONTH);
    usage_put_all(&v, s, a);
    if (a->money)
        usage_put_set(&v);
    buf_putc(json, '}');
    link_reply_free(r);
    return buf_error(json);
}

int usage_set(struct store *s, const char *uid, const struct usage_change *changes, size_t count)
{
    char prefix[KEYS_MAX] = KEYS_SHARED;
    struct link_arg key;
    struct args args;
    int error;

    if (uid)
        keys_prefix(prefix, uid);
    key = link_text(prefix);
    args_init(&args);
    for (size_t i = 0; i < count; i++) {
        args_text(&args, changes[i].field);
        args_text(&args, changes[i].value);
    }
    error = args.error;
    if (!error)
        error = link_script_call(s->link, &script_usage_set,
            &(struct link_words){.keys = &key, .nkeys = 1, .args = args.v, .nargs = args.n}, NULL);
    args_fini(&args);
    return error;
}

int usage_copy_key(struct store *s, const char *uid, const char *from, const char *to,
    int64_t *count)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, from);
    args_text(&args, to);
    error = args_call(&args, s, &script_usage_copy, uid, &r);
    *count = error ? 0 : link_reply_int(r);
    link_reply_free(r);
    return error;
}
