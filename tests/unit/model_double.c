/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* strcasestr */

#include "tests/unit/model_double.h"

#include "tests/unit/cm.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(int ms)
{
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, NULL);
}

static void send_text(int fd, const char *s, size_t len)
{
    while (len) {
        ssize_t n = send(fd, s, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        s += n;
        len -= (size_t)n;
    }
}

static void put_file(const char *dir, const char *kind, int n, const char *bytes, size_t len)
{
    char path[128], temporary[160];
    snprintf(path, sizeof path, "%s/%s%d", dir, kind, n);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *f = fopen(temporary, "w");
    if (!f)
        return;
    fwrite(bytes, 1, len, f);
    fclose(f);
    rename(temporary, path);
}

static size_t read_request(int fd, char *into, size_t size)
{
    size_t len = 0, want = 0;

    while (len + 1 < size) {
        ssize_t n = recv(fd, into + len, size - len - 1, 0);
        if (n <= 0)
            return 0;
        len += (size_t)n;
        into[len] = 0;
        char *end = strstr(into, "\r\n\r\n");
        if (!end)
            continue;
        char *length = strcasestr(into, "content-length:");
        want = (size_t)(end + 4 - into) + (length ? strtoul(length + 15, NULL, 10) : 0);
        if (strcasestr(into, "expect: 100-continue") && len < want)
            send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        if (len >= want)
            return len;
    }
    return len;
}

static void send_body(int fd, const struct model_reply *r)
{
    size_t len = strlen(r->body), step = r->split ? r->split : len;

    for (size_t at = 0; at < len; at += step) {
        char head[32];
        size_t n = len - at < step ? len - at : step;
        int h = snprintf(head, sizeof head, "%zx\r\n", n);
        send_text(fd, head, (size_t)h);
        send_text(fd, r->body + at, n);
        send_text(fd, "\r\n", 2);
        if (r->split > 1)
            pause_ms(1);
    }
}

static void answer(const char *dir, int fd, int n, const struct model_reply *r)
{
    char head[512];
    int len = snprintf(head, sizeof head,
        "HTTP/1.1 %d X\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n%s\r\n",
        r->status ? r->status : 200,
        r->status && r->status != 200 ? "application/json" : "text/event-stream",
        r->headers ? r->headers : "");
    send_text(fd, head, (size_t)len);
    if (r->wait_ms)
        pause_ms(r->wait_ms);
    send_body(fd, r);
    if (r->hang) {
        char byte;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 20000);
        if (recv(fd, &byte, 1, MSG_DONTWAIT) == 0)
            put_file(dir, "closed", n, "", 0);
    } else if (!r->cut) {
        send_text(fd, "0\r\n\r\n", 5);
    }
}

/* One process a connection, so that several can be open at once. */
static void serve(const char *dir, int listener, const struct model_reply *script, size_t count)
{
    signal(SIGCHLD, SIG_IGN);
    for (int n = 0;; n++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(0);
        if (!fork()) {
            size_t size = 1 << 20;
            char *request = malloc(size), rest[256];
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            put_file(dir, "request", n, request, read_request(fd, request, size));
            answer(dir, fd, n, &script[(size_t)n < count ? (size_t)n : count - 1]);
            shutdown(fd, SHUT_WR);
            while (recv(fd, rest, sizeof rest, 0) > 0)
                ;
            _exit(0);
        }
        close(fd);
    }
}

void model_double_start(struct model_double *m, const struct model_reply *script, size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    strcpy(m->dir, "/tmp/model-double-XXXXXX");
    assert_non_null(mkdtemp(m->dir));
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    m->port = ntohs(address.sin_port);
    m->pid = fork();
    assert_true(m->pid >= 0);
    if (!m->pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(m->dir, listener, script, count);
    }
    close(listener);
}

void model_double_stop(struct model_double *m)
{
    char command[160];

    if (m->pid <= 0)
        return;
    kill(m->pid, SIGKILL);
    waitpid(m->pid, NULL, 0);
    m->pid = 0;
    snprintf(command, sizeof command, "rm -rf '%s'", m->dir);
    assert_int_equal(system(command), 0);
}

int model_double_requests(const struct model_double *m)
{
    char path[128];
    struct stat st;
    int n = 0;

    for (;; n++) {
        snprintf(path, sizeof path, "%s/request%d", m->dir, n);
        if (stat(path, &st))
            return n;
    }
}

char *model_double_request(const struct model_double *m, int n)
{
    char path[128], *text = calloc(1, 1 << 20);
    snprintf(path, sizeof path, "%s/request%d", m->dir, n);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(text, 1, (1 << 20) - 1, f);
    text[len] = 0;
    fclose(f);
    return text;
}

bool model_double_closed(const struct model_double *m, int n)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s/closed%d", m->dir, n);
    for (int i = 0; i < 100 && stat(path, &st); i++)
        pause_ms(10);
    return !stat(path, &st);
}
