/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_talk.h"

#include "agent/offline/offline_doubt_parts.h"
#include "agent/offline/offline_fill.h"
#include "agent/offline/offline_frame.h"
#include "agent/offline/offline_phrase.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* ---- one clause ---- */

struct offline_choice {
    struct offline_fill best;
    enum offline_verdict verdict; /* OFFLINE_OTHER = none */
    bool tie;                     /* another tool fits as well */
    const struct offline_intent *other;
};

static void offline_talk_consider(struct offline_choice *c, struct offline_fill *f,
    enum offline_verdict verdict)
{
    bool better = c->verdict == OFFLINE_OTHER || f->score > c->best.score ||
        (f->score == c->best.score && verdict > c->verdict);

    if (!better) {
        offline_fill_fini(f);
        return;
    }
    if (c->verdict != OFFLINE_OTHER)
        offline_fill_fini(&c->best);
    c->best = *f;
    c->verdict = verdict;
}

static void offline_talk_choose(const struct offline_speech *s, const struct offline_world *world,
    struct offline_choice *c)
{
    static struct offline_fill f; /* 2 KiB; nothing waits here */

    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < offline_intent_count; i++) {
        enum offline_verdict verdict = offline_fill(&f, s, world, &offline_intents[i]);
        if (verdict != OFFLINE_OTHER)
            offline_talk_consider(c, &f, verdict);
    }
}

static void offline_talk_add_call(struct offline_step *step, const char *tool, const jdoc *args)
{
    if (step->call_count == OFFLINE_CALLS_MAX)
        return;
    step->calls[step->call_count].name = tool;
    jdoc_write(args, &step->calls[step->call_count++].args);
}

static void offline_talk_add_calls(struct offline_talk *out, struct offline_fill *f)
{
    const char *key;
    jdoc *value;

    if (out->step.call_count + 1 + f->more_count > OFFLINE_CALLS_MAX) {
        out->outcome = OFFLINE_QUESTION; /* all or none */
        snprintf(out->question, sizeof out->question, "%s",
            offline_phrase_problem(OFFLINE_PHRASE_TOO_MUCH, out->language));
        return;
    }
    offline_talk_add_call(&out->step, f->spec->name, f->args);
    for (size_t i = 0; i < f->more_count; i++) {
        jdoc *args = jdoc_dup(f->args);
        struct jdoc_iter it = {0};
        while (args && jdoc_next(f->more[i], &it, &key, &value))
            err_ignore(jdoc_set(args, key, jdoc_dup(value))); /* without it the schema refuses */
        offline_talk_add_call(&out->step, f->spec->name, args);
        jdoc_free(args);
    }
    out->outcome = OFFLINE_CALLS;
}

static void offline_talk_event(struct offline_talk *out, const struct offline_fill *f)
{
    out->outcome = OFFLINE_EVENT;
    out->ask.kind = f->intent->tool[1] == 'm' ? OFFLINE_MOVE_EVENT : OFFLINE_DELETE_EVENT;
    out->ask.when = f->moved;
    if (!f->moved.days)
        out->ask.when.days = 1;
    offline_copy(out->ask.title, sizeof out->ask.title, f->title, strlen(f->title));
}

static void offline_talk_ask(struct offline_talk *out, const struct offline_choice *c)
{
    const struct offline_fill *f = &c->best;

    out->outcome = OFFLINE_QUESTION;
    out->awaits = c->verdict == OFFLINE_MISSING || *f->missing;
    if (c->verdict == OFFLINE_LEFT)
        offline_phrase_left(f, out->question, sizeof out->question);
    else if (*f->problem)
        snprintf(out->question, sizeof out->question, "%s",
            offline_phrase_problem(f->problem, out->language));
    else
        offline_phrase_missing(f, out->question, sizeof out->question);
}

/* What a polite request asks for is no question. */
static bool offline_talk_polite(const struct offline_speech *s)
{
    return offline_tokens_is(&s->tokens, 0, "can|please") ||
        offline_tokens_is(&s->tokens, 1, "can");
}

/* The calls are added to out->step. Returns whether the clause was understood whole. */
static bool offline_talk_clause(const char *text, const struct offline_world *world,
    struct offline_talk *out, bool patterns)
{
    static struct offline_speech s; /* 20 KiB; nothing waits here */
    struct offline_choice c;

