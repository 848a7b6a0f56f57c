/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/scoreboard.h"

#include "base/clock.h"
#include "process/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* scoreboard, second part: seats, and what their worker says there of the work it does. */

#define TRAIL_COUNT 16
#define READ_TRIES 64

struct scoreboard_seat *scoreboard_seat_take(struct scoreboard *b, struct scoreboard_slot *slot)
{
    if (slot->seats_free < 0)
        return NULL;
    struct scoreboard_seat *seat = &b->seats[slot->seats_free];
    slot->seats_free = seat->next_free;
    seat->next_free = -1;
    atomic_store_explicit(&seat->taken, true, memory_order_release);
    atomic_fetch_add_explicit(&slot->seats_busy, 1, memory_order_relaxed);
    return seat;
}

void scoreboard_seat_clear(struct scoreboard_seat *seat)
{
    scoreboard_turn_set(seat, NULL, NULL, NULL);
    scoreboard_work_set(seat, NULL);
    scoreboard_tool_set(seat, "");
    scoreboard_tool_asked(seat);
    atomic_store(&seat->voice, 0);
    atomic_store_explicit(&seat->turn_deadline_ms, 0, memory_order_relaxed);
    atomic_store_explicit(&seat->epoch, 0, memory_order_relaxed);
    atomic_store_explicit(&seat->trail_next, 0, memory_order_relaxed);
    atomic_store_explicit(&seat->stage_since_ms, 0, memory_order_relaxed);
    atomic_store_explicit(&seat->stage, STAGE_IDLE, memory_order_release);
}

void scoreboard_seat_give(struct scoreboard *b, struct scoreboard_slot *slot,
    struct scoreboard_seat *seat)
{
    if (!atomic_load(&seat->taken))
        return;
    scoreboard_turn_give(b, seat);
    scoreboard_seat_clear(seat);
    atomic_store_explicit(&seat->taken, false, memory_order_release);
    seat->next_free = slot->seats_free;
    slot->seats_free = (int)(seat - b->seats);
    atomic_fetch_sub_explicit(&slot->seats_busy, 1, memory_order_relaxed);
}

struct scoreboard_seat *scoreboard_seat_at(const struct scoreboard *b,
    const struct scoreboard_slot *slot, size_t i)
{
    if (i >= (size_t)atomic_load(&slot->seats_count))
        return NULL;
    return &b->seats[(size_t)atomic_load(&slot->seats_first) + i];
}

struct scoreboard_seat *scoreboard_executing(const struct scoreboard *b,
    const struct scoreboard_slot *slot)
{
    int index = atomic_load(&slot->executing), first = atomic_load(&slot->seats_first);
    if (index < first || index >= first + atomic_load(&slot->seats_count))
        return NULL;
    return atomic_load(&b->seats[index].taken) ? &b->seats[index] : NULL;
}

/* Results of tools are stored right behind them: that is still the tool's step. */
static bool scoreboard_stage_keeps_tool(int stage)
{
    return stage == STAGE_TOOL || stage == STAGE_CHECKPOINT;
}

void scoreboard_stage_set(struct scoreboard_seat *seat, int stage)
{
    int64_t now = clock_mono_ms();
    int64_t started = atomic_load_explicit(&seat->turn_started_ms, memory_order_relaxed);
    int64_t since = started == 0 ? 0 : now - started;
    unsigned next = atomic_load_explicit(&seat->trail_next, memory_order_relaxed);
    unsigned entry = ((unsigned)stage & 0xff) << 24 |
        (since < 0               ? 0 :
                since > 0xffffff ? 0xffffff :
                                   (unsigned)since);
    if (!scoreboard_stage_keeps_tool(stage))
        atomic_store_explicit(&seat->tool[0], 0, memory_order_relaxed);
    atomic_store_explicit(&seat->trail[next % TRAIL_COUNT], entry, memory_order_relaxed);
    atomic_store_explicit(&seat->trail_next, next + 1, memory_order_relaxed);
    atomic_store_explicit(&seat->stage_since_ms, now, memory_order_relaxed);
    atomic_store_explicit(&seat->stage, stage, memory_order_release);
}

void scoreboard_tool_set(struct scoreboard_seat *seat, const char *name)
{
    unsigned long long parts[SCOREBOARD_TOOL_SIZE / 8] = {0};
    memcpy(parts, name, strnlen(name, SCOREBOARD_TOOL_SIZE - 1));
    for (size_t i = 0; i < SCOREBOARD_TOOL_SIZE / 8; i++)
        atomic_store_explicit(&seat->tool[i], parts[i], memory_order_relaxed);
}

void scoreboard_tool_get(const struct scoreboard_seat *seat, char out[SCOREBOARD_TOOL_SIZE])
{
    unsigned long long parts[SCOREBOARD_TOOL_SIZE / 8];
    for (size_t i = 0; i < SCOREBOARD_TOOL_SIZE / 8; i++)
        parts[i] = atomic_load_explicit(&seat->tool[i], memory_order_relaxed);
    memcpy(out, parts, SCOREBOARD_TOOL_SIZE);
    out[SCOREBOARD_TOOL_SIZE - 1] = '\0';
}

static void scoreboard_text_copy(char *out, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size - 1) : 0;
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

