/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_PAGE_H
#define TURNPIKE_TOOLS_KIT_PAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/kit/run.h"

#include <stddef.h>

/*
 * page -- reads what a host of the internet has sent (fetch_bytes) in a child process
 * (process/aside.h), so that a page which ends its parser costs this call alone. Turn and api
 * workers, tool processes.
 */

/* In the child. As struct aside_work's read. */
typedef int page_read_fn(void *arg, const char *in, size_t len, struct buf *out);
/* A step of tools_go_on. error: 0 or what read returned; ERR_REMOTE, ERR_DEADLINE: the child died,
 * or computed for too long; or another one. It ends the call with run_finished. */
typedef void page_done_fn(struct tools_run *run, int error, const char *answer, size_t len);
struct page {
    const char *name; /* for the log */
    page_read_fn *read;
    page_done_fn *done;
    size_t out_max; /* bytes of its answer */
};
/*
 * page_read -- from a step of the run; it is then to be left. page: constant. body: copied.
 * Returns 0 (done will be called) or ERR_NOMEM.
 */
MUST_CHECK int page_read(struct tools_run *run, const struct page *page, const char *body,
    size_t len);

#endif