    if (patterns && out->language == OFFLINE_ENGLISH &&
        offline_step_clause(text, world, &out->step)) {
        out->outcome = OFFLINE_CALLS;
        return true;
    }
    offline_speech_read(&s, text, out->language,
        out->language == OFFLINE_ENGLISH ? world->decimal_comma : true);
    out->outcome = OFFLINE_NOTHING;
    if (s.tokens.overflow)
        return false;
    offline_talk_choose(&s, world, &c);
    if (c.verdict == OFFLINE_OTHER)
        return false;
    bool writes = !c.best.spec || c.best.spec->effect != TOOLS_READ;
    bool asked = s.tokens.question && writes && !offline_talk_polite(&s) &&
        strcmp(c.best.intent->tool, "plan_meals") != 0 &&
        strcmp(c.best.intent->tool, "manage_finances") != 0 &&
        strcmp(c.best.intent->tool, "generate_shopping_list") != 0 &&
        !strstr(c.best.intent->set, "\"list\"") && !strstr(c.best.intent->set, "\"get\"") &&
        !strstr(c.best.intent->set, "check_expiry");
    if (c.verdict == OFFLINE_WHOLE && !asked && c.best.slipped && writes) {
        offline_phrase_meant(&c.best, out->question, sizeof out->question);
        if (c.best.spec)
            offline_talk_add_calls(out, &c.best);
        out->confirm = c.best.spec != NULL;
        out->outcome = OFFLINE_QUESTION;
    } else if (c.verdict == OFFLINE_WHOLE && !asked) {
        if (c.best.spec)
            offline_talk_add_calls(out, &c.best);
        else
            offline_talk_event(out, &c.best);
    } else if (c.verdict == OFFLINE_WHOLE) {
        out->outcome = OFFLINE_QUESTION;
        snprintf(out->question, sizeof out->question, "%s",
            offline_phrase_problem(OFFLINE_PHRASE_IS_QUESTION, out->language));
    } else {
        offline_talk_ask(out, &c);
    }
    offline_fill_fini(&c.best);
    return out->outcome == OFFLINE_CALLS;
}

/* ---- several clauses ---- */

#define OFFLINE_SPLITS_MAX 6
#define OFFLINE_TRIES_MAX 12

/* Where one clause may end and another begin: bytes of the text. */
struct offline_splits {
    size_t ends[OFFLINE_SPLITS_MAX], begins[OFFLINE_SPLITS_MAX];
    size_t count;
};

static void offline_talk_find_splits(const char *text, enum offline_language language,
    struct offline_splits *out)
{
    static struct offline_speech s;

    out->count = 0;
    memset(&s, 0, sizeof s);
    s.language = language;
    offline_speech_read(&s, text, language, language != OFFLINE_ENGLISH);
    const struct offline_tokens *t = &s.tokens;
    for (size_t i = 1; i + 1 < t->count && out->count < OFFLINE_SPLITS_MAX; i++) {
        size_t n = 0;
        while (i + n + 1 < t->count && offline_tokens_is(t, i + n, "and|then|plus|,|;|.|&|also|\n"))
            n++;
        if (!n)
            continue;
        out->ends[out->count] = t->list[i].from;
        out->begins[out->count++] = t->list[i + n].from;
        i += n;
    }
}

/* "log 45 on fuel and 12 for coffee": the second clause has the first one's verb. */
static size_t offline_talk_beginning(const char *first, enum offline_language language)
{
    static const char verbs[] =
        "spent|bought|log|add|remind|set|post|remove|show|saved|search|howmuch|"
        "spend|expense";
    static struct offline_speech s;
    size_t i = 0;

    offline_speech_read(&s, first, language, language != OFFLINE_ENGLISH);
    while (i < s.tokens.count && s.tokens.list[i].kind == OFFLINE_WORD && !s.tokens.list[i].gap &&
        (s.tokens.list[i].mark == OFFLINE_MARK_LIGHT || offline_tokens_is(&s.tokens, i, verbs)))
        i++;
    return i ? s.tokens.list[i - 1].to : 0;
}

/* Whether a clause begins with a verb of its own. */
static bool offline_talk_orders(const char *clause, enum offline_language language)
{
    static struct offline_speech s;

    offline_speech_read(&s, clause, language, false);
    for (size_t i = 0; i < s.tokens.count; i++)
        if (s.tokens.list[i].mark != OFFLINE_MARK_LIGHT)
            return offline_tokens_is(&s.tokens, i,
                "show|add|log|remove|set|search|remind|spent|bought|export|move|done|changed|follow");
    return true;
}

/* A message on its way into clauses. */
struct offline_clauses {
    const char *text;
    const struct offline_splits *splits;
    const struct offline_world *world;
    struct offline_talk *out;
    size_t lead;     /* bytes of the first clause that can begin the others */
    unsigned budget; /* of tries */
};

