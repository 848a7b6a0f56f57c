/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_ADMIT_H
#define TURNPIKE_FCGI_APP_ADMIT_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/submit.h"

/*
 * admit -- brings a checked message into the store and answers for it. Used by turn workers.
 *
 *                  started             queued, duplicate       no room for a turn
 * ADMIT_STREAM     hand over, then run hand over                503 pool_full
 * ADMIT_JSON       run, then answer    stored reply, hand over  503 pool_full
 * ADMIT_ACCEPTED   202, then run       202                      503 pool_full
 */
enum admit_style { ADMIT_JSON, ADMIT_STREAM, ADMIT_ACCEPTED };

/*
 * admit_request -- what turns_begin is told of the message, but may_run. Texts live in the arena or
 * are borrowed from submit and turn. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int admit_request(struct exchange *x, const struct submit *submit, const char *turn,
    struct turns_request *out);
/* Returns 0 with the reply made (a turn that is to run behind it is the runner's), or an error. */
MUST_CHECK int admit_submit(struct exchange *x, const struct submit *submit,
    enum admit_style style);
/* A turn that a housekeeper hands over. */
MUST_CHECK int admit_claim(struct exchange *x, const char *uid, const char *turn);

#endif
