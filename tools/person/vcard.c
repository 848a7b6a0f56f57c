/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/person/vcard.h"

#include "base/utf8.h"
#include "tools/kit/civil.h"
#include "tools/person/vcard_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UNKNOWN_YEAR 1604 /* a phone's way to say that the year is not known */

struct vcard_reader {
    struct vcard_source from;
    size_t begun; /* the line where the card began */
    size_t depth, cards;
    bool agent; /* the line before was AGENT: a card within this one may follow (vCard 2.1) */
    jdoc *card;
    char wrong[80];
    struct vcard_list *out;
};

/* --- values --- */

/* Part `index` of a value in parts (N, ADR), without backslashes and control characters, cut.
 * index below 0: the whole value. */
static void vcard_text(const struct vcard_line *l, int index, char out[VCARD_TEXT_MAX + 1])
{
    const char *p = buf_text(&l->value), *end = p + l->value.len;
    size_t n = 0;
    int part = 0;

    for (; p < end && n < VCARD_TEXT_MAX; p++) {
        char c = *p;
        if (c == '\\' && p + 1 < end) {
            c = *++p;
            c = c == 'n' || c == 'N' ? ' ' : c;
        } else if (c == ';' && index >= 0) {
            part++;
            continue;
        }
        if ((unsigned char)c < ' ' || c == 0x7F)
            c = ' ';
        if (index < 0 || part == index)
            out[n++] = c;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    utf8_mend_end(out);
    size_t blanks = strspn(out, " ");
    memmove(out, out + blanks, strlen(out + blanks) + 1);
}

/* The parts in this order with blanks between, as "Given Family". */
static void vcard_join(const struct vcard_line *l, const int *parts, size_t count,
    const char *between, char out[VCARD_TEXT_MAX + 1])
{
    char part[VCARD_TEXT_MAX + 1];
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        vcard_text(l, parts[i], part);
        size_t len = strlen(part), sep = n > 0 ? strlen(between) : 0;
        if (len == 0 || n + sep + len > VCARD_TEXT_MAX)
            continue;
        memcpy(out + n, between, sep);
        memcpy(out + n + sep, part, len + 1);
        n += sep + len;
    }
}

/* Appends to the list `key` of the card, each value once. */
static int vcard_add(jdoc *card, const char *key, const char *text)
{
    jdoc *list = jdoc_get(card, key);
    int error = 0;

    if (text[0] == '\0')
        return 0;
    if (!list) {
        error = jdoc_set(card, key, jdoc_new_array());
        list = jdoc_get(card, key);
    }
    for (size_t i = 0; !error && i < jdoc_length(list); i++)
        if (strcmp(jdoc_string(jdoc_at(list, i), NULL), text) == 0)
            return 0;
    if (error || jdoc_length(list) >= VCARD_VALUES_MAX)
        return error;
    return jdoc_push(list, jdoc_new_string(text, strlen(text)));
}

/* The first one counts. */
static int vcard_set(jdoc *card, const char *key, const char *text)
{
    return text[0] == '\0' || jdoc_get(card, key) ? 0 : jdoc_set_string(card, key, text);
}

/* 19850412, 1985-04-12 with or without a time, --0412: "1985-04-12" or "--04-12". */
static int vcard_birthday(jdoc *card, const char *text)
{
    char digits[9] = "", day[16];
    bool no_year = strncmp(text, "--", 2) == 0;
    size_t n = 0, want = no_year ? 4 : 8;

    for (const char *p = no_year ? text + 2 : text; *p != '\0' && n < want; p++) {
        if (isdigit((unsigned char)*p))
            digits[n++] = *p;
        else if (*p != '-')
            break;
    }
    if (n < want)
        return 0;
    const char *md = digits + want - 4;
    int year = no_year ? 2000 : atoi((char[5]){digits[0], digits[1], digits[2], digits[3], '\0'});
    int month = (md[0] - '0') * 10 + md[1] - '0', dom = (md[2] - '0') * 10 + md[3] - '0';
    no_year |= year == UNKNOWN_YEAR;
    if ((year < 1800 && !no_year) || year > 2200 || month < 1 || month > 12 || dom < 1 ||
        dom > civil_month_days(year, month))
        return 0;
    if (no_year)
        snprintf(day, sizeof day, "--%.2s-%.2s", md, md + 2);
    else
        snprintf(day, sizeof day, "%.4s-%.2s-%.2s", digits, md, md + 2);
    return vcard_set(card, "birthday", day);
}

