/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/fastcgi/inbound_parts.h"

#include "base/err.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INBOUND_SMALL_MAX 1024u   /* bytes of a FCGI_GET_VALUES; the three names take 45 */
#define INBOUND_ANSWERS_MAX 4096u /* bytes of answers that wait before no more is read */

/* INBOUND_SENT and INBOUND_CLOSED look at no record. */
static const unsigned char inbound_deeds[INBOUND_SENT][INBOUND_KINDS] = {
    [INBOUND_WAIT] = {INBOUND_REFUSE, INBOUND_OPEN, INBOUND_DROP, INBOUND_DROP, INBOUND_DROP,
        INBOUND_DROP},
    [INBOUND_PARAMS] = {INBOUND_REFUSE, INBOUND_TWICE, INBOUND_ABORT, INBOUND_PARAM, INBOUND_REFUSE,
        INBOUND_REFUSE},
    [INBOUND_STDIN] = {INBOUND_REFUSE, INBOUND_TWICE, INBOUND_ABORT, INBOUND_REFUSE, INBOUND_INPUT,
        INBOUND_REFUSE},
    [INBOUND_WORK] = {INBOUND_HOLD, INBOUND_TWICE, INBOUND_ABORT, INBOUND_REFUSE, INBOUND_REFUSE,
        INBOUND_REFUSE},
};

enum inbound_deed inbound_deed_of(enum inbound_state state, enum inbound_kind kind)
{
    return (enum inbound_deed)inbound_deeds[state][kind];
}

bool inbound_reads(const struct inbound *i)
{
    return i->state < INBOUND_SENT && !i->broken && !i->held &&
        outq_len(&i->out) <= INBOUND_ANSWERS_MAX;
}

/* ---- answers ---- */

static void inbound_answer(struct inbound *i, int type, unsigned id, const void *content,
    size_t len)
{
    struct buf records = {0};

    fastcgi_record_put(&records, type, id, content, len);
    err_ignore(inbound_send(i, &records)); /* the connection is marked as broken then */
    buf_free(&records);
}

static void inbound_refuse_request(struct inbound *i, unsigned id, enum fastcgi_end status)
{
    struct buf records = {0};

    fastcgi_record_put_end(&records, id, status);
    err_ignore(inbound_send(i, &records)); /* the connection is marked as broken then */
    buf_free(&records);
}

/* Each known name once, however often it is asked for. */
static int inbound_answer_values(struct inbound *i)
{
    const struct {
        const char *name;
        unsigned value;
    } known[] = {{"FCGI_MAX_CONNS", i->limits->max_conns}, {"FCGI_MAX_REQS", i->limits->max_reqs},
        {"FCGI_MPXS_CONNS", 0}};
    bool asked[sizeof known / sizeof known[0]] = {false};
    const char *at = buf_text(&i->small), *end = at + i->small.len;
    struct fastcgi_record_pair pair;
    struct buf values = {0};
    int got;

    while ((got = fastcgi_record_get_pair(&at, end, &pair)) == 1) {
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            asked[k] |= pair.name_len == strlen(known[k].name) &&
                memcmp(pair.name, known[k].name, pair.name_len) == 0;
    }
    for (size_t k = 0; got == 0 && k < sizeof known / sizeof known[0]; k++) {
        char number[16];
        snprintf(number, sizeof number, "%u", known[k].value);
        if (asked[k])
            fastcgi_record_put_pair(&values, known[k].name, number);
    }
    if (got == 0)
        got = buf_error(&values);
    if (got == 0)
        inbound_answer(i, FASTCGI_GET_VALUES_RESULT, 0, values.data, values.len);
    buf_free(&values);
    return got;
}

/* ---- the request ---- */

