/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stream_http -- which requests a stream worker reads, whole and byte by byte. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "wire/http/stream_http.h"

#include <string.h>

#define LINE "GET /api/ws?a=1 HTTP/1.1\r\n"

static int feed(const char *text, size_t len, size_t step, struct stream_request **out)
{
    struct stream_request *r = stream_request_new();
    int result = 0;

    assert_non_null(r);
    for (size_t at = 0; result == 0 && at < len; at += step) {
        size_t used = 0;
        result = stream_request_feed(r, text + at, len - at < step ? len - at : step, &used);
    }
    *out = r;
    return result;
}

static void good_requests(void **state)
{
    static const char *const good[] = {
        LINE "Host: a.example\r\n\r\n",
        LINE "host: 127.0.0.1:8080\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        LINE "Host: [::1]:80\r\nContent-Length: 0\r\nX: \ta\tb\r\n\r\n",
        "GET /api/ws?a=1 HTTP/1.0\r\n\r\n",
        "OPTIONS /api/ws?a=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    struct stream_request *r;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t step = 1; step <= 200; step += 199) {
            if (feed(good[i], strlen(good[i]), step, &r) != 1)
                fail_msg("refused: %s", good[i]);
            assert_string_equal(stream_request_path(r), "/api/ws");
            assert_string_equal(stream_request_query(r), "a=1");
            stream_request_free(r);
        }
    }
}

static void forms_that_two_readers_read_differently(void **state)
{
    static const char *const bad[] = {
        LINE "\r\n", /* no Host */
        LINE "Host:\r\n\r\n",
        LINE "Host: a\r\nHost: b\r\n\r\n",
        LINE "Host: a\r\nHost: a\r\n\r\n",
        LINE "Host: a, b\r\n\r\n",
        LINE "Host: a b\r\n\r\n",
        LINE "Host: user@a\r\n\r\n",
        "GET /api/ws HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        LINE "Host: a\r\nX: 1\r\n folded\r\n\r\n", /* obs-fold */
        LINE "Host: a\r\n\tb\r\n\r\n",
        LINE " Host: a\r\n\r\n",
        LINE "Host : a\r\n\r\n",      /* a blank before the colon */
        LINE "Host: a\nX: 1\r\n\r\n", /* bare LF */
        LINE "Host: a\r\nX: 1\r\n\n",
        "GET /api/ws HTTP/1.1\nHost: a\r\n\r\n",
        LINE "Host: a\r\nX: 1\rY: 2\r\n\r\n", /* bare CR */
        LINE "Host: a\r\nX: \x01\r\n\r\n",
        LINE "Host: a\r\nX: a\x7f\r\n\r\n",
        LINE "Host: a\r\nContent-Length: 5\r\n\r\nhello", /* bodies */
        LINE "Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        LINE "Host: a\r\nContent-Length: +0\r\n\r\n",
        LINE "Host: a\r\nContent-Length: 0, 5\r\n\r\n",
        LINE "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LINE "Host: a\r\nTransfer-Encoding: identity\r\n\r\n",
        LINE "Host: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
        LINE "Host: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET http://a/api/ws HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/ws HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /api/ws HTTP/0.9\r\nHost: a\r\n\r\n",
        "GET /api/ws\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    static const char nul[] = LINE "Host: a\0b\r\n\r\n";
    struct stream_request *r;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (size_t step = 1; step <= 200; step += 199) {
            int result = feed(bad[i], strlen(bad[i]), step, &r);
            if (result != ERR_INVALID)
                fail_msg("%d: %s", result, bad[i]);
            stream_request_free(r);
        }
    }
    assert_int_equal(feed(nul, sizeof nul - 1, 200, &r), ERR_INVALID);
    stream_request_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests),
        cmocka_unit_test(forms_that_two_readers_read_differently),
    };
    return cmocka_run_group_tests_name("stream_http", tests, NULL, NULL);
}
