/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_CONTACTS_H
#define TURNPIKE_TOOLS_PERSON_CONTACTS_H

#include "base/err.h"
#include "tools/kit/module.h"
#include "tools/kit/people.h"
#include "tools/kit/run.h"

/*
 * contacts -- the people whom the user knows: an address book. Records: family PEOPLE_CONTACTS
 * (tools/kit/people.h), by the time of writing: {id, name, nickname, phones, emails, address,
 * organization, birthday ("1985-04-12", "--04-12"), notes, user_id, uid, remind_birthday, timezone}.
 */
#define CONTACTS_MAX 2000

extern const struct module_alarm contacts_alarm;

/* The one of contact_id or `contact`. Returns 0; ERR_INVALID (said); a fault. */
MUST_CHECK int contacts_choose(struct tools_run *run, jdoc **record, const char **seen);

#endif
