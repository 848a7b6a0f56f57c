/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/cookie.h"

#include "process/origin.h"

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

const char *cookie_page_name(const struct conf *conf, const char *host)
{
    if (!*conf->page_session)
        return "";
    return host && origin_host_is_loopback(host) ? COOKIE_PAGE_LOCAL : COOKIE_PAGE;
}

void cookie_page_set(const struct conf *conf, const char *host, const char *token, struct buf *head)
{
    const char *name = cookie_page_name(conf, host);

    buf_printf(head, "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict", name, token);
    if (strcmp(name, COOKIE_PAGE) == 0)
        buf_puts(head, "; Secure");
    buf_printf(head, "; Max-Age=%lld\r\n",
        *token ? (long long)(conf->page_session_life_ms / 1000) : 0);
}
