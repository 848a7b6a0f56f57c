/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_LISTS_LISTS_H
#define TURNPIKE_TOOLS_LISTS_LISTS_H

#include "base/err.h"
#include "tools/kit/module.h"
#include "tools/kit/run.h"

/*
 * lists -- what the tools of the family share. Records: family "list", by the time of creation. A
 * list is one record with its items in order: {id, name, kind, items: [{id, text, done, quantity,
 * due_at, remind_ms, note}], next_item, timezone}. So each change of it is one write, and what a
 * reader sees is never half of a change. The module's alarm rings for items that have remind_ms.
 */
#define LISTS_FAMILY "list"
#define LISTS_MAX 50
#define LISTS_ITEMS_MAX 200
#define LISTS_TEXT_MAX 200 /* characters of an item */

extern const struct module_alarm lists_alarm;

/* A change of one list: read, changed in memory, written. */
struct lists_edit {
    jdoc *list, *old; /* owned; old: as it was, NULL when the list is new */
    const char *seen;
    const char *message; /* of the result */
};
void lists_edit_free(struct lists_edit *edit);
/*
 * lists_choose -- the list of list_id or `list` (of create_list: copy_from) in the arguments;
 * without both the only one there is, or the one that has the item `item` (NULL: none is looked
 * for).
 * Returns 0; ERR_NOT_FOUND: no list has that name or one like it (nothing is set); ERR_INVALID
 * (said); a fault.
 */
MUST_CHECK int lists_choose(struct tools_run *run, const char *item, struct lists_edit *edit);
/* The same, and says that there is none. */
MUST_CHECK int lists_choose_existing(struct tools_run *run, const char *item,
    struct lists_edit *edit);
/* Answers with the list and writes it, with its alarms. message set, list not NULL. */
MUST_CHECK int lists_write(struct tools_run *run, struct lists_edit *edit);
/* A new list without items. NULL: no memory. */
jdoc *lists_new(struct tools_run *run, const char *name, const char *kind);

/* What people say without "the" or "my" in front. */
const char *lists_bare(const char *said);
/* Items. The index of the one meant by `said`. Returns 0; ERR_NOT_FOUND; ERR_CONFLICT: several. */
MUST_CHECK int lists_find(const jdoc *items, const char *said, size_t *index);
/* Appends an item with the arguments' quantity, due, remind_minutes and note. Returns 0,
 * ERR_INVALID (said) or ERR_NOMEM. */
MUST_CHECK int lists_append(struct tools_run *run, jdoc *list, const char *text);
/* due, remind_minutes, quantity, note of the arguments into an item. */
MUST_CHECK int lists_set_item(struct tools_run *run, jdoc *list, jdoc *item);
size_t lists_open_count(const jdoc *list);

#endif
