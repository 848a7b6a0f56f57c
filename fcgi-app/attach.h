/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_ATTACH_H
#define TURNPIKE_FCGI_APP_ATTACH_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "fcgi-app/submit.h"

/*
 * attach -- brings the files of a message into the store, before the message is accepted: those
 * that came with it; those that it names by an id, whose life begins anew; and those that it gives
 * by an address, which are fetched here. A file that cannot be had refuses the message, and nothing
 * of that is accepted; what was stored before it stays until it expires. Turn workers, in the
 * request's task.
 *
 * Files given by an address come by https from the public internet (with tools.allow_private from
 * anywhere), over at most 3 redirects, within attachments.fetch and attachments.bytes; they take
 * room in app->turns->room while they come.
 */

/*
 * attach_files -- also writes the messages. For a message whose client message id has come before
 * nothing is fetched or stored: submit->only_known is set.
 * Lets go of the request's body. Returns 0; ERR_INVALID with the problem set (413, 422, 503);
 * ERR_STORE*; ERR_NOMEM.
 */
MUST_CHECK int attach_files(struct exchange *x, struct submit *submit);
/* submit_parse, then attach_files; the document has the body by now, which is let go of. */
MUST_CHECK int attach_submit(struct exchange *x, const struct submit_source *from,
    struct submit *out);

#endif
