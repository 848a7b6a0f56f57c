/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/quirks.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/shared.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

struct quirks_row {
    char key[IDENT_SHA256_SIZE];
    uint64_t used;
    int64_t learnt_ms;
    struct quirks quirks;
};
struct quirks_table {
    pthread_mutex_t lock; /* robust: a worker may be killed at any moment */
    uint64_t clock;
    struct quirks_row rows[QUIRKS_MAX];
};
static struct quirks_table quirks_own = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct quirks_table *quirks_table = &quirks_own;

int quirks_share(void)
{
    struct quirks_table *t = shared_new(sizeof *t);
    pthread_mutexattr_t attributes;
    int error;

    if (!t)
        return ERR_NOMEM;
    if (pthread_mutexattr_init(&attributes)) {
        shared_free(t);
        return ERR_NOMEM;
    }
    (void)pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    (void)pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    error = pthread_mutex_init(&t->lock, &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    if (error) {
        shared_free(t);
        return ERR_NOMEM;
    }
    if (quirks_table != &quirks_own)
        shared_free(quirks_table);
    quirks_table = t;
    return 0;
}

static void quirks_key(const struct quirks_of *of, char out[IDENT_SHA256_SIZE])
{
    struct buf text = {0};

    buf_printf(&text, "%s\n%s\n%s", of->provider, of->url, of->model);
    ident_sha256_hex(buf_text(&text), text.len, out);
    buf_free(&text);
}

/* What a worker left half-written is forgotten. Without the lock nothing is known. */
static bool quirks_lock(void)
{
    int error = pthread_mutex_lock(&quirks_table->lock);

    if (error == EOWNERDEAD) {
        memset(quirks_table->rows, 0, sizeof quirks_table->rows);
        error = pthread_mutex_consistent(&quirks_table->lock);
    }
    return !error;
}

static void quirks_unlock(void)
{
    (void)pthread_mutex_unlock(&quirks_table->lock);
}

/* The row of the key, or the one to be given up for it. */
static struct quirks_row *quirks_find(const char *key, bool *found)
{
    struct quirks_row *oldest = &quirks_table->rows[0];

    for (size_t i = 0; i < QUIRKS_MAX; i++) {
        struct quirks_row *row = &quirks_table->rows[i];
        if ((*found = !strcmp(row->key, key)))
            return row;
        if (row->used < oldest->used)
            oldest = row;
    }
    return oldest;
}

/* The row with what counts in it: nothing of what is too old. */
static struct quirks_row *quirks_current(const char *key, int64_t now_ms, bool *found)
{
    struct quirks_row *row = quirks_find(key, found);

    if (*found && now_ms - row->learnt_ms >= QUIRKS_KEEP_MS)
        *found = false;
    if (*found)
        row->used = ++quirks_table->clock;
    return row;
}

void quirks_get(const struct quirks_of *of, int64_t now_ms, struct quirks *out)
{
    char key[IDENT_SHA256_SIZE];
    struct quirks_row *row;
    bool found;

    *out = (struct quirks){0};
    quirks_key(of, key);
    if (!quirks_lock())
        return;
    row = quirks_current(key, now_ms, &found);
    if (found)
        *out = row->quirks;
    quirks_unlock();
}

static bool quirks_differ(const struct quirks *a, const struct quirks *b)
{
    return a->flags != b->flags || a->output_max != b->output_max || a->room != b->room;
}

static void quirks_learn(const char *key, const struct quirks *before, const struct quirks *now,
    int64_t now_ms)
{
    bool found;
    struct quirks_row *row = quirks_current(key, now_ms, &found);

    if (!found) {
        *row = (struct quirks_row){.used = ++quirks_table->clock,
            .learnt_ms = now_ms,
            .quirks = *before};
        memcpy(row->key, key, sizeof row->key);
    }
    row->quirks.flags |= now->flags;
    if (now->output_max != before->output_max)
        row->quirks.output_max = now->output_max;
    if (now->room != before->room)
        row->quirks.room = now->room;
}

void quirks_settle(const struct quirks_of *of, const struct quirks *before,
    const struct quirks *now, bool helped, int64_t now_ms)
{
    static const struct quirks nothing;
    char key[IDENT_SHA256_SIZE];
    bool found;

    if (!quirks_differ(before, helped ? now : &nothing))
        return;
    quirks_key(of, key);
    if (!quirks_lock())
        return;
    if (helped) {
        quirks_learn(key, before, now, now_ms);
    } else {
        struct quirks_row *row = quirks_find(key, &found);
        if (found)
            *row = (struct quirks_row){0};
    }
    quirks_unlock();
}

void quirks_forget(void)
{
    if (!quirks_lock())
        return;
    memset(quirks_table->rows, 0, sizeof quirks_table->rows);
    quirks_unlock();
}
