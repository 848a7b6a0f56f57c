#ifndef TURNPIKE_WORKERS_PRESSURE_H
#define TURNPIKE_WORKERS_PRESSURE_H

#include "base/reactor.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * pressure -- how busy the machine's processors are, and from it the least time between two
 * appends of one turn's text (`event.min_interval` of a loaded machine). While there is room every
 * token goes out at once; when the processors are full, joining tokens gives everybody's first
 * token its place back. Process: supervisor, which looks ten times a second while turns run.
 */
struct pressure {
    struct reactor *reactor;
    struct reactor_timer timer;
    const atomic_int *running; /* turns of this machine */
    atomic_int *pace_ms;       /* out, read by all turn workers */
    int stat_fd;               /* /proc/stat, -1 = not to be had: no pace */
    uint64_t busy, total;      /* ticks at the last look */
};

/* Longest interval, milliseconds: text still arrives more than ten times a second. */
#define PRESSURE_PACE_MAX_MS 80

int pressure_init(struct pressure *p, struct reactor *reactor, const atomic_int *running, atomic_int *pace_ms);
void pressure_fini(struct pressure *p);
/* The next interval after the present one, for a busy share in thousandths. */
int pressure_next(int pace_ms, int busy);
/* Busy and total ticks of the first line of /proc/stat (proc(5)). Returns 0 or ERR_INVALID. */
int pressure_parse(const char *text, uint64_t *busy, uint64_t *total);

#endif
