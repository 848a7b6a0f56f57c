/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_WEBHOOK_H
#define TURNPIKE_FCGI_APP_WEBHOOK_H

#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "process/problem.h"

/*
 * webhook -- the member "webhook": {"url": "https://..."} of a message. Pure.
 *   url  out: borrowed from body; NULL when there is none
 * What only the connection can show (a name of a private address) is refused at delivery.
 * Returns 0; ERR_INVALID with the problem set.
 */
MUST_CHECK int webhook_parse(const jdoc *body, const struct conf *conf, const char **url,
    struct problem *problem);

#endif
