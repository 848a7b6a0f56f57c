/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_RULES_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_RULES_H

#include "agent/offline/offline.h"
#include "agent/offline/offline_match.h"

/* offline_rules -- the sentence patterns, in the order of trial. */
enum offline_mark {
    OFFLINE_PLAIN,
    OFFLINE_MONEY,     /* the number must have a currency: "log 45 fuel" may be litres */
    OFFLINE_CATEGORY,  /* ... or stand with a known category: "log 45 for lunch" */
    OFFLINE_REMINDERS, /* of a list: reminders alone */
    OFFLINE_FOR        /* "for" must have stood before the date: "on Friday" may say which event */
};
struct offline_rule {
    enum offline_kind kind;
    const char *pattern;
    enum offline_mark mark;
};
extern const struct offline_rule offline_rules[];
extern const size_t offline_rule_count;

#endif
