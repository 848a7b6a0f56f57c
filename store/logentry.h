/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_LOGENTRY_H
#define TURNPIKE_STORE_LOGENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/redis/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * logentry -- one entry of a session log: the only C file that writes or parses one. The scripts'
 * twin is store/lua/lib_log.lua; docs/design/log.md tells the rest.
 *
 *   in the stream    field LOGENTRY_FIELD under the id EPOCH-N: `RUN FLAG JSON`
 *   on the channel   `ID PREV RUN FLAG JSON`
 *
 * RUN is the turn's id, FLAG one of the letters below, JSON one event, an object. ID is the entry's
 * id, PREV that of the entry before, 0-0 for the first of a log.
 *
 * Turn workers write values; scripts write values, ids and messages; stream and turn workers read.
 * Pure. A reader copies nothing: all pointers go into the bytes given. Nothing parses the JSON.
 */
#define LOGENTRY_FIELD "e"
struct logentry_id {
    uint64_t epoch, n;
};
#define LOGENTRY_ID_SIZE 44

#define LOGENTRY_NONE '-'
#define LOGENTRY_START 'S' /* RUN_STARTED */
#define LOGENTRY_FINAL 'F' /* ends its run */
#define LOGENTRY_TEXT 'T'  /* TEXT_MESSAGE_CONTENT, for ?format=text and joining */

struct logentry {
    struct logentry_id id, prev; /* prev is 0-0 in an entry that was read */
    const char *id_text, *run, *json;
    size_t id_len, run_len, json_len;
    char flag;
};

/* `EPOCH-N`, decimal digits only. Returns 0 or ERR_INVALID. */
MUST_CHECK int logentry_id_parse(const char *text, size_t len, struct logentry_id *out);
/* Writes "EPOCH-N" and returns its length. */
size_t logentry_id_format(struct logentry_id id, char out[LOGENTRY_ID_SIZE]);
/*
 * Writes the id as text that sorts as ids do, and returns its length: both numbers with leading
 * zeros, 16 and 10 digits, which hold every epoch before the year 318,000 and every N. It reads
 * back by logentry_id_parse.
 */
size_t logentry_id_format_sorted(struct logentry_id id, char out[LOGENTRY_ID_SIZE]);
/* Below 0, 0, above 0, as memcmp. */
MUST_CHECK int logentry_id_compare(struct logentry_id a, struct logentry_id b);

/* Appends `RUN FLAG JSON`; buf_error of out tells of a failure. */
void logentry_put(struct buf *out, const char *run, char flag, const char *json, size_t len);
/* The part in front of the JSON, and its length. */
void logentry_put_head(struct buf *out, const char *run, char flag);
size_t logentry_head_len(const char *run);

/* A published message. Returns 0 or ERR_INVALID (also when the JSON is no object). */
MUST_CHECK int logentry_parse_message(const char *bytes, size_t len, struct logentry *out);
/* An entry that was read. Returns 0 or ERR_INVALID. */
MUST_CHECK int logentry_parse_value(const char *id, size_t id_len, const char *value,
    size_t value_len, struct logentry *out);
/* An entry of XRANGE's reply, [id, [field, value, ...]]. Returns 0 or ERR_INVALID. */
MUST_CHECK int logentry_read(const struct link_reply *entry, struct logentry *out);
/*
 * Appends the event RUN_ERROR without its final brace, so that the caller may add members: the one
 * place that writes it, in a turn or for a run that no turn can end. message: for the user; code:
 * docs/http-api.md or docs/stream-protocol.md.
 */
void logentry_open_run_error(struct buf *json, const char *message, const char *code);
/* The whole event. */
void logentry_put_run_error(struct buf *json, const char *message, const char *code);
bool logentry_is_run(const struct logentry *e, const char *run);

/* The event's type, the first member of each. false: it is not there. */
bool logentry_type(const struct logentry *e, const char **type, size_t *len);

/* The still escaped text of the member "delta". false: it has none. */
bool logentry_delta(const struct logentry *e, const char **text, size_t *len);
/*
 * logentry_join -- appends b's delta to the event held in `joined` when both are the same kind of
 * delta of the same message and "delta" is the last member of both. Returns whether it did.
 */
bool logentry_join(struct buf *joined, const struct logentry *b);
/* Appends an escaped JSON string as plain UTF-8 (a lone surrogate becomes U+FFFD). */
void logentry_unescape(struct buf *out, const char *text, size_t len);

#endif
