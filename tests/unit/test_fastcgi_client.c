/* SPDX-License-Identifier: BSD-2-Clause */
/* fastcgi_client: requests as a server reads them, replies cut at every byte, broken peers. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "wire/fastcgi/fastcgi_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the request, read record by record ---- */

struct seen {
    struct buf params, body;
    int params_ended, body_ended;
};

static void read_request(const struct buf *request, struct seen *seen)
{
    const unsigned char *p = (const unsigned char *)request->data, *end = p + request->len;

    memset(seen, 0, sizeof *seen);
    assert_int_equal(p[1], 1); /* begin */
    assert_int_equal(p[8] << 8 | p[9], 1);
    assert_int_equal(p[10], 0); /* the connection is closed afterwards */
    while (p < end) {
        size_t len = (size_t)p[4] << 8 | p[5], padding = p[6];
        assert_int_equal(p[0], 1);
        assert_int_equal(p[2] << 8 | p[3], 1);
        assert_int_equal((8 + len + padding) % 8, 0);
        if (p[1] == 4 && len == 0)
            seen->params_ended++;
        else if (p[1] == 4)
            buf_put(&seen->params, p + 8, len);
        else if (p[1] == 5 && len == 0)
            seen->body_ended++;
        else if (p[1] == 5)
            buf_put(&seen->body, p + 8, len);
        p += 8 + len + padding;
    }
    assert_ptr_equal(p, end);
    assert_int_equal(seen->params_ended, 1);
    assert_int_equal(seen->body_ended, 1);
}

static size_t read_length(const unsigned char **p)
{
    size_t n = *(*p)++;

    if (n < 128)
        return n;
    n = (n & 0x7f) << 24 | (size_t)(*p)[0] << 16 | (size_t)(*p)[1] << 8 | (*p)[2];
    *p += 3;
    return n;
}

static char *value_of(const struct seen *seen, const char *name)
{
    const unsigned char *p = (const unsigned char *)seen->params.data, *end = p + seen->params.len;

    while (p < end) {
        size_t name_len = read_length(&p), value_len = read_length(&p);
        if (name_len == strlen(name) && memcmp(p, name, name_len) == 0)
            return strndup((const char *)p + name_len, value_len);
        p += name_len + value_len;
    }
    return NULL;
}

static void expect_pair(const struct seen *seen, const char *name, const char *value)
{
    char *found = value_of(seen, name);

    assert_non_null(found);
    assert_string_equal(found, value);
    free(found);
}

static void a_request_is_what_was_asked(void **state)
{
    char long_value[70001];
    const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"}, {"ABSENT", NULL},
        {"EMPTY", ""}, {"LONG", long_value}};
    size_t body_len = 200000;
    char *body = malloc(body_len), number[24];
    struct buf request;
    struct seen seen;

    (void)state;
    memset(long_value, 'v', sizeof long_value);
    long_value[sizeof long_value - 1] = '\0';
    memset(body, 'b', body_len);
    buf_init(&request, 0);
    assert_int_equal(fastcgi_request(&request, pairs, 4, body, body_len), 0);
    read_request(&request, &seen);
    expect_pair(&seen, "REQUEST_METHOD", "POST");
    expect_pair(&seen, "EMPTY", "");
    expect_pair(&seen, "LONG", long_value);
    assert_null(value_of(&seen, "ABSENT"));
    snprintf(number, sizeof number, "%zu", body_len);
    expect_pair(&seen, "CONTENT_LENGTH", number);
    assert_int_equal(seen.body.len, body_len);
    assert_memory_equal(seen.body.data, body, body_len);
    buf_free(&seen.params);
    buf_free(&seen.body);
    buf_free(&request);
    free(body);
}

/* ---- the reply ---- */

static void put_record(struct buf *b, int type, const void *content, size_t len, size_t padding)
{
    unsigned char head[8] = {1, (unsigned char)type, 0, 1, (unsigned char)(len >> 8),
        (unsigned char)len, (unsigned char)padding, 0};

    buf_put(b, head, 8);
    buf_put(b, content, len);
    for (size_t i = 0; i < padding; i++)
        buf_putc(b, 'p');
}

static void put_end(struct buf *b, int protocol_status)
{
    unsigned char body[8] = {0, 0, 0, 7, (unsigned char)protocol_status, 0, 0, 0};

    put_record(b, 3, body, 8, 0);
}

