/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memrchr */
#endif
#include "base/url.h"

#include "base/address.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_HOST_MAX 253
#define URL_LABEL_MAX 63
#define URL_PORT_MAX 65535

static int url_wrong(char *why, const char *text)
{
    snprintf(why, URL_WHY_SIZE, "%s", text);
    return ERR_INVALID;
}

static int url_check_characters(const char *text, size_t len, unsigned flags, char *why)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f || c == '\\')
            return url_wrong(why, "holds a blank, a control character or a backslash");
        if (c > 0x7f && !(flags & URL_INTERNATIONAL))
            return url_wrong(why,
                "holds a character beyond ASCII: write a name as xn--..., and a "
                "path percent-encoded");
    }
    return 0;
}

static bool url_is_address(const char *host, size_t len, int family)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];

    if (len >= sizeof text)
        return false;
    memcpy(text, host, len);
    text[len] = 0;
    return inet_pton(family, text, bytes) == 1;
}

/* Whether readers of URLs take a host with this last label for an IPv4 address: 10, 0x7f, 017. */
static bool url_is_number(const char *label, size_t len)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    bool hex = len >= 2 && label[0] == '0' && (label[1] | 0x20) == 'x';

    for (size_t i = hex ? 2 : 0; i < len; i++)
        if (!memchr(digits, label[i], hex ? 22 : 10))
            return false;
    return len > 0;
}

static bool url_is_label(const char *label, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)label[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c < 0x80)
            return false;
    }
    return label[0] != '-' && label[len - 1] != '-';
}

static int url_check_name(const char *host, size_t len, char *why)
{
    size_t begin = 0;

    if (len > URL_HOST_MAX)
        return url_wrong(why, "has a host name of more than 253 bytes");
    if (host[len - 1] == '.')
        return url_wrong(why, "has a host name that is empty or ends with a dot");
    for (size_t i = 0; i <= len; i++) {
        if (i < len && host[i] != '.')
            continue;
        if (i == begin)
            return url_wrong(why,
                "has a host name with nothing between two dots, or before "
                "the first");
        if (i - begin > URL_LABEL_MAX)
            return url_wrong(why, "has a host name with more than 63 bytes between two dots");
        if (!url_is_label(host + begin, i - begin))
            return url_wrong(why,
                "has a host name with a character other than A-Z a-z 0-9 . - _, "
                "or with '-' at an end of a part");
        if (i == len && url_is_number(host + begin, len - begin))
            return url_wrong(why,
                "has a host that is a number: write an IPv4 address as four "
                "decimal numbers from 0 to 255");
        begin = i + 1;
    }
    return 0;
}

static int url_check_host(struct url *u, char *why)
{
    if (u->host_len == 0)
        return url_wrong(why, "names no host");
    u->address = url_is_address(u->host, u->host_len, AF_INET);
    return u->address ? 0 : url_check_name(u->host, u->host_len, why);
}

static int url_check_port(const char *text, size_t len, int *port, char *why)
{
    long value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return url_wrong(why, "has a port that is no number");
        value = value > URL_PORT_MAX ? value : value * 10 + (text[i] - '0');
    }
    if (len == 0 || value < 1 || value > URL_PORT_MAX)
        return url_wrong(why, "has a port that is not from 1 to 65535");
    *port = (int)value;
    return 0;
}

/* HOST, HOST:PORT, [IPV6], [IPV6]:PORT */
static int url_check_authority(const char *text, size_t len, struct url *u, char *why)
{
    const char *end = text + len, *colon;

    if (len > 0 && *text == '[') {
        const char *close = memchr(text, ']', len);
        if (!close || !url_is_address(text + 1, (size_t)(close - text - 1), AF_INET6))
            return url_wrong(why, "has no valid IPv6 address between its brackets");
        u->host = text + 1;
        u->host_len = (size_t)(close - u->host);
        u->address = true;
        colon = close + 1;
        if (colon < end && *colon != ':')
            return url_wrong(why, "has something other than a port behind its IPv6 address");
    } else {
        colon = memchr(text, ':', len);
        colon = colon ? colon : end;
        u->host = text;
        u->host_len = (size_t)(colon - text);
        int error = url_check_host(u, why);
        if (error)
            return error;
    }
    return colon == end ? 0 : url_check_port(colon + 1, (size_t)(end - colon - 1), &u->port, why);
}

int url_check(const char *text, size_t len, unsigned flags, struct url *out, char why[URL_WHY_SIZE])
{
    struct url u = {0};
    size_t authority = 0;
    const char *at;

    why[0] = 0;
    if (len >= 8 && strncasecmp(text, "https://", 8) == 0)
        u.https = true;
    else if (len < 7 || strncasecmp(text, "http://", 7) != 0)
        return url_wrong(why, "must begin with https:// or http://");
    int error = url_check_characters(text, len, flags, why);
    if (error)
        return error;
    text += u.https ? 8 : 7;
    len -= u.https ? 8 : 7;
    while (authority < len && text[authority] && !strchr("/?#", text[authority]))
        authority++;
    at = memrchr(text, '@', authority);
    if (at && !(flags & URL_LOGIN))
        return url_wrong(why, "must not carry a user or password");
    if (at) {
        authority -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    u.port = u.https ? 443 : 80;
    error = url_check_authority(text, authority, &u, why);
    if (!error && out)
        *out = u;
    return error;
}

static bool url_ends(const struct url *u, const char *name)
{
    size_t len = strlen(name);

    return u->host_len >= len && strncasecmp(u->host + u->host_len - len, name, len) == 0 &&
        (u->host_len == len || u->host[u->host_len - len - 1] == '.');
}

bool url_names_private(const struct url *u)
{
    char text[INET6_ADDRSTRLEN];

    if (!u->address)
        return url_ends(u, "localhost");
    memcpy(text, u->host, u->host_len);
    text[u->host_len] = 0;
    return !address_text_is_public(text);
}

static int url_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long url_decode(const char *text, size_t len, bool plus, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            int high = len - i > 2 ? url_hex(text[i + 1]) : -1;
            int low = high >= 0 ? url_hex(text[i + 2]) : -1;
            if (low < 0)
                return ERR_INVALID;
            c = high << 4 | low;
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0' || n + 1 >= size)
            return ERR_INVALID;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return (long)n;
}
