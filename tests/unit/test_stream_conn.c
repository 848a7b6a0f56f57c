/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
/*
 * stream_conn: what a round of the loop has for a connection goes out by one send, in order, within
 * that round; and the table of kinds, each cell. The other end is a SOCK_SEQPACKET: each send is
 * one packet there. Redis is away.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tests/unit/cm.h"
#include "workers/stream/stream_handshake.h"
#include "workers/stream/stream_socket.h"
#include "workers/stream/stream_sse.h"
#include "workers/stream/stream_worker.h"
#include "workers/stream/stream_ws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PACKET_MAX 65536
#define ENOUGH 64 /* rounds */

static struct stream *stream;
static struct worker worker;
static struct conf conf;
static char packet[PACKET_MAX + 1];

static void set(const char *name, const char *value)
{
    char why[CONF_WHY_SIZE];

    assert_int_equal(conf_set(&conf, name, value, why), 0);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(conf_init(&conf), 0);
    set("development", "on");
    set("run_dir", "/nonexistent");
    set("jwt.jwks_url", "https://login.example.org/jwks");
    set("jwt.audience", "a");
    set("redis.socket", "/nonexistent/redis.sock");
    log_level_set(LOG_LEVEL_ERROR);
    memset(&worker, 0, sizeof worker);
    worker.conf = &conf;
    worker.turn_socket = "/nonexistent/turn.sock";
    return stream_worker_open(&stream, &worker);
}

static int teardown(void **state)
{
    (void)state;
    stream_worker_close(stream);
    conf_fini(&conf);
    return 0;
}

static void round_of_the_loop(void)
{
    assert_true(reactor_step(stream->reactor, 0, NULL) >= 0);
}

static struct stream_conn *newest(int fd)
{
    for (unsigned i = 0; i < STREAM_BUCKETS; i++)
        for (struct stream_conn *c = stream->buckets[i]; c; c = c->next)
            if (c->source.fd == fd)
                return c;
    fail();
    return NULL;
}

/* An open WebSocket whose answer to the handshake has been read. */
static struct stream_conn *open_socket(int type, int *peer)
{
    static const char request[] =
        "GET /api/v1/pam/ws/u HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    int fd[2], size = 16384;
    struct stream_conn *c;

    assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    if (type == SOCK_STREAM)
        setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    assert_int_equal(stream_handshake_accept(stream, fd[0]), 0);
    c = newest(fd[0]);
    c->kind->feed(c, request, sizeof request - 1);
    assert_ptr_equal(c->kind, &stream_ws_kind);
    round_of_the_loop();
    assert_true(recv(fd[1], packet, PACKET_MAX, 0) > 0);
    assert_non_null(strstr(packet, "101 Switching"));
    *peer = fd[1];
    return c;
}

static int say(struct stream_conn *c, const char *text)
{
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    return stream_socket_text(c, &part, 1, (size_t)conf.stream_queue);
}

static ssize_t receive(int peer)
{
    ssize_t n = recv(peer, packet, PACKET_MAX, 0);

    packet[n > 0 ? n : 0] = '\0';
    return n;
}

static void assert_nothing(int peer)
{
    assert_int_equal(receive(peer), -1);
    assert_int_equal(errno, EAGAIN);
}

static void frames_of_a_round_go_out_in_one_send(void **state)
{
    struct stream_conn *c;
    int peer;

    (void)state;
    c = open_socket(SOCK_SEQPACKET, &peer);
    assert_int_equal(say(c, "one"), 0);
    assert_int_equal(say(c, "second"), 0);
    assert_nothing(peer);
    round_of_the_loop();
    assert_int_equal(receive(peer), 2 + 3 + 2 + 6);
    assert_string_equal(packet, "\x81\x03one\x81\x06second");
    assert_nothing(peer);
    assert_null(c->out.data); /* an idle connection keeps no buffer */
    assert_int_equal(say(c, "next"), 0);
    round_of_the_loop();
    assert_int_equal(receive(peer), 6);
    assert_nothing(peer);
    close(peer);
}

