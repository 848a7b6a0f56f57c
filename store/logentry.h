#ifndef TURNPIKE_STORE_LOGENTRY_H
#define TURNPIKE_STORE_LOGENTRY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * logentry -- one entry of a session log as a stream worker meets it: published
 * (`ID PREV RUN FLAG JSON`) or read (`RUN FLAG JSON` under its id); docs/design.md "The session
 * log". Pure; nothing is copied: all pointers go into the bytes given. The JSON itself is never
 * parsed here.
 */
struct logentry_id {
    uint64_t epoch, n;
};
#define LOGENTRY_ID_SIZE 44

/* Flags, the same letters as store/eventlog.h. */
#define LOGENTRY_NONE '-'
#define LOGENTRY_START 'S'
#define LOGENTRY_FINAL 'F'
#define LOGENTRY_TEXT 'T'

struct logentry {
    struct logentry_id id, prev; /* prev is 0-0 in an entry that was read */
    const char *id_text, *run, *json;
    size_t id_len, run_len, json_len;
    char flag;
};

/* `EPOCH-N`, decimal digits only. Returns 0 or ERR_INVALID. */
int logentry_id_parse(const char *text, size_t len, struct logentry_id *out);
/* Writes "EPOCH-N" and returns its length. */
size_t logentry_id_format(struct logentry_id id, char out[LOGENTRY_ID_SIZE]);
/* Below 0, 0, above 0, as memcmp. */
int logentry_id_compare(struct logentry_id a, struct logentry_id b);

/* A published message. Returns 0 or ERR_INVALID (also when the JSON is no object). */
int logentry_parse_message(const char *bytes, size_t len, struct logentry *out);
/* An entry that was read. Returns 0 or ERR_INVALID. */
int logentry_parse_value(
    const char *id, size_t id_len, const char *value, size_t value_len, struct logentry *out);
bool logentry_is_run(const struct logentry *e, const char *run);

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
