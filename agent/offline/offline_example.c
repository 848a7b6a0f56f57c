/* SPDX-License-Identifier: BSD-2-Clause */
/* The examples of a tool's entry are sentences that it understands: a new tool that reads is within
 * reach without any word in the lexicon. */
#include "agent/offline/offline_talk.h"

#include "tools/engine/tools.h"
#include "tools/kit/gazetteer.h"

#include <stdio.h>
#include <string.h>

/* Arguments with figures are ids and days of the example's own time. */
static bool offline_example_timeless(const char *args)
{
    return !strpbrk(args, "0123456789");
}

bool offline_example(const char *text, struct offline_talk *out)
{
    char said[OFFLINE_TALK_MAX + 4], example[OFFLINE_TALK_MAX + 4];

    if (!gazetteer_fold(text, said, sizeof said))
        return false;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        for (size_t k = 0; spec->effect == TOOLS_READ && spec->examples && spec->examples[k]; k++) {
            const char *args = spec->example_arguments ? spec->example_arguments[k] : NULL;
            if (!args || !offline_example_timeless(args) ||
                !gazetteer_fold(spec->examples[k], example, sizeof example) ||
                strcmp(said, example) != 0)
                continue;
            offline_talk_fini(out);
            memset(&out->step, 0, sizeof out->step);
            out->step.calls[0].name = spec->name;
            buf_puts(&out->step.calls[0].args, args);
            out->step.call_count = 1;
            out->outcome = OFFLINE_CALLS;
            out->confirm = out->awaits = false;
            return true;
        }
    }
    return false;
}