void scoreboard_turn_set(struct scoreboard_seat *seat, const char *uid, const char *session,
    const char *turn)
{
    struct scoreboard_text *text = &seat->text;
    unsigned sequence = atomic_load_explicit(&text->sequence, memory_order_relaxed) | 1;
    atomic_store_explicit(&text->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    scoreboard_text_copy(text->uid, sizeof text->uid, uid);
    scoreboard_text_copy(text->session, sizeof text->session, session);
    scoreboard_text_copy(text->turn, sizeof text->turn, turn);
    if (turn) {
        atomic_store(&seat->turn_started_ms, clock_mono_ms());
        atomic_store(&seat->trail_next, 0);
    } else {
        atomic_store(&seat->turn_started_ms, 0);
    }
    atomic_store_explicit(&text->sequence, sequence + 1, memory_order_release);
}

bool scoreboard_turn_get(const struct scoreboard_seat *seat, char *uid, char *session, char *turn)
{
    const struct scoreboard_text *text = &seat->text;
    for (int tries = 0; tries < READ_TRIES; tries++) {
        unsigned before = atomic_load_explicit(&text->sequence, memory_order_acquire);
        scoreboard_text_copy(uid, sizeof text->uid, text->uid);
        scoreboard_text_copy(session, sizeof text->session, text->session);
        scoreboard_text_copy(turn, sizeof text->turn, text->turn);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load(&text->sequence))
            return turn[0] != '\0';
    }
    uid[0] = session[0] = turn[0] = '\0';
    return false;
}

void scoreboard_work_say(struct scoreboard_seat *seat, const struct blame_work *work)
{
    struct scoreboard_work *own = &seat->work;
    unsigned sequence = atomic_load_explicit(&own->sequence, memory_order_relaxed) | 1;
    atomic_store_explicit(&own->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (work)
        own->now = *work;
    else
        own->now.digest[0] = own->now.uid[0] = '\0';
    atomic_store_explicit(&own->sequence, sequence + 1, memory_order_release);
}

void scoreboard_work_set(struct scoreboard_seat *seat, const struct blame_work *work)
{
    scoreboard_work_say(seat, work);
    atomic_store(&seat->work_since_ms, work ? clock_mono_ms() : 0);
    atomic_store(&seat->work_owner, work && work->uid[0] != '\0' ? scoreboard_owner(work->uid) : 0);
}

/* Whether a seat of another piece of work stands for a call of this user in a tool process. */
static bool scoreboard_tool_is_asked(const struct scoreboard_seat *seat, int pool,
    unsigned long long owner)
{
    return pool == SCOREBOARD_TOOL ? atomic_load(&seat->work_owner) == owner :
                                     atomic_load(&seat->tool_owner) == owner;
}

bool scoreboard_tool_ask(const struct scoreboard *b, struct scoreboard_seat *own,
    unsigned long long owner)
{
    atomic_store(&own->tool_owner, owner);
    for (size_t i = 0; i < b->slot_count; i++) {
        const struct scoreboard_slot *slot = &b->slots[i];
        const struct scoreboard_seat *seat;
        int pool = atomic_load(&slot->pool);
        for (size_t k = 0; atomic_load(&slot->pid) != 0 && (seat = scoreboard_seat_at(b, slot, k));
             k++)
            if (seat != own && scoreboard_tool_is_asked(seat, pool, owner)) {
                scoreboard_tool_asked(own);
                return false;
            }
    }
    return true;
}

void scoreboard_tool_asked(struct scoreboard_seat *seat)
{
    atomic_store(&seat->tool_owner, 0);
}

bool scoreboard_work_get(const struct scoreboard_seat *seat, struct blame_work *out)
{
    const struct scoreboard_work *own = &seat->work;
    for (int tries = 0; tries < READ_TRIES; tries++) {
        unsigned before = atomic_load_explicit(&own->sequence, memory_order_acquire);
        *out = own->now;
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load(&own->sequence))
            return out->digest[0] != '\0';
    }
    memset(out, 0, sizeof *out);
    return false;
}

unsigned long long scoreboard_owner(const char *uid)
{
    char digest[IDENT_SHA256_SIZE];
    ident_sha256_hex(uid, strlen(uid), digest);
    digest[15] = '\0';
    return strtoull(digest, NULL, 16) | 1;
}

static const char *scoreboard_stage_text(unsigned stage)
{
    static const char *const names[] = {
#define STAGE_NAME_(name, text) text,
        STAGE_TABLE(STAGE_NAME_)
#undef STAGE_NAME_
    };
    return stage < STAGE_COUNT ? names[stage] : "unknown";
}

const char *scoreboard_stage_name(const struct scoreboard_seat *seat)
{
    return scoreboard_stage_text((unsigned)atomic_load(&seat->stage));
}

void scoreboard_trail(const struct scoreboard_seat *seat, char out[SCOREBOARD_TRAIL_SIZE])
{
    unsigned next = atomic_load(&seat->trail_next);
    unsigned first = next > TRAIL_COUNT ? next - TRAIL_COUNT : 0;
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = first; i < next && used < SCOREBOARD_TRAIL_SIZE; i++) {
        unsigned entry = atomic_load(&seat->trail[i % TRAIL_COUNT]);
        int n = snprintf(out + used, SCOREBOARD_TRAIL_SIZE - used, "%s%s+%u", i > first ? " " : "",
            scoreboard_stage_text(entry >> 24), entry & 0xffffff);
        used += n > 0 ? (size_t)n : 0;
    }
}

const char *scoreboard_doing(const struct scoreboard_seat *seat, char out[SCOREBOARD_DOING_SIZE])
{
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE];
    char trail[SCOREBOARD_TRAIL_SIZE], tool[SCOREBOARD_TOOL_SIZE];
    if (!scoreboard_turn_get(seat, uid, session, turn)) {
        snprintf(out, SCOREBOARD_DOING_SIZE, " no turn, stage %s", scoreboard_stage_name(seat));
        return out;
    }
    scoreboard_trail(seat, trail);
    scoreboard_tool_get(seat, tool);
    snprintf(out, SCOREBOARD_DOING_SIZE, " user %s session %s turn %s%s%s: stages %s", uid, session,
        turn, tool[0] != '\0' ? ", tool " : "", tool, trail);
    return out;
}
