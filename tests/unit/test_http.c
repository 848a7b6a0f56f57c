/* SPDX-License-Identifier: BSD-2-Clause */
/* http: a real client against a scripted server on loopback, one thread a connection. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "base/address.h"
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "wire/http/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAR (clock_mono_ms() + 20000)

/* ---- the server ---- */

static int listeners[2], ports[2];
static atomic_int connections;

static void say(int fd, const char *text)
{
    size_t len = strlen(text), at = 0;
    ssize_t n;

    while (at < len && (n = send(fd, text + at, len - at, MSG_NOSIGNAL)) > 0)
        at += (size_t)n;
}

static void reply(int fd, const char *head, const char *body)
{
    struct buf b = {0};

    buf_printf(&b, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
    say(fd, buf_text(&b));
    buf_free(&b);
}

static void until_gone(int fd)
{
    char byte;

    while (recv(fd, &byte, 1, 0) > 0)
        continue;
}

static void redirect(int fd, const char *status, int port, const char *path)
{
    char head[256];

    snprintf(head, sizeof head, "%s\r\nLocation: http://127.0.0.1:%d%s", status, port, path);
    reply(fd, head, "moved body");
}

/* Returns false when the connection is to be closed. */
static bool answer(int fd, const char *path, const char *request)
{
    static const char ok[] = "200 OK\r\nContent-Type: text/plain\r\nRequest-Id: r-1";

    if (strcmp(path, "/ok") == 0) {
        reply(fd, ok, "hello");
    } else if (strcmp(path, "/echo") == 0) {
        reply(fd, ok, request);
    } else if (strcmp(path, "/chunks") == 0) {
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        say(fd, "3\r\ndef\r\n0\r\n\r\n");
    } else if (strcmp(path, "/utf-8") == 0) {
        reply(fd, "200 OK\r\nContent-Encoding: utf-8", "hello");
    } else if (strcmp(path, "/no-gzip") == 0) {
        reply(fd, "200 OK\r\nContent-Encoding: gzip", "hello");
    } else if (strcmp(path, "/twice") == 0) {
        reply(fd, "200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: br", "hello");
    } else if (strcmp(path, "/busy") == 0) {
        reply(fd, "429 Slow\r\nRetry-After: 7\r\nX-Should-Retry: true\r\nX-Request-Id: x", "{}");
    } else if (strcmp(path, "/busy-ms") == 0) {
        reply(fd, "529 No\r\nretry-after-ms: 1500\r\nRetry-After: 9\r\nx-should-retry: false", "");
    } else if (strcmp(path, "/busy-date") == 0) {
        reply(fd, "503 No\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT", "");
    } else if (strcmp(path, "/busy-odd") == 0) {
        reply(fd, "503 No\r\nRetry-After: -5", "");
    } else if (strcmp(path, "/never") == 0) {
        until_gone(fd);
        return false;
    } else if (strcmp(path, "/stall") == 0) {
        say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        until_gone(fd);
        return false;
    } else if (strcmp(path, "/cut") == 0) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
        return false;
    } else if (strcmp(path, "/close") == 0) {
        return false;
    } else if (strcmp(path, "/garbage") == 0) {
        say(fd, "what?\r\n\r\n");
        return false;
    } else if (strcmp(path, "/here") == 0) {
        redirect(fd, "302 Found", ports[0], "/echo");
    } else if (strcmp(path, "/there") == 0) {
        redirect(fd, "307 Temporary", ports[1], "/echo");
    } else if (strcmp(path, "/loop") == 0) {
        redirect(fd, "302 Found", ports[0], "/loop");
    } else if (strcmp(path, "/file") == 0) {
        reply(fd, "302 Found\r\nLocation: file:///etc/passwd", "");
    } else {
        reply(fd, "404 Not Found", "no");
    }
    return true;
}

static bool read_request(int fd, char *text, size_t size)
{
    size_t len = 0;
    char *end = NULL;

    while (!end && len < size - 1) {
        ssize_t n = recv(fd, text + len, size - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = 0;
        end = strstr(text, "\r\n\r\n");
    }
    const char *at = strcasestr(text, "Content-Length: ");
    size_t want = (size_t)(end + 4 - text) + (at ? strtoul(at + 16, NULL, 10) : 0);
    while (len < want && len < size - 1) {
        ssize_t n = recv(fd, text + len, size - 1 - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = 0;
    }
    return true;
}

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char text[8192], path[128];

    while (read_request(fd, text, sizeof text) && sscanf(text, "%*s %127s", path) == 1)
        if (!answer(fd, path, text))
            break;
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int listener = *(int *)arg, fd;
    pthread_t thread;

    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        atomic_fetch_add(&connections, 1);
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
    return NULL;
}

static pthread_t acceptors[2];

static int start_server(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof a;
        listeners[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listeners[i], (struct sockaddr *)&a, sizeof a) || listen(listeners[i], 64) ||
            getsockname(listeners[i], (struct sockaddr *)&a, &len))
            return -1;
        ports[i] = ntohs(a.sin_port);
        if (pthread_create(&acceptors[i], NULL, accept_all, &listeners[i]))
            return -1;
    }
    return http_global_init();
}

