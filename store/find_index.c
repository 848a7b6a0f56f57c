/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of sessions that have changed are taken into the index. */
#include "store/find_parts.h"

#include "base/clock.h"
#include "base/ident.h"
#include "base/words.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 4                      /* sessions told by one call */
#define PAGE 8                      /* messages read at once */
#define SESSION_BYTES (1024 * 1024) /* of a session's messages read in one step */
#define SLOTS 4096                  /* of the table; a power of two above FIND_SESSION_WORDS */

/* Words of one session, each with the number of the last message that has it. */
struct find_table {
    struct find_word {
        char text[WORDS_SIZE];
        int64_t number;
    } slots[SLOTS];
    size_t count;
};

struct find_job {
    struct store *store;
    const char *uid;
    struct find_table *table;
    struct buf text;
};

/* One session, as find_due.lua tells it. */
struct find_due {
    const char *sid, *score, *title, *side;
    int64_t total, gone, from;
};

bool find_text(const jdoc *message, struct buf *out)
{
    const char *role = jdoc_text_or(message, "role", ""), *s;
    const jdoc *content = jdoc_get(message, "content");
    size_t len;

    buf_reset(out);
    if (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0)
        return false;
    if ((s = jdoc_string(content, &len)))
        buf_put(out, s, len);
    for (size_t i = 0; !s && i < jdoc_length(content); i++) {
        const jdoc *part = jdoc_at(content, i);

        if (strcmp(jdoc_text_or(part, "type", ""), "text") != 0)
            continue;
        if (out->len)
            buf_putc(out, '\n');
        buf_puts(out, jdoc_text_or(part, "text", ""));
    }
    return !buf_error(out);
}

/* ---- the words of a session ---- */

static size_t find_hash(const char *text)
{
    size_t h = 2166136261u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

/* False: the table is full. The first number stays: messages come from the last one on. */
static bool find_note(struct find_table *t, const char *word, int64_t number)
{
    size_t i = find_hash(word) & (SLOTS - 1);

    while (*t->slots[i].text && strcmp(t->slots[i].text, word) != 0)
        i = (i + 1) & (SLOTS - 1);
    if (*t->slots[i].text) {
        if (!t->slots[i].number)
            t->slots[i].number = number;
        return true;
    }
    if (t->count == FIND_SESSION_WORDS)
        return false;
    memcpy(t->slots[i].text, word, strlen(word) + 1);
    t->slots[i].number = number;
    t->count++;
    return true;
}

static bool find_note_words(struct find_table *t, const char *text, size_t len, int64_t number)
{
    struct words w = words_of(text, len > FIND_MESSAGE_BYTES ? FIND_MESSAGE_BYTES : len, false);
    struct words_word word;
    size_t before = t->count;

    while (words_next(&w, &word) && t->count - before < FIND_MESSAGE_WORDS)
        if (!find_note(t, word.text, number))
            return false;
    return true;
}

/* Messages first..last of the session's list, the last one first. more: out, is there room? */
static int find_read_page(struct find_job *job, const struct find_due *due, int64_t first,
    int64_t last, size_t *bytes)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    bool room = true;
    int error;

    keys_session_messages(key, job->uid, due->sid);
    error = link_command(job->store->link, &r, "LRANGE %s %lld %lld", key,
        (long long)(first - due->gone), (long long)(last - due->gone));
    for (size_t i = link_reply_count(r); !error && room && i-- > 0;) {
        size_t len;
        const char *json = link_reply_text(link_reply_at(r, i), &len);
        jdoc *doc = NULL;

        *bytes += len;
        if (jdoc_parse(json, len, &doc, NULL, 0) == 0 && find_text(doc, &job->text))
            room = find_note_words(job->table, buf_text(&job->text), job->text.len,
                first + (int64_t)i + 1);
        jdoc_free(doc);
        error = buf_error(&job->text);
    }
    link_reply_free(r);
    return error ? error : room ? 0 : ERR_FULL;
}

static int find_read(struct find_job *job, const struct find_due *due)
{
    int64_t from = due->from > due->gone ? due->from : due->gone, last = due->total - 1;
    size_t bytes = 0;
    int error = 0;

    memset(job->table, 0, sizeof *job->table);
    find_note_words(job->table, due->title, strlen(due->title), 0);
    while (!error && last >= from && bytes < SESSION_BYTES) {
        int64_t first = last - PAGE + 1 > from ? last - PAGE + 1 : from;

        error = find_read_page(job, due, first, last, &bytes);
        last = first - 1;
    }
    return error == ERR_FULL ? 0 : error;
}

static int find_put(struct find_job *job, const struct find_due *due)
{
    const struct conf *conf = job->store->conf;
    char(*numbers)[24] = calloc(job->table->count + 1, sizeof *numbers);
    struct args args;
    size_t n = 0;

    if (!numbers)
        return ERR_NOMEM;
    args_init(&args);
    args_text(&args, due->sid);
    args_text(&args, due->score);
    args_ints(&args, due->total, due->from);
    args_text(&args, due->side);
    args_ints(&args, conf->session_keep_ms, FIND_SESSION_WORDS);
    for (size_t i = 0; i < SLOTS; i++) {
        const struct find_word *word = &job->table->slots[i];

        if (!*word->text)
            continue;
        snprintf(numbers[n], sizeof *numbers, "%lld", (long long)word->number);
        args_text(&args, word->text);
        args_text(&args, numbers[n++]);
    }
    int error = args_call(&args, job->store, &script_find_put, job->uid, NULL);
    free(numbers);
    return error;
}

/* ---- all that is due ---- */

static const char *find_string_at(const struct link_reply *row, size_t i)
{
    return link_reply_text(link_reply_at(row, i), NULL);
}

static int find_take_in(struct find_job *job, const struct link_reply *row)
{
    if (link_reply_count(row) == 0) /* an index of an earlier form goes first */
        return 0;
    const struct find_due due = {.sid = find_string_at(row, 0),
        .score = find_string_at(row, 1),
        .title = find_string_at(row, 2),
        .total = link_reply_int(link_reply_at(row, 3)),
        .gone = link_reply_int(link_reply_at(row, 4)),
        .from = link_reply_int(link_reply_at(row, 5)),
        .side = find_string_at(row, 6)};
    int error = find_read(job, &due);

    return error ? error : find_put(job, &due);
}

/* more: out, were there any? */
static int find_step(struct find_job *job, struct find_state *out, bool *more, int64_t until_ms)
{
    const struct conf *conf = job->store->conf;
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_ints(&args, STEP, conf->session_keep_ms, conf->session_index);
    error = args_call(&args, job->store, &script_find_due, job->uid, &r);
    *more = !error && link_reply_count(r) > 1;
    out->complete = link_reply_int(link_reply_at(r, 0)) == 1;
    out->indexing = *more;
    for (size_t i = 1; !error && i < link_reply_count(r); i++) {
        if (i > 1 && clock_mono_ms() >= until_ms) /* one at least, however slow Redis is */
            break;
        error = find_take_in(job, link_reply_at(r, i));
    }
    link_reply_free(r);
    return error;
}

int find_refresh(struct store *s, const char *uid, struct find_state *out)
{
    struct find_job job = {.store = s, .uid = uid, .table = malloc(sizeof *job.table)};
    const int64_t until = clock_mono_ms() + FIND_MAKE_MS;
    bool more = true;
    int error = job.table ? 0 : ERR_NOMEM;

    while (!error && more && clock_mono_ms() < until)
        error = find_step(&job, out, &more, until);
    free(job.table);
    buf_free(&job.text);
    return error;
}
