/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_SCOPES_H
#define TURNPIKE_PROCESS_SCOPES_H

#include "base/err.h"

#include <stddef.h>

/*
 * scopes -- what a credential may be used for. An API key with `scopes=` has those alone; every
 * other credential has all that its user and role have. fcgi-app/needs.h tells which one a route
 * needs. Pure. Every process.
 *
 * X(NAME, "name", "what it allows")
 */
#define SCOPES_TABLE(X) \
    X(SCOPE_CHAT, "chat", "send messages, open sockets, stop turns") \
    X(SCOPE_READ, "read", "read chats, records, files and events") \
    X(SCOPE_WRITE, "write", "change chats, records, files, settings; erase") \
    X(SCOPE_TOOLS, "tools", "call tools, also over MCP") \
    X(SCOPE_APPROVE, "approve", "answer approvals") \
    X(SCOPE_ADMIN, "admin", "what the role admin may; without it the key acts as a user")

enum scopes_bit {
#define SCOPES_ENUM_(name, text, help) name##_AT,
    SCOPES_TABLE(SCOPES_ENUM_)
#undef SCOPES_ENUM_
        SCOPES_COUNT
};
#define SCOPES_ENUM_(name, text, help) name = 1u << name##_AT,
enum scopes_value { SCOPES_TABLE(SCOPES_ENUM_) SCOPES_ALL = (1u << SCOPES_COUNT) - 1 };
#undef SCOPES_ENUM_

#define SCOPES_TEXT_SIZE 64

/*
 * scopes_read -- names between commas.
 *   scopes  out on 0, of SCOPES_ALL
 *   bad     out on error: the first name that is none; *bad_len bytes, borrowed from text
 * Returns 0; ERR_INVALID (an unknown name, or none at all).
 */
MUST_CHECK int scopes_read(const char *text, unsigned *scopes, const char **bad, size_t *bad_len);
/* The names, between commas. */
void scopes_write(unsigned scopes, char out[SCOPES_TEXT_SIZE]);
/* The name of one. Never NULL. */
const char *scopes_name(unsigned scope);

#endif
