/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_guard.h"

#include "base/clock.h"
#include "process/fault.h"
#include "process/scoreboard.h"

#include <stdio.h>
#include <string.h>

#define GUARD_DIGESTED 4096 /* bytes of a long text that make it the same, with its length */

#define GUARD_CLEARED 256 /* a power of two */

/* A session whose events are not refused by the marks of this version. */
struct guard_cleared {
    unsigned version;
    bool used;
    char user[IDENT_USER_MAX + 1], session[IDENT_SHA256_SIZE];
};
static struct {
    struct worker *worker;
    struct scoreboard_seat *seats[SCOREBOARD_STREAM_SEATS];
    struct blame_work last[SCOREBOARD_STREAM_SEATS]; /* what the seats say */
    unsigned clear[SCOREBOARD_STREAM_SEATS];     /* version of the marks that do not refuse that */
    struct guard_cleared cleared[GUARD_CLEARED]; /* touched only while there are marks */
    unsigned looks;
    int depth;
} guard;

static const char *const guard_routes[] = {[STREAM_GUARD_REQUEST] = "a handshake",
    [STREAM_GUARD_BYTES] = "a socket",
    [STREAM_GUARD_FRAME] = "a socket",
    [STREAM_GUARD_EVENT] = "events of a session"};

/* The slot has SCOREBOARD_STREAM_SEATS. */
void stream_guard_open(struct worker *w)
{
    memset(&guard, 0, sizeof guard);
    if (!w->board || !w->slot)
        return;
    for (int i = 0; i < SCOREBOARD_STREAM_SEATS; i++)
        guard.seats[i] = scoreboard_seat_take(w->board, w->slot);
    atomic_store(&w->slot->seats_busy, 0); /* they are no requests */
    guard.worker = w;
}

/* Of events the session itself: thousands a second, and a digest costs more than all the rest. */
static void stream_guard_digest(enum stream_guard_kind kind, const char *text, size_t len,
    char out[IDENT_SHA256_SIZE])
{
    char end[IDENT_SHA256_SIZE + 24];

    if (kind == STREAM_GUARD_EVENT) {
        snprintf(out, IDENT_SHA256_SIZE, "session %.*s",
            (int)(len < IDENT_SHA256_SIZE ? len : IDENT_SHA256_SIZE - 1), text);
        return;
    }
    if (kind == STREAM_GUARD_BYTES) {
        snprintf(out, IDENT_SHA256_SIZE, "-");
        return;
    }
    ident_sha256_hex(text, len < GUARD_DIGESTED ? len : GUARD_DIGESTED, out);
    if (len <= GUARD_DIGESTED)
        return;
    snprintf(end, sizeof end, "%s %zu", out, len);
    ident_sha256_hex(end, strlen(end), out);
}

static void stream_guard_work(enum stream_guard_kind kind, const char *user, const char *text,
    size_t len, struct blame_work *out)
{
    snprintf(out->uid, sizeof out->uid, "%s", user ? user : "");
    snprintf(out->route, sizeof out->route, "%s", guard_routes[kind]);
    stream_guard_digest(kind, text, len, out->digest);
    out->turn = out->tool = false;
}

/* Is it what the seat says already? Then one store is all. */
static bool stream_guard_is_last(const struct blame_work *last, enum stream_guard_kind kind,
    const char *user, const char *text, size_t len)
{
    static const size_t head = sizeof "session " - 1;
    size_t most = IDENT_SHA256_SIZE - 1 - head;

    return kind == STREAM_GUARD_EVENT && user && !strcmp(last->uid, user) &&
        !strcmp(last->route, guard_routes[kind]) &&
        strlen(last->digest + head) == (len < most ? len : most) &&
        !strncmp(last->digest + head, text, len < most ? len : most);
}

static int64_t stream_guard_left(const struct blame_work *work)
{
    guard.looks++;
    return blame_left(&guard.worker->board->blame, work, clock_mono_ms(), NULL);
}

unsigned stream_guard_looks(void)
{
    return guard.looks;
}

/* FNV-1a */
static struct guard_cleared *stream_guard_cleared(const char *user, const char *session)
{
    uint32_t hash = 2166136261U;

    for (const char *p = user; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619U;
    for (const char *p = session; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619U;
    return &guard.cleared[(hash ^ hash >> 16) & (GUARD_CLEARED - 1)];
}

/* Work of this seat. Events come by the thousand, of many sessions in turn: through the marks it
 * looks once a session and version of them. */
static int64_t stream_guard_left_of(int depth, enum stream_guard_kind kind, bool known)
{
    const struct blame *b = &guard.worker->board->blame;
    const struct blame_work *work = &guard.last[depth];
    unsigned version = blame_version(b); /* before the look */
    struct guard_cleared *of;
    int64_t left;

    if (known && guard.clear[depth] == version)
        return 0;
    guard.clear[depth] = version;
    if (version == 0) /* nobody has ever died */
        return 0;
    if (kind != STREAM_GUARD_EVENT)
        return stream_guard_left(work);
    of = stream_guard_cleared(work->uid, work->digest);
    if (of->used && of->version == version && !strcmp(of->user, work->uid) &&
        !strcmp(of->session, work->digest))
        return 0;
    left = stream_guard_left(work);
    if (left > 0)
        return left;
    of->used = true;
    of->version = version;
    memcpy(of->user, work->uid, sizeof of->user);
    memcpy(of->session, work->digest, sizeof of->session);
    return 0;
}

int64_t stream_guard_refused(enum stream_guard_kind kind, const char *user, const char *text,
    size_t len)
{
    struct blame_work work;

    if (!guard.worker)
        return 0;
    stream_guard_work(kind, user, text, len, &work);
    return stream_guard_left(&work);
}

int64_t stream_guard_enter(enum stream_guard_kind kind, const char *user, const char *text,
    size_t len)
{
    int depth = guard.depth;
    int64_t left;

    if (!guard.worker)
        return 0;
    if (depth >= SCOREBOARD_STREAM_SEATS || !guard.seats[depth]) { /* whatever it is in says it */
        guard.depth++;
        return 0;
    }
    struct blame_work *work = &guard.last[depth];
    bool known = stream_guard_is_last(work, kind, user, text, len);
    if (!known)
        stream_guard_work(kind, user, text, len, work);
    left = stream_guard_left_of(depth, kind, known);
    if (left > 0) {
        work->route[0] = '\0';
        return left;
    }
    if (!known)
        scoreboard_work_say(guard.seats[depth], work);
    scoreboard_enter(guard.worker->board, guard.worker->slot, guard.seats[depth]);
    guard.depth++;
    if (kind == STREAM_GUARD_FRAME || kind == STREAM_GUARD_REQUEST)
        fault_in(guard.worker->conf, kind == STREAM_GUARD_FRAME ? "frame" : "handshake", text, len);
    return 0;
}

void stream_guard_fault(const char *bytes, size_t len)
{
    if (guard.worker && *guard.worker->conf->fault_word)
        fault_in(guard.worker->conf, "event", bytes, len);
}

void stream_guard_leave(void)
{
    if (!guard.worker || guard.depth == 0)
        return;
    guard.depth--;
    if (guard.depth > SCOREBOARD_STREAM_SEATS)
        return;
    scoreboard_enter(guard.worker->board, guard.worker->slot,
        guard.depth > 0 ? guard.seats[guard.depth - 1] : NULL);
}
