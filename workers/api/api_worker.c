/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker.h"

#include "fcgi-app/loop.h"
#include "tools/remote/mcp.h"
#include "wire/http/http.h"

#define API_WORKER_LEAVE_MS 1000 /* for a word to servers that keep a session for us */

/* api_worker -- short requests and single tools; never runs a turn. */
int api_worker_main(struct worker *w)
{
    struct loop *l = NULL;
    if (loop_new(&l, w) < 0)
        return 1;
    int status = loop_run(l);
    mcp_leave(loop_app(l)->http, loop_app(l)->reactor, API_WORKER_LEAVE_MS);
    if (loop_app(l)->http)
        http_free(loop_app(l)->http);
    loop_free(l);
    return status;
}
