/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PEOPLE_H
#define TURNPIKE_TOOLS_KIT_PEOPLE_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * people -- other users by the names that the user has for them: contacts with a user id, and
 * friends by the username of their profile. A name that the user gave counts more than one that
 * somebody gave themselves: nobody is reached by taking another one's name. Turn and api workers.
 */
#define PEOPLE_CONTACTS "contact"

/*
 * people_find -- the user meant by the argument: a user's id, or the name of one whom the user
 * knows. A contact of exactly that name comes before the user who has it as an id; "id:" in front
 * means the id in any case. A friend's own name counts when no contact has it; one that is like a
 * contact's is asked about.
 *   argument  of the run, a text; "/argument" is in questions
 *   uid       out, arena
 * Returns 0; ERR_NOT_FOUND: nobody (nothing is set); ERR_INVALID: several fit, or the one known by
 * that name has no user id here, and the question is set; a fault.
 */
MUST_CHECK int people_find(struct tools_run *run, const char *argument, const char **uid);

/*
 * people_called -- a user as a question shows them: id, the name that the user or they themselves
 * gave, and whose name it is.
 *   label  out: the same without quotes, for a screen (about_people); may be NULL
 * Returns 0 or a fault. All in the arena.
 */
MUST_CHECK int people_called(struct tools_run *run, const char *uid, const char **words,
    const char **label);

#endif
