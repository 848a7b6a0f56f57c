/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_frame_slot.h"

#include "agent/offline/offline_fill.h"
#include "agent/offline/offline_phrase.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <string.h>

#define OFFLINE_FRAME_SLOTS 4
#define OFFLINE_FRAME_TRIES 400 /* of one frame */

struct offline_frame_try {
    const struct offline_frame_words *words;
    const struct offline_world *world;
    enum offline_language language;
    struct offline_frame_slot slots[OFFLINE_FRAME_SLOTS];
    size_t slot_count;
    unsigned budget;
};

/* Words from i on that are the alternative of len bytes at p; 0 = they are not. */
static size_t offline_frame_says(const struct offline_frame_words *w, size_t i, const char *p,
    size_t len)
{
    size_t n = 0;

    for (const char *end = p + len; p < end; n++) {
        size_t word = strcspn(p, "_| ");
        if (i + n >= w->count || strlen(w->list[i + n].low) != word ||
            strncmp(w->list[i + n].low, p, word) != 0)
            return 0;
        p += word + 1;
    }
    return n;
}

static bool offline_frame_match(struct offline_frame_try *t, const char *p, size_t i);

static bool offline_frame_match_slot(struct offline_frame_try *t, const char *p, size_t i)
{
    const char *colon = strchr(p, ':'), *rest = p + strcspn(p, " ");
    struct offline_frame_slot slot = {.type = p + 1, .argument = colon + 1, .at = i};
    size_t most = offline_frame_slot_most(slot.type), had = t->slot_count;

    if (had == OFFLINE_FRAME_SLOTS)
        return false;
    for (slot.n = 1; slot.n <= most && i + slot.n <= t->words->count; slot.n++) {
        if (!offline_frame_slot_take(t->words, &slot, t->world, t->language, NULL))
            continue;
        t->slots[had] = slot;
        t->slot_count = had + 1;
        if (offline_frame_match(t, rest, i + slot.n))
            return true;
    }
    t->slot_count = had;
    return false;
}

/* Whether the words from i on are the frame from p on. */
static bool offline_frame_match(struct offline_frame_try *t, const char *p, size_t i)
{
    p += strspn(p, " ");
    if (!*p)
        return i == t->words->count;
    if (!t->budget)
        return false;
    t->budget--;
    if (*p == '$')
        return offline_frame_match_slot(t, p, i);
    bool optional = *p == '?';
    const char *rest = p + strcspn(p, " ");
    for (p += optional; p < rest;) {
        size_t len = strcspn(p, "| "), n = offline_frame_says(t->words, i, p, len);
        if (n && offline_frame_match(t, rest, i + n))
            return true;
        p += len + 1;
    }
    return optional && offline_frame_match(t, rest, i);
}

/* The arguments of a frame that fits; NULL when the tool would not take them. */
static jdoc *offline_frame_args(const struct offline_frame_try *t,
    const struct offline_frame *frame, const struct tools_spec *spec)
{
    struct tools_problem problem;
    char text[100];
    jdoc *args = NULL, *copy = NULL;
    bool good;
    int n = snprintf(text, sizeof text, "{%s}", frame->set);

    if (n < 0 || (size_t)n >= sizeof text || jdoc_parse(text, (size_t)n, &args, NULL, 0))
        return NULL;
    good = true;
    for (size_t i = 0; good && i < t->slot_count; i++)
        good = offline_frame_slot_take(t->words, &t->slots[i], t->world, t->language, args);
    good = good && (copy = jdoc_dup(args)) && !tools_check(spec, copy, &problem);
    jdoc_free(copy);
    if (good)
        return args;
    jdoc_free(args);
    return NULL;
}

/* "I understood: ... Shall I do that?" */
static void offline_frame_confirm(const struct tools_spec *spec, jdoc *args,
    enum offline_language language, struct offline_talk *out)
{
    static struct offline_speech speech; /* 20 KiB; nothing waits here */
    static struct offline_fill fill;

    memset(&fill, 0, sizeof fill);
    speech.language = language;
    fill.spec = spec;
    fill.args = args;
    fill.speech = &speech;
    offline_phrase_meant(&fill, out->question, sizeof out->question);
}

static bool offline_frame_try_one(struct offline_frame_try *t, const struct offline_frame *frame,
    struct offline_talk *out)
{
    const struct tools_spec *spec = tools_find(frame->tool);
    const char *words = frame->words;
    bool asks = !strncmp(words, "??", 2), tells = !strncmp(words, "!!", 2);
    jdoc *args;

    if (!spec || (asks && !t->words->question) ||
        (t->words->question && spec->effect != TOOLS_READ))
        return false;
    t->language = frame->language;
    t->slot_count = 0;
    t->budget = OFFLINE_FRAME_TRIES;
    if (!offline_frame_match(t, words + (asks || tells ? 2 : 0), 0) ||
        !(args = offline_frame_args(t, frame, spec)))
        return false;
    memset(out, 0, sizeof *out);
    out->language = frame->language;
    out->step.calls[0].name = spec->name;
    jdoc_write(args, &out->step.calls[0].args);
    out->step.call_count = 1;
    out->outcome = tells ? OFFLINE_QUESTION : OFFLINE_CALLS;
    out->confirm = tells;
    if (tells)
        offline_frame_confirm(spec, args, frame->language, out);
    jdoc_free(args);
    return true;
}

bool offline_frame_read(const char *text, const struct offline_world *world,
    struct offline_talk *out)
{
    static struct offline_frame_words words; /* 4 KiB; nothing waits here */
    struct offline_frame_try t = {.words = &words, .world = world};

    offline_frame_split(text, &words);
    if (words.broken || !words.count)
        return false;
    for (int other = 0; other < 2; other++) /* the user's own language first */
        for (size_t i = 0; i < offline_frame_count + offline_frame_more_count; i++) {
            const struct offline_frame *frame = i < offline_frame_count ?
                &offline_frames[i] :
                &offline_frames_more[i - offline_frame_count];
            if ((frame->language != world->language) == other &&
                offline_frame_try_one(&t, frame, out))
                return true;
        }
    return false;
}
