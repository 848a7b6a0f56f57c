/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/origins_command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void origins_command_allowed(const char *origins, bool development)
{
    for (const char *item = origins; *(item += strspn(item, " \t")) != '\0';) {
        int len = (int)strcspn(item, " \t");
        if (len == 1 && *item == '*')
            printf("~. $http_origin;\n");
        else
            printf("\"%.*s\" $http_origin;\n", len, item);
        item += len;
    }
    if (development)
        printf("\"~^https?://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?$\" $http_origin;\n");
}

/* SCHEME://HOST[:PORT] of an address that has been checked. */
static int origins_command_length(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (int)(host + 3 - url + (ptrdiff_t)strcspn(host + 3, "/?#{")) : 0;
}

/* What the headers of the page allow, as further keys of the same map. A page of another origin
 * that hands over a token holds the page's window, which the usual policy for openers cuts off. */
static void origins_command_page(const struct conf *conf)
{
    printf("page-images \"");
    for (const char *item = conf->page_images; *(item += strspn(item, " \t")) != '\0';) {
        int len = (int)strcspn(item, " \t");
        printf(" %.*s", len, item);
        item += len;
    }
    if (*conf->page_tiles_url)
        printf(" %.*s", origins_command_length(conf->page_tiles_url), conf->page_tiles_url);
    printf("\";\npage-opener %s;\n", *conf->page_post_message ? "unsafe-none" : "same-origin");
}

void origins_command(const struct conf *conf)
{
    origins_command_allowed(conf->origins, conf->development);
    origins_command_page(conf);
}