static void each_connection_gets_its_own(void **state)
{
    struct stream_conn *c[3];
    int peer[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        c[i] = open_socket(SOCK_SEQPACKET, &peer[i]);
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 3; i++)
            assert_int_equal(say(c[i], i == 0 ? "a" : i == 1 ? "b" : "c"), 0);
    stream_conn_kill(c[1]); /* in the middle of the list; what was said to it goes out */
    round_of_the_loop();
    assert_int_equal(stream->connections, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(receive(peer[i]), 12);
        assert_int_equal(packet[2], "abc"[i]);
        assert_int_equal(packet[11], "abc"[i]);
    }
    assert_int_equal(receive(peer[1]), 0);
    for (int i = 0; i < 3; i++)
        close(peer[i]);
}

static void the_last_words_come_before_the_end(void **state)
{
    struct stream_conn *c;
    int peer;

    (void)state;
    c = open_socket(SOCK_SEQPACKET, &peer);
    assert_int_equal(say(c, "bye"), 0);
    stream_conn_finish(c);
    assert_int_equal(c->stage, STREAM_FINISHING);
    round_of_the_loop();
    assert_int_equal(stream->connections, 0);
    assert_int_equal(receive(peer), 5);
    assert_int_equal(receive(peer), 0);
    close(peer);
}

static void who_has_left_is_dropped_in_the_same_round(void **state)
{
    struct stream_conn *c;
    int peer;

    (void)state;
    c = open_socket(SOCK_SEQPACKET, &peer);
    close(peer);
    assert_int_equal(say(c, "anybody?"), 0);
    assert_int_equal(say(c, "nobody"), 0);
    round_of_the_loop();
    assert_int_equal(stream->connections, 0);
}

/* Its buffer has failed: the client would wait for it for ever, so it loses the connection. */
static void a_frame_that_cannot_be_built_ends_the_connection(void **state)
{
    struct stream_conn *c;
    struct buf json;
    int peer;

    (void)state;
    c = open_socket(SOCK_SEQPACKET, &peer);
    buf_init(&json, 4);
    buf_puts(&json, "{\"type\":\"accepted\"}");
    assert_int_not_equal(buf_error(&json), 0);
    assert_int_equal(stream_socket_json(c, &json), ERR_NOMEM);
    buf_free(&json);
    round_of_the_loop();
    assert_int_equal(stream->connections, 0);
    assert_int_equal(receive(peer), 0);
    close(peer);
}

/* Numbered frames of 1,000 bytes. */
static int say_number(struct stream_conn *c, int number)
{
    char text[1001];

    snprintf(text, sizeof text, "%0*d", 1000, number);
    return say(c, text);
}

/* Takes what is there; checks that the frames are whole and in order. */
static void take_frames(int peer, char *kept, size_t *len, int *next)
{
    ssize_t n;

    while ((n = recv(peer, kept + *len, PACKET_MAX - *len, 0)) > 0) {
        size_t at = 0;
        *len += (size_t)n;
        for (; *len - at >= 1004; at += 1004) {
            char number[8] = "";
            assert_memory_equal(kept + at, "\x81\x7e\x03\xe8", 4);
            memcpy(number, kept + at + 1004 - 7, 7);
            assert_int_equal(strtol(number, NULL, 10), (*next)++);
        }
        *len -= at;
        memmove(kept, kept + at, *len);
    }
}

static void a_long_round_is_sent_in_pieces(void **state)
{
    struct stream_conn *c;
    int peer, packets = 0;
    size_t got = 0;
    ssize_t n;

    (void)state;
    c = open_socket(SOCK_SEQPACKET, &peer);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(say_number(c, i), 0);
        assert_true(outq_len(&c->out) <= 16384);
    }
    round_of_the_loop();
    for (; (n = receive(peer)) > 0; got += (size_t)n)
        packets++;
    assert_int_equal(got, 100 * 1004);
    assert_in_range(packets, 7, 8);
    close(peer);
}

