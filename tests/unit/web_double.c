/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/web_double.h"

#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(int fd, const struct web_double *d, const char *head, const char *body)
{
    const char *base = strstr(head, "$BASE");
    if (base)
        dprintf(fd, "HTTP/1.1 %.*s%s%s", (int)(base - head), head, d->base, base + 5);
    else
        dprintf(fd, "HTTP/1.1 %s", head);
    dprintf(fd, "\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", strlen(body));
    for (size_t len = strlen(body), at = 0; at < len;) {
        ssize_t n = write(fd, body + at, len - at);
        if (n <= 0)
            return;
        at += (size_t)n;
    }
}

static void answer(int fd, const struct web_double *d, const struct web_page *pages)
{
    char request[8192] = "";
    size_t len = 0;
    while (len < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
        ssize_t n = read(fd, request + len, sizeof request - 1 - len);
        if (n <= 0)
            return;
        request[len += (size_t)n] = '\0';
    }
    for (; pages->request; pages++) {
        if (strncmp(request, pages->request, strlen(pages->request)) != 0)
            continue;
        if (pages->has && !strstr(request, pages->has))
            say(fd, d, "400 Bad Request", request);
        else if (!pages->body)
            (void)!read(fd, request, 1);
        else
            say(fd, d, pages->head, pages->body);
        return;
    }
    say(fd, d, "404 Not Found", "");
}

void web_double_start(struct web_double *d, const struct web_page *pages)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    snprintf(d->base, sizeof d->base, "http://127.0.0.1:%d", ntohs(addr.sin_port));
    d->pid = fork();
    if (d->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int fd = accept(listener, NULL, NULL);
            if (fd < 0)
                _exit(0);
            answer(fd, d, pages);
            close(fd);
        }
    }
    close(listener);
}

void web_double_stop(struct web_double *d)
{
    kill(d->pid, SIGKILL);
    waitpid(d->pid, NULL, 0);
}
