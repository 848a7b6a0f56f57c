/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/voice/voice_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const voice_tasks[] =
    {[VOICE_TRANSCRIBE] = "transcribe", [VOICE_SPEAK] = "speak"};
static const char *const voice_outcomes[] = {[VOICE_DONE] = "done",
    [VOICE_UNREADABLE] = "unreadable",
    [VOICE_LATE] = "late",
    [VOICE_FAILED] = "failed"};
#define VOICE_OUTCOMES (sizeof voice_outcomes / sizeof *voice_outcomes)

void voice_words_ask(struct voice_words *out, const struct voice_ask *ask)
{
    const struct fastcgi_pair pairs[VOICE_WORDS_PAIRS] = {{"TP_INTERNAL", "voice"},
        {"TP_TASK", voice_tasks[ask->task]}, {"TP_USER", ask->uid}, {"TP_LANGUAGE", ask->language},
        {"TP_VOICE", ask->voice}, {"TP_PERCENT", out->percent}};

    snprintf(out->percent, sizeof out->percent, "%d", ask->percent);
    memcpy(out->pairs, pairs, sizeof pairs);
}

bool voice_words_is(voice_words_param *param, void *arg)
{
    const char *internal = param(arg, "TP_INTERNAL");

    return internal && !strcmp(internal, "voice");
}

int voice_words_read(voice_words_param *param, void *arg, struct voice_ask *out)
{
    const char *task = param(arg, "TP_TASK"), *percent = param(arg, "TP_PERCENT");

    *out = (struct voice_ask){.uid = param(arg, "TP_USER"),
        .language = param(arg, "TP_LANGUAGE"),
        .voice = param(arg, "TP_VOICE"),
        .percent = percent ? atoi(percent) : 0};
    if (!task || !out->uid || !out->language || !out->voice || out->percent <= 0)
        return ERR_PROTOCOL;
    out->task = strcmp(task, voice_tasks[VOICE_SPEAK]) ? VOICE_TRANSCRIBE : VOICE_SPEAK;
    return strcmp(task, voice_tasks[out->task]) ? ERR_PROTOCOL : 0;
}

void voice_words_answer(struct buf *out, enum voice_outcome outcome, const char *why)
{
    buf_printf(out, "%s %s\n", voice_outcomes[outcome], why);
}

int voice_words_told(const struct buf *body, enum voice_outcome *outcome, char *why, size_t size,
    size_t *at)
{
    const char *text = buf_text(body), *line = memchr(text, '\n', body->len);
    const char *blank = line ? memchr(text, ' ', (size_t)(line - text)) : NULL;

    if (!blank)
        return ERR_PROTOCOL;
    snprintf(why, size, "%.*s", (int)(line - blank - 1), blank + 1);
    *at = (size_t)(line - text) + 1;
    for (size_t i = 0; i < VOICE_OUTCOMES; i++)
        if (strlen(voice_outcomes[i]) == (size_t)(blank - text) &&
            !memcmp(text, voice_outcomes[i], (size_t)(blank - text))) {
            *outcome = (enum voice_outcome)i;
            return 0;
        }
    return ERR_PROTOCOL;
}
