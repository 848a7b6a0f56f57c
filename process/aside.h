/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_ASIDE_H
#define TURNPIKE_PROCESS_ASIDE_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stddef.h>
#include <stdint.h>

/*
 * aside -- reads bytes of a stranger in a child process that does nothing else. A parser that
 * crashes, computes for ever or takes all memory costs one request its answer, and no worker its
 * life. The child is a fork without exec: it has the code and the settings, and no descriptor but
 * the pipe by which it answers, no shared memory (base/shared.h), no core, limits of time and
 * memory, and of the kernel little more than memory (process/filter.h). Its log is standard error.
 * A call costs about a millisecond.
 *
 * Any process. In turn workers by aside_start alone, as aside_run waits.
 */
struct aside_work {
    const char *name; /* of the parser, for the log */
    /*
     * In the child: reads `in` and appends its answer, which is text of ours: the parent trusts no
     * byte of it more than of `in`. Returns 0 or an error of base/err.h, which travels back.
     */
    int (*read)(void *arg, const char *in, size_t len, struct buf *out);
    void *arg; /* for read; valid until the end */
    const char *in;
    size_t len;               /* in: borrowed until the end */
    int64_t time_ms;          /* of computing, and of waiting for it */
    size_t memory, out_max;   /* bytes: what read may allocate, how long its answer may be */
    const struct conf *conf;  /* process/fault.h, stage "parser"; or NULL */
    unsigned long long owner; /* whose bytes they are (scoreboard_owner); 0 = nobody's */
};

/*
 * aside_run -- waits for the answer, which is appended to `out`. Outside of tasks.
 * Returns 0 or what read returned; ERR_REMOTE (the child died); ERR_DEADLINE; ERR_LIMIT (the answer
 * is too long); ERR_NOMEM, ERR_IO (no child could be made).
 */
MUST_CHECK int aside_run(const struct aside_work *work, struct buf *out);

/* out: borrowed. error: as aside_run. The aside is gone when it returns. */
typedef void aside_done_fn(void *arg, int error, const struct buf *out);
struct aside;
/*
 * aside_start -- the same for the loop. `done` is called from a callback of the loop, never from
 * within. A process has ASIDE_MAX children at once, and one for each owner; what is beyond that
 * waits its turn. work: borrowed until the end.
 * Returns 0 or ERR_NOMEM.
 */
#define ASIDE_MAX 8
MUST_CHECK int aside_start(struct aside **out, struct reactor *reactor,
    const struct aside_work *work, aside_done_fn *done, void *arg);
/* Forgets it: nobody is told. */
void aside_cancel(struct aside *a);

#endif
