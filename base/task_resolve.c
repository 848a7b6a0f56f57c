/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* One lookup: shared by the task and the thread, freed by the one that leaves last. */
struct lookup {
    char host[256], service[16];
    struct addrinfo *list;
    int result;  /* of getaddrinfo */
    int done_fd; /* eventfd */
    atomic_int users;
};

static void task_leave(struct lookup *l)
{
    if (atomic_fetch_sub(&l->users, 1) != 1)
        return;
    if (l->list)
        freeaddrinfo(l->list);
    close(l->done_fd);
    free(l);
}

static int task_look_up(const char *host, const char *service, int flags, struct addrinfo **out)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};

    return getaddrinfo(host, service, &hints, out);
}

static void *task_thread_main(void *arg)
{
    struct lookup *l = arg;
    uint64_t one = 1;

    l->result = task_look_up(l->host, l->service, 0, &l->list);
    if (write(l->done_fd, &one, sizeof one) < 0)
        l->result = EAI_SYSTEM;
    task_leave(l);
    return NULL;
}

/* Threads inherit the caller's signal mask: those of a worker are blocked outside of its wait. */
static int task_start(struct lookup *l)
{
    pthread_attr_t attr;
    pthread_t thread;
    int error;

    if (pthread_attr_init(&attr))
        return ERR_NOMEM;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    atomic_store(&l->users, 2);
    error = pthread_create(&thread, &attr, task_thread_main, l) ? ERR_NOMEM : 0;
    pthread_attr_destroy(&attr);
    if (error)
        atomic_store(&l->users, 1);
    return error;
}

static int task_result_of(int result)
{
    return !result ? 0 : result == EAI_MEMORY ? ERR_NOMEM : ERR_NOT_FOUND;
}

static int task_resolve_in_thread(const char *host, const char *service, int64_t until_ms,
    struct addrinfo **out)
{
    struct lookup *l = calloc(1, sizeof *l);
    int error;

    if (!l)
        return ERR_NOMEM;
    atomic_store(&l->users, 1);
    l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->done_fd < 0) {
        free(l);
        return ERR_NOMEM;
    }
    snprintf(l->host, sizeof l->host, "%s", host);
    snprintf(l->service, sizeof l->service, "%s", service);
    error = task_start(l);
    if (!error)
        error = task_wait_fd(l->done_fd, POLLIN, until_ms);
    if (!error)
        error = task_result_of(l->result);
    if (!error) {
        *out = l->list;
        l->list = NULL;
    }
    task_leave(l);
    return error;
}

int task_resolve(const char *host, const char *service, int64_t until_ms, struct addrinfo **out)
{
    *out = NULL;
    if (!task_self())
        return task_result_of(task_look_up(host, service, 0, out));
    if (!task_look_up(host, service, AI_NUMERICHOST, out))
        return 0;
    return strlen(host) < sizeof((struct lookup *)0)->host ?
        task_resolve_in_thread(host, service, until_ms, out) :
        ERR_NOT_FOUND;
}
