/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_DAV_ASK_H
#define TURNPIKE_FCGI_APP_DAV_ASK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * dav_ask -- what a client of WebDAV asks for in XML: PROPFIND (RFC 4918 9.1), calendar-query and
 * calendar-multiget (RFC 4791 7.8, 7.9), sync-collection (RFC 6578 3.2), PROPPATCH (its
 * properties). The one file that includes
 * expat is dav_ask.c. Declarations of a document type, and so entities, are refused.
 */
#define DAV_NS "DAV:"
#define DAV_CALDAV "urn:ietf:params:xml:ns:caldav"
#define DAV_SERVER "http://calendarserver.org/ns/"
#define DAV_PROPS_MAX 80
#define DAV_HREFS_MAX 500

enum dav_kind { DAV_PROPFIND, DAV_QUERY, DAV_MULTIGET, DAV_SYNC, DAV_UPDATE, DAV_OTHER };
struct dav_prop {
    const char *ns, *name;
};
struct dav_ask {
    enum dav_kind kind;
    bool all, names; /* all properties there are; their names alone */
    struct dav_prop props[DAV_PROPS_MAX];
    size_t prop_count;
    const char *hrefs[DAV_HREFS_MAX];
    size_t href_count;
    const char *token;         /* of sync-collection; "" = none */
    int64_t limit;             /* 0 = none */
    const char *component;     /* of the filter, the inner one; "" = none */
    bool has_filter;           /* a filter by more than component and period, which is not served */
    int64_t from_ms, until_ms; /* INT64_MIN, INT64_MAX = without */
};

/*
 * dav_ask_read -- the body; an empty one is a PROPFIND of all. Pure. Texts in the arena.
 * Returns 0; ERR_INVALID (no XML, or none of these); ERR_LIMIT; ERR_NOMEM.
 */
MUST_CHECK int dav_ask_read(const char *text, size_t len, struct arena *arena, struct dav_ask *out);
/* As JSON, which the child that reads says, and back. Return 0; ERR_PROTOCOL (_told); ERR_NOMEM. */
MUST_CHECK int dav_ask_tell(const struct dav_ask *ask, struct buf *out);
MUST_CHECK int dav_ask_told(const char *json, size_t len, struct arena *arena, struct dav_ask *out);
/* dav_ask_read in a child process (process/aside.h). Waits: api workers alone. Also ERR_INVALID
 * when the child died over it. owner: scoreboard_owner. */
MUST_CHECK int dav_ask_read_aside(const struct conf *conf, unsigned long long owner,
    const char *text, size_t len, struct arena *arena, struct dav_ask *out);

#endif
