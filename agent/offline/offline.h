/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_H

#include "agent/chat.h"
#include "agent/context.h"
#include "agent/offline/offline_lexicon.h"
#include "agent/offline/offline_when.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * offline -- the assistant without a model: a set of plain requests is recognised, the real tools
 * are called, and their results are told. Deterministic: the same conversation at the same time
 * gives the same answer.
 *
 * A message becomes tokens (offline_token.h), its date and time are taken out (offline_when.h), and
 * the rest must be one of the sentence patterns of offline_rules.c from end to end
 * (offline_match.h). A message that begins like a pattern and goes on otherwise, or that can be
 * read in two ways, is a question to the user: nothing is written on a guess.
 */
enum offline_kind {
    OFFLINE_UNKNOWN,
    OFFLINE_GREETING,
    OFFLINE_THANKS,
    OFFLINE_HELP,
    OFFLINE_TIME,
    OFFLINE_PLAN_TRIP,
    OFFLINE_DISTANCE,
    OFFLINE_TRAVEL_TIME,
    OFFLINE_ADD_EVENT,
    OFFLINE_REMIND,
    OFFLINE_LIST_EVENTS,
    OFFLINE_MOVE_EVENT,
    OFFLINE_DELETE_EVENT,
    OFFLINE_SET_TIMER,
    OFFLINE_ADD_EXPENSE,
    OFFLINE_SPENDING,
    OFFLINE_SET_BUDGET,
    OFFLINE_BUDGET,
    OFFLINE_KIND_COUNT
};

/* Where and when a message is said. Texts are borrowed and never NULL. */
struct offline_world {
    int64_t now_ms;
    const char *zone;
    const char *currency;           /* the user's own */
    const char *site_currency;      /* what tools take when none is named */
    const char *place;              /* where the user is, as a place or "lat,lng"; "" = unknown */
    bool decimal_comma;             /* of the user's locale */
    enum offline_language language; /* of the user's locale: of words that several languages have */
};

#define OFFLINE_TEXT_MAX 300
struct offline_ask {
    enum offline_kind kind;
    char from[OFFLINE_TEXT_MAX], to[OFFLINE_TEXT_MAX]; /* places */
    char title[OFFLINE_TEXT_MAX];
    char category[32], period[16], zone[64];
    double amount, seconds; /* of money; of a timer */
    struct offline_moment when;
    bool reminders; /* only reminders are listed */
    bool foreign;   /* not understood: another language */
    /*
     * What to ask the user in place of a call; "" = understood. awaits: only a part is missing,
     * which the next message may bring.
     */
    char question[1200];
    bool awaits;
};

void offline_understand(const char *text, const struct offline_world *world,
    struct offline_ask *out);
/* Fills the world from a turn's frame; scratch holds what its texts need. */
struct offline_scratch {
    jdoc *stored;
    char place[OFFLINE_TEXT_MAX];
};
void offline_world_read(const struct context_frame *frame, struct offline_scratch *scratch,
    struct offline_world *out);
void offline_scratch_fini(struct offline_scratch *scratch);

/*
 * The zone of a place, or of its own name ("Europe/London"). Returns 0; ERR_NOT_FOUND;
 * ERR_CONFLICT: places of this name are far apart, and nothing tells which is meant.
 */
MUST_CHECK int offline_zone_of(const struct offline_world *world, const char *place, char *out,
    size_t size);

/* The category that a text names; "" = none; NULL = several. whole: out, nothing else is named. */
const char *offline_category(const char *text, bool *whole);
/* A word for a category that one in the text is a slip of the finger from; NULL = none. */
const char *offline_category_meant(const char *text);

/* What the provider does next: say text, then make calls. */
#define OFFLINE_CALLS_MAX 4
struct offline_step {
    struct buf text;
    struct {
        const char *name;
        struct buf args;
    } calls[OFFLINE_CALLS_MAX];
    size_t call_count;
};
/* From a whole context. no_tools: only text. Returns 0 or ERR_NOMEM. */
MUST_CHECK int offline_decide(const struct context *context, bool no_tools,
    struct offline_step *out);
void offline_step_fini(struct offline_step *step);

/* The words of a message without the lines that name its files; words: room for them. */
const char *offline_words(const struct chat_message *message, struct buf *words);
/* A message with files that its words say nothing else about: nobody looks at pictures without a
 * model, but a receipt is read by its tool. */
void offline_take_files(const struct chat_message *message, const char *words, bool no_tools,
    struct offline_step *out);

/* The answer from the results that followed the last user message; results[i] answers calls[i]. */
struct offline_result {
    const char *name; /* of the tool */
    const struct chat_message *message;
};
/* After a look at a file with expenses: takes them in when the user said so. Returns whether. */
bool offline_next_files(const struct offline_result *results, size_t count, const char *words,
    struct offline_step *step);
/* The same in another language than English; and the lists of a result, line by line. */
void offline_tell(const struct offline_result *results, size_t count,
    enum offline_language language, struct buf *text);
void offline_tell_lists(const jdoc *doc, enum offline_language language, struct buf *out);
/* A message of a tool for the user: without what names tools, which is for a model. */
void offline_clean(const char *text, struct buf *out);
void offline_say(const struct offline_result *results, size_t count, struct buf *text);
void offline_say_plain(const struct offline_ask *ask, struct buf *text);

#endif
