/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/sentinel_double.h"

#include "tests/unit/cm.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void answer_fn(const struct sentinel_double *d, const char *answer, int fd);

static void say(const struct sentinel_double *d, const char *answer, int fd)
{
    (void)d;
    if (!answer)
        for (;;)
            pause();
    for (const char *c = answer; *c; c++) /* in pieces */
        if (write(fd, c, 1) != 1)
            break;
}

static void name_port(const struct sentinel_double *d, const char *answer, int fd)
{
    char digits[16];
    int port = *d->port;

    (void)answer;
    snprintf(digits, sizeof digits, "%d", port);
    if (port && dprintf(fd, "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n", strlen(digits), digits) < 0)
        _exit(1);
}

static void serve(struct sentinel_double *d, answer_fn *fn, const char *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, d->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    d->pid = fork();
    assert_true(d->pid >= 0);
    while (!d->pid) {
        int peer = accept(fd, NULL, NULL);
        char in[512];

        if (peer < 0 || read(peer, in, sizeof in) < 0)
            _exit(1);
        fn(d, answer, peer);
        close(peer);
    }
    close(fd);
}

void sentinel_double_start(struct sentinel_double *d, const char *folder, int number,
    const char *answer)
{
    snprintf(d->path, sizeof d->path, "%s/sentinel%d", folder, number);
    d->port = NULL;
    serve(d, say, answer);
}

void sentinel_double_start_naming(struct sentinel_double *d, const char *folder, int number,
    int port)
{
    snprintf(d->path, sizeof d->path, "%s/sentinel%d", folder, number);
    d->port =
        mmap(NULL, sizeof *d->port, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(d->port != MAP_FAILED);
    *d->port = port;
    serve(d, name_port, NULL);
}

void sentinel_double_stop(struct sentinel_double *d)
{
    assert_int_equal(kill(d->pid, SIGKILL), 0);
    assert_int_equal(waitpid(d->pid, NULL, 0), d->pid);
    unlink(d->path);
    if (d->port)
        munmap((void *)(uintptr_t)d->port, sizeof *d->port);
}
