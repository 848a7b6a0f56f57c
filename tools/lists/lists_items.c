/* SPDX-License-Identifier: BSD-2-Clause */
/* lists, second part: the items of a list. */
#include "base/ident.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/lists/lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MORNING_S (9 * 3600) /* of a day without a time: when its reminder rings */
#define MINUTE_MS INT64_C(60000)

const char *lists_bare(const char *said)
{
    static const char *const words[] = {"the ", "my ", "our ", "a ", "an ", "some "};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncasecmp(said, words[i], strlen(words[i])) == 0 && said[strlen(words[i])] != '\0')
            return said + strlen(words[i]);
    return said;
}

int lists_find(const jdoc *items, const char *said, size_t *index)
{
    int best = RECORD_MATCH_SURE - 1;
    size_t same = 0;

    said = lists_bare(said);
    for (size_t i = 0; i < jdoc_length(items); i++) {
        const jdoc *item = jdoc_at(items, i);
        if (strcmp(jdoc_text_or(item, "id", ""), said) == 0) {
            *index = i;
            return 0;
        }
        /* An item that is open is meant rather than the same one that is done. */
        int score = record_match_score(jdoc_text_or(item, "text", ""), said) * 2 +
            !jdoc_is_true(item, "done");
        if (score < RECORD_MATCH_SURE * 2 || score < best)
            continue;
        same = score > best ? 1 : same + 1;
        best = score;
        *index = i;
    }
    return same == 0 ? ERR_NOT_FOUND : same > 1 ? ERR_CONFLICT : 0;
}

/* The moment of a day and time, or of a day's morning. */
static int lists_due(struct tools_run *run, const struct zone *z, struct timestamp *due)
{
    int64_t utc_s;
    struct zone_offset offset;
    int error = timestamp_argument(run, "due", z, due);

    if (error || due->has_time)
        return error;
    zone_at(z, due->ms / 1000, &offset);
    zone_to_utc(z, due->ms / 1000 + offset.seconds + MORNING_S, &utc_s);
    due->ms = utc_s * 1000;
    return 0;
}

static int lists_set_due(struct tools_run *run, jdoc *list, jdoc *item)
{
    const struct zone *z;
    struct timestamp due;
    char text[TIMESTAMP_SIZE];
    int64_t minutes;
    int error = timestamp_zone(run, &z);

    if (!error)
        error = lists_due(run, z, &due);
    if (error == ERR_NOT_FOUND && jdoc_has(run->args, "remind_minutes")) {
        error = run_fail_at(run, "/due", "when it is due, as 2026-12-01T09:30",
            "A reminder needs a time: when is it due?");
        return error ? error : ERR_INVALID;
    }
    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    minutes = jdoc_int_or(run->args, "remind_minutes", 0);
    if (minutes >= 0 && due.ms - minutes * MINUTE_MS <= run->context->now_ms) {
        timestamp_format(due.ms - minutes * MINUTE_MS, z, text);
        error = run_fail_at(run, "/due", "a later time, or remind_minutes -1 for no reminder",
            "Its reminder would ring at %.16s, which is past. When is it due?", text);
        return error ? error : ERR_INVALID;
    }
    if (due.has_time)
        timestamp_format(due.ms, z, text);
    else
        timestamp_date(due.ms, z, text);
    int failed = jdoc_set_string(item, "due_at", text);
    failed |= jdoc_set_string(list, "timezone", zone_name(z));
    jdoc_remove(item, "remind_ms");
    if (minutes >= 0)
        failed |= jdoc_set_int(item, "remind_ms", due.ms - minutes * MINUTE_MS);
    return failed ? ERR_NOMEM : 0;
}

int lists_set_item(struct tools_run *run, jdoc *list, jdoc *item)
{
    static const char *const copied[] = {"quantity", "note", NULL};

    if (jdoc_is_true(run->args, "no_due")) {
        jdoc_remove(item, "due_at");
        jdoc_remove(item, "remind_ms");
    }
    int error = record_copy(item, run->args, copied);
    return error ? error : lists_set_due(run, list, item);
}

int lists_append(struct tools_run *run, jdoc *list, const char *text)
{
    jdoc *items = jdoc_get(list, "items"), *item;
    char id[24];
    int64_t number = jdoc_int_or(list, "next_item", 1);
    int error = 0;

    if (jdoc_length(items) >= LISTS_ITEMS_MAX) {
        error = run_fail(run, "limit_reached", "A list has %d items at most.", LISTS_ITEMS_MAX);
        return error ? error : ERR_INVALID;
    }
    snprintf(id, sizeof id, "i%" PRId64, number);
    item = jdoc_new_object();
    if (!item || jdoc_set_string(item, "id", id) || jdoc_set_string(item, "text", text) ||
        jdoc_set_bool(item, "done", false) || jdoc_set_int(list, "next_item", number + 1))
        error = ERR_NOMEM;
    if (!error)
        error = lists_set_item(run, list, item);
    if (!error)
        return jdoc_push(items, item);
    jdoc_free(item);
    return error;
}