static int stop_server(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        shutdown(listeners[i], SHUT_RDWR);
        pthread_join(acceptors[i], NULL);
        close(listeners[i]);
    }
    return 0;
}

/* ---- the client ---- */

static struct reactor *r;
static struct http_client *client;

struct outcome {
    struct buf body;
    struct http_result result;
    int done, stop_with;
    struct http_transfer *cancel_on_body;
    const char *start_on_body;
    struct outcome *second;
};

static int setup(void **state)
{
    (void)state;
    return reactor_new(&r) || http_new(&client, r) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    http_free(client);
    reactor_free(r);
    return 0;
}

static struct http_transfer *start(struct outcome *o, const char *path, struct http_request q);

static int on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct outcome *o = arg;

    (void)status;
    buf_put(&o->body, bytes, len);
    if (o->cancel_on_body) {
        struct http_transfer *t = o->cancel_on_body;
        o->cancel_on_body = NULL;
        http_cancel(t);
    }
    if (o->start_on_body) {
        start(o->second, o->start_on_body, (struct http_request){0});
        o->start_on_body = NULL;
    }
    return o->stop_with;
}

static void on_done(void *arg, const struct http_result *result)
{
    struct outcome *o = arg;
    o->result = *result;
    o->done++;
}

static struct http_transfer *start(struct outcome *o, const char *path, struct http_request q)
{
    char url[256];
    struct http_transfer *t = NULL;

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", ports[0], path);
    q.url = url;
    q.on_body = on_body;
    q.on_done = on_done;
    q.arg = o;
    assert_int_equal(http_start(client, &q, &t), 0);
    return t;
}

static void wait_for(struct outcome *o)
{
    int64_t until = FAR;

    while (!o->done) {
        assert_true(reactor_step(r, until, NULL) >= 0);
        assert_true(clock_mono_ms() < until);
    }
}

static void run(struct outcome *o, const char *path, struct http_request q)
{
    start(o, path, q);
    wait_for(o);
}

static void replies_and_reuse(void **state)
{
    struct outcome o = {0};
    int before = atomic_load(&connections);

    (void)state;
    run(&o, "/ok", (struct http_request){0});
    assert_int_equal(o.result.error, 0);
    assert_int_equal(o.result.status, 200);
    assert_string_equal(buf_text(&o.body), "hello");
    assert_string_equal(o.result.content_type, "text/plain");
    assert_string_equal(o.result.request_id, "r-1");
    assert_true(o.result.retry_after_ms == -1);
    assert_int_equal(o.result.should_retry, -1);
    o.done = 0;
    buf_reset(&o.body);
    run(&o, "/chunks", (struct http_request){0});
    assert_string_equal(buf_text(&o.body), "abcdef");
    assert_int_equal(atomic_load(&connections), before + 1);
    buf_free(&o.body);
}

static void what_is_sent(void **state)
{
    static const char *const headers[] = {"Content-Type: application/json", "X-Key: k", NULL};
    static const char *const evil[] = {"X: a\r\nY: b", NULL};
    struct outcome o = {0};
    struct http_request bad = {.url = "http://127.0.0.1:1/", .headers = evil};

    (void)state;
    run(&o, "/echo",
        (struct http_request){.method = "POST",
            .headers = headers,
            .body = "{\"a\":1}",
            .body_len = 7});
    assert_non_null(strstr(buf_text(&o.body), "POST /echo HTTP/1.1\r\n"));
    assert_non_null(strstr(buf_text(&o.body), "X-Key: k\r\n"));
    assert_non_null(strstr(buf_text(&o.body), "Content-Type: application/json\r\n"));
    assert_non_null(strstr(buf_text(&o.body), "\r\n\r\n{\"a\":1}"));
    assert_null(strcasestr(buf_text(&o.body), "expect"));
    assert_non_null(strstr(buf_text(&o.body), "Accept-Encoding: identity\r\n"));
    o.done = 0;
    run(&o, "/echo", (struct http_request){.method = "DELETE"});
    assert_non_null(strstr(buf_text(&o.body), "DELETE /echo"));
    assert_int_equal(http_start(client, &bad, NULL), ERR_INVALID);
    buf_free(&o.body);
}

