/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_REPORT_PAGE_H
#define TURNPIKE_TOOLS_KIT_REPORT_PAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

/*
 * report_page -- a budget report as a PDF of A4 pages, by libharu; the only file that includes it.
 * Used by a tool. Fonts are those that every reader has: a character that Windows-1252 lacks
 * becomes '?'.
 *   report      with from, to, total, currency
 *   categories  [{category, spent, limit?}]
 *   expenses    [{date, category, amount, currency, description?, location?}]
 *   out         the file in base64
 * Returns 0, ERR_NOMEM or ERR_INTERNAL.
 */
MUST_CHECK int report_page_write(const jdoc *report, const jdoc *categories, const jdoc *expenses,
    struct buf *out);

#endif
