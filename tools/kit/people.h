/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PEOPLE_H
#define TURNPIKE_TOOLS_KIT_PEOPLE_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * people -- other users by the names that the user has for them: contacts with a user id, and
 * friends by the username of their profile. Turn and api workers.
 */
#define PEOPLE_CONTACTS "contact"

/*
 * people_find -- the user meant by the argument: a user's id, or the name of one whom the user
 * knows.
 *   argument  of the run, a text; "/argument" is in questions
 *   uid       out, arena
 * Returns 0; ERR_NOT_FOUND: nobody (nothing is set); ERR_INVALID: several fit, or the one known by
 * that name has no user id here, and the question is set; a fault.
 */
MUST_CHECK int people_find(struct tools_run *run, const char *argument, const char **uid);

#endif
