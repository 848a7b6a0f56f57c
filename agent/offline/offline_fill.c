/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool offline_fill_is(const struct offline_fill *f, size_t i, const char *words)
{
    return offline_tokens_is(&f->speech->tokens, i, words);
}

bool offline_fill_free(const struct offline_fill *f, size_t i)
{
    return i < f->speech->tokens.count && !f->used[i];
}

size_t offline_fill_find(const struct offline_fill *f, const char *words)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (!f->used[i] && offline_fill_is(f, i, words))
            return i;
    return SIZE_MAX;
}

void offline_fill_put(struct offline_fill *f, const char *name, jdoc *value)
{
    if (jdoc_set(f->args, name, value))
        f->vague = true; /* no memory: nothing is called */
}

void offline_fill_put_text(struct offline_fill *f, const char *name, const char *text)
{
    offline_fill_put(f, name, jdoc_new_string(text, strlen(text)));
}

const jdoc *offline_fill_property(const struct offline_fill *f, const char *name)
{
    return jdoc_get(jdoc_get(f->schema, "properties"), name);
}

/* ---- the concepts ---- */

/* One group of `need`, at p. Returns whether it is satisfied. */
static bool offline_fill_group(struct offline_fill *f, const char *p, size_t len)
{
    char words[700];
    bool optional = *p == '?', never = *p == '-', any = false;

    p += optional || never;
    len -= optional || never;
    if (len >= sizeof words)
        return false;
    memcpy(words, p, len);
    words[len] = 0;
    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        if (!offline_fill_is(f, i, words))
            continue;
        if (never) {
            /* A word of the free text may say anything, once the intent has been reached. */
            return false;
        }
        if (f->used[i])
            continue;
        f->used[i] = true;
        f->slipped |= f->speech->tokens.list[i].slip;
        any = true;
        if (!optional)
            break;
    }
    f->score += any && !optional ? 4 : any ? 1 : 0;
    return any || optional || never;
}

static bool offline_fill_concepts(struct offline_fill *f)
{
    bool met = true;

    for (const char *p = f->intent->need; *p && met; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (*p != '-' && *p != '?')
            met = offline_fill_group(f, p, len);
        p += len;
    }
    for (const char *p = f->intent->need; *p && met; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (*p == '-')
            met = offline_fill_group(f, p, len);
        p += len;
    }
    return met;
}

/* Those that may be there: what slots have not taken. */
static void offline_fill_optional(struct offline_fill *f)
{
    for (const char *p = f->intent->need; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        if (*p == '?')
            (void)offline_fill_group(f, p, len);
        p += len;
    }
}

/* ---- slots ---- */

static const char *offline_fill_read_slot(const char *p, struct offline_slot_spec *slot)
{
    size_t len = strcspn(p, " "), name = strcspn(p, "=");
    char type[48];

    memset(slot, 0, sizeof *slot);
    snprintf(slot->name, sizeof slot->name, "%.*s", (int)name, p);
    snprintf(type, sizeof type, "%.*s", (int)(len - name - 1), p + name + 1);
    for (size_t n = strlen(type); n && strchr("?!", type[n - 1]); n--) {
        slot->optional |= type[n - 1] == '?';
        slot->very_strict |= slot->strict && type[n - 1] == '!';
        slot->strict |= type[n - 1] == '!';
        type[n - 1] = 0;
    }
    size_t slash = strcspn(type, "/");
    snprintf(slot->type, sizeof slot->type, "%.*s", (int)slash, type);
    if (type[slash])
        snprintf(slot->unit, sizeof slot->unit, "%s", type + slash + 1);
    return p + len + strspn(p + len, " ");
}

static void offline_fill_slots(struct offline_fill *f)
{
    struct offline_slot_spec slot;
    bool optional = false;

    for (const char *p = f->intent->slots; *p && !*f->problem;) {
        p = offline_fill_read_slot(p, &slot);
        if (!optional &&
            (!strcmp(slot.type, "title") || !strcmp(slot.type, "text") ||
                !strcmp(slot.type, "rest") || !strcmp(slot.type, "list") ||
                !strcmp(slot.type, "spent") || !strcmp(slot.type, "partrest") ||
                !strcmp(slot.type, "cat") || !strcmp(slot.type, "label") ||
                !strcmp(slot.type, "eventtitle") || !strcmp(slot.type, "withlist"))) {
            offline_fill_optional(f);
            optional = true;
        }
        if (!offline_fill_when(f, &slot) && !offline_fill_number(f, &slot) &&
            !offline_fill_choice(f, &slot) && !offline_fill_place(f, &slot))
            (void)offline_fill_text(f, &slot);
    }
    if (!optional)
        offline_fill_optional(f);
}

