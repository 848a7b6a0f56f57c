/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "process/fault.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const fault_actions[] =
    {[FAULT_CRASH] = "crash", [FAULT_LOOP] = "loop", [FAULT_SLOW] = "slow"};

static int fault_stage(const char *name)
{
    static const char *const names[] = {
#define FAULT_STAGE_(name, text) text,
        STAGE_TABLE(FAULT_STAGE_)
#undef FAULT_STAGE_
    };

    for (int i = 0; i < STAGE_COUNT; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1; /* another place's: no turn comes to it */
}

/* What a text asks for, and where. */
static enum fault_action fault_read(const struct conf *conf, const char *text, char stage[16])
{
    const char *word = conf->fault_word, *at;
    char action[16];

    if (!*word || !conf->development || !(at = strstr(text, word)) ||
        sscanf(at + strlen(word), "%*[ _]%15[a-z]%*[ _]%15[a-z-]", action, stage) != 2)
        return FAULT_NONE;
    for (int i = FAULT_CRASH; i <= FAULT_SLOW; i++)
        if (!strcmp(fault_actions[i], action))
            return (enum fault_action)i;
    return FAULT_NONE;
}

struct fault fault_of(const struct conf *conf, const char *input)
{
    char stage[16] = "";
    enum fault_action action = fault_read(conf, input, stage);

    return (struct fault){.action = action, .stage = fault_stage(stage)};
}

static void fault_compute(int64_t until_us)
{
    volatile unsigned work = 0;

    while (clock_mono_us() < until_us)
        work++;
}

static void fault_do(enum fault_action action)
{
    if (action == FAULT_CRASH)
        abort();
    fault_compute(action == FAULT_LOOP ? INT64_MAX : clock_mono_us() + FAULT_SLOW_MS * 1000);
}

void fault_in_tool(const struct conf *conf, const char *args)
{
    char stage[16] = "";
    enum fault_action action = fault_read(conf, args, stage);

    if (action != FAULT_NONE && !strcmp(stage, "process"))
        fault_do(action);
}

void fault_in(const struct conf *conf, const char *place, const char *bytes, size_t len)
{
    char text[64], stage[16] = "";
    size_t word = strlen(conf->fault_word), left;
    const char *at = word > 0 ? memmem(bytes, len, conf->fault_word, word) : NULL;
    enum fault_action action;

    if (!at)
        return;
    left = len - (size_t)(at - bytes);
    snprintf(text, sizeof text, "%.*s", (int)(left < sizeof text ? left : sizeof text - 1), at);
    action = fault_read(conf, text, stage);
    if (action != FAULT_NONE && !strcmp(stage, place))
        fault_do(action);
}

void fault_at(struct fault *f, enum stage stage)
{
    enum fault_action action = f->action;

    if (action == FAULT_NONE || f->stage != (int)stage)
        return;
    f->action = FAULT_NONE;
    fault_do(action);
}
