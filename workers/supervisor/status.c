/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/status_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool status_is_busy(const struct scoreboard_slot *b)
{
    return atomic_load(&b->seats_busy) > 0 || atomic_load(&b->connections) > 0;
}

/* The longest pass of its loop. */
static long long status_slowest_ms(const struct scoreboard_slot *b)
{
    return atomic_load(&b->slowest_us) / 1000;
}

static void status_sum_slot(struct pool_sum *sum, const struct crew_slot *s,
    const struct scoreboard_slot *b)
{
    sum->workers += s->pid > 0;
    sum->ready += s->state == SLOTS_READY || s->state == SLOTS_REPLACING;
    sum->starting += s->state == SLOTS_STARTING;
    sum->backoff += s->state == SLOTS_BACKOFF;
    sum->leaving += s->state > SLOTS_REPLACING;
    if (s->pid == 0)
        return;
    sum->busy += status_is_busy(b);
    sum->seats += s->seats_count;
    sum->seats_busy += (size_t)atomic_load(&b->seats_busy);
    sum->requests += atomic_load(&b->requests);
    sum->turns += atomic_load(&b->turns);
    sum->errors += atomic_load(&b->errors);
    sum->messages += atomic_load(&b->messages);
    sum->dropped += atomic_load(&b->dropped);
    sum->connections += atomic_load(&b->connections);
    sum->memory += atomic_load(&b->memory_bytes);
    sum->slow += atomic_load(&b->passes_slow);
    if (status_slowest_ms(b) > sum->slowest_ms)
        sum->slowest_ms = status_slowest_ms(b);
}

void status_sum_pools(const struct status_view *view, struct pool_sum sums[SCOREBOARD_POOLS])
{
    const struct crew *c = view->crew;
    memset(sums, 0, SCOREBOARD_POOLS * sizeof *sums);
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].state != SLOTS_EMPTY)
            status_sum_slot(&sums[c->slots[i].pool], &c->slots[i], &c->board->slots[i]);
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++) {
        sums[pool].waiting = sums[pool].backlog = -1;
        if (pool != SCOREBOARD_HOUSEKEEPER)
            err_ignore(sockets_queue(view->sockets, (enum sockets_which)pool, &sums[pool].waiting,
                &sums[pool].backlog)); /* not known here: -1 */
    }
}

size_t status_pool_wanted(const struct status_view *view, int pool)
{
    const struct crew_generation *g = view->crew->current;
    return !g ? 0 : g->want[pool];
}

unsigned status_current_number(const struct status_view *view)
{
    return !view->crew->current ? 0 : view->crew->current->number;
}

struct turn_names {
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
};

static bool status_turn_names(const struct scoreboard_seat *seat, struct turn_names *names)
{
    return scoreboard_turn_get(seat, names->uid, names->session, names->turn);
}

/* One after the other all seats that are taken, of workers that live. */
struct seat_walk {
    size_t slot, next; /* of the seat that was given last; its next seat */
};

/* A stream worker's seats say what it would die in, and are its own for ever. */
static bool status_seat_is_work(const struct crew *c, size_t slot,
    const struct scoreboard_seat *seat)
{
    return c->slots[slot].pool != SCOREBOARD_STREAM ||
        scoreboard_executing(c->board, &c->board->slots[slot]) == seat;
}

static const struct scoreboard_seat *status_seat_next(const struct crew *c, struct seat_walk *walk)
{
    for (; walk->slot < c->used; walk->slot++, walk->next = 0) {
        const struct scoreboard_seat *seat;
        if (c->slots[walk->slot].pid == 0)
            continue;
        while ((seat = scoreboard_seat_at(c->board, &c->board->slots[walk->slot], walk->next))) {
            walk->next++;
            if (atomic_load(&seat->taken) && status_seat_is_work(c, walk->slot, seat))
                return seat;
        }
    }
    return NULL;
}

/* --- one line --- */

void status_line(const struct status_view *view, char *out, size_t size)
{
    const struct scoreboard *board = view->crew->board;
    snprintf(out, size, "%s, %d/%d turns, %zu workers, generation %u", view->phase,
        atomic_load(&board->running_turns), atomic_load(&board->turn_limit), view->crew->alive,
        status_current_number(view));
}

/* --- text --- */

