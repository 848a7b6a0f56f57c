/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/child.h"

#include <signal.h>
#include <stddef.h>

void child_handlers(void)
{
    for (int number = 1; number < NSIG; number++)
        if (number != SIGKILL && number != SIGSTOP)
            signal(number, SIG_DFL);
}

void child_signals(void)
{
    sigset_t none;

    child_handlers();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_limit(int what, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit(what, &limit) < 0)
        return ERR_IO;
    if (limit.rlim_max > most) /* RLIM_INFINITY is the largest */
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(what, &limit) < 0 ? ERR_IO : 0;
}