/* Frames are refused only when the reader is slow; all that were taken arrive whole, in order. */
static void a_slow_reader_is_refused_and_then_served(void **state)
{
    static char kept[PACKET_MAX];
    struct stream_conn *c;
    int peer, taken = 0, next = 0, refused = 0;
    size_t len = 0;

    (void)state;
    c = open_socket(SOCK_STREAM, &peer);
    assert_false(stream_conn_is_waiting(c));
    for (int k = 0; k < 30; k++) {
        for (int i = 0; i < 50; i++) {
            int error = say_number(c, taken);
            taken += error == 0;
            refused += error == ERR_FULL;
            assert_true(error == 0 || stream_conn_is_waiting(c));
        }
        assert_true(outq_len(&c->out) <= (size_t)conf.stream_queue + 16384);
        round_of_the_loop();
    }
    assert_true(refused > 0);
    for (int k = 0; k < 100 * ENOUGH && next < taken; k++) {
        take_frames(peer, kept, &len, &next);
        round_of_the_loop();
    }
    assert_int_equal(next, taken);
    assert_false(stream_conn_is_waiting(c));
    assert_null(c->out.data);
    close(peer);
}

#define VIEWERS 150

static size_t waiting_of(struct stream_conn *const *c)
{
    size_t sum = 0;

    for (int i = 0; i < VIEWERS; i++)
        sum += outq_len(&c[i]->out);
    return sum;
}

/* What one round has for very many connections does not wait in memory for all of them. */
static void a_round_collects_a_bounded_amount(void **state)
{
    static struct stream_conn *c[VIEWERS];
    static int peer[VIEWERS];
    size_t most = 0, got = 0;
    ssize_t n;

    (void)state;
    for (int i = 0; i < VIEWERS; i++)
        c[i] = open_socket(SOCK_SEQPACKET, &peer[i]);
    for (int k = 0; k < 10; k++) {
        for (int i = 0; i < VIEWERS; i++)
            assert_int_equal(say_number(c[i], k), 0);
        size_t now = waiting_of(c);
        most = now > most ? now : most;
    }
    assert_in_range(most, 900000, 1048576);
    round_of_the_loop();
    for (int i = 0; i < VIEWERS; i++, got = 0) {
        while ((n = receive(peer[i])) > 0)
            got += (size_t)n;
        assert_int_equal(got, 10 * 1004);
        close(peer[i]);
    }
}

/* ---- kinds ---- */

/* A connection whose answers to the request have been read. */
static struct stream_conn *open_request(const char *request, int *peer)
{
    struct stream_conn *c;
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(stream_handshake_accept(stream, fd[0]), 0);
    c = newest(fd[0]);
    c->kind->feed(c, request, strlen(request));
    stream_conn_end_round(stream);
    while (recv(fd[1], packet, PACKET_MAX, 0) > 0)
        ;
    *peer = fd[1];
    return c;
}

/* One of each kind, in the table's order. */
static struct stream_conn *open_kind(size_t index, int *peer)
{
#define HEAD " HTTP/1.1\r\nHost: localhost\r\n"
#define UPGRADE \
    HEAD "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
/* {"alg":"EdDSA","kid":"k"} and {"sub":"u","aud":"a","exp":4102444800}: its key is not there. */
#define UNKNOWN \
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJzdWIiOiJ1IiwiYXVkIjoiYSIsImV4cCI6NDEwMjQ0NDgwMH0.AAAA"
#define RUN "/_stream/sse?user=u&session=s&scope=run&turn=01234567-89ab-7def-8123-456789abcdef"
    static const char *const requests[STREAM_HANDSHAKE_KINDS] = {"GET ",
        "GET /api/v1/pam/ws?ticket=t" UPGRADE, "GET /api/v1/pam/ws?token=" UNKNOWN UPGRADE,
        "GET /api/v1/pam/ws/u" UPGRADE, "GET " RUN HEAD "\r\n", "GET " RUN "&form=json" HEAD "\r\n",
        "GET /api/v1/pam/ai/ws" UPGRADE,
        "GET /_stream/durable?user=u&session=s&offset=-1&live=long-poll" HEAD "\r\n"};