static void offline_talk_drop(struct offline_talk *out, size_t had)
{
    while (out->step.call_count > had)
        buf_free(&out->step.calls[--out->step.call_count].args);
}

/* "site 14", "tax 5", "bob 20" behind an expense: no expense of its own. */
static bool offline_talk_stray(const struct offline_clauses *c, const char *clause, size_t had)
{
    const struct offline_step *step = &c->out->step;
    bool after = had && !strcmp(step->calls[0].name, "create_expense");

    if (!after || offline_talk_orders(clause, c->out->language))
        return false;
    for (size_t i = had; i < step->call_count; i++) {
        const char *args = buf_text(&step->calls[i].args);
        bool spent = !strcmp(step->calls[i].name, "create_expense");
        if (!strcmp(step->calls[i].name, "track_savings") ||
            (spent && strstr(args, "\"category\":\"other\"") && !offline_doubt_spends(clause)))
            return true;
    }
    return false;
}

/* One clause, from byte to byte: by itself, or with the verb of the first one. */
static bool offline_talk_part(struct offline_clauses *c, size_t from, size_t to)
{
    char clause[600], alone[600];
    size_t had = c->out->step.call_count, lead = from ? c->lead : 0;

    if (to <= from || to - from >= sizeof clause - 8 || had == OFFLINE_CALLS_MAX)
        return false;
    snprintf(clause, sizeof clause, "%.*s", (int)(to - from), c->text + from);
    snprintf(alone, sizeof alone, "%s", clause);
    if (offline_talk_clause(clause, c->world, c->out, true) && !offline_talk_stray(c, alone, had))
        return true;
    offline_talk_drop(c->out, had);
    if (!lead || lead + to - from + 2 >= sizeof clause ||
        offline_talk_orders(clause, c->out->language))
        return false;
    snprintf(clause, sizeof clause, "%.*s %.*s", (int)lead, c->text, (int)(to - from),
        c->text + from);
    return offline_talk_clause(clause, c->world, c->out, true) &&
        !offline_talk_stray(c, alone, had);
}

/* From `from` on, beginning with split `k`: each part has to be understood. */
static bool offline_talk_parts(struct offline_clauses *c, size_t from, size_t k)
{
    size_t had = c->out->step.call_count, count = c->splits->count;

    for (; k <= count && c->budget; k++) {
        size_t to = k < count ? c->splits->ends[k] : strlen(c->text);
        c->budget--;
        if (from == 0 && k == count)
            break; /* the whole: has been tried */
        if (offline_talk_part(c, from, to) &&
            (k == count || offline_talk_parts(c, c->splits->begins[k], k + 1)))
            return true;
        offline_talk_drop(c->out, had);
    }
    return false;
}

/* An event with its end. Returns whether the message is one. */
static bool offline_talk_until(const char *text, const struct offline_world *world,
    struct offline_talk *out)
{
    char begin[OFFLINE_TALK_MAX + 20];
    int end;

    if (!offline_until_split(text, begin, sizeof begin, &end))
        return false;
    out->language = offline_speech_language(begin, world->language);
    bool done = offline_talk_clause(begin, world, out, true) && offline_until_put(&out->step, end);
    if (!done)
        offline_talk_drop(out, 0);
    out->ranged = done;
    return done;
}

void offline_talk_read(const char *text, const struct offline_world *world,
    struct offline_talk *out)
{
    struct offline_splits splits;
    struct offline_talk parts;

    memset(out, 0, sizeof *out);
    if (strlen(text) > OFFLINE_TALK_MAX)
        return;
    if (offline_frame_read(text, world, out))
        return;
    if (offline_talk_until(text, world, out))
        return;
    out->language = offline_speech_language(text, world->language);
    if (offline_talk_clause(text, world, out, false) || out->outcome == OFFLINE_EVENT)
        return;
    if (offline_example(text, out))
        return;
    offline_talk_find_splits(text, out->language, &splits);
    if (!splits.count)
        return;
    parts = *out;
    memset(&parts.step, 0, sizeof parts.step);
    struct offline_clauses clauses = {.text = text,
        .splits = &splits,
        .world = world,
        .out = &parts,
        .lead = offline_talk_beginning(text, out->language),
        .budget = OFFLINE_TRIES_MAX};
    if (offline_talk_parts(&clauses, 0, 0)) {
        offline_talk_drop(out, 0);
        *out = parts;
        out->outcome = OFFLINE_CALLS;
        out->confirm = out->awaits = false;
        *out->question = 0;
        return;
    }
    offline_talk_drop(&parts, 0);
}

void offline_talk_fini(struct offline_talk *talk)
{
    offline_step_fini(&talk->step);
}
