/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create, pipe2, close_range */
#endif
#include "workers/tool/program.h"

#include "base/clock.h"
#include "base/log.h"
#include "process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_MEMORY ((rlim_t)1 << 30) /* of addresses: the recogniser maps its models */
#define PROGRAM_FILE \
    ((rlim_t)128 << 20) /* espeak-ng reserves 64 MiB for a player that it never asks */
#define PROGRAM_FILES 32
#define PROGRAM_LIFE 3 /* descriptor that the program holds as long as it lives */
#define PROGRAM_UNSTARTED 127

struct program_files {
    int in, out;
    int life[2]; /* a pipe: the reading end hears when the program has ended */
};

/* ---- in the child, between fork and exec ---- */

static void program_limit(int what, rlim_t most)
{
    if (child_limit(what, most))
        _exit(PROGRAM_UNSTARTED);
}

static void program_limits(const struct program *p)
{
    int64_t ms = p->until_ms - clock_mono_ms();

    program_limit(RLIMIT_CORE, 0);
    program_limit(RLIMIT_FSIZE, PROGRAM_FILE);
    program_limit(RLIMIT_AS, PROGRAM_MEMORY);
    program_limit(RLIMIT_NOFILE, PROGRAM_FILES);
    program_limit(RLIMIT_CPU, (rlim_t)(ms < 0 ? 0 : ms / 1000) + 2);
}

/* The copies keep away from the places that they are for. */
static void program_descriptors(const struct program_files *f)
{
    int in = fcntl(f->in, F_DUPFD, PROGRAM_FILES), out = fcntl(f->out, F_DUPFD, PROGRAM_FILES);
    int life = fcntl(f->life[1], F_DUPFD, PROGRAM_FILES), nowhere = open("/dev/null", O_WRONLY);

    if (in < 0 || out < 0 || life < 0 || nowhere < 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0 ||
        dup2(life, PROGRAM_LIFE) < 0)
        _exit(PROGRAM_UNSTARTED);
    close_range(PROGRAM_LIFE + 1, ~0U, 0);
}

static void program_become(const struct program *p, const struct program_files *f, pid_t parent)
{
    static char *const environment[] = {"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin", NULL};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* what it starts itself ends with it */
    if (getppid() != parent)
        _exit(PROGRAM_UNSTARTED);
    child_signals();
    program_descriptors(f);
    program_limits(p);
    execve(p->argv[0], (char *const *)p->argv, environment);
    _exit(PROGRAM_UNSTARTED);
}

/* ---- around it ---- */

static int program_files_fill(const struct program *p, struct program_files *f)
{
    const char *bytes = p->input;
    size_t at = 0;

    while (at < p->len) {
        ssize_t n = write(f->in, bytes + at, p->len - at);

        if (n < 0 && errno != EINTR)
            return errno == ENOSPC ? ERR_NOMEM : ERR_IO;
        at += n > 0 ? (size_t)n : 0;
    }
    return lseek(f->in, 0, SEEK_SET) < 0 ? ERR_IO : 0;
}

static void program_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void program_files_close(struct program_files *f)
{
    program_close(f->in);
    program_close(f->out);
    program_close(f->life[0]);
    program_close(f->life[1]);
}

static int program_files_open(const struct program *p, struct program_files *f)
{
    *f = (struct program_files){-1, -1, {-1, -1}};
    f->in = memfd_create("input", MFD_CLOEXEC);
    f->out = memfd_create("output", MFD_CLOEXEC);
    if (f->in < 0 || f->out < 0 || pipe2(f->life, O_CLOEXEC) < 0)
        return ERR_IO;
    return program_files_fill(p, f);
}

/* Until it has closed its end of the pipe, which it never looks at. False: its time is over. */
static bool program_ends(const struct program_files *f, int64_t until_ms)
{
    struct pollfd life = {.fd = f->life[0], .events = POLLIN};

    for (;;) {
        int64_t left = until_ms - clock_mono_ms();
        int ready = poll(&life, 1, left < 0 ? 0 : (int)left);

        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true;
        if (left <= 0)
            return false;
    }
}

static int program_status(const char *path, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
        return ERR_LIMIT;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return ERR_DEADLINE;
    if (WIFSIGNALED(status))
        log_warn("%s was ended by signal %d", path, WTERMSIG(status));
    else
        log_warn("%s ended with status %d", path, WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_UNSTARTED ? ERR_IO : ERR_REMOTE;
}

static int program_wait(const struct program *p, const struct program_files *f, pid_t pid)
{
    bool ended = program_ends(f, p->until_ms);
    int status = 0;

    if (!ended && kill(-pid, SIGKILL) < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return ended ? program_status(p->argv[0], status) : ERR_DEADLINE;
}

static int program_take(const struct program_files *f, size_t most, struct buf *out)
{
    struct stat st;
    size_t had = out->len;
    int error = fstat(f->out, &st) < 0 ? ERR_IO : 0;

    if (!error && (size_t)st.st_size > most)
        error = ERR_LIMIT;
    if (!error)
        error = buf_reserve(out, (size_t)st.st_size);
    while (!error && out->len - had < (size_t)st.st_size) {
        char piece[4096];
        ssize_t n = pread(f->out, piece, sizeof piece, (off_t)(out->len - had));

        if (n > 0)
            buf_put(out, piece, (size_t)n);
        else if (n == 0 || errno != EINTR)
            error = ERR_IO;
        if (!error)
            error = buf_error(out);
    }
    return error;
}

int program_run(const struct program *p, struct buf *out)
{
    struct program_files f;
    pid_t self = getpid(), pid = -1;
    int error = program_files_open(p, &f);

    if (!error && (pid = fork()) == 0)
        program_become(p, &f, self);
    if (!error && pid < 0)
        error = ERR_IO;
    if (!error)
        setpgid(pid, pid); /* whichever of the two comes first */
    if (error)
        log_warn("%s cannot be started: %s", p->argv[0], strerror(errno));
    program_close(f.life[1]);
    f.life[1] = -1;
    if (!error)
        error = program_wait(p, &f, pid);
    if (!error)
        error = program_take(&f, p->output_max, out);
    program_files_close(&f);
    return error;
}
