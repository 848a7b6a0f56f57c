/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/find_parts.h"

#include "base/utf8.h"
#include "base/words.h"
#include "store/args.h"
#include "store/scripts.h"
#include "store/sessions_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MOST 300   /* sessions of the rarest word that one request looks at */
#define RANGES_MAX 32   /* of a text */
#define SNIPPET_LEAD 48 /* bytes in front of the first word found, about */
#define SNIPPET_BYTES 240
#define LAST_LEAST 2 /* characters from which on the last word is a beginning */

struct find_query {
    struct words_word words[FIND_QUERY_WORDS];
    size_t count;
    bool begins; /* the last one is the beginning of a word */
};

static void find_read_query(const char *text, struct find_query *q)
{
    size_t len = strlen(text);
    struct words w = words_of(text, len > FIND_QUERY_BYTES ? FIND_QUERY_BYTES : len, true);
    const struct words_word *last;

    q->count = 0;
    while (q->count < FIND_QUERY_WORDS && words_next(&w, &q->words[q->count]))
        q->count++;
    if (!q->count)
        return;
    last = &q->words[q->count - 1];
    q->begins = (unsigned char)*last->text >= 0xE0 ||
        utf8_length(last->text, strlen(last->text)) >= LAST_LEAST;
}

/* ---- what is shown ---- */

struct find_range {
    size_t from, to; /* bytes */
};

static bool find_is_meant(const struct find_query *q, const char *word)
{
    for (size_t i = 0; i < q->count; i++) {
        const char *said = q->words[i].text;
        bool begins = q->begins && i == q->count - 1;

        if (begins ? strncmp(word, said, strlen(said)) == 0 : strcmp(word, said) == 0)
            return true;
    }
    return false;
}

/* Where the words of the question stand, up to `within` bytes behind the first one; those side by
 * side are one. */
static size_t find_ranges(const struct find_query *q, const char *text, size_t len, size_t within,
    struct find_range out[RANGES_MAX])
{
    struct words w = words_of(text, len, false);
    struct words_word word;
    size_t count = 0;

    while (words_next(&w, &word)) {
        if (count && word.from - out[0].from >= within)
            break;
        if (!find_is_meant(q, word.text))
            continue;
        if (count && word.from <= out[count - 1].to) {
            if (word.to > out[count - 1].to)
                out[count - 1].to = word.to;
            continue;
        }
        if (count == RANGES_MAX)
            break;
        out[count++] = (struct find_range){word.from, word.to};
    }
    return count;
}

static void find_put_ranges(struct buf *json, const char *text, size_t from, size_t to,
    const struct find_range *ranges, size_t count)
{
    const char *before = "[";

    for (size_t i = 0; i < count; i++) {
        size_t a = ranges[i].from, b = ranges[i].to < to ? ranges[i].to : to;

        if (a < from || a >= b)
            continue;
        buf_printf(json, "%s[%zu,%zu]", before, utf8_length(text + from, a - from),
            utf8_length(text + from, b - from));
        before = ",";
    }
    buf_puts(json, *before == '[' ? "[]" : "]");
}

/* The part of the text around the first word that was found, from a blank on if there is one. */
static struct find_range find_cut(const char *text, size_t len, const struct find_range *first)
{
    size_t from = 0, to = len;

    if (first->from > SNIPPET_LEAD) {
        from = utf8_cut(text, first->from - SNIPPET_LEAD);
        for (size_t i = from; i < first->from; i++)
            if (text[i] == ' ' || text[i] == '\n') {
                from = i + 1;
                break;
            }
    }
    if (len - from > SNIPPET_BYTES)
        to = from + utf8_cut(text + from, SNIPPET_BYTES);
    return (struct find_range){from, to};
}

/* One line: control characters become blanks, one for one, so that places stay. */
static void find_put_line(struct buf *json, const char *text, size_t len)
{
    buf_putc(json, '"');
    for (size_t i = 0; i < len;) {
        size_t n = 0;

        while (i + n < len && (unsigned char)text[i + n] >= ' ' && text[i + n] != 0x7F)
            n++;
        buf_json_escaped(json, text + i, n);
        i += n;
        if (i < len) {
            buf_putc(json, ' ');
            i++;
        }
    }
    buf_putc(json, '"');
}