/* ---- what is left ---- */

static bool offline_fill_over(const struct offline_fill *f)
{
    const struct offline_tokens *t = &f->speech->tokens;

    for (size_t i = 0; i < t->count; i++) {
        const struct offline_token *k = &t->list[i];
        if (f->used[i] || (k->kind == OFFLINE_WORD && k->mark == OFFLINE_MARK_LIGHT) ||
            (k->kind == OFFLINE_PUNCT &&
                (strchr(",:'-", *k->low) || (unsigned char)*k->low > 0x7f)) ||
            (k->kind == OFFLINE_PUNCT && strchr(".!?\n\r", *k->low) &&
                (i == 0 || i + 1 == t->count)))
            continue;
        return true;
    }
    return !f->when_used &&
        (f->speech->when.dates || f->speech->when.times || f->speech->when.part);
}

/* "Change the language": a call that says nothing of what to write. */
static bool offline_fill_empty(const struct offline_fill *f)
{
    static const char *const bare[] = {"undo_change", "plan_meals", "generate_shopping_list"};

    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        if (!strcmp(f->spec->name, bare[i]))
            return false;
    return f->spec->effect != TOOLS_READ && !jdoc_length(f->args);
}

/* What the call must have, by its schema, or to be one at all; "" = it is there. */
static const char *offline_fill_first_missing(const struct offline_fill *f)
{
    const jdoc *required = jdoc_get(f->schema, "required");

    for (size_t i = 0; i < jdoc_length(required); i++) {
        const char *name = jdoc_string(jdoc_at(required, i), NULL);
        if (name && !jdoc_has(f->args, name))
            return name;
    }
    if (strstr(f->intent->set, "\"alarm\"") && !jdoc_has(f->args, "alarm_time"))
        return "time";
    return "";
}

/* Reads need somebody who asks: "I took my pills" is no question for the list of pills. */
static bool offline_fill_asks(const struct offline_speech *s)
{
    static const char words[] =
        "what|whats|which|how|hows|who|when|where|why|show|search|tell|give|do|does|did|is|are|have|"
        "has|can|could|will|howmuch|howfar|howlong|howmany|any|check|whattime|whatday|suggest|"
        "compare|export|history|knowledge|optimize|navigate|cutcosts|planmeals|categorize|"
        "attractions|list|follow|feed|want|need|add|webword|plantrip|predict|summary|report|"
        "set|id like|progress|within|modal|plan|recipe|spend";

    if (s->tokens.question || s->tokens.count <= 4 ||
        s->tokens.list[0].from == s->tokens.list[0].to)
        return true;
    const char *first = s->tokens.text + strspn(s->tokens.text, " ");
    if (!strncasecmp(first, "wh", 2) || !strncasecmp(first, "how", 3))
        return true;
    for (size_t i = 0; i < s->tokens.count; i++)
        if (offline_tokens_is(&s->tokens, i, words))
            return true;
    return false;
}

/*
 * "I will spend 45" is no expense, "what do we need to buy" no purchase: what is wished or asked is
 * not written down. Requests ("could you ...") have another concept.
 */
static bool offline_fill_unreal(const struct offline_fill *f)
{
    static const char *const done[] = {"create_expense", "add_fuel_entry", "track_savings",
        "create_maintenance_record", "mark_equipment_purchased", "complete_transition_task",
        "get_spending_summary", "add_shakedown_issue", "manage_pantry"};
    static const char *const asking[] = {"plan_meals", "generate_shopping_list", "manage_finances",
        "manage_pantry", "set_timer_or_alarm", "manage_dietary_prefs"};
    const struct offline_tokens *t = &f->speech->tokens;
    bool past = false, may_ask = !f->spec || f->spec->effect == TOOLS_READ;

    for (size_t i = 0; f->spec && i < sizeof done / sizeof *done; i++)
        past |= !strcmp(f->spec->name, done[i]);
    for (size_t i = 0; f->spec && i < sizeof asking / sizeof *asking; i++)
        may_ask |= !strcmp(f->spec->name, asking[i]) &&
            (i < 3 || strstr(f->intent->set, "list") || strstr(f->intent->set, "get") ||
                strstr(f->intent->set, "check_expiry"));
    for (size_t i = 0; i < t->count; i++)
        if ((past && offline_tokens_is(t, i, "modal")) ||
            (!may_ask && !f->used[i] &&
                offline_tokens_is(t, i,
                    "did|should|shall|which|how|howmuch|howmany|when|why|howfar|howlong")))
            return true;
    return false;
}

