#include "workers/worker.h"

#include "base/http.h"
#include "fcgi-app/loop.h"

/* api_worker -- short requests and single tools; never runs a turn. */
int api_worker_main(struct worker *w)
{
    struct loop *l = NULL;
    if (loop_new(&l, w, ROUTES_API) < 0)
        return 1;
    int status = loop_run(l);
    if (loop_app(l)->http != NULL)
        http_free(loop_app(l)->http);
    loop_free(l);
    return status;
}
