/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2, close_range */
#endif
#include "process/aside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"
#include "process/child.h"
#include "process/fault.h"
#include "process/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASIDE_ANSWER_FD 3 /* of the child */
#define ASIDE_UNREAPED 16
#define ASIDE_PIECE 65536
#define ASIDE_LOOKS 50         /* a millisecond apart */
#define ASIDE_MARK 0x61736964u /* "asid" */

/* In front of the answer. */
struct aside_head {
    unsigned mark;
    int error;
    size_t len;
};

struct aside {
    const struct aside_work *work;
    struct reactor *reactor;
    struct reactor_source source;
    struct reactor_timer timer;
    struct aside *next; /* in the order of their making */
    aside_done_fn *done;
    void *arg;
    pid_t pid; /* 0 = it waits its turn */
    int fd;
    unsigned looks; /* how often it was not gone yet; 0 = it is at work */
    int status;     /* how it ended */
    bool reaped;
    struct buf answer;
};

/* Of this process, of its loop. Children that have been killed, and not been waited for. */
static struct {
    struct aside *first;
    int running;
    pid_t unreaped[ASIDE_UNREAPED];
} asides;

/* ---- in the child ---- */

static void aside_limit(int what, rlim_t most)
{
    if (child_limit(what, most))
        _exit(1);
}

/* AddressSanitizer reserves more addresses than any limit allows. */
static void aside_limit_memory(size_t memory)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(TURNPIKE_STRICT)
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fscanf(f, "%lu", &pages) == 1)
        aside_limit(RLIMIT_AS, (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + memory);
    if (f)
        fclose(f);
#else
    (void)memory;
#endif
}

