/*
 * stream_conn: what a round of the loop has for a connection goes out by one send, in order, within
 * that round. The other end is a SOCK_SEQPACKET: each send is one packet there. Redis is away.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tests/unit/cm.h"
#include "workers/stream/stream.h"

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
    set("redis.socket", "/nonexistent/redis.sock");
    log_level_set(LOG_LEVEL_ERROR);
    memset(&worker, 0, sizeof worker);
    worker.conf = &conf;
    worker.turn_socket = "/nonexistent/turn.sock";
    return stream_open(&stream, &worker);
}

static int teardown(void **state)
{
    (void)state;
    stream_close(stream);
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
    assert_int_equal(stream_conn_new(stream, fd[0]), 0);
    c = newest(fd[0]);
    stream_handshake_feed(c, request, sizeof request - 1);
    assert_int_equal(c->kind, STREAM_WS);
    round_of_the_loop();
    assert_true(recv(fd[1], packet, PACKET_MAX, 0) > 0);
    assert_non_null(strstr(packet, "101 Switching"));
    *peer = fd[1];
    return c;
}

static int say(struct stream_conn *c, const char *text)
{
    struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
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
    assert_int_equal(c->kind, STREAM_FINISHING);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_of_a_round_go_out_in_one_send),
        TEST(each_connection_gets_its_own),
        TEST(the_last_words_come_before_the_end),
        TEST(who_has_left_is_dropped_in_the_same_round),
        TEST(a_long_round_is_sent_in_pieces),
        TEST(a_slow_reader_is_refused_and_then_served),
        TEST(a_round_collects_a_bounded_amount),
    };
    return cmocka_run_group_tests_name("stream_conn", tests, NULL, NULL);
}
