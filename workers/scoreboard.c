#include "workers/scoreboard.h"

#include "agent/turn.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TRAIL_COUNT 16
#define READ_TRIES 64

static struct scoreboard_slot *own_slot;

const char *scoreboard_pool_name(enum scoreboard_pool pool)
{
    static const char *const names[SCOREBOARD_POOLS] = {"api", "turn", "stream", "housekeeper"};
    return (unsigned)pool < SCOREBOARD_POOLS ? names[pool] : "unknown";
}

static size_t scoreboard_bytes(size_t slots)
{
    return sizeof(struct scoreboard) + slots * sizeof(struct scoreboard_slot);
}

int scoreboard_new(struct scoreboard **out, size_t slots)
{
    /* Pages are taken when first touched, so room for every possible slot costs nothing. */
    void *memory = mmap(NULL, scoreboard_bytes(slots), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return ERR_NOMEM;
    *out = memory;
    (*out)->slot_count = slots;
    return 0;
}

void scoreboard_free(struct scoreboard *b)
{
    if (b != NULL)
        munmap(b, scoreboard_bytes(b->slot_count));
}

void scoreboard_attach(struct scoreboard_slot *slot)
{
    own_slot = slot;
}

/*
 * Admission. The word holds the count of running turns and the last change: its number, whose slot
 * it concerns and whether that takes or gives. While the slot part is not 0 the change has not yet
 * reached that slot's token; whoever comes next brings it there first. A token carries the number
 * of the change that wrote it, so a helper that comes late changes nothing.
 */
#define ADMISSION_COUNT(w) ((unsigned)((w)&0xffff))
#define ADMISSION_SLOT(w) ((unsigned)((w) >> 16 & 0xffff))
#define ADMISSION_TAKES(w) ((w) >> 32 & 1)
#define ADMISSION_NUMBER(w) ((uint32_t)((w) >> 33))
#define ADMISSION_SLOT_MASK (0xffffULL << 16)
#define NUMBER_MASK 0x7fffffffU

static unsigned long long admission_word(unsigned count, unsigned slot, bool takes, uint32_t number)
{
    return (unsigned long long)(number & NUMBER_MASK) << 33 | (unsigned long long)takes << 32 |
           (unsigned long long)slot << 16 | count;
}

static bool number_is_older(uint32_t a, uint32_t b)
{
    uint32_t distance = (b - a) & NUMBER_MASK;
    return distance != 0 && distance < NUMBER_MASK / 2;
}

static void admission_help(struct scoreboard *b, unsigned long long word)
{
    unsigned slot = ADMISSION_SLOT(word);
    if (slot == 0)
        return;
    atomic_ullong *token = &b->slots[slot - 1].token;
    unsigned long long seen = atomic_load(token);
    unsigned long long wanted =
        (unsigned long long)ADMISSION_NUMBER(word) << 1 | ADMISSION_TAKES(word);
    if (number_is_older((uint32_t)(seen >> 1), ADMISSION_NUMBER(word)))
        atomic_compare_exchange_strong(token, &seen, wanted);
    atomic_compare_exchange_strong(&b->admission, &word, word & ~ADMISSION_SLOT_MASK);
}

static void admission_mirror(struct scoreboard *b)
{
    unsigned long long word;
    do {
        word = atomic_load(&b->admission);
        atomic_store(&b->running_turns, (int)ADMISSION_COUNT(word));
    } while (ADMISSION_COUNT(atomic_load(&b->admission)) != ADMISSION_COUNT(word));
}

/* slot NULL: only counts, for callers without a slot. */
static bool admission_change(struct scoreboard *b, struct scoreboard_slot *slot, bool takes)
{
    unsigned number = slot == NULL ? 0 : (unsigned)(slot - b->slots) + 1;
    for (;;) {
        unsigned long long word = atomic_load(&b->admission);
        if (ADMISSION_SLOT(word) != 0) {
            admission_help(b, word);
            continue;
        }
        unsigned count = ADMISSION_COUNT(word);
        if (slot != NULL && (bool)(atomic_load(&slot->token) & 1) == takes)
            return takes;
        if (takes ? (int)count >= atomic_load(&b->turn_limit) : count == 0)
            return false;
        unsigned long long next = admission_word(
            takes ? count + 1 : count - 1, number, takes, ADMISSION_NUMBER(word) + 1);
        if (!atomic_compare_exchange_strong(&b->admission, &word, next))
            continue;
        admission_help(b, next);
        admission_mirror(b);
        return true;
    }
}

bool scoreboard_turn_take(struct scoreboard *b)
{
    return admission_change(b, own_slot, true);
}

void scoreboard_turn_give(struct scoreboard *b)
{
    admission_change(b, own_slot, false);
}

bool scoreboard_turn_recover(struct scoreboard *b, struct scoreboard_slot *slot)
{
    bool held = admission_change(b, slot, false);
    admission_mirror(b);
    return held;
}

void scoreboard_slot_reset(struct scoreboard *b, struct scoreboard_slot *slot)
{
    atomic_store(&slot->ready, false);
    atomic_store(&slot->stage, TURN_STAGE_IDLE);
    atomic_store(&slot->stage_since_ms, 0);
    atomic_store(&slot->turn_deadline_ms, 0);
    atomic_store(&slot->turn_started_ms, 0);
    atomic_store(&slot->requests, 0);
    atomic_store(&slot->turns, 0);
    atomic_store(&slot->errors, 0);
    atomic_store(&slot->memory_bytes, 0);
    atomic_store(&slot->epoch, 0);
    atomic_store(&slot->connections, 0);
    atomic_store(&slot->messages, 0);
    atomic_store(&slot->dropped, 0);
    atomic_store(&slot->trail_next, 0);
    atomic_store(&slot->long_owner, 0);
    atomic_store(&slot->text.sequence, 0);
    /* A number of today, so that an idle slot's never looks newer than a change's. */
    atomic_store(
        &slot->token, (unsigned long long)ADMISSION_NUMBER(atomic_load(&b->admission)) << 1);
    slot->text.uid[0] = slot->text.session[0] = slot->text.turn[0] = '\0';
    atomic_store(&slot->work.sequence, 0);
    scoreboard_work_set(slot, NULL);
}

int scoreboard_long_take(
    struct scoreboard *b, struct scoreboard_slot *slot, unsigned long long owner, int most)
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

void scoreboard_stage_set(struct scoreboard_slot *slot, int stage)
{
    int64_t now = clock_mono_ms();
    int64_t started = atomic_load_explicit(&slot->turn_started_ms, memory_order_relaxed);
    int64_t since = started == 0 ? 0 : now - started;
    unsigned next = atomic_load_explicit(&slot->trail_next, memory_order_relaxed);
    unsigned entry = ((unsigned)stage & 0xff) << 24 | (since < 0             ? 0
                                                          : since > 0xffffff ? 0xffffff
                                                                             : (unsigned)since);
    atomic_store_explicit(&slot->trail[next % TRAIL_COUNT], entry, memory_order_relaxed);
    atomic_store_explicit(&slot->trail_next, next + 1, memory_order_relaxed);
    atomic_store_explicit(&slot->stage_since_ms, now, memory_order_relaxed);
    atomic_store_explicit(&slot->stage, stage, memory_order_release);
}

static void text_copy(char *out, size_t size, const char *text)
{
    size_t len = text == NULL ? 0 : strnlen(text, size - 1);
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

void scoreboard_turn_set(
    struct scoreboard_slot *slot, const char *uid, const char *session, const char *turn)
{
    struct scoreboard_text *text = &slot->text;
    unsigned sequence = atomic_load_explicit(&text->sequence, memory_order_relaxed) | 1;
    atomic_store_explicit(&text->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    text_copy(text->uid, sizeof(text->uid), uid);
    text_copy(text->session, sizeof(text->session), session);
    text_copy(text->turn, sizeof(text->turn), turn);
    if (turn != NULL) {
        atomic_store(&slot->turn_started_ms, clock_mono_ms());
        atomic_store(&slot->trail_next, 0);
    } else {
        atomic_store(&slot->turn_started_ms, 0);
    }
    atomic_store_explicit(&text->sequence, sequence + 1, memory_order_release);
}

bool scoreboard_turn_get(const struct scoreboard_slot *slot, char *uid, char *session, char *turn)
{
    const struct scoreboard_text *text = &slot->text;
    for (int tries = 0; tries < READ_TRIES; tries++) {
        unsigned before = atomic_load_explicit(&text->sequence, memory_order_acquire);
        text_copy(uid, sizeof(text->uid), text->uid);
        text_copy(session, sizeof(text->session), text->session);
        text_copy(turn, sizeof(text->turn), text->turn);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load(&text->sequence))
            return turn[0] != '\0';
    }
    uid[0] = session[0] = turn[0] = '\0';
    return false;
}

void scoreboard_work_set(struct scoreboard_slot *slot, const struct blame_work *work)
{
    struct scoreboard_work *own = &slot->work;
    unsigned sequence = atomic_load_explicit(&own->sequence, memory_order_relaxed) | 1;
    atomic_store_explicit(&own->sequence, sequence, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    if (work != NULL)
        own->now = *work;
    else
        own->now.digest[0] = own->now.uid[0] = '\0';
    atomic_store_explicit(&own->sequence, sequence + 1, memory_order_release);
    atomic_store(&slot->work_since_ms, work != NULL ? clock_mono_ms() : 0);
    atomic_store(&slot->work_owner,
        work != NULL && work->uid[0] != '\0' ? scoreboard_owner(work->uid) : 0);
}

bool scoreboard_work_get(const struct scoreboard_slot *slot, struct blame_work *out)
{
    const struct scoreboard_work *own = &slot->work;
    for (int tries = 0; tries < READ_TRIES; tries++) {
        unsigned before = atomic_load_explicit(&own->sequence, memory_order_acquire);
        *out = own->now;
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load(&own->sequence))
            return out->digest[0] != '\0';
    }
    memset(out, 0, sizeof(*out));
    return false;
}

unsigned long long scoreboard_owner(const char *uid)
{
    char digest[IDENT_SHA256_SIZE];
    ident_sha256_hex(uid, strlen(uid), digest);
    digest[15] = '\0';
    return strtoull(digest, NULL, 16) | 1;
}

static const char *stage_name(unsigned stage)
{
    static const char *const names[] = {
#define STAGE_NAME_(name, text) text,
        TURN_STAGE_TABLE(STAGE_NAME_)
#undef STAGE_NAME_
    };
    return stage < TURN_STAGE_COUNT ? names[stage] : "unknown";
}

void scoreboard_trail(const struct scoreboard_slot *slot, char out[SCOREBOARD_TRAIL_SIZE])
{
    unsigned next = atomic_load(&slot->trail_next);
    unsigned first = next > TRAIL_COUNT ? next - TRAIL_COUNT : 0;
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = first; i < next && used < SCOREBOARD_TRAIL_SIZE; i++) {
        unsigned entry = atomic_load(&slot->trail[i % TRAIL_COUNT]);
        int n = snprintf(out + used, SCOREBOARD_TRAIL_SIZE - used, "%s%s+%u", i > first ? " " : "",
            stage_name(entry >> 24), entry & 0xffffff);
        used += n > 0 ? (size_t)n : 0;
    }
}
