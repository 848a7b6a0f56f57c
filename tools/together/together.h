/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_TOGETHER_TOGETHER_H
#define TURNPIKE_TOOLS_TOGETHER_TOGETHER_H

#include "base/err.h"
#include "store/trips.h"
#include "tools/kit/run.h"

/*
 * together -- what the files of the family share. An action is a script in the owner's slot, with
 * the call's mark (store/trips.h); then a record of family `together` in the actor's slot, with the
 * result and the user's mark.
 */
struct together { /* in the run's arena */
    struct trips_view view;
    jdoc *trip;        /* freed by together_end */
    const char *title; /* in one line */
};
/*
 * together_open -- the trip of `trip_id`, if the user may do this with it. Returns 0; ERR_INVALID
 * (run->result says why not); a fault. together_end in each case.
 */
MUST_CHECK int together_open(struct tools_run *run, enum trips_action action, struct together *t);
void together_end(struct together *t);
/* By the trip's document: its own title, else "A to B". NULL on no memory. */
const char *together_title(struct tools_run *run, const jdoc *trip);
/* How the members know the user: the name of the profile, else the id. NULL on no memory. */
const char *together_name(struct tools_run *run);

/* An event for members; extra: further members of `trip`, JSON with a comma in front, or "". NULL
 * on no memory. */
struct together_event {
    const char *trip, *title, *change, *message, *extra;
};
const char *together_event(struct tools_run *run, const struct together_event *event);
/* ,"KEY":"TEXT"; NULL on no memory. */
const char *together_member(struct tools_run *run, const char *key, const char *text);

/* The call's mark and fence. Returns 0, ERR_FENCED, ERR_STORE*, ERR_NOMEM. */
MUST_CHECK int together_begin(struct tools_run *run, const char *owner, const char *trip,
    const char *title, struct trips_act *act);
/* Has this very call acted before its worker died? owner: in whose slot. What it reached is no
 * reason to refuse it then. Returns 0 or a fault. */
MUST_CHECK int together_acted(struct tools_run *run, const char *owner, bool *acted);
/* run->result is set. kind: "invite", "join", ... */
MUST_CHECK int together_finish(struct tools_run *run, const char *kind, const char *trip,
    const char *text);
/* What the store refused, said to the user. Returns 0, or the error when it is a fault. */
MUST_CHECK int together_refuse(struct tools_run *run, int error);

#endif
