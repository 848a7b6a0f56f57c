#include "workers/pressure.h"

#include "base/clock.h"
#include "base/err.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 100
#define LOOK_IDLE_MS 1000
#define FULL 880  /* thousandths: above it the interval grows */
#define EASY 700  /* below it the interval shrinks */
#define PACE_FIRST_MS 10

int pressure_next(int pace_ms, int busy)
{
    if (busy >= FULL) {
        int longer = pace_ms == 0 ? PACE_FIRST_MS : pace_ms + pace_ms / 2;
        return longer > PRESSURE_PACE_MAX_MS ? PRESSURE_PACE_MAX_MS : longer;
    }
    if (busy < EASY) {
        int shorter = pace_ms - pace_ms / 8 - 1;
        return shorter < PACE_FIRST_MS ? 0 : shorter;
    }
    return pace_ms;
}

int pressure_parse(const char *text, uint64_t *busy, uint64_t *total)
{
    unsigned long long user, nice, kernel, idle, iowait, irq, softirq, steal;

    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &kernel, &idle,
            &iowait, &irq, &softirq, &steal) != 8)
        return ERR_INVALID;
    *busy = user + nice + kernel + irq + softirq + steal;
    *total = *busy + idle + iowait;
    return 0;
}

/* Returns 0 and the ticks since boot. */
static int look(struct pressure *p, uint64_t *busy, uint64_t *total)
{
    char text[256];
    ssize_t n = pread(p->stat_fd, text, sizeof(text) - 1, 0);

    if (n <= 0)
        return ERR_IO;
    text[n] = '\0';
    return pressure_parse(text, busy, total);
}

static void pressure_on_time(struct reactor_timer *timer)
{
    struct pressure *p = timer->arg;
    bool idle = atomic_load_explicit(p->running, memory_order_relaxed) == 0;
    uint64_t busy, total;

    if (idle) {
        atomic_store_explicit(p->pace_ms, 0, memory_order_relaxed);
        p->total = 0;
    } else if (look(p, &busy, &total) == 0) {
        if (p->total != 0 && total > p->total) {
            int share = (int)((busy - p->busy) * 1000 / (total - p->total));
            int pace = atomic_load_explicit(p->pace_ms, memory_order_relaxed);
            atomic_store_explicit(p->pace_ms, pressure_next(pace, share), memory_order_relaxed);
        }
        p->busy = busy;
        p->total = total;
    }
    reactor_timer_set(p->reactor, &p->timer, clock_mono_ms() + (idle ? LOOK_IDLE_MS : LOOK_MS),
        pressure_on_time, p);
}

int pressure_init(
    struct pressure *p, struct reactor *reactor, const atomic_int *running, atomic_int *pace_ms)
{
    *p = (struct pressure){.reactor = reactor, .running = running, .pace_ms = pace_ms};
    p->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    if (p->stat_fd < 0)
        return ERR_IO;
    reactor_timer_set(reactor, &p->timer, clock_mono_ms() + LOOK_MS, pressure_on_time, p);
    return 0;
}

void pressure_fini(struct pressure *p)
{
    if (p->reactor == NULL)
        return;
    reactor_timer_clear(p->reactor, &p->timer);
    if (p->stat_fd >= 0)
        close(p->stat_fd);
    p->reactor = NULL;
}
