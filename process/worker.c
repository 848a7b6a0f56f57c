/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* close_range */
#endif
#include "process/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "process/child.h"
#include "process/footprint.h"
#include "process/measure.h"
#include "process/secrecy.h"
#include "process/trace.h"
#include "wire/redis/link.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

#define KEEP_MAX 16
#define SEAT_MEMORY 262144 /* what a seat of a turn worker may add to recycle.memory */
#define TOOL_TIMES 3 /* a tool process holds the shop's catalogue: 16 bytes for one of its file */

static struct worker *signalled; /* whose flags the handlers set */
static struct {
    char *start;
    size_t size;
    char **environment; /* the copy; setenv may put another in its place */
} title;

/* --- signals --- */

static void worker_on_term(int number)
{
    (void)number;
    signalled->drain = 1;
}

static void worker_on_quit(int number)
{
    (void)number;
    signalled->abort_turn = 1;
}

static void worker_on_usr1(int number)
{
    (void)number;
    signalled->reopen = 1;
}

static void worker_install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void worker_signals(struct worker *w)
{
    signalled = w;
    worker_install(SIGTERM, worker_on_term);
    worker_install(SIGQUIT, worker_on_quit);
    worker_install(SIGUSR1, worker_on_usr1);
}

static void worker_signals_default(void)
{
    child_handlers();
    /* A write to a peer that left is an error of that write. */
    signal(SIGPIPE, SIG_IGN);
}

static void worker_signals_block(struct worker *w)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGQUIT);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    w->wait_mask = blocked;
    sigdelset(&w->wait_mask, SIGTERM);
    sigdelset(&w->wait_mask, SIGQUIT);
    sigdelset(&w->wait_mask, SIGUSR1);
}

/* --- what was inherited --- */

static int worker_compare_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void worker_close_all_but(const int *keep, size_t count)
{
    int sorted[KEEP_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < count && n < KEEP_MAX; i++)
        if (keep[i] > STDERR_FILENO)
            sorted[n++] = keep[i];
    if (log_fd() > STDERR_FILENO)
        sorted[n++] = log_fd();
    qsort(sorted, n, sizeof sorted[0], worker_compare_int);
    int from = STDERR_FILENO + 1;
    for (size_t i = 0; i < n; i++) {
        if (sorted[i] > from)
            close_range((unsigned)from, (unsigned)sorted[i] - 1, 0);
        from = sorted[i] + 1;
    }
    close_range((unsigned)from, ~0U, 0);
}

/* More descriptors where the hard limit allows it; a stream worker needs one per connection. */
static void worker_raise_descriptors(const struct worker *w)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)w->conf->stream_max + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    if (limit.rlim_max < wanted && limit.rlim_max != RLIM_INFINITY) {
        struct rlimit more = {.rlim_cur = wanted, .rlim_max = wanted};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            return;
        log_warn("only %llu descriptors are allowed; stream.connections = %lld needs %llu "
                 "(LimitNOFILE=)",
            (unsigned long long)limit.rlim_max, (long long)w->conf->stream_max,
            (unsigned long long)wanted);
        wanted = limit.rlim_max;
    }
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct measure_row *redis_time;

static void worker_on_redis_time(int64_t us)
{
    measure_row_observe_us(redis_time, us);
}

static void worker_time_redis(enum scoreboard_pool pool)
{
    const struct measure_labels of = {{scoreboard_pool_name(pool), NULL}};
    redis_time = measure_row(MEASURE_REDIS_TIME, &of);
    link_time(worker_on_redis_time);
}

void worker_enter(struct worker *w, pid_t parent, const int *keep, size_t keep_count)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    worker_signals_default();
    worker_signals_block(w);
    trace_init();
    worker_close_all_but(keep, keep_count);
    secrecy_forbid_dumps(w->conf);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");

    enum scoreboard_pool pool = (enum scoreboard_pool)atomic_load(&w->slot->pool);
    char name[64];
    snprintf(name, sizeof name, "%s/%u", scoreboard_pool_name(pool), w->slot_index);
    log_process_set(name);
    worker_time_redis(pool);
    prctl(PR_SET_NAME, name);
    snprintf(name, sizeof name, "turnpiked: %s %u", scoreboard_pool_name(pool), w->slot_index);
    worker_title_set(name);
    if (pool == SCOREBOARD_STREAM)
        worker_raise_descriptors(w);
}

