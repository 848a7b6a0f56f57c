/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket: answers, bounds, and nobody who is slow holds up anybody else. */
#include "workers/supervisor/control.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define BIG (6u << 20)

struct fixture {
    struct reactor *reactor;
    struct control *control;
    int listen_fd, commands;
    char dir[64];
    struct sockaddr_un address;
};

static void on_command(void *arg, const char *line, struct buf *reply)
{
    struct fixture *f = arg;
    f->commands++;
    if (strcmp(line, "big") == 0)
        for (unsigned i = 0; i < BIG / 64; i++)
            buf_puts(reply, "0123456789012345678901234567890123456789012345678901234567890123");
    else if (strcmp(line, "too big") == 0)
        for (unsigned i = 0; i < BIG / 32; i++)
            buf_puts(reply, "0123456789012345678901234567890123456789012345678901234567890123");
    else if (strcmp(line, "nothing") != 0)
        buf_printf(reply, "you said %s\n", line);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    snprintf(f->dir, sizeof f->dir, "/tmp/control.XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    f->address.sun_family = AF_UNIX;
    snprintf(f->address.sun_path, sizeof f->address.sun_path, "%s/c.sock", f->dir);
    f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(f->listen_fd, (struct sockaddr *)&f->address, sizeof f->address) < 0 ||
        listen(f->listen_fd, 128) < 0)
        return -1;
    if (reactor_new(&f->reactor) != 0)
        return -1;
    return control_new(&f->control, f->reactor, f->listen_fd, on_command, f);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    control_free(f->control);
    reactor_free(f->reactor);
    close(f->listen_fd);
    unlink(f->address.sun_path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static int client(struct fixture *f, const char *text)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_return_code(connect(fd, (struct sockaddr *)&f->address, sizeof f->address), errno);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    return fd;
}

static void turn_loop(struct fixture *f)
{
    while (reactor_step(f->reactor, 0, NULL) > 0) {
    }
}

/* Reads to the end, running the loop in between. Returns the number of bytes. */
static size_t read_all(struct fixture *f, int fd, char *first, size_t size)
{
    static char bytes[65536];
    size_t total = 0;
    for (int64_t until = clock_mono_ms() + 3000; clock_mono_ms() < until;) {
        reactor_step(f->reactor, 0, NULL);
        ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0)
            return total;
        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            continue;
        }
        for (ssize_t i = 0; i < n && total + (size_t)i + 1 < size; i++) {
            first[total + (size_t)i] = bytes[i];
            first[total + (size_t)i + 1] = '\0';
        }
        total += (size_t)n;
    }
    fail_msg("no end of the reply");
    return 0;
}

static void one_line_one_answer(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    int fd = client(f, "status\n");
    read_all(f, fd, text, sizeof text);
    assert_string_equal(text, "you said status\n");
    close(fd);
    fd = client(f, "st");
    turn_loop(f);
    assert_int_equal(send(fd, "atus\r\n", 6, MSG_NOSIGNAL), 6);
    read_all(f, fd, text, sizeof text);
    assert_string_equal(text, "you said status\n");
    close(fd);
    fd = client(f, "nothing\n");
    assert_int_equal(read_all(f, fd, text, sizeof text), 0);
    close(fd);
    assert_int_equal(control_clients(f->control), 0);
}

static void a_line_with_nul_is_refused(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    int fd = client(f, "status");
    assert_int_equal(send(fd, "\0stop\n", 6, MSG_NOSIGNAL), 6);
    read_all(f, fd, text, sizeof text);
    assert_string_equal(text, "error: a command line holds no NUL\n");
    close(fd);
}

static void a_line_that_never_ends(void **state)
{
    struct fixture *f = *state;
    char line[CONTROL_LINE_MAX + 50], text[8] = "";
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    int fd = client(f, line);
    turn_loop(f);
    assert_int_equal(control_clients(f->control), 0);
    assert_int_equal(f->commands, 0);
    assert_true(recv(fd, text, sizeof text, MSG_DONTWAIT) <= 0);
    close(fd);
}

static void a_slow_reader_holds_up_nobody(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    int slow = client(f, "big\n");
    turn_loop(f);
    assert_int_equal(control_clients(f->control), 1);
    for (int i = 0; i < 10; i++) {
        int fd = client(f, "ping\n");
        read_all(f, fd, text, sizeof text);
        assert_string_equal(text, "you said ping\n");
        close(fd);
    }
    assert_int_equal(read_all(f, slow, text, sizeof text), BIG);
    close(slow);
}

static void an_answer_has_a_bound(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    int fd = client(f, "too big\n");
    read_all(f, fd, text, sizeof text);
    assert_string_equal(text, "error: the answer is too long\n");
    close(fd);
}

static void the_oldest_goes_when_all_places_are_taken(void **state)
{
    struct fixture *f = *state;
    int silent[CONTROL_CLIENTS_MAX + 8];
    char text[64] = "";
    for (int i = 0; i < CONTROL_CLIENTS_MAX + 8; i++) {
        silent[i] = client(f, "sta");
        turn_loop(f);
    }
    assert_int_equal(control_clients(f->control), CONTROL_CLIENTS_MAX);
    int fd = client(f, "status\n");
    read_all(f, fd, text, sizeof text);
    assert_string_equal(text, "you said status\n");
    close(fd);
    for (int i = 0; i < CONTROL_CLIENTS_MAX + 8; i++)
        close(silent[i]);
    turn_loop(f);
    assert_int_equal(control_clients(f->control), 0);
}

static void a_silent_client_has_its_time(void **state)
{
    struct fixture *f = *state;
    int fd = client(f, "sta");
    turn_loop(f);
    assert_int_equal(control_clients(f->control), 1);
    int64_t until = clock_mono_ms() + CONTROL_TIME_MS + 1000;
    while (control_clients(f->control) > 0 && clock_mono_ms() < until)
        reactor_step(f->reactor, until, NULL);
    assert_int_equal(control_clients(f->control), 0);
    close(fd);
}

static void asking_where_nobody_is(void **state)
{
    struct fixture *f = *state;
    struct buf reply = {0};
    char path[100];
    snprintf(path, sizeof path, "%s/none.sock", f->dir);
    assert_int_equal(control_ask(path, "status", 100, &reply), ERR_NOT_FOUND);
    /* Nobody runs the loop: the answer does not come. */
    assert_int_equal(control_ask(f->address.sun_path, "status", 50, &reply), ERR_DEADLINE);
    buf_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_line_one_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_with_nul_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_never_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_reader_holds_up_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_has_a_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(the_oldest_goes_when_all_places_are_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_client_has_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(asking_where_nobody_is, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
