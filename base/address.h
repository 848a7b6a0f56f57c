/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_ADDRESS_H
#define TURNPIKE_BASE_ADDRESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>

/*
 * address -- is this socket address one of the public internet? Private, loopback, link-local,
 * shared (CGNAT), documentation, multicast, reserved and this-network addresses are not, nor are
 * IPv6 forms that carry such an IPv4 address (mapped, NAT64, 6to4, Teredo), nor other families.
 */
bool address_is_public(const struct sockaddr *address);
/*
 * Where to listen: "127.0.0.1:9464", "[::1]:9464" (numbers only, port 1 to 65535) or the absolute
 * path of a unix socket. Returns 0 or ERR_INVALID.
 */
MUST_CHECK int address_parse(const char *text, struct sockaddr_storage *out, socklen_t *len);
/* The same of a numeric text; false when it is no address. */
bool address_text_is_public(const char *text);

#endif