void worker_title_init(int argc, char **argv)
{
    char *end = argv[0];
    for (int i = 0; i < argc; i++)
        if (argv[i] == end)
            end += strlen(argv[i]) + 1;
    size_t count = 0;
    while (environ[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    if (!copy)
        return;
    for (size_t i = 0; i < count; i++) {
        if (environ[i] == end)
            end += strlen(environ[i]) + 1;
        copy[i] = strdup(environ[i]);
        if (!copy[i])
            copy[i] = environ[i];
    }
    environ = title.environment = copy;
    title.start = argv[0];
    title.size = (size_t)(end - argv[0]);
}

void worker_title_set(const char *text)
{
    if (!title.start)
        return;
    size_t len = strnlen(text, title.size - 1);
    memset(title.start, 0, title.size);
    memcpy(title.start, text, len);
}

/* --- readiness and limits --- */

void worker_ready(struct worker *w)
{
    atomic_store(&w->slot->ready, true);
    uint64_t one = 1;
    if (w->notify_fd >= 0 && write(w->notify_fd, &one, sizeof one) < 0) {
        /* The counter is full: the supervisor is woken anyway. */
    }
    (void)footprint_drop_code();
}

void worker_beat(struct worker *w)
{
    if (w->slot)
        atomic_store_explicit(&w->slot->beat_ms, clock_mono_ms(), memory_order_relaxed);
}

static long long worker_sum_private_kb(FILE *file)
{
    char line[256];
    long long sum = 0, kb;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "Private_Clean: %lld", &kb) == 1 ||
            sscanf(line, "Private_Dirty: %lld", &kb) == 1)
            sum += kb;
    return sum;
}

long long worker_memory(void)
{
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    if (!file)
        return -1;
    long long kb = worker_sum_private_kb(file);
    fclose(file);
    return kb * 1024;
}

/* 800 to 1200 thousandths, the same for the same slot and generation. */
static int64_t worker_jitter(int64_t value, unsigned slot_index, unsigned generation)
{
    uint32_t mix = slot_index * 2654435761U ^ generation * 2246822519U;
    mix ^= mix >> 15;
    mix *= 2246822519U;
    mix ^= mix >> 13;
    return value / 1000 * (800 + mix % 401) + value % 1000 * (800 + mix % 401) / 1000;
}

const char *worker_over_limit(const struct conf *conf, const struct scoreboard_slot *slot,
    unsigned slot_index, unsigned generation, unsigned times, char reason[WORKER_REASON_SIZE])
{
    int64_t requests = (int64_t)atomic_load(&slot->requests);
    int64_t age = clock_mono_ms() - atomic_load(&slot->started_ms);
    int64_t memory = atomic_load(&slot->memory_bytes);
    int pool = atomic_load(&slot->pool);
    int64_t seats = pool == SCOREBOARD_TURN ? atomic_load(&slot->seats_count) : 1;
    /* A stream worker's requests are open connections: recycling would cut those. */
    if (pool == SCOREBOARD_STREAM)
        return NULL;
    if (conf->recycle_requests > 0 && pool != SCOREBOARD_HOUSEKEEPER &&
        requests / (int64_t)times >=
            worker_jitter(conf->recycle_requests * seats, slot_index, generation)) {
        snprintf(reason, WORKER_REASON_SIZE, "requests %lld", (long long)requests);
        return reason;
    }
    if (conf->recycle_age_ms > 0 &&
        age / (int64_t)times >= worker_jitter(conf->recycle_age_ms, slot_index, generation)) {
        snprintf(reason, WORKER_REASON_SIZE, "age %lld s", (long long)age / 1000);
        return reason;
    }
    int64_t most = conf->recycle_memory * (pool == SCOREBOARD_TOOL ? TOOL_TIMES : 1) +
        (seats - 1) * SEAT_MEMORY;
    if (conf->recycle_memory > 0 && memory / (int64_t)times >= most) {
        snprintf(reason, WORKER_REASON_SIZE, "memory %lld KiB", (long long)memory / 1024);
        return reason;
    }
    return NULL;
}

bool worker_is_due(const struct worker *w)
{
    char reason[WORKER_REASON_SIZE];
    return worker_over_limit(w->conf, w->slot, w->slot_index, w->generation, 2, reason) != NULL;
}
