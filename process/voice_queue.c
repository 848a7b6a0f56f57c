/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/voice_queue.h"

#include "base/clock.h"

struct voice_count {
    int all, runs, owners; /* calls but our own */
    int processes;         /* tool processes that there are */
    bool behind;           /* somebody else has waited longer than we */
};

static void voice_queue_add(const struct scoreboard_seat *seat, const struct scoreboard_seat *own,
    unsigned long long owner, struct voice_count *out)
{
    int place = atomic_load(&seat->voice);
    bool same = atomic_load(&seat->work_owner) == owner;

    if (place == VOICE_NOWHERE)
        return;
    out->all++;
    out->runs += place == VOICE_RUNS;
    out->owners += same;
    out->behind |= place == VOICE_WAITS && !same &&
        atomic_load(&seat->voice_since_ms) < atomic_load(&own->voice_since_ms);
}

static void voice_queue_count(const struct scoreboard *b, const struct scoreboard_seat *own,
    unsigned long long owner, struct voice_count *out)
{
    *out = (struct voice_count){0};
    for (size_t i = 0; i < b->slot_count; i++) {
        const struct scoreboard_slot *slot = &b->slots[i];
        const struct scoreboard_seat *seat;

        if (atomic_load(&slot->pid) == 0)
            continue;
        out->processes += atomic_load(&slot->pool) == SCOREBOARD_TOOL;
        for (size_t k = 0; (seat = scoreboard_seat_at(b, slot, k)); k++)
            if (seat != own)
                voice_queue_add(seat, own, owner, out);
    }
}

int voice_queue_enter(const struct scoreboard *b, struct scoreboard_seat *seat,
    unsigned long long owner, int most)
{
    struct voice_count count;

    atomic_store(&seat->voice_since_ms, clock_mono_ms());
    atomic_store(&seat->voice, VOICE_WAITS);
    voice_queue_count(b, seat, owner, &count);
    if (count.owners < VOICE_QUEUE_USER && count.all < most)
        return 0;
    voice_queue_leave(seat);
    return count.owners >= VOICE_QUEUE_USER ? ERR_RATE : ERR_FULL;
}

bool voice_queue_run(const struct scoreboard *b, struct scoreboard_seat *seat,
    unsigned long long owner)
{
    struct voice_count count;

    if (!scoreboard_tool_ask(b, seat, owner)) { /* nobody waits for one whose user has a place */
        atomic_store(&seat->voice_since_ms, clock_mono_ms());
        return false;
    }
    atomic_store(&seat->voice, VOICE_RUNS);
    voice_queue_count(b, seat, owner, &count);
    if (!count.behind && (count.runs == 0 || count.runs < count.processes / 2))
        return true;
    atomic_store(&seat->voice, VOICE_WAITS);
    scoreboard_tool_asked(seat);
    return false;
}

void voice_queue_leave(struct scoreboard_seat *seat)
{
    atomic_store(&seat->voice, VOICE_NOWHERE);
    scoreboard_tool_asked(seat);
}
