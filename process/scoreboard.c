/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/scoreboard.h"

#include "base/err.h"
#include "base/shared.h"
#include "process/crowd.h"

#include <string.h>

const char *scoreboard_pool_name(enum scoreboard_pool pool)
{
    static const char *const names[SCOREBOARD_POOLS] = {"api", "turn", "stream", "quarantine",
        "tool", "housekeeper"};
    return (unsigned)pool < SCOREBOARD_POOLS ? names[pool] : "unknown";
}

/* Seats begin at a cache line behind the slots. */
static size_t scoreboard_seats_at(size_t slots)
{
    size_t bytes = sizeof(struct scoreboard) + slots * sizeof(struct scoreboard_slot);
    return (bytes + 63) / 64 * 64;
}

static size_t scoreboard_bytes(size_t slots, size_t seats)
{
    return scoreboard_seats_at(slots) + seats * sizeof(struct scoreboard_seat);
}

int scoreboard_new(struct scoreboard **out, size_t slots, size_t seats)
{
    if (seats > SCOREBOARD_SEATS_MAX)
        return ERR_INVALID;
    /* Pages are taken when first touched, so room for every possible slot and seat costs
     * nothing. */
    void *memory = shared_new(scoreboard_bytes(slots, seats));
    if (!memory)
        return ERR_NOMEM;
    *out = memory;
    (*out)->slot_count = slots;
    (*out)->seat_count = seats;
    (*out)->seats = (void *)((char *)memory + scoreboard_seats_at(slots));
    return 0;
}

void scoreboard_free(struct scoreboard *b)
{
    shared_free(b);
}

/*
 * Admission. The word holds the count of running turns and the last change: its number, which seat
 * it concerns and whether that takes or gives. While the seat part is not 0 the change has not yet
 * reached that seat's token; whoever comes next brings it there first. A token carries the number
 * of the change that wrote it, so a helper that comes late changes nothing.
 */
#define ADMISSION_COUNT(w) ((unsigned)((w)&0xffff))
#define ADMISSION_SEAT(w) ((unsigned)((w) >> 16 & 0xffff))
#define ADMISSION_TAKES(w) ((w) >> 32 & 1)
#define ADMISSION_NUMBER(w) ((uint32_t)((w) >> 33))
#define ADMISSION_SEAT_MASK (0xffffULL << 16)
#define NUMBER_MASK 0x7fffffffU

static unsigned long long scoreboard_admission_word(unsigned count, unsigned seat, bool takes,
    uint32_t number)
{
    return (unsigned long long)(number & NUMBER_MASK) << 33 | (unsigned long long)takes << 32 |
        (unsigned long long)seat << 16 | count;
}

static bool scoreboard_number_is_older(uint32_t a, uint32_t b)
{
    uint32_t distance = (b - a) & NUMBER_MASK;
    return distance != 0 && distance < NUMBER_MASK / 2;
}

static void scoreboard_admission_help(struct scoreboard *b, unsigned long long word)
{
    unsigned seat = ADMISSION_SEAT(word);
    if (seat == 0)
        return;
    atomic_ullong *token = &b->seats[seat - 1].token;
    unsigned long long seen = atomic_load(token);
    unsigned long long wanted =
        (unsigned long long)ADMISSION_NUMBER(word) << 1 | ADMISSION_TAKES(word);
    if (scoreboard_number_is_older((uint32_t)(seen >> 1), ADMISSION_NUMBER(word)))
        atomic_compare_exchange_strong(token, &seen, wanted);
    atomic_compare_exchange_strong(&b->admission, &word, word & ~ADMISSION_SEAT_MASK);
}

static void scoreboard_admission_mirror(struct scoreboard *b)
{
    unsigned long long word;
    do {
        word = atomic_load(&b->admission);
        atomic_store(&b->running_turns, (int)ADMISSION_COUNT(word));
    } while (ADMISSION_COUNT(atomic_load(&b->admission)) != ADMISSION_COUNT(word));
}

