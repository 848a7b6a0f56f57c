/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker.h"

#include "fcgi-app/seats.h"

/* turn_worker -- one FastCGI request is one turn is one task; the turn outlives the request. */
int turn_worker_main(struct worker *w)
{
    struct seats *s = NULL;

    if (seats_new(&s, w))
        return 1;
    int status = seats_run(s);
    seats_free(s);
    return status;
}