/* "My phone plan" is none of a trip: what stands before the word makes it another one. */
static bool offline_fill_other_plan(const struct offline_fill *f)
{
    const struct offline_tokens *t = &f->speech->tokens;

    if (!f->spec || strcmp(f->spec->name, "plan_trip") != 0)
        return false;
    for (size_t i = 1; i < t->count; i++)
        if (offline_tokens_is(t, i, "plan") && !t->list[i].gap &&
            t->list[i - 1].kind == OFFLINE_WORD && t->list[i - 1].mark == OFFLINE_MARK_UNKNOWN)
            return true;
    return false;
}

/* "Add 5 minutes to my timer", "pause the timer": none is set anew. */
static bool offline_fill_other_timer(const struct offline_fill *f)
{
    const struct offline_tokens *t = &f->speech->tokens;
    const char *label = jdoc_text_or(f->args, "label", "");
    bool first = *label && !strncmp(t->text + t->list[0].from, label, strlen(label));

    if (strstr(f->intent->set, "\"cancel\""))
        return first && !offline_tokens_is(t, 1, "timer|alarm"); /* somebody is spoken to */
    if (!strstr(f->intent->set, "\"create\",\"type\":\"timer\""))
        return false;
    for (size_t i = 0; i + 1 < t->count; i++)
        if (offline_tokens_is(t, i, "add") && t->list[i + 1].kind == OFFLINE_DURATION)
            return true;
    /* In English a name may come first; elsewhere what comes first is what to do. */
    return f->speech->language != OFFLINE_ENGLISH && first;
}

static enum offline_verdict offline_fill_judge(struct offline_fill *f)
{
    struct tools_problem problem;
    bool reads = f->spec && f->spec->effect == TOOLS_READ;

    if (*f->problem)
        return OFFLINE_DOUBTFUL;
    if (offline_fill_over(f) || f->vague || offline_fill_unreal(f) || offline_fill_other_plan(f) ||
        offline_fill_other_timer(f) || (reads && !offline_fill_asks(f->speech)))
        return OFFLINE_LEFT;
    if (!f->spec)
        return *f->title ? OFFLINE_WHOLE : OFFLINE_MISSING;
    snprintf(f->missing, sizeof f->missing, "%s", offline_fill_first_missing(f));
    if (!*f->missing && offline_fill_empty(f))
        snprintf(f->missing, sizeof f->missing, "%.*s", (int)strcspn(f->intent->slots, "="),
            f->intent->slots);
    if (*f->missing)
        return OFFLINE_MISSING;
    jdoc *copy = jdoc_dup(f->args);
    int error = copy ? tools_check(f->spec, copy, &problem) : ERR_NOMEM;
    jdoc_free(copy);
    if (!error)
        return OFFLINE_WHOLE;
    snprintf(f->problem, sizeof f->problem, "%s", error == ERR_NOMEM ? "?" : problem.message);
    return OFFLINE_DOUBTFUL;
}

/* ---- one intent ---- */

static bool offline_fill_begin(struct offline_fill *f)
{
    char text[400];
    int n = snprintf(text, sizeof text, "{%s}", f->intent->set);

    if (n < 0 || (size_t)n >= sizeof text || jdoc_parse(text, (size_t)n, &f->args, NULL, 0))
        return false;
    return !f->spec ||
        !jdoc_parse(f->spec->arguments_schema, strlen(f->spec->arguments_schema), &f->schema, NULL,
            0);
}

enum offline_verdict offline_fill(struct offline_fill *f, const struct offline_speech *speech,
    const struct offline_world *world, const struct offline_intent *intent)
{
    memset(f, 0, sizeof *f);
    f->speech = speech;
    f->world = world;
    f->intent = intent;
    if (!offline_fill_concepts(f))
        return OFFLINE_OTHER;
    if (*intent->tool != '=' && !(f->spec = tools_find(intent->tool)))
        return OFFLINE_OTHER;
    if (!offline_fill_begin(f)) {
        offline_fill_fini(f);
        return OFFLINE_OTHER;
    }
    offline_fill_slots(f);
    enum offline_verdict verdict = offline_fill_judge(f);
    if (f->no_money) { /* without a figure it is no expense at all */
        offline_fill_fini(f);
        return OFFLINE_OTHER;
    }
    f->score += verdict == OFFLINE_WHOLE ? 7 : verdict == OFFLINE_LEFT ? 0 : 4;
    return verdict;
}

void offline_fill_fini(struct offline_fill *f)
{
    jdoc_free(f->schema);
    jdoc_free(f->args);
    for (size_t i = 0; i < f->more_count; i++)
        jdoc_free(f->more[i]);
    f->schema = f->args = NULL;
    f->more_count = 0;
}
