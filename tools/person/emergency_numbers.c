/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/person/emergency_numbers.h"

#include <stddef.h>
#include <string.h>

/* Numbers that are the country's own and long established; a country in doubt is left out. */
static const struct {
    const char *countries, *numbers;
} emergency_rows[] = {
    {"AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK CH TR UA",
        "112"},
    {"AU", "000 (112 from mobile phones)"},
    {"NZ", "111"},
    {"US CA MX PR PA CR UY EC PH", "911"},
    {"GB", "999 or 112"},
    {"ZA", "10177 ambulance, 10111 police (112 from mobile phones)"},
    {"IN", "112"},
    {"JP", "119 ambulance and fire, 110 police"},
    {"KR", "119 ambulance and fire, 112 police"},
    {"CN", "120 ambulance, 119 fire, 110 police"},
    {"HK", "999"},
    {"MY", "999"},
    {"SG", "995 ambulance and fire, 999 police"},
    {"TH", "1669 ambulance, 191 police"},
    {"VN", "115 ambulance, 114 fire, 113 police"},
    {"BR", "192 ambulance, 193 fire, 190 police"},
    {"CL", "131 ambulance, 132 fire, 133 police"},
    {"CO", "123"},
    {"PE", "106 ambulance, 116 fire, 105 police"},
    {"IL", "101 ambulance, 102 fire, 100 police"},
    {"AE", "998 ambulance, 997 fire, 999 police"},
    {"KE", "999 or 112"},
};

const char *emergency_numbers(const char *country)
{
    for (size_t i = 0; strlen(country) == 2 && i < sizeof emergency_rows / sizeof *emergency_rows;
         i++)
        if (strstr(emergency_rows[i].countries, country))
            return emergency_rows[i].numbers;
    return NULL;
}
