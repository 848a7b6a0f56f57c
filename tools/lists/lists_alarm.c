/* SPDX-License-Identifier: BSD-2-Clause */
/* lists, third part: what rings for items with a time. */
#include "base/buf.h"
#include "tools/engine/registry.h"
#include "tools/kit/timestamp.h"
#include "tools/lists/lists.h"

#include <string.h>

static bool lists_rings_at(const jdoc *item, int64_t *ms)
{
    return !jdoc_is_true(item, "done") && jdoc_get_int(item, "remind_ms", ms) == 0;
}

static int lists_next(const jdoc *list, int64_t after_ms, int64_t *due_ms)
{
    const jdoc *items = jdoc_get(list, "items");
    bool found = false;
    int64_t at;

    for (size_t i = 0; i < jdoc_length(items); i++)
        if (lists_rings_at(jdoc_at(items, i), &at) && at > after_ms && (!found || at < *due_ms)) {
            *due_ms = at;
            found = true;
        }
    return found ? 0 : ERR_NOT_FOUND;
}

/* All items of that moment: "To do: call the bank, pay the rego". */
static jdoc *lists_tell(const jdoc *list, int64_t due_ms)
{
    const jdoc *items = jdoc_get(list, "items");
    const struct zone *z;
    struct buf message = {0};
    char at[TIMESTAMP_SIZE] = "";
    int64_t ms;
    size_t count = 0;
    jdoc *said = jdoc_new_object();

    buf_printf(&message, "%.100s: ", jdoc_text_or(list, "name", "List"));
    for (size_t i = 0; i < jdoc_length(items); i++)
        if (lists_rings_at(jdoc_at(items, i), &ms) && ms == due_ms && count < 10)
            buf_printf(&message, "%s%s", count++ > 0 ? ", " : "",
                jdoc_text_or(jdoc_at(items, i), "text", ""));
    if (zone_get(jdoc_text_or(list, "timezone", ""), &z) == 0)
        timestamp_format(due_ms, z, at);
    bool failed = !said || buf_error(&message) || jdoc_set_string(said, "event_type", "list") ||
        jdoc_set_string(said, "title", jdoc_text_or(list, "name", "")) ||
        jdoc_set_string(said, "message", buf_text(&message)) ||
        jdoc_set_string(said, "start_date", at) ||
        jdoc_set_string(said, "timezone", jdoc_text_or(list, "timezone", ""));
    buf_free(&message);
    if (!failed)
        return said;
    jdoc_free(said);
    return NULL;
}

const struct module_alarm lists_alarm = {LISTS_FAMILY, lists_next, lists_tell};

static const struct module_alarm lists_alarms[] = {
    {LISTS_FAMILY, lists_next, lists_tell},
    {NULL, NULL, NULL},
};
const struct module lists_module = {.alarms = lists_alarms};
