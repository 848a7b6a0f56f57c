/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts rules out for a judge that somebody else wrote (tests/unit/rrule_judge.py). Reads lines
 * "START RULE" with START in seconds of local time; answers each with "refused SENTENCE", or with
 * up to 12 starts and "end" when there are no more.
 */
#include "tools/calendar/rrule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STARTS 12

static void expand(const struct rrule *rule, int64_t start_s)
{
    static struct rrule_walk walk;
    int64_t s;

    if (rrule_walk_init(&walk, rule, start_s, start_s)) {
        printf("refused too many starts on a day\n");
        return;
    }
    for (int i = 0; i < STARTS; i++) {
        if (!rrule_walk_next(&walk, &s)) {
            printf("end\n");
            return;
        }
        printf("%" PRId64 " ", s);
    }
    printf("\n");
}

int main(void)
{
    char line[1024], why[RRULE_WHY_SIZE];
    struct rrule rule;

    while (fgets(line, sizeof line, stdin)) {
        char *text = NULL;
        int64_t start_s = strtoll(line, &text, 10);
        text += *text == ' ';
        text[strcspn(text, "\n")] = 0;
        if (rrule_parse(text, &rule, why))
            printf("refused %s\n", why);
        else
            expand(&rule, start_s);
    }
    return 0;
}
