/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_PERSON_EMERGENCY_NUMBERS_H
#define TURNPIKE_TOOLS_PERSON_EMERGENCY_NUMBERS_H

/* Whom to call in an emergency, by ISO 3166 country: "000 (112 from mobile phones)". NULL: not in
 * the table. Any process. */
const char *emergency_numbers(const char *country);

#endif