static const char *status_duration(int64_t ms, char out[32])
{
    int64_t s = ms / 1000;
    if (ms < 10000)
        snprintf(out, 32, "%.1fs", (double)(ms < 0 ? 0 : ms) / 1000);
    else if (s < 3600)
        snprintf(out, 32, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
    else
        snprintf(out, 32, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
    return out;
}

static void status_text_pools(const struct status_view *view, const struct pool_sum *sums,
    struct buf *out)
{
    buf_puts(out,
        "\npool         workers   ready  busy  leaving  seats      queue       connections  "
        "requests    errors    deaths\n");
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++) {
        const struct pool_sum *sum = &sums[pool];
        char workers[48], seats[48] = "-", queue[48] = "-";
        snprintf(workers, sizeof workers, "%zu/%zu", sum->workers, status_pool_wanted(view, pool));
        if (sum->seats > 0)
            snprintf(seats, sizeof seats, "%zu/%zu", sum->seats_busy, sum->seats);
        if (sum->waiting >= 0)
            snprintf(queue, sizeof queue, "%d/%d", sum->waiting, sum->backlog);
        buf_printf(out, "%-12s %-9s %-6zu %-5zu %-8zu %-10s %-11s %-12lld %-11llu %-9llu %llu\n",
            scoreboard_pool_name((enum scoreboard_pool)pool), workers, sum->ready, sum->busy,
            sum->leaving, seats, queue, sum->connections, sum->requests, sum->errors,
            view->crew->deaths[pool]);
    }
}

static void status_text_seat(const struct crew *c, size_t slot, const struct scoreboard_seat *seat,
    int64_t now, struct buf *out)
{
    const struct crew_slot *s = &c->slots[slot];
    int64_t since = atomic_load(&seat->stage_since_ms);
    struct turn_names names;
    struct blame_work work;
    char age[32];
    buf_printf(out, "%-5zu %-5zu %-11s %-8d %-11s %-8s", (size_t)(seat - c->board->seats), slot,
        scoreboard_pool_name(s->pool), (int)s->pid, scoreboard_stage_name(seat),
        status_duration(since == 0 ? 0 : now - since, age));
    if (status_turn_names(seat, &names))
        buf_printf(out, " %s %s %s", names.uid, names.session, names.turn);
    else if (scoreboard_work_get(seat, &work) && work.uid[0] != '\0')
        buf_printf(out, " %s %s", work.uid, work.route);
    buf_putc(out, '\n');
}

static void status_text_seats(const struct crew *c, int64_t now, struct buf *out)
{
    const struct scoreboard_seat *seat;
    struct seat_walk walk = {0};
    buf_puts(out, "\nseat  slot  pool        pid      stage       since    user session turn\n");
    while ((seat = status_seat_next(c, &walk)))
        status_text_seat(c, walk.slot, seat, now, out);
}

static void status_text_slot(const struct status_view *view, size_t i, int64_t now, struct buf *out)
{
    const struct crew_slot *s = &view->crew->slots[i];
    const struct scoreboard_slot *b = &view->crew->board->slots[i];
    char age[32], seats[32] = "-", longest[32] = "-";
    if (status_slowest_ms(b) > 0)
        snprintf(longest, sizeof longest, "%lldms", status_slowest_ms(b));
    if (s->seats_count > 0)
        snprintf(seats, sizeof seats, "%d/%zu", atomic_load(&b->seats_busy), s->seats_count);
    buf_printf(out, "%-5zu %-11s %-8d %-4u %-11s %-8s %-9s %-8s %-9llu %-9lld %-5llu %s\n", i,
        scoreboard_pool_name(s->pool), (int)s->pid, s->generation->number,
        slots_state_name(s->state), status_duration(now - s->since_ms, age),
        status_is_busy(b) ? "busy" : "idle", seats, (unsigned long long)atomic_load(&b->requests),
        (long long)atomic_load(&b->memory_bytes) / 1024,
        (unsigned long long)atomic_load(&b->passes_slow), longest);
}

void status_text(const struct status_view *view, struct buf *out)
{
    const struct crew *c = view->crew;
    const struct scoreboard *board = c->board;
    int64_t now = clock_mono_ms();
    struct pool_sum sums[SCOREBOARD_POOLS];
    char age[32];
    status_sum_pools(view, sums);
    buf_printf(out, "turnpiked " PACKAGE_VERSION "[%d] %s, generation %u, up %s\n", (int)c->self,
        view->phase, status_current_number(view), status_duration(now - view->started_ms, age));
    buf_printf(out,
        "turns: %d/%d running, %llu accepted, %llu refused (full), %llu refused (waited too "
        "long)\n",
        atomic_load(&board->running_turns), atomic_load(&board->turn_limit),
        (unsigned long long)atomic_load(&board->accepted),
        (unsigned long long)atomic_load(&board->refused_full),
        (unsigned long long)atomic_load(&board->refused_stale));
    buf_printf(out, "workers: %llu killed, %llu recycled\n", c->killed, c->recycled);
    status_text_pools(view, sums, out);
    status_text_seats(c, now, out);
    buf_puts(out,
        "\nslot  pool        pid      gen  state       since    work      seats    requests  "
        "KiB       slow  longest\n");
    for (size_t i = 0; i < c->used; i++)
        if (c->slots[i].state != SLOTS_EMPTY)
            status_text_slot(view, i, now, out);
}

/* --- JSON --- */

static void status_json_text(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "\"%s\":", name);
    buf_json_string(out, value, strlen(value));
}

