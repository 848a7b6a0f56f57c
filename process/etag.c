/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/etag.h"

#include <string.h>

#define ETAG_BLANKS " \t,"

bool etag_matches(const char *list, const char *tag)
{
    size_t len = strlen(tag);

    if (!list)
        return false;
    list += strspn(list, " \t");
    if (list[0] == '*')
        return list[1 + strspn(list + 1, " \t")] == '\0';
    while (*(list += strspn(list, ETAG_BLANKS)) != '\0') {
        size_t size;
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (*list != '"')
            return false;
        size = strcspn(list + 1, "\"") + 2;
        if (strlen(list) < size)
            return false;
        if (size == len && memcmp(list, tag, len) == 0)
            return true;
        list += size;
    }
    return false;
}
