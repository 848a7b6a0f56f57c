/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FEEDBACK_VIEW_H
#define TURNPIKE_FCGI_APP_FEEDBACK_VIEW_H

#include "base/buf.h"
#include "store/feedback_turn.h"

/*
 * feedback_view -- one entry of feedback with its turn, as an administrator reads it: JSON, a line
 * of CSV (a text that a spreadsheet would take for a formula gets an apostrophe in front). Pure
 * computation.
 */
void feedback_view_json(const struct feedback_entry *entry, const struct feedback_turn *turn,
    struct buf *out);
void feedback_view_csv_names(struct buf *out);
void feedback_view_csv(const struct feedback_entry *entry, const struct feedback_turn *turn,
    struct buf *out);

#endif
