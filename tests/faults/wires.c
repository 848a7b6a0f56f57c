/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wires -- an Ethernet switch between network namespaces whose wires can be cut, one way too, and
 * made slow. Process: of the fault campaign on several machines. It needs /dev/net/tun and no
 * module of the kernel for queues or filters, which a virtual machine often does not have.
 *
 * Commands are lines of standard input; each is answered by a line, "ok" or "error ...":
 *   port PID          a tap device eth0 in the network namespace of this process; "ok N" is its
 *                     number, from 0
 *   cut FROM TO       frames of port FROM to port TO vanish
 *   slow FROM TO MS   they arrive so much later
 *   heal FROM TO      neither
 * It ends with its standard input.
 */
#define _GNU_SOURCE /* setns */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 16
#define FRAME_MAX 2048
#define ADDRESS_BYTES 6
#define READS_MAX 64      /* frames of a port in a row */
#define WAITING_MAX 20000 /* frames under way on slow wires */

struct frame {
    struct frame *next;
    int64_t due_ms;
    size_t len;
    unsigned char bytes[];
};

/* What happens between two ports, in one direction. */
struct wire {
    bool cut;
    int slow_ms;
    struct frame *first, **last; /* under way */
};

static struct {
    int fd;
    unsigned char address[ADDRESS_BYTES];
    bool known;
} ports[PORTS_MAX];
static struct wire wires[PORTS_MAX][PORTS_MAX];
static unsigned count, waiting;

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Opens a tap device of another namespace and comes back. Returns the descriptor, or -1. */
static int wires_open_tap(const char *space)
{
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int other = open(space, O_RDONLY | O_CLOEXEC), tap = -1;
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};

    snprintf(request.ifr_name, sizeof request.ifr_name, "eth0");
    if (own >= 0 && other >= 0 && !setns(other, CLONE_NEWNET)) {
        tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (tap >= 0 && ioctl(tap, TUNSETIFF, &request)) {
            close(tap);
            tap = -1;
        }
        if (setns(own, CLONE_NEWNET))
            abort();
    }
    if (own >= 0)
        close(own);
    if (other >= 0)
        close(other);
    return tap;
}

static void wires_add_port(int pid)
{
    char space[64];
    int tap = -1;

    snprintf(space, sizeof space, "/proc/%d/ns/net", pid);
    if (count < PORTS_MAX)
        tap = wires_open_tap(space);
    if (tap < 0) {
        printf("error no tap device: %s\n", strerror(errno));
        return;
    }
    ports[count].fd = tap;
    printf("ok %u\n", count++);
}

static void wires_obey(const char *line)
{
    unsigned from = 0, to = 0;
    int number = 0;
    char word[8] = "";
    struct wire *w;

    if (sscanf(line, "port %d", &number) == 1) {
        wires_add_port(number);
        return;
    }
    if (sscanf(line, "%7s %u %u %d", word, &from, &to, &number) < 3 || from >= count ||
        to >= count) {
        printf("error what is %s\n", line);
        return;
    }
    w = &wires[from][to];
    w->cut = !strcmp(word, "cut");
    w->slow_ms = !strcmp(word, "slow") ? number : 0;
    printf("ok\n");
}

/* Returns false at the end of standard input. */
static bool wires_listen(void)
{
    static char text[4096];
    static size_t len;
    ssize_t n = read(STDIN_FILENO, text + len, sizeof text - 1 - len);
    char *line = text, *end;

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    len += (size_t)n;
    text[len] = '\0';
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        wires_obey(line);
    }
    len -= (size_t)(line - text);
    memmove(text, line, len + 1);
    fflush(stdout);
    return len < sizeof text - 1;
}

/* A full queue of a device loses the frame, as on any network. */
static void wires_hand_over(unsigned to, const unsigned char *bytes, size_t len)
{
    if (write(ports[to].fd, bytes, len) < 0)
        return;
}

static void wires_carry(unsigned from, unsigned to, const unsigned char *bytes, size_t len)
{
    struct wire *w = &wires[from][to];
    struct frame *f;

    if (w->cut)
        return;
    if (!w->slow_ms && !w->first) {
        wires_hand_over(to, bytes, len);
        return;
    }
    if (waiting >= WAITING_MAX || !(f = malloc(sizeof *f + len)))
        return;
    f->next = NULL;
    f->due_ms = now_ms() + w->slow_ms; /* behind those under way, so in their order */
    f->len = len;
    memcpy(f->bytes, bytes, len);
    if (!w->first)
        w->last = &w->first;
    *w->last = f;
    w->last = &f->next;
    waiting++;
}

/* Frames whose time has come. Returns milliseconds until the next one's, or -1. */
static int wires_deliver(void)
{
    int64_t now = now_ms(), next = -1;

    for (unsigned i = 0; waiting && i < count * count; i++) {
        struct wire *w = &wires[i / count][i % count];
        struct frame *f;

        while ((f = w->first) && (f->due_ms <= now || w->cut)) {
            w->first = f->next;
            waiting--;
            if (!w->cut)
                wires_hand_over(i % count, f->bytes, f->len);
            free(f);
        }
        if (f && (next < 0 || f->due_ms - now < next))
            next = f->due_ms - now;
    }
    return (int)next;
}

static void wires_switch(unsigned from, const unsigned char *bytes, size_t len)
{
    memcpy(ports[from].address, bytes + ADDRESS_BYTES, ADDRESS_BYTES);
    ports[from].known = true;
    for (unsigned to = 0; to < count; to++)
        if (to != from && ports[to].known && !memcmp(ports[to].address, bytes, ADDRESS_BYTES)) {
            wires_carry(from, to, bytes, len);
            return;
        }
    for (unsigned to = 0; to < count; to++) /* to all, or to somebody who has said nothing yet */
        if (to != from)
            wires_carry(from, to, bytes, len);
}

static void wires_read(unsigned from)
{
    unsigned char bytes[FRAME_MAX];

    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = read(ports[from].fd, bytes, sizeof bytes);

        if (n < 2 * ADDRESS_BYTES)
            return;
        wires_switch(from, bytes, (size_t)n);
    }
}

int main(void)
{
    struct pollfd polled[PORTS_MAX + 1];

    for (;;) {
        int left_ms = wires_deliver();

        for (unsigned i = 0; i < count; i++)
            polled[i] = (struct pollfd){.fd = ports[i].fd, .events = POLLIN};
        polled[count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(polled, count + 1, left_ms) < 0 && errno != EINTR)
            return 1;
        unsigned taps = count; /* a command may add one */
        for (unsigned i = 0; i < taps; i++)
            if (polled[i].revents)
                wires_read(i);
        if (polled[taps].revents && !wires_listen())
            return 0;
    }
}
