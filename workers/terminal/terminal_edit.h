/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_EDIT_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_EDIT_H

#include "base/err.h"
#include "base/jdoc.h"
#include "workers/terminal/terminal_view.h"

/*
 * terminal_edit_json -- lets the user change a JSON object in $VISUAL, $EDITOR or vi, in a file
 * that only this user can read and that is removed at once.
 *   edited  out, on 0: what the user has written; the caller frees it
 * Returns 0; ERR_INVALID (no JSON object, told on the screen); ERR_IO (no editor, or it failed);
 * ERR_NOMEM.
 */
MUST_CHECK int terminal_edit_json(struct terminal_view *view, const jdoc *value, jdoc **edited);

#endif