static void status_json_pool(const struct status_view *view, int pool, const struct pool_sum *sum,
    struct buf *out)
{
    buf_printf(out,
        "\"%s\":{\"workers\":%zu,\"wanted\":%zu,\"ready\":%zu,\"busy\":%zu,\"starting\":%zu,"
        "\"backoff\":%zu,\"leaving\":%zu,\"seats\":%zu,\"seats_busy\":%zu,",
        scoreboard_pool_name((enum scoreboard_pool)pool), sum->workers,
        status_pool_wanted(view, pool), sum->ready, sum->busy, sum->starting, sum->backoff,
        sum->leaving, sum->seats, sum->seats_busy);
    if (sum->waiting >= 0)
        buf_printf(out, "\"queue\":%d,\"queue_limit\":%d,", sum->waiting, sum->backlog);
    else
        buf_puts(out, "\"queue\":null,\"queue_limit\":null,");
    buf_printf(out,
        "\"connections\":%lld,\"requests\":%llu,\"turns\":%llu,\"errors\":%llu,\"messages\":%llu,"
        "\"dropped\":%llu,\"memory_bytes\":%lld,\"passes_slow\":%llu,\"slowest_ms\":%lld,"
        "\"deaths\":%llu}",
        sum->connections, sum->requests, sum->turns, sum->errors, sum->messages, sum->dropped,
        sum->memory, sum->slow, sum->slowest_ms, view->crew->deaths[pool]);
}

static void status_json_seat_turn(const struct scoreboard_seat *seat,
    const struct turn_names *names, int64_t now, struct buf *out)
{
    char trail[SCOREBOARD_TRAIL_SIZE];
    int64_t started = atomic_load(&seat->turn_started_ms);
    int64_t deadline = atomic_load(&seat->turn_deadline_ms);
    scoreboard_trail(seat, trail);
    buf_putc(out, ',');
    status_json_text(out, "user", names->uid);
    buf_putc(out, ',');
    status_json_text(out, "session", names->session);
    buf_putc(out, ',');
    status_json_text(out, "turn", names->turn);
    buf_printf(out, ",\"turn_ms\":%" PRId64, started == 0 ? 0 : now - started);
    if (deadline != 0)
        buf_printf(out, ",\"turn_left_ms\":%" PRId64, deadline - now);
    buf_putc(out, ',');
    status_json_text(out, "trail", trail);
}

/* What is worked on without a turn. */
static void status_json_seat_work(const struct scoreboard_seat *seat, struct buf *out)
{
    struct blame_work work;
    if (!scoreboard_work_get(seat, &work))
        return;
    buf_putc(out, ',');
    status_json_text(out, "user", work.uid);
    buf_putc(out, ',');
    status_json_text(out, "work", work.route);
}

