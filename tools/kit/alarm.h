/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ALARM_H
#define TURNPIKE_TOOLS_KIT_ALARM_H

#include "base/err.h"
#include "tools/kit/module.h"
#include "tools/kit/run.h"

/*
 * alarm -- the hints of records that tell their user something at times of their own (struct
 * module_alarm). A hint is written before its record and proves nothing: the housekeeper compares
 * it with the record. Whatever writes such a record (also one that is restored) calls alarm_plan
 * before the commit and alarm_tidy after it. Tools and api workers.
 */

/* Plans the record's next time, when it has one. Returns 0 or ERR_STORE*. */
MUST_CHECK int alarm_plan(const struct tools_context *context, const struct module_alarm *alarm,
    const jdoc *record);
/* Drops the hint of what was there before. record NULL: it is gone. */
void alarm_tidy(const struct tools_context *context, const struct module_alarm *alarm,
    const jdoc *old, const jdoc *record);

#endif
