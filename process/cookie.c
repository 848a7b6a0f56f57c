#include "process/cookie.h"

#include <string.h>

#define COOKIE_BETWEEN "; \t"

int cookie_find(const char *header, const char *name, const char **value, size_t *len)
{
    size_t name_len = strlen(name);
    int found = ERR_NOT_FOUND;

    while (name_len > 0 && header && *(header += strspn(header, COOKIE_BETWEEN))) {
        size_t pair = strcspn(header, ";");
        if (pair > name_len && header[name_len] == '=' && memcmp(header, name, name_len) == 0) {
            if (found == 0)
                return ERR_INVALID;
            found = 0;
            *value = header + name_len + 1;
            *len = pair - name_len - 1;
        }
        header += pair;
    }
    if (found != 0)
        return found;
    while (*len > 0 && strchr(" \t", (*value)[*len - 1]))
        (*len)--;
    if (*len >= 2 && **value == '"' && (*value)[*len - 1] == '"') {
        (*value)++;
        *len -= 2;
    }
    return 0;
}
