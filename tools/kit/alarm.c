/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/alarm.h"

#include "store/reminders.h"

static bool alarm_hint_of(const struct tools_context *context, const struct module_alarm *alarm,
    const jdoc *record, struct reminders_hint *out)
{
    const char *id = jdoc_text_or(record, "id", "");
    int64_t due;

    if (id[0] == '\0' || alarm->next(record, context->now_ms - 1, &due) != 0 || due < 0)
        return false;
    reminders_alarm_hint(out, context->uid, alarm->family, id, due);
    return true;
}

int alarm_plan(const struct tools_context *context, const struct module_alarm *alarm,
    const jdoc *record)
{
    struct reminders_hint hint;

    return alarm_hint_of(context, alarm, record, &hint) ? reminders_plan(context->store, &hint, 1) :
                                                          0;
}

void alarm_tidy(const struct tools_context *context, const struct module_alarm *alarm,
    const jdoc *old, const jdoc *record)
{
    struct reminders_hint before, now;

    if (!alarm_hint_of(context, alarm, old, &before))
        return;
    if (record && alarm_hint_of(context, alarm, record, &now) && now.due_ms == before.due_ms)
        return;
    err_ignore(reminders_drop(context->store, before.member)); /* a hint proves nothing */
}
