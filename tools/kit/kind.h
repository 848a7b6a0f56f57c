/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_KIND_H
#define TURNPIKE_TOOLS_KIT_KIND_H

#include <stdbool.h>

/*
 * kind -- a kind of records, as its family declares it (`records` of its spec file; docs/tools.md).
 * The build makes a table of them (tools/engine/kinds.h), from which the tools of tools/records/
 * list, find, change, delete and restore records of every family. Lists end with NULL; what is not
 * declared is NULL.
 */

/* A tool that does it for this kind, as more follows from a change than the members say. */
struct kind_tool {
    const char *name, *id;      /* id: its argument for the record's id; name NULL: there is none */
    const char *const *renames; /* pairs: a member, and the argument for it when that differs */
    bool confirm;               /* it wants `confirm`: the user has agreed */
};

enum kind_language { KIND_EN, KIND_DE, KIND_ES, KIND_FR, KIND_LANGUAGES };

struct kind {
    const char *name;                  /* "fuel_entry" */
    const char *family;                /* of its records in the store */
    const char *owner;                 /* the family of tools that declares it */
    const char *title;                 /* for messages: "fill-up" */
    const char *const *label;          /* members by which people name one, the best first */
    const char *const *detail;         /* members that tell two of one name apart */
    const char *const *filter;         /* members that a list can be narrowed by */
    const char *const *money;          /* members with KEY_minor and `currency` beside them */
    const char *date;                  /* member: the day that people mean */
    const char *time;                  /* member that is the record's time in the store, a day */
    const char *const *span;           /* first day, last day, and the count of nights or NULL */
    const char *words[KIND_LANGUAGES]; /* what people call it, with blanks between */
    const char *change;                /* JSON Schema of the members that may be changed */
    struct kind_tool changer, remover;
    struct kind_tool sharer;   /* changes one that others see, and tells them; its money not */
    const char *const *hidden; /* members that are for the program alone */
    const char *example;       /* JSON of a record */
    bool untrusted;            /* may hold what others wrote */
    const char *audience;      /* member: who sees it; only what is "private" is deleted */
    bool final;                /* what is deleted does not come back */
    bool converted;            /* foreign money stands in it in the user's own, too (converted.h) */
    bool past;                 /* its time lies not in the future */
    bool exact;                /* meant only by the words of its name: one letter is another one */
};

#endif
