/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_EMERGENCY_PARTS_H
#define TURNPIKE_TOOLS_PERSON_EMERGENCY_PARTS_H

#include "base/err.h"
#include "tools/kit/run.h"

/* emergency -- what its two files share: the record "emergency_info"/"me". */
#define EMERGENCY_FAMILY "emergency_info"
#define EMERGENCY_ID "me"
#define EMERGENCY_CONTACTS_MAX 20

/* Reads the record, or begins one (seen NULL). record: the caller's. Returns 0 or a fault. */
MUST_CHECK int emergency_open(struct tools_run *run, jdoc **record, const char **seen);
/* Answers with the text and the record, and writes it. text NULL: there was no memory for it. */
MUST_CHECK int emergency_write(struct tools_run *run, const jdoc *record, const char *seen,
    const char *text);

#endif