static int vcard_take(jdoc *card, const struct vcard_line *l)
{
    static const int name_order[] = {3, 1, 2, 0, 4}, address_order[] = {0, 1, 2, 3, 4, 5, 6};
    char text[VCARD_TEXT_MAX + 1];

    if (l->base64)
        return 0;
    vcard_text(l, -1, text);
    if (strcasecmp(l->name, "FN") == 0)
        return vcard_set(card, "name", text);
    if (strcasecmp(l->name, "TEL") == 0)
        return vcard_add(card, "phones", strncasecmp(text, "tel:", 4) == 0 ? text + 4 : text);
    if (strcasecmp(l->name, "EMAIL") == 0)
        return vcard_add(card, "emails", text);
    if (strcasecmp(l->name, "BDAY") == 0)
        return vcard_birthday(card, text);
    if (strcasecmp(l->name, "NOTE") == 0)
        return vcard_set(card, "notes", text);
    if (strcasecmp(l->name, "UID") == 0)
        return vcard_set(card, "uid", text);
    if (strcasecmp(l->name, "NICKNAME") == 0)
        return vcard_set(card, "nickname", text);
    if (strcasecmp(l->name, "ORG") == 0) {
        vcard_join(l, address_order, 3, ", ", text);
        return vcard_set(card, "organization", text);
    }
    if (strcasecmp(l->name, "N") == 0) {
        vcard_join(l, name_order, sizeof name_order / sizeof *name_order, " ", text);
        return vcard_set(card, "full", text);
    }
    if (strcasecmp(l->name, "ADR") == 0) {
        vcard_join(l, address_order, sizeof address_order / sizeof *address_order, ", ", text);
        return vcard_set(card, "address", text);
    }
    return 0;
}

/* --- cards --- */

static int vcard_skip(struct vcard_reader *r, const char *reason)
{
    jdoc *skipped;
    int failed;

    if (r->out->skipped_count++ >= VCARD_SKIPPED_MAX)
        return 0;
    skipped = jdoc_new_object();
    failed = !skipped || jdoc_set_int(skipped, "card", (int64_t)r->cards) ||
        jdoc_set_int(skipped, "line", (int64_t)r->begun) ||
        jdoc_set_string(skipped, "reason", reason);
    return jdoc_push_made(r->out->skipped, skipped, failed);
}

/* Of two cards with one UID the first counts: a second would take its place. */
static bool vcard_is_twice(const struct vcard_list *list, const jdoc *card)
{
    const char *uid = jdoc_string(jdoc_get(card, "uid"), NULL);

    for (size_t i = 0; uid && i < jdoc_length(list->cards); i++)
        if (strcmp(jdoc_text_or(jdoc_at(list->cards, i), "uid", ""), uid) == 0)
            return true;
    return false;
}

/* A card without FN is called by N, the organisation, or its first address. */
static int vcard_finish(struct vcard_reader *r)
{
    static const char *const other[] = {"full", "nickname", "organization"};
    jdoc *card = r->card;
    int error = 0;

    r->card = NULL;
    for (size_t i = 0; !error && i < sizeof other / sizeof *other; i++)
        error = vcard_set(card, "name", jdoc_text_or(card, other[i], ""));
    const char *email = jdoc_string(jdoc_at(jdoc_get(card, "emails"), 0), NULL);
    if (!error && email)
        error = vcard_set(card, "name", email);
    jdoc_remove(card, "full");
    if (!error && r->wrong[0] == '\0' && vcard_is_twice(r->out, card))
        snprintf(r->wrong, sizeof r->wrong, "an earlier card of the file has its UID");
    if (!error && r->wrong[0] == '\0' && !jdoc_get(card, "name"))
        snprintf(r->wrong, sizeof r->wrong, "it has no name");
    if (!error && r->wrong[0] == '\0')
        return jdoc_push(r->out->cards, card);
    jdoc_free(card);
    return error ? error : vcard_skip(r, r->wrong);
}

static int vcard_begin(struct vcard_reader *r)
{
    if (++r->cards > VCARD_CARDS_MAX)
        return ERR_LIMIT;
    r->begun = r->from.line;
    r->wrong[0] = '\0';
    r->depth = 1;
    r->card = jdoc_new_object();
    return r->card ? 0 : ERR_NOMEM;
}

/* BEGIN and END. A card within a card follows AGENT; another BEGIN tells that an END is missing. */
static int vcard_bounds(struct vcard_reader *r, const struct vcard_line *l, bool begins)
{
    char text[VCARD_TEXT_MAX + 1];
    bool agent = r->agent;

    r->agent = false;
    vcard_text(l, -1, text);
    if (strcasecmp(text, "VCARD") != 0)
        return 0;
    if (begins && r->card && agent) {
        r->depth++;
        return 0;
    }
    if (begins && r->card) {
        snprintf(r->wrong, sizeof r->wrong, "its end is missing");
        int error = vcard_finish(r);
        if (error)
            return error;
    }
    if (begins)
        return vcard_begin(r);
    if (!r->card || --r->depth > 0)
        return 0;
    return vcard_finish(r);
}

