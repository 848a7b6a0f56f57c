/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* close_range */
#endif
#include "workers/supervisor/upgrade.h"

#include "base/log.h"
#include "process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UPGRADE_VARIABLE "TURNPIKE_UPGRADE"
#define UPGRADE_LANGUAGE 1 /* of the variable and the socket */
#define UPGRADE_FIRST 3    /* the descriptor at which systemd's begin */
#define UPGRADE_ASIDE 64   /* descriptors from here on are free of those */

static const enum sockets_which upgrade_sockets[] = {SOCKETS_API, SOCKETS_TURN, SOCKETS_STREAM,
    SOCKETS_CONTROL};
#define UPGRADE_SOCKETS (sizeof upgrade_sockets / sizeof upgrade_sockets[0])
enum { UPGRADE_FD = UPGRADE_FIRST + UPGRADE_SOCKETS, UPGRADE_LOCK_FD, UPGRADE_FDS_END };

int upgrade_given_read(struct upgrade_given *out)
{
    const char *text = getenv(UPGRADE_VARIABLE);
    int language = 0, own = 0;
    *out = (struct upgrade_given){.fd = -1, .lock_fd = -1};
    if (!text)
        return 0;
    int n = sscanf(text, "%d %d %d %d %u", &language, &out->fd, &out->lock_fd, &own, &out->number);
    unsetenv(UPGRADE_VARIABLE);
    out->own = own != 0;
    if (n != 5 || language != UPGRADE_LANGUAGE || out->fd < 0 || out->lock_fd < 0)
        return ERR_INVALID;
    fcntl(out->fd, F_SETFD, FD_CLOEXEC);
    fcntl(out->lock_fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

void upgrade_program(char *out, size_t size)
{
    static const char gone[] = " (deleted)"; /* says the kernel of a file with no name any more */
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    if (n >= (ssize_t)sizeof gone && strcmp(out + n - (sizeof gone - 1), gone) == 0)
        out[n - (ssize_t)(sizeof gone - 1)] = '\0';
}

/* ---- in the child ---- */

static void upgrade_set(const char *name, long long value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", value);
    setenv(name, text, 1);
}

static void upgrade_environment(const struct sockets *sockets, unsigned number)
{
    char names[128] = "", text[64];
    size_t len = 0;
    for (size_t i = 0; i < UPGRADE_SOCKETS; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ":" : "",
            sockets_name(upgrade_sockets[i]));
    upgrade_set("LISTEN_PID", getpid());
    upgrade_set("LISTEN_FDS", UPGRADE_SOCKETS);
    setenv("LISTEN_FDNAMES", names, 1);
    if (getenv("WATCHDOG_USEC"))
        upgrade_set("WATCHDOG_PID", getpid());
    snprintf(text, sizeof text, "%d %d %d %d %u", UPGRADE_LANGUAGE, UPGRADE_FD, UPGRADE_LOCK_FD,
        !sockets->one[SOCKETS_API].inherited, number);
    setenv(UPGRADE_VARIABLE, text, 1);
}

/* At their places; everything else is closed. */
static void upgrade_descriptors(const struct sockets *sockets, int fd)
{
    int aside[UPGRADE_FDS_END - UPGRADE_FIRST];
    size_t count = 0;
    for (; count < UPGRADE_SOCKETS; count++)
        aside[count] = fcntl(sockets->one[upgrade_sockets[count]].fd, F_DUPFD, UPGRADE_ASIDE);
    aside[count++] = fcntl(fd, F_DUPFD, UPGRADE_ASIDE);
    aside[count++] = fcntl(sockets->lock_fd, F_DUPFD, UPGRADE_ASIDE);
    for (size_t i = 0; i < count; i++)
        if (aside[i] < 0 || dup2(aside[i], UPGRADE_FIRST + (int)i) < 0)
            _exit(1);
    close_range(UPGRADE_FDS_END, ~0U, 0);
}

static _Noreturn void upgrade_child(const struct upgrade_program *program,
    const struct sockets *sockets, int fd)
{
    child_signals();
    upgrade_descriptors(sockets, fd);
    upgrade_environment(sockets, program->number);
    execv(program->path, program->argv);
    dprintf(UPGRADE_FD, "%s: %s\n", program->path, strerror(errno));
    _exit(1);
}

/* ---- the old one ---- */

/*
 * The child in between ends at once: the program's parent is process 1, which hears of its end. It
 * waits for the end of `pid_fd`: as long as it is there, the number is no other process's.
 */
static _Noreturn void upgrade_between(const struct upgrade_program *program,
    const struct sockets *sockets, int fd, const int pids[2])
{
    pid_t pid = fork();
    char nothing;
    if (pid == 0)
        upgrade_child(program, sockets, fd);
    close(pids[0]);
    if (write(pids[1], &pid, sizeof pid) == (ssize_t)sizeof pid)
        (void)!read(pids[1], &nothing, sizeof nothing);
    _exit(0);
}

/* The process that the child in between has forked; ok: there is one. */
static bool upgrade_process(int fd, struct upgrade_process *out)
{
    if (read(fd, &out->pid, sizeof out->pid) != (ssize_t)sizeof out->pid || out->pid <= 0)
        return false;
    out->pid_fd = (int)syscall(SYS_pidfd_open, out->pid, 0);
    return true;
}

int upgrade_start(const struct upgrade_program *program, const struct sockets *sockets,
    struct upgrade_process *out)
{
    int pair[2] = {-1, -1}, pids[2] = {-1, -1};
    pid_t between = -1;
    bool ok = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pids) == 0;
    *out = (struct upgrade_process){.fd = -1, .pid_fd = -1};
    fflush(NULL);
    if (ok && (between = fork()) == 0)
        upgrade_between(program, sockets, pair[1], pids);
    if (pids[1] >= 0)
        close(pids[1]);
    if (pair[1] >= 0)
        close(pair[1]);
    ok = between > 0 && upgrade_process(pids[0], out);
    if (pids[0] >= 0)
        close(pids[0]);
    if (between > 0)
        (void)waitpid(between, NULL, 0);
    out->fd = ok ? pair[0] : -1;
    if (!ok && pair[0] >= 0)
        close(pair[0]);
    if (!ok)
        log_error("upgrade: %s cannot be started: %s", program->path, strerror(errno));
    return ok ? 0 : ERR_IO;
}

void upgrade_kill(const struct upgrade_process *process)
{
    if (process->pid_fd >= 0)
        (void)syscall(SYS_pidfd_send_signal, process->pid_fd, SIGKILL, NULL, 0);
}

void upgrade_process_fini(struct upgrade_process *process)
{
    if (process->fd >= 0)
        close(process->fd);
    if (process->pid_fd >= 0)
        close(process->pid_fd);
    process->fd = process->pid_fd = -1;
}
