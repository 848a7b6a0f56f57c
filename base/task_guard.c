/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In a build with TURNPIKE_STRICT the linker sends each call of these functions of libc that our
 * objects make through here (--wrap, configure.ac): one that may block within a task is
 * task_fault. Calls that libraries make are not seen; what of theirs we call, and why it does not
 * block, stands in build-aux/blocking-accepted.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* gettid */
#endif
#include "base/task.h"

#ifdef TURNPIKE_STRICT

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool off;

/* A thread of our own (task_resolve's) may block. */
static bool in_task(void)
{
    return !off && task_self() && gettid() == getpid();
}

static void check(bool blocks, const char *call)
{
    if (blocks && in_task())
        task_fault("%s within a task", call);
}

static bool blocking_socket(int fd, int flags)
{
    struct stat st;
    int mode = fcntl(fd, F_GETFL), error = errno;
    bool blocks = !(flags & MSG_DONTWAIT) && mode >= 0 && !(mode & O_NONBLOCK) && !fstat(fd, &st) &&
        (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode));

    errno = error;
    return blocks;
}

int __real_poll(struct pollfd *fds, nfds_t n, int ms);

/* A socket or pipe that has something to read does not keep its reader. */
static bool nothing_to_read(int fd, int flags)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return in_task() && blocking_socket(fd, flags) && __real_poll(&p, 1, 0) == 0;
}

/* GUARD(result, name, (parameters), (arguments), whether it blocks) */
#define GUARD(type, call, parameters, arguments, blocks) \
    type __real_##call parameters; \
    type __wrap_##call parameters; \
    type __wrap_##call parameters \
    { \
        check(blocks, #call); \
        return __real_##call arguments; \
    }

static bool waits(const struct timespec *t)
{
    return !t || t->tv_sec || t->tv_nsec;
}

GUARD(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms), ms != 0)
GUARD(int, ppoll, (struct pollfd * fds, nfds_t n, const struct timespec *t, const sigset_t *mask),
    (fds, n, t, mask), waits(t))
GUARD(int, select, (int n, fd_set *r, fd_set *w, fd_set *x, struct timeval *t), (n, r, w, x, t),
    !t || t->tv_sec || t->tv_usec)
GUARD(int, pselect,
    (int n, fd_set *r, fd_set *w, fd_set *x, const struct timespec *t, const sigset_t *mask),
    (n, r, w, x, t, mask), waits(t))
GUARD(int, epoll_wait, (int fd, struct epoll_event *events, int n, int ms), (fd, events, n, ms),
    ms != 0)
GUARD(int, epoll_pwait, (int fd, struct epoll_event *events, int n, int ms, const sigset_t *mask),
    (fd, events, n, ms, mask), ms != 0)
GUARD(int, getaddrinfo,
    (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out),
    (host, service, hints, out), !hints || !(hints->ai_flags & AI_NUMERICHOST))
GUARD(int, getnameinfo,
    (const struct sockaddr *address, socklen_t len, char *host, socklen_t host_len, char *service,
        socklen_t service_len, int flags),
    (address, len, host, host_len, service, service_len, flags), !(flags & NI_NUMERICHOST))
GUARD(unsigned, sleep, (unsigned s), (s), s != 0)
GUARD(int, usleep, (useconds_t us), (us), us != 0)
GUARD(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left), waits(t))
GUARD(int, clock_nanosleep,
    (clockid_t clock, int flags, const struct timespec *t, struct timespec *left),
    (clock, flags, t, left), waits(t))
GUARD(int, flock, (int fd, int operation), (fd, operation), !(operation & 4)) /* LOCK_NB */
GUARD(int, lockf, (int fd, int command, off_t len), (fd, command, len), command == F_LOCK)
GUARD(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options),
    !(options & WNOHANG))
GUARD(int, system, (const char *command), (command), true)
GUARD(FILE *, popen, (const char *command, const char *mode), (command, mode), true)
GUARD(int, connect, (int fd, const struct sockaddr *address, socklen_t len), (fd, address, len),
    blocking_socket(fd, 0))
GUARD(int, accept, (int fd, struct sockaddr *address, socklen_t *len), (fd, address, len),
    nothing_to_read(fd, 0))
GUARD(int, accept4, (int fd, struct sockaddr *address, socklen_t *len, int flags),
    (fd, address, len, flags), nothing_to_read(fd, 0))
GUARD(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), nothing_to_read(fd, 0))
GUARD(ssize_t, recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags),
    nothing_to_read(fd, flags))
GUARD(ssize_t, recvfrom,
    (int fd, void *to, size_t size, int flags, struct sockaddr *from, socklen_t *len),
    (fd, to, size, flags, from, len), nothing_to_read(fd, flags))
GUARD(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags),
    nothing_to_read(fd, flags))
GUARD(ssize_t, send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags),
    blocking_socket(fd, flags))
GUARD(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
    blocking_socket(fd, flags))
GUARD(ssize_t, sendto,
    (int fd, const void *from, size_t size, int flags, const struct sockaddr *to, socklen_t len),
    (fd, from, size, flags, to, len), blocking_socket(fd, flags))

void task_guard(bool on)
{
    off = !on;
}

#else

void task_guard(bool on)
{
    (void)on;
}

#endif
