/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_OWN_SUPERVISOR_H
#define TURNPIKE_TESTS_UNIT_OWN_SUPERVISOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * own_supervisor -- the real supervisor in a process of its own, with workers made for the test,
 * a directory of its own and a datagram socket in systemd's place.
 */
#define TURN_ID "019ab3c4-0000-7000-8000-000000000001"
#define PATIENCE_MS 15000

/* How workers behave: shared with them, written by the test. */
enum behaviour {
    SERVE,       /* answers each connection with its pid */
    HOLD_A_TURN, /* takes a turn while there is one, ends it hold_ms after TERM */
    STUCK,       /* takes a turn, while there is one, whose deadline has passed, and never waits */
    DEAF,        /* the same, and hears no ABRT either */
    WORK,        /* works for user anna until it dies */
    STARVED,     /* every second one: gives no beat and computes, while the script says this */
    NEVER_READY,
    DIE_AT_ONCE,
    COUNT_REQUESTS, /* each loop counts one */
    MANY_TURNS,     /* takes three turns, MANY_ID(0) to (2), and executes what the script says */
    LATE_TURNS      /* has a turn behind its deadline: one worker executes it for ever, the other
                       ones let it wait */
};
#define MANY_ID(n) "019ab3c4-0000-7000-8000-00000000001" #n
#define QUARANTINE_IDLE_MS 300 /* its workers leave then */
struct script {
    atomic_int turn_worker; /* enum behaviour of the turn pool */
    atomic_int bad_configuration;
    atomic_int hold_ms;
    /* each seat, and the reserved one, is a worker's, unless `extra` says else */
    atomic_int turn_seats;
    atomic_int executes;        /* MANY_TURNS: which of its turns, from 0; -1 = its loop */
    atomic_int late;            /* LATE_TURNS: workers so far */
    atomic_int quarantine_dies; /* its workers, in the turn that they are asked for */
    atomic_int waiting;         /* LATE_TURNS: pid of one that lets its turn wait */
    atomic_int ended_by_quit, ended_in_drain, prepared;
    atomic_int foreign_descriptors; /* found open in a child */
    char dead_lines[4096];
    char extra[256]; /* further settings, "a=b;c=d" */
};

struct fixture {
    struct script *script;
    char dir[64], control[100], api[100];
    int notify_fd;    /* systemd's end */
    char said[16384]; /* what systemd was told so far */
    size_t said_len;
    pid_t supervisor;
    bool with_watchdog, with_sockets; /* what systemd gives along */
    bool as_new;                      /* started by another turnpiked, for an upgrade */
    int old_fd;                       /* that one's end of their socket */
};

void own_supervisor_start(struct fixture *f);       /* forks it */
void own_supervisor_start_ready(struct fixture *f); /* and waits for READY=1 */
/* Waits for its end; fails the test unless it ends with this status. */
void own_supervisor_wait_for_end(struct fixture *f, int expected);

/* Polls a condition until it holds; fails the test, showing the log, when it never does. */
typedef bool condition_fn(struct fixture *f, const char *argument);
void own_supervisor_until(struct fixture *f, condition_fn *condition, const char *argument);
bool systemd_heard(struct fixture *f, const char *text);
bool log_has(struct fixture *f, const char *text);
bool keeper_heard(struct fixture *f, const char *text);
bool status_has(struct fixture *f, const char *text);

void hear(struct fixture *f); /* takes in what systemd was told */
void forget_said(struct fixture *f);
const char *status(struct fixture *f);
/* The pid of the first worker of a pool in a generation; 0 = none. */
pid_t find_worker(struct fixture *f, const char *pool, unsigned generation);
/* The pid of a turn worker that executes a turn; 0 = none. */
pid_t find_executing(struct fixture *f);
void tell(struct fixture *f, const char *line);
/* One request to the api pool; false when it is refused or cut. */
bool ask_api(struct fixture *f);
/* The same at the quarantine workers' socket; the pid of the one that has answered, or 0. */
pid_t ask_quarantine(struct fixture *f);

int own_supervisor_setup(void **state);
int own_supervisor_teardown(void **state);

#endif