static void retry_hints(void **state)
{
    struct outcome o = {0};

    (void)state;
    run(&o, "/busy", (struct http_request){0});
    assert_int_equal(o.result.error, 0);
    assert_int_equal(o.result.status, 429);
    assert_true(o.result.retry_after_ms == 7000);
    assert_int_equal(o.result.should_retry, 1);
    assert_string_equal(o.result.request_id, "x");
    assert_string_equal(buf_text(&o.body), "{}");
    o.done = 0;
    run(&o, "/busy-ms", (struct http_request){0});
    assert_true(o.result.retry_after_ms == 1500);
    assert_int_equal(o.result.should_retry, 0);
    o.done = 0;
    run(&o, "/busy-date", (struct http_request){0});
    assert_true(o.result.retry_after_ms > 1000000);
    o.done = 0;
    run(&o, "/busy-odd", (struct http_request){0});
    assert_true(o.result.retry_after_ms == -1);
    buf_free(&o.body);
}

static void fails(const char *path, struct http_request q, int error, const char *body)
{
    struct outcome o = {0};

    run(&o, path, q);
    if (o.result.error != error)
        fail_msg("%s: %s %s", path, err_name(o.result.error), o.result.why);
    assert_true(o.result.why[0] != 0);
    assert_string_equal(buf_text(&o.body), body);
    assert_int_equal(o.done, 1);
    buf_free(&o.body);
}

static void failures(void **state)
{
    (void)state;
    fails("/cut", (struct http_request){0}, ERR_NET, "abc");
    fails("/close", (struct http_request){0}, ERR_NET, "");
    fails("/garbage", (struct http_request){0}, ERR_NET, "");
    fails("/ok", (struct http_request){.max_bytes = 4}, ERR_LIMIT, "");
    fails("/never", (struct http_request){.first_byte_timeout_ms = 50, .idle_timeout_ms = 20},
        ERR_DEADLINE, "");
    fails("/never", (struct http_request){.idle_timeout_ms = 50}, ERR_DEADLINE, "");
    fails("/stall", (struct http_request){.first_byte_timeout_ms = 20000, .idle_timeout_ms = 50},
        ERR_DEADLINE, "abc");
    fails("/stall", (struct http_request){.total_timeout_ms = 80}, ERR_DEADLINE, "abc");
    fails("/file", (struct http_request){.max_redirects = 3}, ERR_NET, "");
}

static void replies_that_are_not_what_they_say(void **state)
{
    static const char *const paths[] = {"/utf-8", "/no-gzip"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct outcome o = {0};
        run(&o, paths[i], (struct http_request){0});
        assert_int_equal(o.result.error, 0);
        assert_string_equal(buf_text(&o.body), "hello");
        assert_int_equal(o.done, 1);
        buf_free(&o.body);
        /* What may have had an effect is not sent again. */
        fails(paths[i], (struct http_request){.body = "x", .body_len = 1}, ERR_NET, "");
        fails(paths[i], (struct http_request){.method = "DELETE"}, ERR_NET, "");
    }
    fails("/twice", (struct http_request){0}, ERR_NET, "");
}

static void bad_urls_and_dead_ports(void **state)
{
    static const char *const urls[] = {"", "file:///etc/passwd", "ftp://127.0.0.1/", "nonsense",
        "http://", "gopher://127.0.0.1:1/"};
    struct outcome o = {0};
    struct http_request q = {.on_done = on_done, .arg = &o};
    char url[64];

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        q.url = urls[i];
        int error = http_start(client, &q, NULL);
        if (error != ERR_INVALID)
            fail_msg("%s: %s", urls[i], err_name(error));
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* bound, not listening: refused */
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(a.sin_port));
    q.url = url;
    assert_int_equal(http_start(client, &q, NULL), 0);
    wait_for(&o);
    assert_int_equal(o.result.error, ERR_NET);
    close(fd);
}

static void callback_ends_the_transfer(void **state)
{
    struct outcome o = {.stop_with = ERR_PROTOCOL};

    (void)state;
    run(&o, "/stall", (struct http_request){0});
    assert_int_equal(o.result.error, ERR_PROTOCOL);
    assert_int_equal(o.result.status, 200);
    buf_free(&o.body);
}

