/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_OPENAPI_H
#define TURNPIKE_FCGI_APP_OPENAPI_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"

/*
 * openapi -- the API as an OpenAPI 3.1 document, made of what the service works by: the routes of
 * fcgi-app/routes.c and the schemas of the tools. What these do not know, words and the forms of
 * bodies, stands in fcgi-app/openapi/, for each route under "METHOD PATTERN". Two tables that do
 * not agree fail a test. Api workers.
 *
 * From a route come its path, the parameters of the path, who may ask, and the refusals that every
 * route has. Each of Turnpike's own tools is a path, with its schemas; those of MCP servers and
 * declared ones differ from site to site and are listed by GET /tools.
 */

/* The texts of fcgi-app/openapi/, JSON, NULL behind the last one; made by the build. */
extern const char *const openapi_texts[];
/* Appends the document. Returns 0 or ERR_NOMEM. */
MUST_CHECK int openapi_write(const struct conf *conf, struct buf *out);

#endif
