/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"
#include "base/url.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* conf_check_page -- the rules of what the site's own page is told (GET /page). */

#define CONF_PAGE_NAME_MAX 60 /* characters */

int conf_rule_page_name(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->page_name);

    if (utf8_valid(c->page_name, len) && !utf8_blank(c->page_name, len) &&
        utf8_length(c->page_name, len) <= CONF_PAGE_NAME_MAX)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "page.name: 1 to %d characters in UTF-8 are needed",
        CONF_PAGE_NAME_MAX);
    return ERR_CONFIG;
}

/* Each word is an origin of the web: no "*", as a page must not be open to everybody by a slip. */
static int conf_check_page_origins(const char *name, const char *item, char why[CONF_WHY_SIZE])
{
    while (*(item += strspn(item, " \t"))) {
        size_t len = strcspn(item, " \t");
        bool web = strncmp(item, "https://", 8) == 0 || strncmp(item, "http://", 7) == 0;
        if (!web || !conf_is_origin(item, len)) {
            snprintf(why, CONF_WHY_SIZE,
                "%s: \"%.*s\" is not an origin such as https://www.example.org", name,
                len > 80 ? 80 : (int)len, item);
            return ERR_CONFIG;
        }
        item += len;
    }
    return 0;
}

int conf_rule_page_origins(const struct conf *c, char why[CONF_WHY_SIZE])
{
    int error = conf_check_page_origins("page.images", c->page_images, why);

    return error ? error : conf_check_page_origins("page.post_message", c->page_post_message, why);
}

int conf_rule_page_tiles(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const places[] = {"{z}", "{x}", "{y}"};
    const char *url = c->page_tiles_url;
    char wrong[URL_WHY_SIZE];

    if (!*url)
        return 0;
    if (url_check(url, strlen(url), 0, NULL, wrong)) {
        snprintf(why, CONF_WHY_SIZE, "page.tiles_url: \"%.60s\" %s", url, wrong);
        return ERR_CONFIG;
    }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strstr(url, places[i]))
            continue;
        snprintf(why, CONF_WHY_SIZE, "page.tiles_url: \"%.60s\" has no %s", url, places[i]);
        return ERR_CONFIG;
    }
    if (*c->page_tiles_attribution)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "page.tiles_attribution: empty, but page.tiles_url is set, whose makers want to be named");
    return ERR_CONFIG;
}

/* The setting `name`: empty, an address, or a path of this site. */
static int conf_check_page_url(const char *name, const char *url, char why[CONF_WHY_SIZE])
{
    char wrong[URL_WHY_SIZE] = "is neither an address nor a path of this site";
    bool path = url[0] == '/' && url[1] != '/' && !strpbrk(url, "\\ \t");

    if (!*url || path || (*url != '/' && url_check(url, strlen(url), 0, NULL, wrong) == 0))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" %s", name, url, wrong);
    return ERR_CONFIG;
}

int conf_rule_page_urls(const struct conf *c, char why[CONF_WHY_SIZE])
{
    int error = conf_check_page_url("page.sign_in_url", c->page_sign_in_url, why);

    return error ? error : conf_check_page_url("page.sign_out_url", c->page_sign_out_url, why);
}

int conf_rule_page_session(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (*c->page_session && strcmp(c->page_session, "cookie") != 0)
        snprintf(why, CONF_WHY_SIZE, "page.session: \"%.40s\" is not cookie, and not empty",
            c->page_session);
    else if (*c->page_session && *c->auth_cookie)
        snprintf(why, CONF_WHY_SIZE,
            "page.session and auth.cookie: the site has a sign-in of its own, or the page has one");
    else
        return 0;
    return ERR_CONFIG;
}
