/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_STAGE_H
#define TURNPIKE_PROCESS_STAGE_H

/* stage -- the present step of a worker or a turn, for the scoreboard and the status. */
#define STAGE_TABLE(X) \
    X(STAGE_IDLE, "idle") \
    X(STAGE_REQUEST, "request")   /* a request is read and checked */ \
    X(STAGE_STARTING, "starting") /* the start script */ \
    X(STAGE_CONTEXT, "context") \
    X(STAGE_MODEL_WAIT, "model-wait") /* asked, no byte yet */ \
    X(STAGE_MODEL_TEXT, "model-text") \
    X(STAGE_MODEL_ARGS, "model-args") /* tool arguments stream */ \
    X(STAGE_TOOL, "tool") \
    X(STAGE_CHECKPOINT, "checkpoint") \
    X(STAGE_COMMIT, "commit") /* the finish script */ \
    X(STAGE_REPLY, "reply")
enum stage {
#define STAGE_ENUM_(name, text) name,
    STAGE_TABLE(STAGE_ENUM_)
#undef STAGE_ENUM_
        STAGE_COUNT
};
const char *stage_name(enum stage stage);

#endif