static int vcard_line_of(struct vcard_reader *r, const struct vcard_line *l)
{
    if (strcasecmp(l->name, "BEGIN") == 0)
        return vcard_bounds(r, l, true);
    if (strcasecmp(l->name, "END") == 0)
        return vcard_bounds(r, l, false);
    r->agent = strcasecmp(l->name, "AGENT") == 0;
    return r->card && r->depth == 1 ? vcard_take(r->card, l) : 0;
}

int vcard_read(const char *text, size_t len, struct vcard_list *out)
{
    struct vcard_reader r = {.out = out};
    struct vcard_line line = {0};
    struct buf own = {0};
    int error = len > VCARD_BYTES_MAX ? ERR_LIMIT : 0, got = 1;

    *out = (struct vcard_list){.cards = jdoc_new_array(), .skipped = jdoc_new_array()};
    if (!error && (!out->cards || !out->skipped))
        error = ERR_NOMEM;
    if (!error) {
        vcard_open_text(text, len, &own, &r.from);
        error = buf_error(&own);
    }
    while (!error && (got = vcard_next(&r.from, &line)) > 0)
        error = vcard_line_of(&r, &line);
    if (!error && got < 0)
        error = got;
    if (!error && r.card) {
        snprintf(r.wrong, sizeof r.wrong, "its end is missing");
        error = vcard_finish(&r);
    }
    jdoc_free(error ? r.card : NULL);
    buf_free(&line.value);
    buf_free(&own);
    return error ? error : r.cards == 0 ? ERR_INVALID : 0;
}

void vcard_free(struct vcard_list *list)
{
    jdoc_free(list->cards);
    jdoc_free(list->skipped);
    *list = (struct vcard_list){0};
}

/* --- writing --- */

/* A line of at most 75 bytes, then folds (RFC 6350 3.2). */
static void vcard_put_line(struct buf *out, const char *name, const char *text)
{
    struct buf line = {0};

    buf_printf(&line, "%s:", name);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n')
            buf_puts(&line, "\\n");
        else if (strchr(",;\\", *p))
            buf_printf(&line, "\\%c", *p);
        else if ((unsigned char)*p >= ' ')
            buf_putc(&line, *p);
    }
    const char *at = buf_text(&line);
    size_t left = line.len, most = 75;
    while (left > most) {
        size_t n = utf8_cut(at, most);
        n = n ? n : most;
        buf_put(out, at, n);
        buf_puts(out, "\r\n ");
        at += n;
        left -= n;
        most = 74;
    }
    buf_put(out, at, left);
    buf_puts(out, "\r\n");
    buf_free(&line);
}

static void vcard_put_list(struct buf *out, const char *name, const jdoc *list)
{
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (jdoc_string(jdoc_at(list, i), NULL))
            vcard_put_line(out, name, jdoc_string(jdoc_at(list, i), NULL));
}

static void vcard_put_text(struct buf *out, const char *name, const jdoc *contact, const char *key)
{
    const char *text = jdoc_text_or(contact, key, "");

    if (text[0] != '\0')
        vcard_put_line(out, name, text);
}

void vcard_write(const jdoc *contact, struct buf *out)
{
    const char *birthday = jdoc_text_or(contact, "birthday", "");
    char day[16] = "";

    buf_puts(out, "BEGIN:VCARD\r\nVERSION:4.0\r\n");
    vcard_put_line(out, "FN", jdoc_text_or(contact, "name", ""));
    vcard_put_text(out, "NICKNAME", contact, "nickname");
    vcard_put_list(out, "TEL", jdoc_get(contact, "phones"));
    vcard_put_list(out, "EMAIL", jdoc_get(contact, "emails"));
    vcard_put_text(out, "ORG", contact, "organization");
    if (jdoc_text_or(contact, "address", "")[0] != '\0') {
        struct buf line = {0};
        vcard_put_line(&line, "", jdoc_text_or(contact, "address", ""));
        buf_printf(out, "ADR:;;%s", buf_text(&line) + 1); /* without its colon */
        buf_free(&line);
    }
    /* 1985-04-12 as 19850412, --04-12 as --0412 (RFC 6350 4.3.1) */
    if (strncmp(birthday, "--", 2) == 0 && strlen(birthday) == 7)
        snprintf(day, sizeof day, "--%.2s%.2s", birthday + 2, birthday + 5);
    else if (strlen(birthday) == 10)
        snprintf(day, sizeof day, "%.4s%.2s%.2s", birthday, birthday + 5, birthday + 8);
    if (day[0] != '\0')
        vcard_put_line(out, "BDAY", day);
    vcard_put_text(out, "NOTE", contact, "notes");
    vcard_put_text(out, "UID", contact, "uid");
    buf_puts(out, "END:VCARD\r\n");
}
