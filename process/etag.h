/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_ETAG_H
#define TURNPIKE_PROCESS_ETAG_H

#include <stdbool.h>

/*
 * etag -- a client's If-None-Match beside the tag of a reply (RFC 9110, 8.8.3 and 13.1.2). Pure.
 * Api, turn and stream workers.
 */

/*
 * etag_matches -- whether the field's list names the tag, or is "*". The comparison is weak: nginx
 * marks the tag of a reply that it compresses with W/.
 *   list  the field's value; NULL = none. What is no list of tags matches nothing
 *   tag   with its quotes
 */
bool etag_matches(const char *list, const char *tag);

#endif
