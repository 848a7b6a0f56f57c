/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_PROFILE_WISHES_H
#define TURNPIKE_TOOLS_PERSON_PROFILE_WISHES_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * profile_wishes -- the settings that every tool and the model go by: currency, units, time zone,
 * language, first day of the week, order of dates. They are members of the stored context (GET
 * /context), not of the record "settings", so that there is one value of each.
 */
struct profile_wishes {
    struct tools_run *run;
    jdoc *stored; /* the context, with what was stored now */
    struct units units;
};
/*
 * profile_wishes_store -- the arguments of update_settings that are wishes, into the context, and
 * tells the turn of them. A repetition stores the same. Returns 0; ERR_INVALID (the failure is
 * set, nothing is stored); ERR_FENCED, ERR_STORE*, ERR_NOMEM.
 */
MUST_CHECK int profile_wishes_store(struct profile_wishes *w);
/* All of them into the result's settings. arg: the struct. Returns 0 or ERR_NOMEM. */
MUST_CHECK int profile_wishes_show(void *arg, jdoc *shown);
void profile_wishes_fini(struct profile_wishes *w);

#endif
