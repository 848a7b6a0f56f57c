/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/stats.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "process/machine.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATS_BATCH 100             /* rows of one script */
#define STATS_BASE_KEEP "604800000" /* of what a machine had said: a week without a word from it */
#define STATS_PREFIX "turnpike_"
#define STATS_NAME_SIZE (64 + MEASURE_LABELS * MEASURE_VALUE_SIZE)

/* What a report is made of. */
static const enum measure_family stats_families[] = {MEASURE_TURN_TIME, MEASURE_FIRST_TOKEN,
    MEASURE_QUEUE_WAIT, MEASURE_TURNS, MEASURE_TURN_ERRORS, MEASURE_TAKEOVERS, MEASURE_MODEL_TIME,
    MEASURE_MODEL_REQUESTS, MEASURE_MODEL_ERRORS, MEASURE_MODEL_INPUT, MEASURE_MODEL_CACHED,
    MEASURE_MODEL_OUTPUT, MEASURE_MODEL_MONEY, MEASURE_CLASS_MONEY, MEASURE_TOOL_TIME,
    MEASURE_TOOL_ERRORS, MEASURE_LIMITS, MEASURE_CACHE_LOOKS, MEASURE_CACHE_TOKENS,
    MEASURE_CACHE_MONEY};
#define STATS_FAMILIES (sizeof stats_families / sizeof stats_families[0])

static bool stats_has(enum measure_family family)
{
    for (size_t i = 0; i < STATS_FAMILIES; i++)
        if (stats_families[i] == family)
            return true;
    return false;
}

/* ---- keys ---- */

static void stats_key(char out[KEYS_MAX], int64_t unit_ms, int64_t at_ms)
{
    char name[24];
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    strftime(name, sizeof name, unit_ms == STATS_HOUR_MS ? "h:%Y%m%d%H" : "d:%Y%m%d", &tm);
    keys_stats(out, name);
}

static void stats_users_key(char out[KEYS_MAX], int64_t at_ms)
{
    char name[24];
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm = {0};

    gmtime_r(&seconds, &tm);
    strftime(name, sizeof name, "users:%Y%m%d", &tm);
    keys_stats(out, name);
}

/* ---- rows as text ---- */

static void stats_put_label(struct buf *out, const char *label)
{
    for (; *label; label++)
        buf_putc(out, *label == '|' ? '_' : *label);
}

/* FAMILY|LABEL|LABEL */
static void stats_put_name(struct buf *out, const struct measure_value *v)
{
    buf_puts(out, measure_info(v->family)->name + strlen(STATS_PREFIX));
    for (size_t i = 0; i < MEASURE_LABELS; i++) {
        buf_putc(out, '|');
        stats_put_label(out, v->label[i]);
    }
}

static void stats_put_values(struct buf *out, const struct measure_value *v)
{
    size_t count;
    const int64_t *bounds = measure_bounds(v->family, &count);

    if (measure_info(v->family)->kind != MEASURE_HISTOGRAM) {
        buf_printf(out, "n:%" PRId64, v->value);
        return;
    }
    buf_printf(out, "s:%" PRId64, v->value);
    for (size_t i = 0; i <= count && i < MEASURE_BUCKETS; i++) {
        if (v->bucket[i] == 0)
            continue;
        if (i < count)
            buf_printf(out, " %" PRId64 ":%" PRIu64, bounds[i], v->bucket[i]);
        else
            buf_printf(out, " inf:%" PRIu64, v->bucket[i]);
    }
}

static bool stats_find_family(const char *name, size_t len, enum measure_family *out)
{
    for (size_t i = 0; i < STATS_FAMILIES; i++) {
        const char *known = measure_info(stats_families[i])->name + strlen(STATS_PREFIX);

        if (strlen(known) == len && memcmp(known, name, len) == 0) {
            *out = stats_families[i];
            return true;
        }
    }
    return false;
}

/* A bound that this version has no more counts in the bucket that holds it. */
static size_t stats_bucket_of(enum measure_family family, const char *bound, size_t len)
{
    size_t count, i = 0;
    const int64_t *bounds = measure_bounds(family, &count);
    int64_t us = strtoll(bound, NULL, 10);

    if (len == 3 && memcmp(bound, "inf", 3) == 0)
        return count;
    while (i < count && bounds[i] < us)
        i++;
    return i;
}

static void stats_take_value(struct stats_row *row, const char *name, size_t len, int64_t value)
{
    if (len == 1 && (*name == 'n' || *name == 's')) {
        row->value = value;
        return;
    }
    row->bucket[stats_bucket_of(row->family, name, len)] += (uint64_t)value;
    row->count += (uint64_t)value;
}

