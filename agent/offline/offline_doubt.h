/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_DOUBT_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_DOUBT_H

#include "agent/offline/offline.h"

/*
 * offline_doubt -- what a message says against writing anything down, whichever way it was
 * understood: it asks, wishes, reports what others did, names a bound instead of an amount, or
 * means everything at once. The last look before calls that write. Pure.
 */
enum offline_doubt {
    OFFLINE_DOUBT_NONE,
    OFFLINE_DOUBT_ASKED,  /* "did I pay 20?" */
    OFFLINE_DOUBT_UNREAL, /* wished, taken back, nearly done, only said */
    OFFLINE_DOUBT_OTHERS, /* somebody else did it */
    OFFLINE_DOUBT_BOUND,  /* "less than 40", "40 or 50" */
    OFFLINE_DOUBT_FLOW,   /* money that came back or in, "site 14" */
    OFFLINE_DOUBT_TIME,   /* "8 and something" */
    OFFLINE_DOUBT_ALL     /* "cancel all my alarms" */
};

/*
 * Whether one of the calls may not be made for this message. deletes: an event is looked for, and
 * then moved or deleted, whatever the calls are.
 */
enum offline_doubt offline_doubt_find(const char *text, enum offline_language language,
    const struct offline_step *step, bool deletes);
/* What to tell the user in place of the calls. */
const char *offline_doubt_text(enum offline_doubt doubt, enum offline_language language);

#endif
