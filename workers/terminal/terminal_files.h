/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_FILES_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_FILES_H

#include "base/err.h"
#include "base/jdoc.h"
#include "workers/terminal/terminal_link.h"
#include "workers/terminal/terminal_view.h"

/*
 * terminal_files_add -- uploads a file for the next message and adds it to the list.
 *   list  in and out: an array for POST /chat, NULL = none yet
 * Returns 0, or an error that the user has been told.
 */
MUST_CHECK int terminal_files_add(struct terminal_link *link, struct terminal_view *view,
    const char *path, jdoc **list);

#endif
