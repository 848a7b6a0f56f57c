/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/think.h"

#include <string.h>

/* DeepSeek R1, Qwen 3 and others; GLM; Gemma; Magistral; Seed-OSS (their model cards, November
 * 2026). All in ASCII, and a closing tag has its first byte once: think_inside. */
static const struct {
    const char *open, *close;
} think_tags[] = {
    {"<think>", "</think>"},
    {"<thinking>", "</thinking>"},
    {"<thought>", "</thought>"},
    {"[THINK]", "[/THINK]"},
    {"<seed:think>", "</seed:think>"},
};
#define THINK_TAGS (sizeof think_tags / sizeof think_tags[0])

static bool think_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static size_t think_blanks(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && think_is_blank(s[n]))
        n++;
    return n;
}

static bool think_begins(const char *tag, const char *s, size_t len)
{
    return len <= strlen(tag) && !memcmp(tag, s, len);
}

/*
 * Is all of s the beginning of a tag? When it is a whole one the state follows: into a thought, or
 * behind one, where a server has taken the thought out of the text and left its closing tag.
 */
static bool think_is_tag(struct think *t, const char *s, size_t len)
{
    bool any = false;

    for (unsigned i = 0; i < THINK_TAGS; i++) {
        bool opens = think_begins(think_tags[i].open, s, len);
        bool closes = think_begins(think_tags[i].close, s, len);
        any |= opens || closes;
        t->tag = opens ? i : t->tag;
        if (opens && !think_tags[i].open[len])
            t->state = THINK_INSIDE;
        else if (closes && !think_tags[i].close[len])
            t->state = THINK_AFTER;
        if (t->state != THINK_BEFORE)
            break;
    }
    return any;
}

/* One byte at the beginning: held. Then, if it can be told, the next state. */
static void think_before(struct think *t, char c)
{
    t->held[t->count++] = c;
    size_t blanks = think_blanks(t->held, t->count);
    if ((blanks < t->count && !think_is_tag(t, t->held + blanks, t->count - blanks)) ||
        (t->state == THINK_BEFORE && t->count == THINK_HELD_MAX))
        t->state = THINK_TEXT;
    else if (t->state != THINK_BEFORE)
        t->count = 0;
}

static int think_flush(struct think *t, bool thought, think_fn *out, void *arg)
{
    size_t n = t->count;

    t->count = 0;
    t->thought |= thought && n;
    return n ? out(arg, thought, t->held, n) : 0;
}

/* Bytes of a thought, up to its closing tag; used: out, the bytes read. */
static int think_inside(struct think *t, const char *s, size_t len, size_t *used, think_fn *out,
    void *arg)
{
    const char *close = think_tags[t->tag].close;
    size_t n = strlen(close), at = 0;
    int error = 0;

    while (at < len && !error && t->state == THINK_INSIDE) {
        if (s[at] == close[t->count]) {
            t->held[t->count++] = s[at++];
            if (t->count == n) {
                t->state = THINK_AFTER;
                t->count = 0;
            }
        } else if (t->count) { /* only its first byte can begin a closing tag again */
            error = think_flush(t, true, out, arg);
        } else {
            const char *next = memchr(s + at, close[0], len - at);
            size_t run = next ? (size_t)(next - s) - at : len - at;
            t->thought = true;
            error = out(arg, true, s + at, run);
            at += run;
        }
    }
    *used = at;
    return error;
}

/* The beginning can be told: what is held goes out, and with it the rest of the event it came
 * with. */
static int think_told(struct think *t, const char *s, size_t len, size_t *at, think_fn *out,
    void *arg)
{
    if (t->count <= *at) { /* all of it lies in s: one event stays one */
        const char *from = s + *at - t->count;
        t->count = 0;
        *at = len;
        return out(arg, false, from, (size_t)(s + len - from));
    }
    while (*at < len && ((unsigned char)s[*at] & 0xC0) == 0x80) /* no half a character */
        t->held[t->count++] = s[(*at)++];
    return think_flush(t, false, out, arg);
}

int think_feed(struct think *t, const char *s, size_t len, think_fn *out, void *arg)
{
    size_t at = 0, used;
    int error = 0;

    while (at < len && !error) {
        switch (t->state) {
        case THINK_BEFORE:
            think_before(t, s[at++]);
            if (t->state == THINK_TEXT)
                error = think_told(t, s, len, &at, out, arg);
            break;
        case THINK_INSIDE: /* blanks alone are none: written by models that are not to think */
            if (!t->thought && !t->count)
                at += think_blanks(s + at, len - at);
            error = think_inside(t, s + at, len - at, &used, out, arg);
            at += used;
            break;
        case THINK_AFTER:
            at += think_blanks(s + at, len - at);
            if (at < len)
                t->state = THINK_TEXT;
            break;
        case THINK_TEXT:
            return out(arg, false, s + at, len - at);
        }
    }
    return error;
}

int think_end(struct think *t, think_fn *out, void *arg)
{
    if (t->state == THINK_BEFORE && think_blanks(t->held, t->count) == t->count)
        t->count = 0;
    return think_flush(t, t->state == THINK_INSIDE, out, arg);
}
