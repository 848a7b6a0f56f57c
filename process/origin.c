/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/origin.h"

#include <string.h>
#include <strings.h>

#define ORIGIN_MAX 288 /* bytes of an origin that a reply repeats; a host has at most 253 */
#define ORIGIN_PREFLIGHT_S 600
#define ORIGIN_BLANKS " \t"

static const char *const origin_loopback[] = {"localhost", "127.0.0.1", "[::1]"};

/* "" or ":DIGITS". */
static bool origin_is_port(const char *text)
{
    return *text == '\0' ||
        (*text == ':' && text[1] != '\0' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

/* Is `text` this host, perhaps with a port? */
static bool origin_is_host(const char *text, const char *host, size_t len)
{
    return len > 0 && strncasecmp(text, host, len) == 0 && origin_is_port(text + len);
}

static bool origin_is_loopback(const char *host)
{
    for (size_t i = 0; i < sizeof origin_loopback / sizeof origin_loopback[0]; i++) {
        if (origin_is_host(host, origin_loopback[i], strlen(origin_loopback[i])))
            return true;
    }
    return false;
}

bool origin_host_is_loopback(const char *host)
{
    return origin_is_loopback(host);
}

/* Is it a word of the setting `origins`? */
static bool origin_is_listed(const struct conf *conf, const char *origin)
{
    size_t len = strlen(origin), n;
    for (const char *item = conf->origins; *item != '\0'; item += n) {
        item += strspn(item, ORIGIN_BLANKS);
        n = strcspn(item, ORIGIN_BLANKS);
        if (n > 0 && n == len && memcmp(item, origin, n) == 0)
            return true;
    }
    return false;
}

/* Named one by one: "null" is the origin of every sandboxed page. */
static bool origin_is_named(const struct conf *conf, const char *origin)
{
    return strcmp(origin, "null") != 0 && strcmp(origin, "*") != 0 &&
        origin_is_listed(conf, origin);
}

static bool origin_is_developer(const struct conf *conf, const char *origin)
{
    size_t scheme = strncmp(origin, "http://", 7) == 0 ? 7 :
        strncmp(origin, "https://", 8) == 0            ? 8 :
                                                         0;
    return conf->development && scheme > 0 && origin_is_loopback(origin + scheme);
}

bool origin_allowed(const struct conf *conf, const char *origin)
{
    if (!origin || *origin == '\0')
        return true;
    return origin_is_listed(conf, "*") || origin_is_listed(conf, origin) ||
        origin_is_developer(conf, origin);
}

/* The port that a browser leaves out after this scheme; NULL: no page of the web. */
static const char *origin_usual_port(const char *origin, size_t *scheme)
{
    static const struct {
        const char *scheme, *port;
    } usual[] = {{"https://", ":443"}, {"http://", ":80"}};

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        *scheme = strlen(usual[i].scheme);
        if (strncmp(origin, usual[i].scheme, *scheme) == 0)
            return usual[i].port;
    }
    return NULL;
}

/* Is its host that of the Host header? */
static bool origin_is_site(const char *origin, const char *host)
{
    size_t scheme;
    const char *port = origin_usual_port(origin, &scheme);
    if (!port || !host || *host == '\0')
        return false;
    origin += scheme;
    size_t len = strlen(host), tail = strlen(port);
    if (len > tail && strcmp(host + len - tail, port) == 0) /* a proxy may write it */
        len -= tail;
    return strlen(origin) == len && strncasecmp(origin, host, len) == 0;
}

bool origin_may_open(const struct conf *conf, const char *origin, const char *host)
{
    return origin_allowed(conf, origin) || (!conf->development && origin_is_site(origin, host));
}

/* May it say what a cookie of https does? A page that came without TLS may be of
 * anybody on the way, under the site's own name; browsers send it such cookies all the same. */
static bool origin_is_safe(const struct conf *conf, const char *origin)
{
    bool tls_alone = *conf->page_session || strncmp(conf->auth_cookie, "__Host-", 7) == 0 ||
        strncmp(conf->auth_cookie, "__Secure-", 9) == 0;

    return !tls_alone || strncmp(origin, "http://", 7) != 0 || origin_is_loopback(origin + 7);
}

/* The site's own page; a browser that knows better (another scheme) says so. */
static bool origin_is_own(const struct conf *conf, const struct origin_asker *by)
{
    return origin_is_site(by->origin, by->host) && origin_is_safe(conf, by->origin) &&
        (!by->fetch_site || *by->fetch_site == '\0' || strcmp(by->fetch_site, "same-origin") == 0);
}

bool origin_takes_cookie(const struct conf *conf, const struct origin_asker *by)
{
    if (by->origin && *by->origin != '\0')
        return (!*conf->page_session && origin_is_named(conf, by->origin)) ||
            origin_is_own(conf, by) || origin_is_developer(conf, by->origin);
    if (by->fetch_site && *by->fetch_site != '\0')
        return strcmp(by->fetch_site, "same-origin") == 0 ||
            (!by->changes && strcmp(by->fetch_site, "none") == 0);
    return !by->changes;
}

bool origin_foreign(const struct conf *conf, const char *origin, const char *fetch_site)
{
    if (origin && *origin != '\0')
        return !origin_allowed(conf, origin);
    return fetch_site && *fetch_site != '\0' && strcmp(fetch_site, "same-origin") != 0 &&
        strcmp(fetch_site, "none") != 0;
}

bool origin_host_answered(const struct conf *conf, const char *host)
{
    if (!conf->development || !host || *host == '\0' || origin_is_loopback(host))
        return true;
    const char *hint = conf->listen_hint;
    size_t len = *hint == '[' ? strcspn(hint, "]") + 1 : strcspn(hint, ":");
    if (len <= strlen(hint) && origin_is_host(host, hint, len))
        return true;
    for (const char *item = conf->development_hosts; *item != '\0'; item += len) {
        item += strspn(item, ORIGIN_BLANKS);
        len = strcspn(item, ORIGIN_BLANKS);
        if (origin_is_host(host, item, len))
            return true;
    }
    return false;
}

bool origin_is_told(const struct conf *conf, const char *origin)
{
    size_t len = 0;
    if (!origin || *origin == '\0' || !origin_allowed(conf, origin))
        return false;
    while (origin[len] > ' ' && origin[len] <= '~' && len <= ORIGIN_MAX)
        len++;
    return origin[len] == '\0';
}

void origin_reply(const struct conf *conf, const char *origin, struct buf *head)
{
    buf_puts(head, "Vary: Origin\r\n");
    if (!origin_is_told(conf, origin))
        return;
    buf_puts(head, "Access-Control-Allow-Origin: ");
    buf_puts(head, origin);
    if (*conf->auth_cookie && origin_is_named(conf, origin))
        buf_puts(head, "\r\nAccess-Control-Allow-Credentials: true");
    buf_puts(head,
        "\r\nAccess-Control-Expose-Headers: X-Request-Id, traceparent, Retry-After, "
        "Location, Allow, WWW-Authenticate, Preference-Applied, "
        "Content-Disposition, ETag, X-Session-Id, X-Should-Retry, Mcp-Session-Id, "
        "Stream-Next-Offset, Stream-Up-To-Date, Stream-Closed, Stream-Cursor, "
        "Stream-Earliest-Offset, RateLimit, RateLimit-Policy\r\n");
}

/* What OpenAI's SDK sends from a browser (npm openai 7, November 2026), and the session's name. */
#define ORIGIN_OPENAI \
    "X-Session-Id, X-Stainless-Arch, X-Stainless-Lang, X-Stainless-OS, " \
    "X-Stainless-Package-Version, X-Stainless-Runtime, X-Stainless-Runtime-Version, " \
    "X-Stainless-Retry-Count, X-Stainless-Timeout, X-Stainless-Helper-Method, " \
    "X-Stainless-Poll-Helper, X-Stainless-Custom-Poll-Interval, OpenAI-Organization, " \
    "OpenAI-Project, OpenAI-Beta"

#define ORIGIN_ASKS \
    "Authorization, X-API-Key, X-Dev-User, Content-Type, Accept, X-Request-Id, traceparent, " \
    "tracestate, Cache-Control, X-Requested-With"
#define ORIGIN_CALLS \
    "Idempotency-Key, Approval-Id, Last-Event-ID, Prefer, X-Time-Zone, X-Confirm-Erase, " \
    "If-None-Match, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id"

static void origin_methods(const struct conf *conf, const char *origin, const char *methods,
    const char *headers, struct buf *head)
{
    buf_printf(head, "Allow: %s, OPTIONS\r\n", methods);
    if (origin_is_told(conf, origin))
        buf_printf(head,
            "Access-Control-Allow-Methods: %s\r\n"
            "Access-Control-Allow-Headers: %s\r\n"
            "Access-Control-Max-Age: %d\r\n",
            methods, headers, ORIGIN_PREFLIGHT_S);
}

void origin_preflight(const struct conf *conf, const char *origin, const char *methods,
    struct buf *head)
{
    origin_methods(conf, origin, methods, ORIGIN_ASKS ", " ORIGIN_CALLS ", " ORIGIN_OPENAI, head);
}

void origin_preflight_socket(const struct conf *conf, const char *origin, struct buf *head)
{
    origin_methods(conf, origin, "GET", ORIGIN_ASKS, head);
}
