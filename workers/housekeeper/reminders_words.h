/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_REMINDERS_WORDS_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_REMINDERS_WORDS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/reminders.h"

#include <stdint.h>

/* reminders_words -- what clients see of a reminder that fires, as JSON. Pure; the housekeeper. */

/* Members in front of the event; they have other values when it comes again. */
void reminders_words_when(struct buf *b, int64_t due_ms, int64_t now_ms);
void reminders_words_timer(struct buf *b, const jdoc *timer);
/* hour: of the day, from which the reminders of whole days are counted. */
void reminders_words_event(struct buf *b, const jdoc *event, int64_t minutes, int hour);
/* said: of struct module_alarm's tell; taken; NULL: no memory. Returns 0 or ERR_NOMEM. */
MUST_CHECK int reminders_words_alarm(struct buf *b, const struct reminders_due *due, jdoc *said);

#endif
