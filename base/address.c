/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

struct address_v4_net {
    uint32_t net;
    unsigned char bits;
};

static const struct address_v4_net v4_refused[] = {
    {0x00000000, 8},  /* 0.0.0.0/8 this network */
    {0x0a000000, 8},  /* 10.0.0.0/8 private */
    {0x64400000, 10}, /* 100.64.0.0/10 shared, CGNAT */
    {0x7f000000, 8},  /* 127.0.0.0/8 loopback */
    {0xa9fe0000, 16}, /* 169.254.0.0/16 link-local, cloud metadata */
    {0xac100000, 12}, /* 172.16.0.0/12 private */
    {0xc0000000, 24}, /* 192.0.0.0/24 protocol assignments */
    {0xc0000200, 24}, /* 192.0.2.0/24 documentation */
    {0xc0586300, 24}, /* 192.88.99.0/24 6to4 relays */
    {0xc0a80000, 16}, /* 192.168.0.0/16 private */
    {0xc6120000, 15}, /* 198.18.0.0/15 benchmarks */
    {0xc6336400, 24}, /* 198.51.100.0/24 documentation */
    {0xcb007100, 24}, /* 203.0.113.0/24 documentation */
    {0xe0000000, 4},  /* 224.0.0.0/4 multicast */
    {0xf0000000, 4},  /* 240.0.0.0/4 reserved, broadcast */
};

struct address_v6_net {
    unsigned char net[16], bits;
    signed char v4_at; /* where an IPv4 address lies inside, -1 = refused as a whole */
};

/* Only 2000::/3 is in use at all; what follows lies inside it or carries IPv4. */
static const struct address_v6_net v6_special[] = {
    {{[10] = 0xff, [11] = 0xff}, 96, 12}, /* ::ffff:0:0/96 mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},   /* 64:ff9b::/96 NAT64 */
    {{0x20, 0x02}, 16, 2},                /* 2002::/16 6to4 */
    {{0x20, 0x01, 0x00}, 23, -1},         /* 2001::/23 Teredo, ORCHID, ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, -1},   /* 2001:db8::/32 documentation */
    {{0x3f, 0xff}, 20, -1},               /* 3fff::/20 documentation */
};

static bool address_v4_is_public(uint32_t address)
{
    for (size_t i = 0; i < sizeof v4_refused / sizeof v4_refused[0]; i++)
        if ((address ^ v4_refused[i].net) >> (32 - v4_refused[i].bits) == 0)
            return false;
    return true;
}

static bool address_v6_inside(const unsigned char *a, const struct address_v6_net *net)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;

    if (memcmp(a, net->net, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ net->net[whole]) >> (8 - rest) == 0;
}

static bool address_v6_is_public(const unsigned char *a)
{
    uint32_t v4;

    for (size_t i = 0; i < sizeof v6_special / sizeof v6_special[0]; i++) {
        const struct address_v6_net *net = &v6_special[i];
        if (!address_v6_inside(a, net))
            continue;
        if (net->v4_at < 0)
            return false;
        memcpy(&v4, a + net->v4_at, sizeof v4);
        return address_v4_is_public(ntohl(v4));
    }
    return (a[0] & 0xe0) == 0x20;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return address_v4_is_public(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return address_v6_is_public(v6.sin6_addr.s6_addr);
    }
    return false;
}

bool address_text_is_public(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return address_v4_is_public(ntohl(v4.s_addr));
    return inet_pton(AF_INET6, text, &v6) == 1 && address_v6_is_public(v6.s6_addr);
}

static int address_parse_path(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_un path = {.sun_family = AF_UNIX};

    if (strlen(text) >= sizeof path.sun_path)
        return ERR_INVALID;
    strcpy(path.sun_path, text);
    memcpy(out, &path, sizeof path);
    *len = sizeof path;
    return 0;
}

static int address_parse_port(const char *text, in_port_t *out)
{
    char *end;
    long port = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;

    if (port < 1 || port > 65535 || *end)
        return ERR_INVALID;
    *out = htons((uint16_t)port);
    return 0;
}

int address_parse(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *colon = strrchr(text, ':');
    bool six = *text == '[';
    char host[INET6_ADDRSTRLEN];
    size_t host_len;

    memset(out, 0, sizeof *out);
    if (*text == '/')
        return address_parse_path(text, out, len);
    if (!colon || (six && colon[-1] != ']'))
        return ERR_INVALID;
    host_len = (size_t)(colon - text) - (six ? 2 : 0);
    if (host_len >= sizeof host || address_parse_port(colon + 1, &v4.sin_port))
        return ERR_INVALID;
    memcpy(host, text + six, host_len);
    host[host_len] = '\0';
    v6.sin6_port = v4.sin_port;
    if (inet_pton(six ? AF_INET6 : AF_INET, host,
            six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
        return ERR_INVALID;
    *len = six ? sizeof v6 : sizeof v4;
    memcpy(out, six ? (void *)&v6 : (void *)&v4, *len);
    return 0;
}
