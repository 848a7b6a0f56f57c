/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_AISDK_PARTS_H
#define TURNPIKE_WORKERS_STREAM_AISDK_PARTS_H

#include "base/buf.h"
#include "base/jdoc.h"
#include "process/uimessage.h"
#include "workers/stream/aisdk.h"

#include <stdbool.h>

/*
 * aisdk_parts -- what the files of aisdk share with each other. Each knows those above it only.
 *
 *   aisdk_chunk   chunks, and what of the message is open
 *   aisdk_stored  stored messages as chunks
 *   aisdk         events of the log as chunks
 */
struct aisdk_call {
    struct aisdk_call *next;
    char *name;
    struct buf id;   /* as it stands in JSON, without quotes */
    struct buf args; /* as they stand in JSON so far */
    unsigned step;   /* the one that it was made in */
    bool open;       /* its arguments are being written */
    bool answered;
};

/* A part that is being written; its id as it stands in JSON, without quotes. */
struct aisdk_part {
    struct buf id;
    struct buf delta; /* what stands in front of each delta's text */
    bool open;
};

enum aisdk_mode { AISDK_NEW, AISDK_ON, AISDK_ALL };

struct aisdk {
    const char *before, *after;
    enum aisdk_mode mode;
    char message[UIMESSAGE_ID_MAX + 1];
    char last[UIMESSAGE_ID_MAX + 1]; /* the stored message in front of the present step; or "" */
    char step[UIMESSAGE_ID_MAX + 1]; /* our message that the present step is; or "" */
    unsigned steps;                  /* begun so far */
    struct aisdk_part text, reasoning;
    struct aisdk_call *calls;
    bool started;
    bool finished;  /* the run's last event has been told */
    bool step_open; /* a step was begun here, and is not finished */
    bool answered;  /* the present step has results: what is said next begins another */
    bool torn;      /* another worker has taken the turn over: a snapshot says what counts */
};

/* ---- aisdk_chunk ---- */

/* A chunk of this type, without its other members; aisdk_chunk_close ends it. */
void aisdk_chunk_open(const struct aisdk *a, struct buf *out, const char *type);
void aisdk_chunk_close(const struct aisdk *a, struct buf *out);
/* A further member; aisdk_chunk_json: a value, NULL = it is left out. */
void aisdk_chunk_json(struct buf *out, const char *name, const jdoc *value);
/* `start`, once. run: NULL = not known. */
void aisdk_chunk_start(struct aisdk *a, struct buf *out, const char *run);
/* Something of our message `id` follows (NULL: it has none yet): a step is begun if need be. */
void aisdk_chunk_step(struct aisdk *a, struct buf *out, const char *id);
void aisdk_chunk_finish_step(struct aisdk *a, struct buf *out);
/* reasoning: else text. */
void aisdk_chunk_begin(struct aisdk *a, struct buf *out, bool reasoning, const char *id);
void aisdk_chunk_end(struct aisdk *a, struct buf *out, bool reasoning);
/* text: escaped as JSON wants it. */
void aisdk_chunk_delta(const struct aisdk *a, struct buf *out, bool reasoning, const char *text,
    size_t len);
/* NULL: no memory. */
struct aisdk_call *aisdk_chunk_call(struct aisdk *a, const char *id, const char *name);
void aisdk_chunk_free_call(struct aisdk_call *call);
struct aisdk_call *aisdk_chunk_find_call(const struct aisdk *a, const char *id);
/* The call's arguments are whole. */
void aisdk_chunk_input(const struct aisdk *a, struct buf *out, const struct aisdk_call *call,
    const char *arguments, size_t len);
/* The content of a tool's message. */
void aisdk_chunk_result(struct aisdk *a, struct buf *out, const char *call_id, const jdoc *content,
    bool failed);
void aisdk_chunk_error(const struct aisdk *a, struct buf *out, const char *text);

/* ---- aisdk_stored ---- */

/* What the message has shown in front of the run: AISDK_ALL. */
void aisdk_stored_before(struct aisdk *a, struct buf *out, const jdoc *messages);
/* The torn step is taken back, and told again as far as it is stored. */
void aisdk_stored_again(struct aisdk *a, struct buf *out, const jdoc *messages);

#endif