static void redirects(void **state)
{
    static const char *const headers[] = {"Authorization: Bearer s", "X-Api-Key: s",
        "Accept: text/x", "Content-Type: text/y", NULL};
    struct http_request q = {.method = "POST",
        .headers = headers,
        .body = "payload",
        .body_len = 7};
    struct outcome o = {0};

    (void)state;
    run(&o, "/here", q); /* not followed */
    assert_int_equal(o.result.status, 302);
    assert_string_equal(buf_text(&o.body), "moved body");
    q.max_redirects = 2;
    o.done = 0;
    buf_reset(&o.body);
    run(&o, "/here", q); /* 302 turns POST into GET; the same host keeps the headers */
    assert_int_equal(o.result.error, 0);
    assert_memory_equal(buf_text(&o.body), "GET /echo", 9);
    assert_non_null(strstr(buf_text(&o.body), "X-Api-Key: s"));
    assert_null(strstr(buf_text(&o.body), "payload"));
    assert_null(strstr(buf_text(&o.body), "text/y"));
    o.done = 0;
    buf_reset(&o.body);
    run(&o, "/there", q); /* 307 keeps the method; another port gets no secret */
    assert_memory_equal(buf_text(&o.body), "POST /echo", 10);
    assert_non_null(strstr(buf_text(&o.body), "payload"));
    assert_non_null(strstr(buf_text(&o.body), "Accept: text/x"));
    assert_null(strstr(buf_text(&o.body), "X-Api-Key"));
    assert_null(strstr(buf_text(&o.body), "Authorization"));
    o.done = 0;
    buf_reset(&o.body);
    run(&o, "/loop", q); /* the last one is given as it is */
    assert_int_equal(o.result.status, 302);
    assert_int_equal(o.result.error, 0);
    buf_free(&o.body);
}

static void public_only(void **state)
{
    struct outcome o = {0};

    (void)state;
    fails("/ok", (struct http_request){.public_only = true}, ERR_FORBIDDEN, "");
    run(&o, "/ok", (struct http_request){0}); /* leaves a kept connection */
    fails("/ok", (struct http_request){.public_only = true}, ERR_FORBIDDEN, "");
    buf_free(&o.body);
}

static void addresses(void **state)
{
    static const char *const refused[] = {"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1",
        "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1",
        "fd12::1", "ff02::1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2001:0:1::", "2001:db8::1",
        "fec0::1", "64:ff9b:1::1", "4000::1", "", "1.2.3", "host", "::ffff:0:127.0.0.1"};
    static const char *const allowed[] = {"1.1.1.1", "100.63.255.255", "100.128.0.1",
        "172.15.255.255", "172.32.0.1", "192.1.0.1", "223.255.255.255", "::ffff:8.8.8.8",
        "2606:4700::1", "2a00:1450::1", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:4860::1"};

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (address_text_is_public(refused[i]))
            fail_msg("allowed: %s", refused[i]);
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (!address_text_is_public(allowed[i]))
            fail_msg("refused: %s", allowed[i]);
    struct sockaddr unix_address = {.sa_family = AF_UNIX};
    assert_false(address_is_public(&unix_address));
}

static void cancel_and_start_anywhere(void **state)
{
    struct outcome a = {0}, b = {0}, c = {0};

    (void)state;
    http_cancel(start(&a, "/ok", (struct http_request){0})); /* before the first step */
    struct http_transfer *silent = start(&b, "/never", (struct http_request){0});
    a.cancel_on_body = silent; /* another one, from inside curl */
    a.start_on_body = "/ok";
    a.second = &c;
    run(&a, "/ok", (struct http_request){0});
    wait_for(&c);
    assert_string_equal(buf_text(&c.body), "hello");
    struct http_transfer *own = start(&b, "/stall", (struct http_request){0});
    b.cancel_on_body = own; /* itself, from inside curl */
    while (b.cancel_on_body)
        assert_true(reactor_step(r, FAR, NULL) >= 0);
    assert_int_equal(a.done, 1);
    assert_int_equal(b.done, 0);
    assert_int_equal(c.done, 1);
    start(&b, "/never", (struct http_request){.total_timeout_ms = 60000}); /* ended by http_free */
    reactor_step(r, 0, NULL);
    buf_free(&a.body);
    buf_free(&b.body);
    buf_free(&c.body);
}

static void many_side_by_side(void **state)
{
    struct outcome o[20];

    (void)state;
    memset(o, 0, sizeof o);
    for (int i = 0; i < 20; i++)
        start(&o[i], i % 2 ? "/chunks" : "/ok", (struct http_request){.total_timeout_ms = 15000});
    for (int i = 0; i < 20; i++) {
        wait_for(&o[i]);
        assert_int_equal(o[i].result.error, 0);
        assert_string_equal(buf_text(&o[i].body), i % 2 ? "abcdef" : "hello");
        buf_free(&o[i].body);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_and_reuse),
        TEST(what_is_sent),
        TEST(retry_hints),
        TEST(failures),
        TEST(replies_that_are_not_what_they_say),
        TEST(bad_urls_and_dead_ports),
        TEST(callback_ends_the_transfer),
        TEST(redirects),
        TEST(public_only),
        TEST(addresses),
        TEST(cancel_and_start_anywhere),
        TEST(many_side_by_side),
    };
    return cmocka_run_group_tests_name("http", tests, start_server, stop_server);
}