static void make_reply(struct buf *b)
{
    static const char head[] = "Status: 503 Service Unavailable\r\nRetry-After: 2\r\n";
    static const char rest[] = "Content-Type: application/json\r\n\r\n{\"a\":";

    buf_init(b, 0);
    put_record(b, 6, head, sizeof head - 1, 3);
    put_record(b, 7, "a warning", 9, 7);
    put_record(b, 6, rest, sizeof rest - 1, 0);
    put_record(b, 6, "1}", 2, 6);
    put_record(b, 6, "", 0, 0);
    put_end(b, 0);
}

static void expect_reply(const struct fastcgi_reply *r)
{
    size_t len;
    const char *value = fastcgi_reply_header(r, "retry-after", &len);

    assert_int_equal(r->status, 503);
    assert_string_equal(buf_text(&r->body), "{\"a\":1}");
    assert_string_equal(buf_text(&r->errors), "a warning");
    assert_int_equal(r->app_status, 7);
    assert_non_null(value);
    assert_int_equal(len, 1);
    assert_int_equal(*value, '2');
    assert_null(fastcgi_reply_header(r, "Retry", &len));
}

static void any_cut_gives_the_same_reply(void **state)
{
    struct buf b;

    (void)state;
    make_reply(&b);
    for (size_t cut = 0; cut <= b.len; cut++) {
        struct fastcgi_reply r;
        fastcgi_reply_init(&r, 4096);
        assert_int_equal(fastcgi_reply_feed(&r, b.data, cut), cut == b.len);
        assert_int_equal(fastcgi_reply_feed(&r, b.data + cut, b.len - cut), 1);
        expect_reply(&r);
        fastcgi_reply_fini(&r);
    }
    struct fastcgi_reply r;
    fastcgi_reply_init(&r, 4096);
    for (size_t i = 0; i < b.len; i++)
        assert_int_equal(fastcgi_reply_feed(&r, b.data + i, 1), i + 1 == b.len);
    expect_reply(&r);
    fastcgi_reply_fini(&r);
    buf_free(&b);
}

static int feed_all(const struct buf *b, size_t max, struct fastcgi_reply *r)
{
    fastcgi_reply_init(r, max);
    return fastcgi_reply_feed(r, b->data, b->len);
}

static void expect_refusal(struct buf *b, size_t max, int expected)
{
    struct fastcgi_reply r;

    assert_int_equal(feed_all(b, max, &r), expected);
    fastcgi_reply_fini(&r);
    buf_free(b);
}

static void broken_peers_are_refused(void **state)
{
    struct buf b = {0};

    (void)state;
    put_record(&b, 6, "no headers end", 14, 0);
    put_end(&b, 0);
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    put_record(&b, 6, "Status: abc\r\n\r\n", 15, 0);
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    put_record(&b, 6, "\r\n", 2, 0);
    put_end(&b, 2); /* overloaded */
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    put_record(&b, 9, "", 0, 0);
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    put_record(&b, 3, "short", 5, 0);
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    make_reply(&b);
    b.data[0] = 2; /* version */
    expect_refusal(&b, 4096, ERR_PROTOCOL);
    make_reply(&b);
    b.data[3] = 9; /* another request */
    expect_refusal(&b, 4096, ERR_PROTOCOL);
}

static void a_reply_is_bounded(void **state)
{
    struct buf b = {0};
    char big[3000];

    (void)state;
    memset(big, 'x', sizeof big);
    put_record(&b, 6, "\r\n", 2, 0);
    put_record(&b, 6, big, sizeof big, 0);
    expect_refusal(&b, 1024, ERR_LIMIT);
    put_record(&b, 6, big, sizeof big, 0);
    expect_refusal(&b, 1024, ERR_LIMIT);
    for (int i = 0; i < 3; i++)
        put_record(&b, 7, big, sizeof big, 0);
    expect_refusal(&b, 1024, 0); /* a talkative standard error is cut, not refused */
}

/* Several replies on one connection, cut anywhere; the memory of one serves the next. */
static void a_connection_carries_one_reply_after_the_other(void **state)
{
    struct fastcgi_reply r;
    struct buf b;

    (void)state;
    make_reply(&b);
    fastcgi_reply_init(&r, 4096);
    for (size_t cut = 0; cut < b.len; cut++) {
        assert_int_equal(fastcgi_reply_feed(&r, b.data, cut), 0);
        assert_false(fastcgi_reply_reusable(&r));
        assert_int_equal(fastcgi_reply_feed(&r, b.data + cut, b.len - cut), 1);
        assert_true(fastcgi_reply_reusable(&r));
        expect_reply(&r);
        fastcgi_reply_again(&r);
        assert_int_equal(r.status, 200);
        assert_int_equal(r.headers.len + r.body.len + r.errors.len, 0);
    }
    fastcgi_reply_fini(&r);
    buf_free(&b);
}