static bool scoreboard_admission_change(struct scoreboard *b, struct scoreboard_seat *seat,
    bool takes)
{
    unsigned number = (unsigned)(seat - b->seats) + 1;
    for (;;) {
        unsigned long long word = atomic_load(&b->admission);
        if (ADMISSION_SEAT(word) != 0) {
            scoreboard_admission_help(b, word);
            continue;
        }
        unsigned count = ADMISSION_COUNT(word);
        if ((bool)(atomic_load(&seat->token) & 1) == takes)
            return takes;
        if (takes ? (int)count >= atomic_load(&b->turn_limit) : count == 0)
            return false;
        unsigned long long next = scoreboard_admission_word(takes ? count + 1 : count - 1, number,
            takes, ADMISSION_NUMBER(word) + 1);
        if (!atomic_compare_exchange_strong(&b->admission, &word, next))
            continue;
        scoreboard_admission_help(b, next);
        scoreboard_admission_mirror(b);
        return true;
    }
}

bool scoreboard_turn_take(struct scoreboard *b, struct scoreboard_seat *seat)
{
    return scoreboard_admission_change(b, seat, true);
}

void scoreboard_turn_give(struct scoreboard *b, struct scoreboard_seat *seat)
{
    scoreboard_admission_change(b, seat, false);
}

bool scoreboard_turn_recover(struct scoreboard *b, struct scoreboard_seat *seat)
{
    bool held = scoreboard_admission_change(b, seat, false);
    scoreboard_admission_mirror(b);
    return held;
}

static void scoreboard_seat_reset(struct scoreboard *b, size_t index, size_t slot, int next_free)
{
    struct scoreboard_seat *seat = &b->seats[index];
    atomic_store(&seat->slot, (int)slot);
    atomic_store(&seat->taken, false);
    seat->next_free = next_free;
    /* A number of today, so that an idle seat's never looks newer than a change's. */
    atomic_store(&seat->token,
        (unsigned long long)ADMISSION_NUMBER(atomic_load(&b->admission)) << 1);
    atomic_store(&seat->text.sequence, 0);
    atomic_store(&seat->work.sequence, 0);
    scoreboard_seat_clear(seat);
}

void scoreboard_slot_reset(struct scoreboard *b, struct scoreboard_slot *slot, size_t first,
    size_t count)
{
    atomic_store(&slot->ready, false);
    atomic_store(&slot->executing, -1);
    atomic_store(&slot->seats_busy, 0);
    atomic_store(&slot->requests, 0);
    atomic_store(&slot->turns, 0);
    atomic_store(&slot->errors, 0);
    atomic_store(&slot->memory_bytes, 0);
    atomic_store(&slot->connections, 0);
    crowd_wipe((size_t)(slot - b->slots));
    atomic_store(&slot->messages, 0);
    atomic_store(&slot->dropped, 0);
    atomic_store(&slot->passes_slow, 0);
    atomic_store(&slot->slowest_us, 0);
    atomic_store(&slot->long_owner, 0);
    atomic_store(&slot->beat_ms, 0);
    memset(slot->last_error, 0, sizeof slot->last_error);
    atomic_store(&slot->seats_first, (int)first);
    atomic_store(&slot->seats_count, (int)count);
    slot->seats_free = count > 0 ? (int)first : -1;
    for (size_t i = first; i < first + count; i++)
        scoreboard_seat_reset(b, i, (size_t)(slot - b->slots),
            i + 1 < first + count ? (int)i + 1 : -1);
}

int scoreboard_long_take(struct scoreboard *b, struct scoreboard_slot *slot,
    unsigned long long owner, int most)
{
    int held = 0;
    bool elsewhere = false;
    if (atomic_load(&slot->long_owner) != 0)
        return 0;
    atomic_store(&slot->long_owner, owner); /* before the others are looked at: no two pass */
    for (size_t i = 0; i < b->slot_count; i++) {
        unsigned long long other = atomic_load(&b->slots[i].long_owner);
        held += other != 0;
        elsewhere |= other == owner && &b->slots[i] != slot;
    }
    if (!elsewhere && held <= most)
        return 0;
    atomic_store(&slot->long_owner, 0);
    return elsewhere ? ERR_RATE : ERR_FULL;
}

void scoreboard_long_give(struct scoreboard_slot *slot)
{
    atomic_store(&slot->long_owner, 0);
}
