/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_DAV_H
#define TURNPIKE_FCGI_APP_DAV_H

#include "base/err.h"
#include "fcgi-app/dav_ask.h"
#include "fcgi-app/exchange.h"
#include "tools/kit/module.h"

#include <stdbool.h>

/*
 * dav -- the calendar as a collection of CalDAV (RFC 4791): the addresses below "/dav", their
 * properties, and replies in XML. Each user sees the own calendar alone, so no address names a
 * user. Api workers.
 *
 *   /dav/                          where a client begins
 *   /dav/principal/                the user
 *   /dav/calendars/                the user's calendars
 *   /dav/calendars/assistant/      the one that there is
 *   /dav/calendars/assistant/NAME.ics
 */
#define DAV_PATTERN "/dav{path}"
#define DAV_TYPE "application/xml; charset=utf-8"
#define DAV_FEATURES "1, 3, calendar-access"

enum dav_node { DAV_ROOT = 1, DAV_PRINCIPAL = 2, DAV_HOME = 4, DAV_CALENDAR = 8, DAV_EVENT = 16 };
#define DAV_COLLECTIONS (DAV_ROOT | DAV_PRINCIPAL | DAV_HOME | DAV_CALENDAR)
struct dav_target {
    enum dav_node node;
    const char *name; /* of an event, decoded, without its ending; arena */
};
/* Is the exchange's route one of these? */
bool dav_is(const struct exchange *x);
/* What an address means. path: still encoded, behind "/dav", or all of it, as in a href. Returns 0,
 * ERR_NOT_FOUND or ERR_NOMEM. */
MUST_CHECK int dav_target(struct exchange *x, const char *path, struct dav_target *out);

/* One response of a multi-status. resource: of an event; text: its file, or NULL. */
struct dav_item {
    enum dav_node node;
    const struct module_resource *resource;
    const struct buf *text;
};
/* The beginning of the reply, 207. */
void dav_begin(struct exchange *x);
void dav_put_item(struct exchange *x, const struct dav_ask *ask, const struct dav_item *item,
    int64_t revision);
/* None of the properties that a PROPPATCH names was changed. */
void dav_put_unchanged(struct exchange *x, const struct dav_ask *ask, enum dav_node node);
/* A response that is only a status, such as 404; href: as it was asked; NULL: of the resource. */
void dav_put_status(struct exchange *x, const char *href, const char *name, int status);
/* token: of sync-collection; below 0: none. */
void dav_end(struct exchange *x, int64_t token);
/* A refusal whose precondition has a name of the RFCs; why: for people. Returns
 * 0. */
MUST_CHECK int dav_refuse(struct exchange *x, int status, const char *ns, const char *condition,
    const char *why);

/* "REVISION" as a tag, in quotes. */
#define DAV_TAG_SIZE 24
void dav_tag(int64_t revision, char out[DAV_TAG_SIZE]);
#define DAV_TOKEN "urn:turnpike:sync:"
/* Asks ask for this property? */
bool dav_wants(const struct dav_ask *ask, const char *ns, const char *name);

#endif