static int inbound_open_request(struct inbound *i)
{
    const unsigned char *begin = (const unsigned char *)i->small.data;

    if (i->small.len != FASTCGI_BODY_SIZE)
        return ERR_PROTOCOL;
    i->id = i->record.id;
    i->keep = (begin[2] & FASTCGI_KEEP_CONN) && !i->retired;
    i->state = INBOUND_PARAMS;
    if ((begin[0] << 8 | begin[1]) == FASTCGI_RESPONDER)
        return 0;
    inbound_refuse_request(i, i->id, FASTCGI_UNKNOWN_ROLE);
    inbound_answered(i);
    return 0;
}

/*
 * Makes NAME NUL VALUE NUL of each pair, in place: the two lengths take two bytes at least. A NUL
 * within either is refused, as what stands behind it would be lost.
 */
static int inbound_end_params(struct inbound *i)
{
    const char *at = buf_text(&i->params), *end = at + i->params.len;
    char *to = i->params.data, *from = to;
    struct fastcgi_record_pair pair;
    int got;

    while ((got = fastcgi_record_get_pair(&at, end, &pair)) == 1) {
        if (memchr(pair.name, '\0', pair.name_len + pair.value_len))
            return ERR_PROTOCOL;
        memmove(to, pair.name, pair.name_len);
        to += pair.name_len;
        *to++ = '\0';
        memmove(to, pair.value, pair.value_len);
        to += pair.value_len;
        *to++ = '\0';
    }
    i->params.len = (size_t)(to - from);
    i->state = INBOUND_STDIN;
    return got;
}

static int inbound_take_params(struct inbound *i, const char *bytes, size_t len)
{
    buf_put(&i->params, bytes, len);
    if (buf_error(&i->params) == ERR_LIMIT)
        log_limited(LOG_LEVEL_WARN, "a FastCGI request has more than %zu bytes of parameters",
            i->limits->params_max);
    return buf_error(&i->params);
}

/* Room for the whole body, with its first bytes that are too many to go without. */
static int inbound_take_room(struct inbound *i)
{
    const char *length = inbound_find_param(i, "CONTENT_LENGTH");
    unsigned long long expected = length ? strtoull(length, NULL, 10) : 0;

    if (!i->limits->room || i->body_room.granted)
        return 0;
    if (expected < i->body_seen || expected > i->limits->body_max)
        expected = i->limits->body_max;
    room_ask(i->limits->room, &i->body_room, (size_t)expected);
    if (i->body_room.granted)
        return 0;
    room_leave(i->limits->room, &i->body_room);
    return ERR_FULL;
}

/* A body that cannot be kept is read on: only then can the peer read its reply. */
static void inbound_take_body(struct inbound *i, const char *bytes, size_t len)
{
    i->body_seen += len;
    if (!i->body_error && i->body_seen > i->limits->body_small)
        i->body_error = inbound_take_room(i);
    if (i->body_seen > i->limits->body_max || i->body_error) {
        buf_free(&i->body);
        return;
    }
    buf_put(&i->body, bytes, len);
    i->body_error = buf_error(&i->body);
}

static void inbound_arrived(struct inbound *i)
{
    i->state = INBOUND_WORK;
    i->handlers->request(i->handlers->arg, i);
}

static void inbound_abort(struct inbound *i)
{
    i->aborted = true;
    if (i->state == INBOUND_WORK)
        return;
    inbound_refuse_request(i, i->id, FASTCGI_REQUEST_COMPLETE);
    inbound_answered(i);
}

/* ---- records ---- */

static enum inbound_deed inbound_deed_with(const struct inbound *i)
{
    static const unsigned char kinds[] = {[FASTCGI_BEGIN_REQUEST] = INBOUND_IS_BEGIN,
        [FASTCGI_ABORT_REQUEST] = INBOUND_IS_ABORT,
        [FASTCGI_END_REQUEST] = INBOUND_IS_ODD,
        [FASTCGI_PARAMS] = INBOUND_IS_PARAMS,
        [FASTCGI_STDIN] = INBOUND_IS_STDIN};
    const struct fastcgi_record *record = &i->record;

