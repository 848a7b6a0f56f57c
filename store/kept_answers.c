/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/kept_answers.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_ANSWERS_REST_MS 5000
#define KEPT_ANSWERS_LATE_MS 60000 /* a turn's end may take longer than turn.time says */
#define KEPT_ANSWERS_PLACES 65536  /* the most that cache.entries may be */

static int64_t kept_answers_rest_until; /* monotonic, of this process */

static void kept_answers_key(const struct store *s, const char *entry, char key[KEYS_MAX])
{
    char start[9];

    snprintf(start, sizeof start, "%.8s", entry);
    keys_answer(key, (unsigned)(strtoul(start, NULL, 16) % (unsigned long)s->conf->cache_entries));
}

/* ---- reading ---- */

/* Lives until its reply has come, or its asker has left. */
struct kept_answers_question {
    struct link_asker asker;
    struct task_ref task;
    struct link_reply *reply;
    int error;
    bool done;
};

static void kept_answers_on_reply(void *arg, int error, struct link_reply *reply)
{
    struct kept_answers_question *q = arg;

    q->reply = reply;
    q->error = error;
    q->done = true;
    task_ref_wake(q->task);
}

static int kept_answers_ask(struct store *s, const struct link_arg *args, size_t nargs,
    struct link_reply **out)
{
    struct kept_answers_question q = {.task = task_ref_self()};
    const struct link_question question = {.args = args,
        .nargs = nargs,
        .reads = true,
        .on_reply = kept_answers_on_reply,
        .arg = &q,
        .asker = &q.asker};
    const int64_t until = clock_mono_ms() + s->conf->cache_wait_ms;
    int error;

    if (!link_is_attached(s->link))
        return link_call(s->link, args, nargs, out);
    if ((error = link_ask(s->link, &question)))
        return error;
    while (!q.done && clock_mono_ms() < until)
        err_ignore(task_wait(s->reactor, until, NULL));
    if (!q.done) {
        link_asker_leave(&q.asker);
        return ERR_STORE;
    }
    *out = q.reply;
    return q.error;
}

static size_t kept_answers_marks(const struct link_reply *r)
{
    size_t len;

    link_reply_text(r, &len);
    return len / (KEPT_ANSWERS_MARK_SIZE - 1);
}

int kept_answers_get(struct store *s, const char *entry, char seen[KEPT_ANSWERS_SEEN_SIZE],
    struct arena *arena, const char **json)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    *seen = '\0';
    if (clock_mono_ms() < kept_answers_rest_until)
        return ERR_STORE;
    kept_answers_key(s, entry, key);
    const struct link_arg args[] = {link_text("HMGET"), link_text(key), link_text("d"),
        link_text("u"), link_text("j"), link_text("g")};
    error = kept_answers_ask(s, args, sizeof args / sizeof *args, &r);
    if (!error && link_reply_count(r) == 4)
        snprintf(seen, KEPT_ANSWERS_SEEN_SIZE, "%s", link_reply_text(link_reply_at(r, 3), NULL));
    if (error) {
        if (err_is_store(error))
            kept_answers_rest_until = clock_mono_ms() + KEPT_ANSWERS_REST_MS;
        log_limited(LOG_LEVEL_WARN, "kept answers cannot be read (%s): models are asked",
            err_name(error));
    } else if (link_reply_count(r) != 4 ||
        strcmp(link_reply_text(link_reply_at(r, 0), NULL), entry) != 0 ||
        (int64_t)kept_answers_marks(link_reply_at(r, 1)) < s->conf->cache_users) {
        error = ERR_NOT_FOUND;
    } else if (!(*json = arena_strdup(arena, link_reply_text(link_reply_at(r, 2), NULL)))) {
        error = ERR_NOMEM;
    }
    link_reply_free(r);
    return error;
}

/* ---- writing ---- */

static void kept_answers_on_put(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    if (error)
        log_limited(LOG_LEVEL_WARN, "an answer could not be kept (%s)", err_name(error));
    link_reply_free(reply);
}

bool kept_answers_offer(struct store *s, const struct kept_answers_offered *what)
{
    char key[KEYS_MAX], ttl[24], users[24];

    if (what->len > KEPT_ANSWERS_BYTES || clock_mono_ms() < kept_answers_rest_until)
        return false;
    kept_answers_key(s, what->entry, key);
    snprintf(ttl, sizeof ttl, "%lld", (long long)s->conf->cache_ttl_ms);
    snprintf(users, sizeof users, "%lld", (long long)s->conf->cache_users);
    const struct link_arg words[] = {link_text(key), link_text(what->entry), link_text(what->mark),
        link_text(ttl), link_text(users), {what->json, what->len}, link_text(what->seen)};
    const size_t count = sizeof words / sizeof *words;
    const struct link_question question = {.script = &script_kept_answer_put,
        .nkeys = 1,
        .args = words,
        .nargs = count,
        .on_reply = kept_answers_on_put};
    const struct link_words plain = {.keys = words,
        .nkeys = 1,
        .args = words + 1,
        .nargs = count - 1};

    if (link_is_attached(s->link)) /* nobody waits for it, also not for a connection */
        return !link_ask(s->link, &question);
    return !link_send_script(s->link, &script_kept_answer_put, &plain, kept_answers_on_put, NULL);
}

/* From its place; entry "": whatever is there. The mark stays as long as a turn may take. */
static int kept_answers_drop_at(struct store *s, const char *key, const char *entry)
{
    char mark[KEPT_ANSWERS_SEEN_SIZE], life[24];

    ident_uuid7(mark);
    snprintf(life, sizeof life, "%lld", (long long)s->conf->turn_ms + KEPT_ANSWERS_LATE_MS);
    const struct link_arg keys = link_text(key),
                          args[] = {link_text(entry), link_text(mark), link_text(life)};
    return link_script_call(s->link, &script_kept_answer_drop,
        &(struct link_words){.keys = &keys,
            .nkeys = 1,
            .args = args,
            .nargs = sizeof args / sizeof *args},
        NULL);
}

int kept_answers_drop(struct store *s, const char *entry)
{
    char key[KEYS_MAX];

    kept_answers_key(s, entry, key);
    return kept_answers_drop_at(s, key, entry);
}

/* ---- for the operator ---- */

int kept_answers_show(struct store *s, struct kept_answers_sums *out)
{
    char key[KEYS_MAX];
    int error = 0;

    *out = (struct kept_answers_sums){0};
    for (int64_t i = 0; i < s->conf->cache_entries && !error; i++) {
        struct link_reply *r = NULL;
        size_t len;
        keys_answer(key, (unsigned)i);
        error = link_command(s->link, &r, "HMGET %s u j", key);
        if (!error && link_reply_type(link_reply_at(r, 1)) == LINK_STRING) {
            link_reply_text(link_reply_at(r, 1), &len);
            out->kept++;
            out->told += (int64_t)kept_answers_marks(link_reply_at(r, 0)) >= s->conf->cache_users;
            out->bytes += (int64_t)len;
        }
        link_reply_free(r);
    }
    return error;
}

int kept_answers_clear(struct store *s)
{
    char key[KEYS_MAX];
    int error = 0;

    for (int64_t i = 0; i < KEPT_ANSWERS_PLACES && !error; i++) {
        keys_answer(key, (unsigned)i);
        error = i < s->conf->cache_entries ? kept_answers_drop_at(s, key, "") :
                                             link_command(s->link, NULL, "UNLINK %s", key);
    }
    return error;
}