static void bytes_behind_a_reply_spoil_the_connection(void **state)
{
    struct fastcgi_reply r;
    struct buf b;

    (void)state;
    make_reply(&b);
    buf_putc(&b, 'x');
    for (int later = 0; later < 2; later++) { /* with the reply's last byte, or behind it */
        size_t cut = later ? b.len - 1 : b.len - 2;
        fastcgi_reply_init(&r, 4096);
        assert_int_equal(fastcgi_reply_feed(&r, b.data, cut), later);
        assert_int_equal(fastcgi_reply_reusable(&r), later);
        assert_int_equal(fastcgi_reply_feed(&r, b.data + cut, b.len - cut), 1);
        assert_false(fastcgi_reply_reusable(&r));
        expect_reply(&r);
        fastcgi_reply_fini(&r);
    }
    buf_free(&b);
}

static void an_overloaded_worker_is_told_from_a_broken_one(void **state)
{
    struct fastcgi_reply r;
    struct buf b = {0};

    (void)state;
    put_end(&b, FASTCGI_OVERLOADED);
    for (size_t cut = 0; cut < b.len; cut++) {
        fastcgi_reply_init(&r, 4096);
        assert_int_equal(fastcgi_reply_feed(&r, b.data, cut), 0);
        assert_int_equal(fastcgi_reply_feed(&r, b.data + cut, b.len - cut), ERR_FULL);
        assert_true(fastcgi_reply_reusable(&r));
        assert_int_equal(fastcgi_reply_feed(&r, "x", 1), ERR_FULL);
        assert_false(fastcgi_reply_reusable(&r));
        fastcgi_reply_fini(&r);
    }
    buf_reset(&b);
    for (int status = FASTCGI_CANT_MPX_CONN; status < 6; status++) {
        if (status == FASTCGI_OVERLOADED)
            continue;
        put_end(&b, status);
        expect_refusal(&b, 4096, ERR_PROTOCOL);
    }
    buf_free(&b);
}

/* unread: the peer closes without reading what it was sent. */
static void expect_reading(const struct buf *reply, bool unread)
{
    struct fastcgi_reply r;
    int ends[2];

    fastcgi_reply_init(&r, 4096);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(fastcgi_reply_read(&r, ends[0]), ERR_NOT_YET);
    assert_int_equal(write(ends[1], reply->data, 20), 20);
    assert_int_equal(fastcgi_reply_read(&r, ends[0]), 0);
    assert_int_equal(fastcgi_reply_read(&r, ends[0]), ERR_NOT_YET);
    assert_int_equal(write(ends[1], reply->data + 20, reply->len - 20), reply->len - 20);
    assert_int_equal(fastcgi_reply_read(&r, ends[0]), 1);
    expect_reply(&r);
    if (unread)
        assert_int_equal(write(ends[0], "x", 1), 1);
    close(ends[1]);
    assert_int_equal(fastcgi_reply_read(&r, ends[0]), unread ? ERR_NET : ERR_PEER_GONE);
    close(ends[0]);
    fastcgi_reply_fini(&r);
}

static void a_reply_is_read_from_a_socket(void **state)
{
    struct buf b;

    (void)state;
    make_reply(&b);
    expect_reading(&b, false);
    expect_reading(&b, true);
    buf_free(&b);
}

static void a_kept_request_says_so(void **state)
{
    static const struct fastcgi_pair pairs[] = {{"REQUEST_METHOD", "POST"}};
    struct buf once = {0}, kept = {0};

    (void)state;
    assert_int_equal(fastcgi_request(&once, pairs, 1, "body", 4), 0);
    assert_int_equal(fastcgi_request_keep(&kept, pairs, 1, "body", 4), 0);
    assert_int_equal(kept.len, once.len);
    assert_int_equal(once.data[10], 0);
    assert_int_equal(kept.data[10], FASTCGI_KEEP_CONN);
    once.data[10] = FASTCGI_KEEP_CONN; /* nothing else differs */
    assert_memory_equal(kept.data, once.data, once.len);
    buf_free(&once);
    buf_free(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_what_was_asked),
        cmocka_unit_test(any_cut_gives_the_same_reply),
        cmocka_unit_test(broken_peers_are_refused),
        cmocka_unit_test(a_reply_is_bounded),
        cmocka_unit_test(a_connection_carries_one_reply_after_the_other),
        cmocka_unit_test(bytes_behind_a_reply_spoil_the_connection),
        cmocka_unit_test(an_overloaded_worker_is_told_from_a_broken_one),
        cmocka_unit_test(a_reply_is_read_from_a_socket),
        cmocka_unit_test(a_kept_request_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
