/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_MEDICATION_H
#define TURNPIKE_TOOLS_PERSON_MEDICATION_H

#include "base/err.h"
#include "tools/kit/module.h"
#include "tools/kit/record.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

/*
 * medication -- what the tools of the family share. Records: family "medication", by the time of
 * creation (members: docs/tools.md and medication_schedule.h); family "dose": what was taken or
 * skipped, by the time for which it was due (id MEDICATION-DUE) or at which it was taken. Nothing
 * here is medical advice: the tools keep what the user says and compare it with itself.
 */
#define MEDICATION_FAMILY "medication"
#define MEDICATION_DOSES "dose"
#define MEDICATION_ACTIVE_MAX 60

extern const struct module_alarm medication_alarm;

/*
 * The schedule of the arguments into the record; what contradicts itself is asked about.
 *   since_ms  out: when the first dose may be due
 * Returns 0 (changed), ERR_NOT_FOUND (the arguments have no schedule), ERR_INVALID (the failure is
 * set) or ERR_NOMEM.
 */
MUST_CHECK int medication_arguments_schedule(struct tools_run *run, jdoc *record,
    const struct zone *z);
/* All other members. Returns 0, ERR_INVALID (said) or a fault. */
MUST_CHECK int medication_arguments_rest(struct tools_run *run, jdoc *record, const struct zone *z);

/* The one of medication_id or `medication` in the arguments. Returns 0; ERR_INVALID (said); a
 * fault. seen may be NULL. */
MUST_CHECK int medication_choose(struct tools_run *run, jdoc **record, const char **seen);
/* A local day as a number: 20261122. */
int64_t medication_day(int64_t ms, const struct zone *z);
/* Those that are taken on this day or later, up to 100. As record_each. */
MUST_CHECK int medication_each(struct tools_run *run, int64_t day, record_each_fn *fn, void *arg);
/* "500 mg" of "500 mg, one tablet"; "" when it has none. In the arena; NULL: no memory. */
const char *medication_dose_text(struct arena *arena, const jdoc *record);
/* The record's time in its family. */
int64_t medication_time(const struct tools_run *run, const jdoc *record);

#endif