bool stats_row_parse(const char *name, const char *text, struct stats_row *out)
{
    size_t len = strcspn(name, "|");

    memset(out, 0, sizeof *out);
    if (!stats_find_family(name, len, &out->family))
        return false;
    name += len;
    for (size_t i = 0; i < MEASURE_LABELS && *name == '|'; i++) {
        len = strcspn(++name, "|");
        snprintf(out->label[i], MEASURE_VALUE_SIZE, "%.*s", (int)len, name);
        name += len;
    }
    while (*text) {
        char *end;

        len = strcspn(text, ":");
        if (text[len] != ':')
            return false;
        int64_t value = strtoll(text + len + 1, &end, 10);
        if (end == text + len + 1 || value < 0)
            return false;
        stats_take_value(out, text, len, value);
        text = end + (*end == ' ');
    }
    return true;
}

/* ---- flush ---- */

static int stats_order(const struct measure_value *a, const struct measure_value *b)
{
    int order = (int)a->family - (int)b->family;

    for (size_t i = 0; order == 0 && i < MEASURE_LABELS; i++)
        order = strcmp(a->label[i], b->label[i]);
    return order;
}

/* What Redis has of this row already; NULL = nothing. Both lists are sorted alike; at: where to go
 * on. */
static const struct measure_value *stats_before(const struct stats_flush *f, size_t *at,
    const struct measure_value *v)
{
    while (*at < f->last_count && stats_order(&f->last[*at], v) < 0)
        (*at)++;
    return *at < f->last_count && stats_order(&f->last[*at], v) == 0 ? &f->last[*at] : NULL;
}

static bool stats_has_grown(const struct measure_value *before, const struct measure_value *v)
{
    if (before)
        return before->value != v->value || before->count != v->count;
    return v->value != 0 || v->count != 0;
}

struct stats_batch {
    struct stats_flush *flush;
    struct link_arg args[3 + 2 * STATS_BATCH];
    struct buf texts[2 * STATS_BATCH];
    size_t n; /* texts in use */
    bool sent;
    char hour_end[24], day_end[24];
    char base[KEYS_MAX], hour[KEYS_MAX], day[KEYS_MAX];
};

static void stats_batch_begin(struct stats_batch *b, int64_t now_ms)
{
    const struct conf *conf = b->flush->store->conf;
    char machine[MACHINE_OWNER_SIZE], name[MACHINE_OWNER_SIZE + 32];

    machine_owner_of(conf, "", 0, machine);
    machine[strcspn(machine, "/")] = '\0';
    snprintf(name, sizeof name, "base:%s:%" PRId64, machine, measure_begun());
    keys_stats(b->base, name);
    stats_key(b->hour, STATS_HOUR_MS, now_ms);
    stats_key(b->day, STATS_DAY_MS, now_ms);
    snprintf(b->hour_end, sizeof b->hour_end, "%" PRId64,
        (now_ms / STATS_HOUR_MS + 1) * STATS_HOUR_MS + conf->stats_hours_keep_ms);
    snprintf(b->day_end, sizeof b->day_end, "%" PRId64,
        (now_ms / STATS_DAY_MS + 1) * STATS_DAY_MS + conf->stats_keep_ms);
}

static int stats_batch_send(struct stats_batch *b)
{
    struct link_arg keys[] = {link_text(b->base), link_text(b->hour), link_text(b->day)};
    int error = 0;

    b->args[0] = link_text(STATS_BASE_KEEP);
    b->args[1] = link_text(b->hour_end);
    b->args[2] = link_text(b->day_end);
    for (size_t i = 0; i < b->n; i++) {
        b->args[3 + i] = (struct link_arg){buf_text(&b->texts[i]), b->texts[i].len};
        error = error ? error : buf_error(&b->texts[i]);
    }
    if (!error)
        error = link_script_call(b->flush->store->link, &script_stats_add,
            &(struct link_words){.keys = keys, .nkeys = 3, .args = b->args, .nargs = 3 + b->n},
            NULL);
    b->n = 0;
    b->sent = true;
    return error;
}

static int stats_batch_add(struct stats_batch *b, const struct measure_value *v)
{
    buf_reset(&b->texts[b->n]);
    buf_reset(&b->texts[b->n + 1]);
    stats_put_name(&b->texts[b->n], v);
    stats_put_values(&b->texts[b->n + 1], v);
    b->n += 2;
    return b->n == 2 * STATS_BATCH ? stats_batch_send(b) : 0;
}