    return open_request(requests[index], peer);
}

static void every_kind_has_every_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < STREAM_HANDSHAKE_KINDS; i++) {
        const struct stream_kind *kind = stream_handshake_kinds[i];

        assert_non_null(kind->name);
        assert_true(kind->linger_ms > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(kind->name, stream_handshake_kinds[k]->name);
#define IS_THERE(result, operation, parameters) assert_true(kind->operation);
        STREAM_KIND_OPERATIONS(IS_THERE)
#undef IS_THERE
    }
}

/* The operations that have no answer of their own; index: in the order of
 * STREAM_KIND_OPERATIONS. */
static void perform(struct stream_conn *c, unsigned operation)
{
    static const char json[] = "{\"type\":\"CUSTOM\"}";
    const struct logentry e = {.id_text = "1-1",
        .id_len = 3,
        .flag = LOGENTRY_NONE,
        .run = "r",
        .run_len = 1,
        .json = json,
        .json_len = sizeof json - 1};

    switch (operation) {
    case 0:
        c->kind->feed(c, "x", 1);
        break;
    case 1:
        c->kind->tick(c, clock_mono_ms());
        break;
    case 2:
        c->kind->drain(c, false);
        break;
    case 3:
        c->kind->drained(c);
        break;
    case 4:
        c->kind->end(c);
        break;
    case 5:
        stream_conn_kill(c);
        break; /* free: by the end of the round */
    case 6:
        c->kind->event(c, &e, 0);
        break;
    case 7:
        c->kind->located(c);
        break;
    case 8:
        c->kind->ended(c);
        break;
    case 9:
        c->kind->inbox(c, json, sizeof json - 1);
        break;
    default:
        c->kind->takes_snapshots(c);
    }
}

/*
 * Every cell of kinds and operations: what the client reads, and whether the connection goes on.
 * "-" = nothing; "|" behind it = it ends.
 */
static void every_kind_does_every_operation(void **state)
{
    static const char *const seen[STREAM_HANDSHAKE_KINDS][11] = {
        /* feed, tick, drain, drained, end, free, event, located, ended, inbox, takes_snapshots */
        {"-", "-", "-", "-", "-", "-|", "-", "-", "-", "-", "-"},
        {"400|", "-", "-", "-", "-", "-|", "-", "-", "-", "-", "-"},
        {"400|", "-", "-", "-", "-", "-|", "-", "-", "-", "-", "-"}, /* a tick looks once more */
        {"-", "-", "service restart", "-", "-", "-|", "1-1", "-", "-", "CUSTOM", "-"},
        {"-", "-", "retry:|", "-", "-", "-|", "id: 1-1", "-", "0\r\n\r\n|", "-", "-"},
        {"-", "-", "-", "-", "-", "-|", "-", "-", "-", "-", "-"}, /* asks Redis */
        {"-", "-", "service restart", "-", "-", "-|", "-", "-", "-", "-", "-"},
        {"-", "-", "-", "-", "-", "-|", "-", "-", "-", "-", "-"}, /* has asked Redis */
    };
    static const bool snapshots[STREAM_HANDSHAKE_KINDS] = {false, false, false, true, true, false,
        false, false};

    (void)state;
    for (size_t i = 0; i < STREAM_HANDSHAKE_KINDS; i++) {
        for (unsigned k = 0; k < 11; k++) {
            size_t len = strcspn(seen[i][k], "|");
            char want[32];
            int peer;
            struct stream_conn *c = open_kind(i, &peer);

            assert_ptr_equal(c->kind, stream_handshake_kinds[i]);
            assert_int_equal(c->kind->takes_snapshots(c), snapshots[i]);
            snprintf(want, sizeof want, "%.*s", (int)len, seen[i][k]);
            perform(c, k);
            stream_conn_end_round(stream);
            assert_int_equal(stream->connections, seen[i][k][len] == '|' ? 0 : 1);
            if (strcmp(want, "-") == 0) {
                assert_int_not_equal(receive(peer) > 0, 1);
            } else {
                ssize_t n = receive(peer);
                assert_true(n > 0);
                assert_non_null(memmem(packet, (size_t)n, want, len));
            }
            if (stream->connections)
                stream_conn_kill(c);
            stream_conn_end_round(stream);
            close(peer);
        }
    }
}

