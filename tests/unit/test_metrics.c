/* SPDX-License-Identifier: BSD-2-Clause */
/* What a scraper of the metrics asks for, and gets told. */
#include "workers/supervisor/metrics_http.h"

#include "base/address.h"
#include "tests/unit/cm.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct metrics_ask ask(const char *head)
{
    struct metrics_ask out;
    metrics_http_read(head, strlen(head), &out);
    return out;
}

static struct metrics_ask accepting(const char *accept)
{
    char head[512];
    snprintf(head, sizeof head, "GET /metrics HTTP/1.1\r\nHost: a\r\naCCEPT: %s\r\n\r\n", accept);
    return ask(head);
}

static void a_head_is_whole_with_its_empty_line(void **state)
{
    (void)state;
    assert_int_equal(metrics_http_whole("GET / HTTP/1.1\r\n\r\nrest", 22), 18);
    assert_int_equal(metrics_http_whole("GET / HTTP/1.1\r\n\r", 17), 0);
    assert_int_equal(metrics_http_whole("", 0), 0);
}

static void lines_that_are_no_request_are_refused(void **state)
{
    (void)state;
    assert_int_equal(ask("").status, 400);
    assert_int_equal(ask("\r\n\r\n").status, 400);
    assert_int_equal(ask("GET\r\n\r\n").status, 400);
    assert_int_equal(ask("GET /metrics\r\n\r\n").status, 400);
    assert_int_equal(ask("GET  /metrics HTTP/1.1\r\n\r\n").status, 400);
    assert_int_equal(ask("GET metrics HTTP/1.1\r\n\r\n").status, 400);
    assert_int_equal(ask("GET /metrics HTTP/2.0\r\n\r\n").status, 400);
    assert_int_equal(ask("GET /metrics HTTP/1.1 x\r\n\r\n").status, 400);
    assert_int_equal(ask("GET /metricsx HTTP/1.1\r\n\r\n").status, 404);
    assert_int_equal(ask("PUT /metrics HTTP/1.1\r\n\r\n").status, 405);
    assert_int_equal(ask("GET /metrics?a=b HTTP/1.0\r\n\r\n").status, 200);
    assert_true(ask("HEAD /metrics HTTP/1.1\r\n\r\n").head);
}

static void accept_chooses_the_form(void **state)
{
    static const struct {
        const char *accept;
        int status;
        enum metrics_form form;
    } cases[] = {{"*/*", 200, METRICS_TEXT}, {"text/plain", 200, METRICS_TEXT},
        {"application/openmetrics-text", 200, METRICS_OPEN},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            200, METRICS_OPEN},
        {"application/openmetrics-text; q=0.2, text/plain; q=0.8", 200, METRICS_TEXT},
        {"application/openmetrics-text;q=0, */*", 200, METRICS_TEXT},
        {"application/openmetrics-text;q=0", 406, METRICS_TEXT},
        {"text/html, text/*;q=0.1", 200, METRICS_TEXT}, {"text/html", 406, METRICS_TEXT},
        {",,;;q=1,", 406, METRICS_TEXT}};
    (void)state;
    assert_int_equal(ask("GET /metrics HTTP/1.1\r\n\r\n").form, METRICS_TEXT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct metrics_ask got = accepting(cases[i].accept);
        assert_int_equal(got.status, cases[i].status);
        if (got.status == 200)
            assert_int_equal(got.form, cases[i].form);
    }
}

static void a_refusal_says_what_is_allowed(void **state)
{
    struct metrics_ask refused = ask("POST /metrics HTTP/1.1\r\n\r\n");
    struct buf out = {0};
    (void)state;
    metrics_http_reply(&refused, 0, &out);
    assert_string_equal(buf_text(&out),
        "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n"
        "Allow: GET, HEAD\r\n\r\n");
    buf_free(&out);
}

static void addresses_are_numbers_or_paths(void **state)
{
    static const char *const wrong[] = {"", "9464", ":9464", "localhost:9464", "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:9464x", "127.0.0.1: 1",
        "::1:9464", "[::1]", "[::1:9464", "[]:9464", "[", "]:1", "[:1", "relative/path"};
    struct sockaddr_storage address;
    socklen_t len;
    char longest[200];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_true(address_parse(wrong[i], &address, &len) != 0);
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    assert_true(address_parse(longest, &address, &len) != 0);
    assert_int_equal(address_parse("127.0.0.1:9464", &address, &len), 0);
    assert_int_equal(address.ss_family, AF_INET);
    assert_int_equal(len, sizeof(struct sockaddr_in));
    assert_int_equal(address_parse("[::1]:65535", &address, &len), 0);
    assert_int_equal(address.ss_family, AF_INET6);
    assert_int_equal(ntohs(((struct sockaddr_in6 *)&address)->sin6_port), 65535);
    assert_int_equal(address_parse("/run/a.sock", &address, &len), 0);
    assert_int_equal(address.ss_family, AF_UNIX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_head_is_whole_with_its_empty_line),
        cmocka_unit_test(lines_that_are_no_request_are_refused),
        cmocka_unit_test(accept_chooses_the_form), cmocka_unit_test(a_refusal_says_what_is_allowed),
        cmocka_unit_test(addresses_are_numbers_or_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