static void aside_write(const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(ASIDE_ANSWER_FD, at, len);

        if (n < 0 && errno != EINTR)
            _exit(1);
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

static void aside_answer(const struct aside_work *w)
{
    struct buf out = {0};
    struct aside_head head = {.mark = ASIDE_MARK};

    if (w->conf)
        fault_in(w->conf, "parser", w->in, w->len);
    head.error = w->read(w->arg, w->in, w->len, &out);
    if (!head.error)
        head.error = buf_error(&out);
    head.len = head.error ? 0 : out.len;
    aside_write(&head, sizeof head);
    if (head.len > 0)
        aside_write(out.data, head.len);
    _exit(0);
}

/* Nothing of the parent's is left to it: no socket, no file, no handler, no shared memory. Standard
 * error stays, for what it, a sanitizer or libc says in its last moment. */
static void aside_become(const struct aside_work *w, int fd, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    child_signals();
    if (log_open(NULL) || shared_leave())
        _exit(1);
    if (fd != ASIDE_ANSWER_FD && dup2(fd, ASIDE_ANSWER_FD) < 0)
        _exit(1);
    close_range(ASIDE_ANSWER_FD + 1, ~0U, 0);
    aside_limit_memory(w->memory);
    aside_limit(RLIMIT_CORE, 0);
    aside_limit(RLIMIT_CPU, (rlim_t)(w->time_ms / 1000) + 1);
    filter_enter();
    aside_answer(w);
}

/* ---- in the parent ---- */

/* fd: out, the reading end, which does not block. */
static int aside_fork(const struct aside_work *w, pid_t *pid, int *fd)
{
    pid_t self = getpid();
    int pipes[2];

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return ERR_IO;
    *pid = fork();
    if (*pid == 0)
        aside_become(w, pipes[1], self);
    close(pipes[1]);
    if (*pid < 0) {
        close(pipes[0]);
        return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
    }
    (void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    *fd = pipes[0];
    return 0;
}

/* Returns 0: more may come; 1: its end; ERR_LIMIT; ERR_NOMEM; ERR_IO. */
static int aside_take(const struct aside_work *w, int fd, struct buf *answer)
{
    for (;;) {
        int error = buf_reserve(answer, ASIDE_PIECE);
        ssize_t n = error ? 0 : read(fd, answer->data + answer->len, ASIDE_PIECE);

        if (error)
            return error;
        if (n == 0)
            return 1;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : ERR_IO;
        answer->len += (size_t)n;
        if (answer->len > w->out_max + sizeof(struct aside_head))
            return ERR_LIMIT;
    }
}

static bool aside_has_answered(const struct buf *answer)
{
    return answer->len >= sizeof(struct aside_head);
}

/* All that it will say is there. */
static int aside_judge(const struct buf *answer, int status)
{
    struct aside_head head;

    if (!aside_has_answered(answer))
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU ? ERR_DEADLINE : ERR_REMOTE;
    memcpy(&head, answer->data, sizeof head);
    if (head.mark != ASIDE_MARK || head.len != answer->len - sizeof head || head.error > 0)
        return ERR_REMOTE;
    return head.error;
}

static void aside_tell(const struct aside_work *w, int error, int status)
{
    if (error == ERR_DEADLINE)
        log_warn("the process that read %s (%zu bytes) was ended after %lld ms", w->name, w->len,
            (long long)w->time_ms);
    else if (error == ERR_REMOTE)
        log_error("the process that read %s (%zu bytes) died%s%s: its request alone is lost",
            w->name, w->len, WIFSIGNALED(status) ? " of SIG" : "",
            WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "");
}

int aside_run(const struct aside_work *work, struct buf *out)
{
    int64_t until = clock_mono_ms() + work->time_ms;
    struct buf answer = {0};
    pid_t pid;
    int fd, status = 0, error = aside_fork(work, &pid, &fd);

    if (error)
        return error;
    while (!error) {
        struct pollfd end = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_mono_ms();

        if (left <= 0)
            error = ERR_DEADLINE;
        else if (poll(&end, 1, (int)left) > 0)
            error = aside_take(work, fd, &answer);
    }
    close(fd);
    kill(pid,
        SIGKILL); /* also after its answer, else it could stay; how it died is known by then */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (error == 1)
        error = aside_judge(&answer, status);
    aside_tell(work, error, status);
    if (!error) {
        buf_put(out, answer.data + sizeof(struct aside_head),
            answer.len - sizeof(struct aside_head));
        error = buf_error(out);
    }
    buf_free(&answer);
    return error;
}

/* ---- for the loop ---- */

/* Never waits: what the kernel has not ended yet is waited for by the next one. */
static int aside_reap(pid_t pid)
{
    int status = 0;

    for (size_t i = 0; i < ASIDE_UNREAPED; i++) {
        if (asides.unreaped[i] > 0 && waitpid(asides.unreaped[i], NULL, WNOHANG) != 0)
            asides.unreaped[i] = 0;
    }
    if (pid <= 0 || waitpid(pid, &status, WNOHANG) != 0)
        return status;
    for (size_t i = 0; i < ASIDE_UNREAPED; i++) {
        if (asides.unreaped[i] == 0) {
            asides.unreaped[i] = pid;
            break;
        }
    }
    return 0;
}

/* Its child is no more. */
static int aside_end_child(struct aside *a)
{
    if (a->pid == 0)
        return a->status;
    reactor_unwatch(a->reactor, &a->source);
    close(a->fd);
    if (!a->reaped) {
        kill(a->pid, SIGKILL);
        a->status = aside_reap(a->pid);
    }
    a->pid = 0;
    asides.running--;
    return a->status;
}

static void aside_free(struct aside *a)
{
    struct aside **at = &asides.first;

    while (*at && *at != a)
        at = &(*at)->next;
    if (*at)
        *at = a->next;
    aside_end_child(a);
    reactor_timer_clear(a->reactor, &a->timer);
    buf_free(&a->answer);
    free(a);
}

static bool aside_may_run(const struct aside *a)
{
    if (asides.running >= ASIDE_MAX)
        return false;
    for (const struct aside *other = asides.first; other; other = other->next)
        if (other != a && other->pid > 0 && a->work->owner != 0 &&
            other->work->owner == a->work->owner)
            return false;
    return true;
}

static void aside_on_timer(struct reactor_timer *timer);

/* Those whose turn it is begin with the next pass of the loop. */
static void aside_look(void)
{
    for (struct aside *a = asides.first; a; a = a->next)
        if (a->pid == 0)
            reactor_timer_set(a->reactor, &a->timer, clock_mono_ms(), aside_on_timer, a);
}

static void aside_finish(struct aside *a, int error)
{
    struct buf answer = a->answer;
    aside_done_fn *done = a->done;
    void *arg = a->arg;
    int status = aside_end_child(a);

    if (error == 1)
        error = aside_judge(&answer, status);
    aside_tell(a->work, error, status);
    a->answer = (struct buf){0};
    aside_free(a);
    aside_look();
    if (!error)
        buf_consume(&answer, sizeof(struct aside_head));
    done(arg, error, &answer);
    buf_free(&answer);
}

/* It has closed its pipe without an answer: it is dead, or is now. The kernel tells a moment later
 * what it died of. */
static void aside_look_at(struct aside *a)
{
    kill(a->pid, SIGKILL); /* changes nothing of how a dead one died */
    a->reaped = waitpid(a->pid, &a->status, WNOHANG) != 0;
    if (a->reaped || ++a->looks > ASIDE_LOOKS)
        aside_finish(a, 1);
    else
        reactor_timer_set(a->reactor, &a->timer, clock_mono_ms() + 1, aside_on_timer, a);
}

static void aside_on_ready(struct reactor_source *source, uint32_t events)
{
    struct aside *a = source->arg;
    int error = aside_take(a->work, a->fd, &a->answer);

    (void)events;
    if (error == 1 && !aside_has_answered(&a->answer)) {
        reactor_unwatch(a->reactor, source);
        aside_look_at(a);
    } else if (error) {
        aside_finish(a, error);
    }
}

static int aside_begin(struct aside *a)
{
    int error = aside_fork(a->work, &a->pid, &a->fd);

    if (error) {
        a->pid = 0;
        return error;
    }
    asides.running++;
    error = reactor_watch(a->reactor, &a->source, a->fd, EPOLLIN, aside_on_ready, a);
    if (!error)
        reactor_timer_set(a->reactor, &a->timer, clock_mono_ms() + a->work->time_ms, aside_on_timer,
            a);
    return error;
}

static void aside_on_timer(struct reactor_timer *timer)
{
    struct aside *a = timer->arg;
    int error;

    if (a->pid > 0) {
        if (a->looks > 0)
            aside_look_at(a);
        else
            aside_finish(a, ERR_DEADLINE);
        return;
    }
    if (!aside_may_run(a))
        return; /* looked at again when one ends */
    aside_reap(0);
    error = aside_begin(a);
    if (error)
        aside_finish(a, error);
}

int aside_start(struct aside **out, struct reactor *reactor, const struct aside_work *work,
    aside_done_fn *done, void *arg)
{
    struct aside *a = calloc(1, sizeof *a), **at = &asides.first;

    if (!a)
        return ERR_NOMEM;
    *a = (struct aside){.work = work, .reactor = reactor, .done = done, .arg = arg, .fd = -1};
    while (*at)
        at = &(*at)->next;
    *at = a;
    reactor_timer_set(reactor, &a->timer, clock_mono_ms(), aside_on_timer, a);
    *out = a;
    return 0;
}

void aside_cancel(struct aside *a)
{
    aside_free(a);
    aside_look();
}
