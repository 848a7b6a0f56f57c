/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_DOCUMENTS_H
#define TURNPIKE_TOOLS_PERSON_DOCUMENTS_H

#include "base/err.h"
#include "tools/kit/module.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

/*
 * documents -- papers that expire: registration, insurance, passport. Records: family "document",
 * by the local start of the day of expiry (without one: by the time of writing). The whole number
 * is in the record only; what tools show has its last characters, unless the user asks for it.
 */
#define DOCUMENTS_FAMILY "document"
#define DOCUMENTS_MAX 200
#define DOCUMENTS_REMINDERS_MAX 10

extern const struct module_alarm documents_alarm;

/* "...4567" of "N1234567"; short ones are hidden whole. */
#define DOCUMENTS_MASK_SIZE 16
void documents_mask(const char *number, char out[DOCUMENTS_MASK_SIZE]);
/* The record as tools show it, with what follows from today: `status` and `days_left`. NULL: no
 * memory. */
jdoc *documents_view(const struct tools_run *run, const jdoc *record, const struct zone *z,
    bool whole_number);
/* The one of document_id or `document`. Returns 0; ERR_INVALID (said); a fault. */
MUST_CHECK int documents_choose(struct tools_run *run, jdoc **record, const char **seen);
/* The record's place in its family. */
int64_t documents_time(const struct tools_run *run, const jdoc *record, const struct zone *z);

#endif