static int stats_send(struct stats_flush *f, const struct measure_value *rows, size_t count,
    int64_t now_ms)
{
    struct stats_batch *b = calloc(1, sizeof *b);
    size_t at = 0;
    int error = 0;

    if (!b)
        return ERR_NOMEM;
    b->flush = f;
    stats_batch_begin(b, now_ms);
    for (size_t i = 0; !error && i < count; i++)
        if (stats_has(rows[i].family) && stats_has_grown(stats_before(f, &at, &rows[i]), &rows[i]))
            error = stats_batch_add(b, &rows[i]);
    if (!error && (b->n > 0 || !b->sent)) /* with nothing to say it keeps the base alive */
        error = stats_batch_send(b);
    for (size_t i = 0; i < 2 * STATS_BATCH; i++)
        buf_free(&b->texts[i]);
    free(b);
    return error;
}

int stats_flush_step(struct stats_flush *f, int64_t now_ms)
{
    struct measure_value *rows = NULL;
    size_t count = 0;
    int error = measure_snapshot(&rows, &count);

    if (!error)
        error = stats_send(f, rows, count, now_ms);
    if (error) {
        free(rows);
        return error;
    }
    free(f->last);
    f->last = rows;
    f->last_count = count;
    return 0;
}

void stats_flush_fini(struct stats_flush *f)
{
    free(f->last);
    f->last = NULL;
    f->last_count = 0;
}

/* ---- users ---- */

#define STATS_SEEN 1024

/* Whom this process has sent today, by a part of a hash: who is forgotten is sent again. */
static uint64_t stats_seen[STATS_SEEN];

static void stats_on_noted(void *arg, int error, struct link_reply *reply)
{
    uint64_t *seen = arg;

    if (error)
        *seen = 0; /* with the user's next turn */
    link_reply_free(reply);
}

/* Nobody waits for it, also not for a connection. */
static int stats_tell(struct store *s, const struct link_arg *args, size_t nargs, uint64_t *seen)
{
    const struct link_question question = {.args = args,
        .nargs = nargs,
        .on_reply = stats_on_noted,
        .arg = seen};

    if (link_is_attached(s->link))
        return link_ask(s->link, &question);
    return link_send(s->link, args, nargs, stats_on_noted, seen);
}

void stats_note_user(struct store *s, const char *uid, int64_t now_ms)
{
    uint64_t *seen;
    char key[KEYS_MAX];
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(now_ms / STATS_DAY_MS);

    for (const char *p = uid; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    seen = &stats_seen[hash % STATS_SEEN];
    if (*seen == hash)
        return;
    stats_users_key(key, now_ms);
    struct link_arg add[] = {link_text("PFADD"), link_text(key), link_text(uid)};
    char keep[24];
    snprintf(keep, sizeof keep, "%" PRId64, s->conf->stats_keep_ms);
    struct link_arg expire[] = {link_text("PEXPIRE"), link_text(key), link_text(keep)};
    *seen = hash;
    if (stats_tell(s, add, 3, seen) || stats_tell(s, expire, 3, seen))
        *seen = 0;
}

int stats_users(struct store *s, int64_t from_ms, int64_t to_ms, int64_t *count)
{
    static const size_t days_max = STATS_USER_DAYS;
    struct link_reply *r = NULL;
    char(*keys)[KEYS_MAX] = malloc((days_max + 1) * sizeof *keys);
    struct link_arg *args = malloc((days_max + 2) * sizeof *args);
    int64_t day = from_ms / STATS_DAY_MS, last = to_ms / STATS_DAY_MS;
    size_t n = 0;
    int error = keys && args ? 0 : ERR_NOMEM;

    *count = 0;
    if (!error) {
        args[0] = link_text("PFCOUNT");
        for (; day <= last && n < days_max; day++, n++) {
            stats_users_key(keys[n], day * STATS_DAY_MS);
            args[n + 1] = link_text(keys[n]);
        }
        error = n == 0 ? 0 : link_call(s->link, args, n + 1, &r);
    }
    if (!error)
        *count = link_reply_int(r);
    link_reply_free(r);
    free(keys);
    free(args);
    return error;
}

/* ---- reading ---- */

int stats_read(struct store *s, int64_t unit_ms, int64_t at_ms, stats_row_fn *fn, void *arg)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];
    int error;

    stats_key(key, unit_ms, at_ms);
    error = link_command(s->link, &r, "HGETALL %s", key);
    for (size_t i = 0; !error && i + 1 < link_reply_count(r); i += 2) {
        struct stats_row row;

        if (stats_row_parse(link_reply_text(link_reply_at(r, i), NULL),
                link_reply_text(link_reply_at(r, i + 1), NULL), &row))
            error = fn(arg, &row);
    }
    link_reply_free(r);
    return error;
}
