/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/provider_double.h"

#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SEEN_MAX 8192

/* Head and, by Content-Length, body. */
static void read_request(int fd, char *seen)
{
    size_t len = 0, wanted = SEEN_MAX - 1;
    while (len < wanted) {
        ssize_t n = read(fd, seen + len, SEEN_MAX - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
        seen[len] = '\0';
        const char *end = strstr(seen, "\r\n\r\n"), *length = strstr(seen, "Content-Length: ");
        if (end)
            wanted = (size_t)(end + 4 - seen) +
                (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
    }
}

static void serve(int listener, char *seen, const char *status, const char *answer)
{
    for (;;) {
        char byte;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(0);
        memset(seen, 0, SEEN_MAX);
        read_request(fd, seen);
        if (answer[0] == '\0')
            (void)!read(fd, &byte, 1);
        else
            dprintf(fd, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                strlen(answer), answer);
        close(fd);
    }
}

void provider_double_start(struct provider_double *d, struct tool_bench *b, const char *setting,
    const char *status, const char *answer)
{
    char url[64], why[CONF_WHY_SIZE];
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *d = (struct provider_double){.setting = setting, .bench = b};
    d->seen = mmap(NULL, SEEN_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(d->seen != MAP_FAILED);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    d->pid = fork();
    assert_true(d->pid >= 0);
    if (d->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing behind */
        serve(listener, d->seen, status, answer);
    }
    close(listener);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/base/", ntohs(addr.sin_port));
    assert_int_equal(conf_set(&b->conf, setting, url, why), 0);
}

void provider_double_stop(struct provider_double *d)
{
    char why[CONF_WHY_SIZE];
    kill(d->pid, SIGKILL);
    waitpid(d->pid, NULL, 0);
    munmap(d->seen, SEEN_MAX);
    conf_set(&d->bench->conf, d->setting, "", why);
}