    if (record->id == 0)
        return record->type == FASTCGI_GET_VALUES ? INBOUND_VALUES : INBOUND_UNKNOWN;
    if (i->id == 0 || record->id != i->id)
        return record->type == FASTCGI_BEGIN_REQUEST ?
            inbound_deed_of(i->state, INBOUND_IS_OTHERS) :
            INBOUND_DROP;
    if (record->type == 0 || (size_t)record->type >= sizeof kinds)
        return inbound_deed_of(i->state, INBOUND_IS_ODD);
    return inbound_deed_of(i->state, (enum inbound_kind)kinds[record->type]);
}

static int inbound_on_head(struct inbound *i)
{
    buf_free(&i->small);
    buf_init(&i->small, INBOUND_SMALL_MAX);
    i->deed = inbound_deed_with(i);
    i->held = i->deed == INBOUND_HOLD;
    return i->deed == INBOUND_REFUSE ? ERR_PROTOCOL : 0;
}

static int inbound_on_content(struct inbound *i, const char *bytes, size_t len)
{
    switch (i->deed) {
    case INBOUND_PARAM:
        return inbound_take_params(i, bytes, len);
    case INBOUND_INPUT:
        inbound_take_body(i, bytes, len);
        return 0;
    case INBOUND_OPEN:
    case INBOUND_VALUES:
        buf_put(&i->small, bytes, len);
        return buf_error(&i->small) == ERR_LIMIT ? ERR_PROTOCOL : buf_error(&i->small);
    default:
        return 0;
    }
}

static int inbound_on_end(struct inbound *i)
{
    const unsigned char unknown[FASTCGI_BODY_SIZE] = {(unsigned char)i->record.type};

    switch (i->deed) {
    case INBOUND_OPEN:
        return inbound_open_request(i);
    case INBOUND_TWICE:
        inbound_refuse_request(i, i->record.id, FASTCGI_CANT_MPX_CONN);
        return 0;
    case INBOUND_ABORT:
        inbound_abort(i);
        return 0;
    case INBOUND_PARAM:
        return i->record.len == 0 ? inbound_end_params(i) : 0;
    case INBOUND_INPUT:
        if (i->record.len == 0)
            inbound_arrived(i);
        return 0;
    case INBOUND_VALUES:
        return inbound_answer_values(i);
    case INBOUND_UNKNOWN:
        inbound_answer(i, FASTCGI_UNKNOWN_TYPE, 0, unknown, sizeof unknown);
        return 0;
    default:
        return 0;
    }
}

int inbound_feed(struct inbound *i, const char *bytes, size_t len)
{
    const char *at = bytes, *end = bytes + len, *part;
    size_t part_len;
    int error = 0;

    while (error == 0 && inbound_reads(i)) {
        int step = fastcgi_record_step(&i->record, &at, end, &part, &part_len);
        switch (step) {
        case FASTCGI_RECORD_MORE:
            return 0;
        case FASTCGI_RECORD_HEAD:
            error = inbound_on_head(i);
            break;
        case FASTCGI_RECORD_CONTENT:
            error = inbound_on_content(i, part, part_len);
            break;
        case FASTCGI_RECORD_END:
            error = inbound_on_end(i);
            break;
        default:
            error = step;
        }
    }
    if (error == 0 && at < end && i->state != INBOUND_CLOSED) {
        buf_put(&i->ahead, at, (size_t)(end - at));
        error = buf_error(&i->ahead);
    }
    return error;
}

int inbound_feed_ahead(struct inbound *i)
{
    struct buf ahead = i->ahead;
    int error = 0;

    i->ahead = (struct buf){0};
    if (i->held)
        error = inbound_on_head(i);
    if (error == 0)
        error = inbound_feed(i, buf_text(&ahead), ahead.len);
    buf_free(&ahead);
    return error;
}