/* A dialect: its head, its frames, its last words; cut short, the reply has no end. */
static void a_dialect_is_told_and_never_ended_early(void **state)
{
    static const char detail[] = "&form=aisdk&detail=new%20reply:m1",
                      json[] = "{\"type\":\"RUN_STARTED\",\"threadId\":\"s\",\"runId\":\"r\"}";
    const struct logentry e = {.id_text = "1-1",
        .id_len = 3,
        .flag = LOGENTRY_START,
        .run = "r",
        .run_len = 1,
        .json = json,
        .json_len = sizeof json - 1};
    char request[512];
    int peer;

    (void)state;
    snprintf(request, sizeof request, "GET %s%s%s\r\n", RUN, detail, HEAD);
    struct stream_conn *c = open_request(request, &peer);
    assert_ptr_equal(c->kind, &stream_sse_kind);
    assert_false(c->kind->takes_snapshots(c));
    assert_int_equal(c->kind->event(c, &e, 0), 0);
    stream_conn_end_round(stream);
    assert_true(receive(peer) > 0);
    assert_non_null(strstr(packet,
        "data: {\"type\":\"start\",\"messageId\":\"reply:m1\",\"messageMetadata\":{\"runId\":\"r\"}}\n\n"));
    assert_null(strstr(packet, "id: "));
    c->kind->ended(c);
    stream_conn_end_round(stream);
    assert_true(receive(peer) > 0);
    assert_non_null(strstr(packet, "{\"type\":\"error\""));
    assert_non_null(strstr(packet, "data: [DONE]\n\n\r\n0\r\n\r\n"));
    close(peer);
    c = open_request(request, &peer);
    assert_true(c->kind->drain(c, false));
    stream_conn_end_round(stream);
    assert_int_equal(receive(peer), 0);
    close(peer);
    snprintf(request, sizeof request, "GET %s&form=aisdk&detail=other%s\r\n", RUN, HEAD);
    open_request(request, &peer);
    assert_int_equal(stream->connections, 0);
    close(peer);
}

/* What comes in one packet with the request is read as what the connection has become. */
static void bytes_behind_the_request_are_the_kinds(void **state)
{
    static const char ticket[] = "GET /api/v1/pam/ws?ticket=t" UPGRADE "\x81\x80mask";
    int fd[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    assert_int_equal(stream_handshake_accept(stream, fd[0]), 0);
    newest(fd[0])->kind->feed(newest(fd[0]), ticket, sizeof ticket - 1);
    stream_conn_end_round(stream);
    assert_true(receive(fd[1]) > 0);
    assert_non_null(strstr(packet, "Frames came before the answer."));
    assert_int_equal(stream->connections, 0);
    close(fd[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_of_a_round_go_out_in_one_send),
        TEST(each_connection_gets_its_own),
        TEST(the_last_words_come_before_the_end),
        TEST(who_has_left_is_dropped_in_the_same_round),
        TEST(a_frame_that_cannot_be_built_ends_the_connection),
        TEST(a_long_round_is_sent_in_pieces),
        TEST(a_slow_reader_is_refused_and_then_served),
        TEST(a_round_collects_a_bounded_amount),
        TEST(every_kind_has_every_operation),
        TEST(every_kind_does_every_operation),
        TEST(a_dialect_is_told_and_never_ended_early),
        TEST(bytes_behind_the_request_are_the_kinds),
    };
    return cmocka_run_group_tests_name("stream_conn", tests, NULL, NULL);
}