/* The stored message, or null when none has the words. */
static void find_put_match(struct buf *json, const struct find_query *q,
    const struct link_reply *message, struct buf *text)
{
    struct find_range ranges[RANGES_MAX], part;
    size_t len, count = 0;
    const char *stored = link_reply_text(message, &len), *s;
    jdoc *doc = NULL;

    if (len && jdoc_parse(stored, len, &doc, NULL, 0) == 0 && find_text(doc, text)) {
        s = buf_text(text);
        len = text->len > FIND_MESSAGE_BYTES ? utf8_cut(s, FIND_MESSAGE_BYTES) : text->len;
        count = find_ranges(q, s, len, SNIPPET_BYTES, ranges);
    }
    if (count) {
        part = find_cut(s, len, &ranges[0]);
        buf_puts(json, "{\"message_id\":");
        buf_json_text(json, jdoc_text_or(doc, "id", ""));
        buf_json_member(json, "role", jdoc_text_or(doc, "role", ""));
        buf_puts(json, ",\"snippet\":");
        find_put_line(json, s + part.from, part.to - part.from);
        buf_puts(json, ",\"ranges\":");
        find_put_ranges(json, s, part.from, part.to, ranges, count);
        buf_putc(json, '}');
    } else {
        buf_puts(json, "null");
    }
    jdoc_free(doc);
}

static void find_put_session(struct buf *json, const struct find_query *q,
    const struct link_reply *row, struct buf *text)
{
    struct find_range ranges[RANGES_MAX];
    size_t len, count;
    const char *title = link_reply_text(link_reply_at(row, 1), &len);

    count = find_ranges(q, title, len, SIZE_MAX, ranges);
    sessions_put_session(json, sessions_text_at(row, 0), row, 1);
    buf_cut(json, json->len - 1); /* its brace */
    buf_puts(json, ",\"title_ranges\":");
    find_put_ranges(json, title, 0, len, ranges, count);
    buf_puts(json, ",\"match\":");
    find_put_match(json, q, link_reply_at(row, 7), text);
    buf_putc(json, '}');
}

/* ---- the question ---- */

static int find_ask(struct store *s, const char *uid, const struct find_page *page,
    const struct find_query *q, struct link_reply **r)
{
    bool begins = !page->cursor || !*page->cursor;
    char score[24] = "+inf";
    const char *session = "";
    struct args args;

    if (!begins && sessions_read_cursor(page->cursor, score, &session))
        return ERR_INVALID;
    args_init(&args);
    args_int(&args, (int64_t)page->limit);
    args_text(&args, score);
    args_text(&args, session);
    args_text(&args, page->pinned);
    args_int(&args, LOOK_MOST);
    for (size_t i = 0; i < q->count; i++) {
        args_text(&args, q->begins && i == q->count - 1 ? "p" : "w");
        args_text(&args, q->words[i].text);
    }
    return args_call(&args, s, &script_find_search, uid, r);
}

static void find_write(const struct find_query *q, const struct link_reply *r,
    const struct find_state *state, struct buf *json)
{
    struct buf text = {0};

    buf_puts(json, "{\"sessions\":[");
    for (size_t i = 3; i < link_reply_count(r); i++) {
        if (i > 3)
            buf_putc(json, ',');
        find_put_session(json, q, link_reply_at(r, i), &text);
    }
    buf_puts(json, "],\"next_cursor\":");
    if (link_reply_int(link_reply_at(r, 0)))
        buf_printf(json, "\"%s-%s\"", sessions_text_at(r, 1), sessions_text_at(r, 2));
    else
        buf_puts(json, "null");
    buf_printf(json, ",\"complete\":%s,\"indexing\":%s}", state->complete ? "true" : "false",
        state->indexing ? "true" : "false");
    buf_free(&text);
}

int find_sessions(struct store *s, const char *uid, const struct find_page *page, struct buf *json)
{
    struct find_state state = {.complete = true};
    struct link_reply *r = NULL;
    struct find_query q;
    int error = 0;

    find_read_query(page->query, &q);
    if (q.count) {
        error = find_refresh(s, uid, &state);
        if (!error)
            error = find_ask(s, uid, page, &q, &r);
    }
    if (!error) {
        find_write(&q, r, &state, json);
        error = buf_error(json);
    }
    link_reply_free(r);
    return error;
}