static void status_json_seat(const struct crew *c, size_t slot, const struct scoreboard_seat *seat,
    int64_t now, struct buf *out)
{
    const struct crew_slot *s = &c->slots[slot];
    int64_t since = atomic_load(&seat->stage_since_ms);
    struct turn_names names;
    buf_printf(out,
        "{\"seat\":%zu,\"slot\":%zu,\"pool\":\"%s\",\"pid\":%d,\"executing\":%s,"
        "\"stage\":\"%s\",\"stage_ms\":%" PRId64,
        (size_t)(seat - c->board->seats), slot, scoreboard_pool_name(s->pool), (int)s->pid,
        scoreboard_executing(c->board, &c->board->slots[slot]) == seat ? "true" : "false",
        scoreboard_stage_name(seat), since == 0 ? 0 : now - since);
    if (status_turn_names(seat, &names))
        status_json_seat_turn(seat, &names, now, out);
    else
        status_json_seat_work(seat, out);
    buf_putc(out, '}');
}

static void status_json_seats(const struct crew *c, int64_t now, struct buf *out)
{
    const struct scoreboard_seat *seat;
    struct seat_walk walk = {0};
    for (size_t n = 0; (seat = status_seat_next(c, &walk)); n++) {
        if (n > 0)
            buf_putc(out, ',');
        status_json_seat(c, walk.slot, seat, now, out);
    }
}

static void status_json_slot(const struct status_view *view, size_t i, int64_t now, struct buf *out)
{
    const struct crew_slot *s = &view->crew->slots[i];
    const struct scoreboard_slot *b = &view->crew->board->slots[i];
    buf_printf(out,
        "{\"slot\":%zu,\"pool\":\"%s\",\"pid\":%d,\"generation\":%u,"
        "\"state\":\"%s\",\"state_ms\":%" PRId64 ",\"seats\":%zu,\"seats_busy\":%d,",
        i, scoreboard_pool_name(s->pool), (int)s->pid, s->generation->number,
        slots_state_name(s->state), now - s->since_ms, s->seats_count, atomic_load(&b->seats_busy));
    buf_printf(out,
        "\"requests\":%llu,\"turns\":%llu,\"errors\":%llu,\"memory_bytes\":%lld,"
        "\"connections\":%lld,\"passes_slow\":%llu,\"slowest_ms\":%lld,\"early_deaths\":%u}",
        (unsigned long long)atomic_load(&b->requests), (unsigned long long)atomic_load(&b->turns),
        (unsigned long long)atomic_load(&b->errors), (long long)atomic_load(&b->memory_bytes),
        (long long)atomic_load(&b->connections), (unsigned long long)atomic_load(&b->passes_slow),
        status_slowest_ms(b), s->failures);
}

void status_json(const struct status_view *view, struct buf *out)
{
    const struct crew *c = view->crew;
    const struct scoreboard *board = c->board;
    int64_t now = clock_mono_ms();
    struct pool_sum sums[SCOREBOARD_POOLS];
    status_sum_pools(view, sums);
    buf_puts(out, "{\"version\":\"" PACKAGE_VERSION "\",");
    status_json_text(out, "state", view->phase);
    buf_printf(out,
        ",\"pid\":%d,\"generation\":%u,\"uptime_ms\":%" PRId64
        ",\"turns\":{\"running\":%d,\"limit\":%d,\"accepted\":%llu,\"refused_full\":%llu,"
        "\"refused_stale\":%llu},\"killed\":%llu,\"recycled\":%llu,\"pools\":{",
        (int)c->self, status_current_number(view), now - view->started_ms,
        atomic_load(&board->running_turns), atomic_load(&board->turn_limit),
        (unsigned long long)atomic_load(&board->accepted),
        (unsigned long long)atomic_load(&board->refused_full),
        (unsigned long long)atomic_load(&board->refused_stale), c->killed, c->recycled);
    for (int pool = 0; pool < SCOREBOARD_POOLS; pool++) {
        if (pool > 0)
            buf_putc(out, ',');
        status_json_pool(view, pool, &sums[pool], out);
    }
    buf_puts(out, "},\"slots\":[");
    bool first = true;
    for (size_t i = 0; i < c->used; i++) {
        if (c->slots[i].state == SLOTS_EMPTY)
            continue;
        if (!first)
            buf_putc(out, ',');
        first = false;
        status_json_slot(view, i, now, out);
    }
    buf_puts(out, "],\"seats\":[");
    status_json_seats(c, now, out);
    buf_puts(out, "]}\n");
}
