/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/viewer.h"

struct cell {
    unsigned char next, action;
};

#define STAY(state) \
    { \
        state, VIEWER_NOTHING \
    }
#define TO(state, action) \
    { \
        state, action \
    }

/* Every state by every event, in the order of the tables in viewer.h. */
static const struct cell table[VIEWER_STATES][VIEWER_EVENTS] =
    {
        [VIEWER_WAITING] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = TO(VIEWER_LOCATING, VIEWER_LOCATE),
                [VIEWER_ON_CONFIRMED] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_LOST] = STAY(VIEWER_WAITING),
                [VIEWER_ON_FAILED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_LOCATED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_WAITING),
                [VIEWER_ON_TOO_OLD] = STAY(VIEWER_WAITING),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_WAITING),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_WAITING),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_WAITING),
                [VIEWER_ON_NEXT] = TO(VIEWER_WAITING, VIEWER_NOTE),
                [VIEWER_ON_OLD] = STAY(VIEWER_WAITING),
                [VIEWER_ON_GAP] = TO(VIEWER_WAITING, VIEWER_NOTE),
                [VIEWER_ON_FULL] = STAY(VIEWER_WAITING),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_LOCATING] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_CONFIRMED] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_LOST] = TO(VIEWER_WAITING, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_LOCATED] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_LIVE),
                [VIEWER_ON_TOO_OLD] = TO(VIEWER_SNAPSHOT, VIEWER_ASK_SNAPSHOT),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_NEXT] = TO(VIEWER_LOCATING, VIEWER_NOTE),
                [VIEWER_ON_OLD] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_GAP] = TO(VIEWER_LOCATING, VIEWER_NOTE),
                [VIEWER_ON_FULL] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_LOCATING),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_SNAPSHOT] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_CONFIRMED] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_LOST] = TO(VIEWER_WAITING, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_LOCATED] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_LIVE),
                [VIEWER_ON_TOO_OLD] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_NEXT] = TO(VIEWER_SNAPSHOT, VIEWER_NOTE),
                [VIEWER_ON_OLD] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_GAP] = TO(VIEWER_SNAPSHOT, VIEWER_NOTE),
                [VIEWER_ON_FULL] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_SNAPSHOT),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_READING] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_READING),
                [VIEWER_ON_CONFIRMED] = STAY(VIEWER_READING),
                [VIEWER_ON_LOST] = TO(VIEWER_WAITING, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_WAITING),
                [VIEWER_ON_LOCATED] = STAY(VIEWER_READING),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_READING),
                [VIEWER_ON_TOO_OLD] = TO(VIEWER_SNAPSHOT, VIEWER_ASK_SNAPSHOT),
                [VIEWER_ON_PAGE_MORE] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_LIVE),
                [VIEWER_ON_PAGE_STUCK] = TO(VIEWER_LOCATING, VIEWER_LOCATE),
                [VIEWER_ON_NEXT] = TO(VIEWER_READING, VIEWER_NOTE),
                [VIEWER_ON_OLD] = STAY(VIEWER_READING),
                [VIEWER_ON_GAP] = TO(VIEWER_READING, VIEWER_NOTE),
                [VIEWER_ON_FULL] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_READING),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_LIVE] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_LIVE),
                [VIEWER_ON_CONFIRMED] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_LOST] = TO(VIEWER_WAITING, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_LIVE),
                [VIEWER_ON_LOCATED] = STAY(VIEWER_LIVE),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_LIVE),
                [VIEWER_ON_TOO_OLD] = TO(VIEWER_SNAPSHOT, VIEWER_ASK_SNAPSHOT),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_LIVE),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_LIVE),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_LIVE),
                [VIEWER_ON_NEXT] = TO(VIEWER_LIVE, VIEWER_DELIVER),
                [VIEWER_ON_OLD] = STAY(VIEWER_LIVE),
                [VIEWER_ON_GAP] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_FULL] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_LIVE),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_BEHIND] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_CONFIRMED] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_LOST] = TO(VIEWER_WAITING, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_LOCATED] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_TOO_OLD] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_NEXT] = TO(VIEWER_BEHIND, VIEWER_NOTE),
                [VIEWER_ON_OLD] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_GAP] = TO(VIEWER_BEHIND, VIEWER_NOTE),
                [VIEWER_ON_FULL] = STAY(VIEWER_BEHIND),
                [VIEWER_ON_DRAINED] = TO(VIEWER_READING, VIEWER_READ),
                [VIEWER_ON_FINAL] = TO(VIEWER_ENDED, VIEWER_END),
            },
        [VIEWER_ENDED] =
            {
                [VIEWER_ON_CONFIRMED_NEW] = STAY(VIEWER_ENDED),
                [VIEWER_ON_CONFIRMED] = STAY(VIEWER_ENDED),
                [VIEWER_ON_LOST] = TO(VIEWER_ENDED, VIEWER_FORGET),
                [VIEWER_ON_FAILED] = STAY(VIEWER_ENDED),
                [VIEWER_ON_LOCATED] = STAY(VIEWER_ENDED),
                [VIEWER_ON_LEVEL] = STAY(VIEWER_ENDED),
                [VIEWER_ON_TOO_OLD] = STAY(VIEWER_ENDED),
                [VIEWER_ON_PAGE_MORE] = STAY(VIEWER_ENDED),
                [VIEWER_ON_PAGE_END] = STAY(VIEWER_ENDED),
                [VIEWER_ON_PAGE_STUCK] = STAY(VIEWER_ENDED),
                [VIEWER_ON_NEXT] = STAY(VIEWER_ENDED),
                [VIEWER_ON_OLD] = STAY(VIEWER_ENDED),
                [VIEWER_ON_GAP] = STAY(VIEWER_ENDED),
                [VIEWER_ON_FULL] = STAY(VIEWER_ENDED),
                [VIEWER_ON_DRAINED] = STAY(VIEWER_ENDED),
                [VIEWER_ON_FINAL] = STAY(VIEWER_ENDED),
            },
};

enum viewer_action viewer_step(struct viewer *v, enum viewer_event event)
{
    const struct cell *cell = &table[v->state][event];

    v->state = (enum viewer_state)cell->next;
    return (enum viewer_action)cell->action;
}

enum viewer_event viewer_classify(const struct viewer *v, const struct logentry *e)
{
    if (!v->located)
        return VIEWER_ON_GAP;
    if (logentry_id_compare(e->id, v->cursor) <= 0)
        return VIEWER_ON_OLD;
    return logentry_id_compare(e->prev, v->cursor) > 0 ? VIEWER_ON_GAP : VIEWER_ON_NEXT;
}

void viewer_note(struct viewer *v, struct logentry_id id)
{
    if (logentry_id_compare(id, v->noted) > 0)
        v->noted = id;
}

enum viewer_event viewer_page_result(const struct viewer *v, bool page_was_full, bool progress)
{
    if (page_was_full)
        return VIEWER_ON_PAGE_MORE;
    if (logentry_id_compare(v->cursor, v->noted) >= 0)
        return VIEWER_ON_PAGE_END;
    return progress ? VIEWER_ON_PAGE_MORE : VIEWER_ON_PAGE_STUCK;
}

#define NAME_(name, text) text,
const char *viewer_state_name(enum viewer_state state)
{
    static const char *const names[] = {VIEWER_STATE_TABLE(NAME_)};
    return (unsigned)state < VIEWER_STATES ? names[state] : "?";
}

const char *viewer_event_name(enum viewer_event event)
{
    static const char *const names[] = {VIEWER_EVENT_TABLE(NAME_)};
    return (unsigned)event < VIEWER_EVENTS ? names[event] : "?";
}
