#ifndef TURNPIKE_STORE_LINK_REPLY_H
#define TURNPIKE_STORE_LINK_REPLY_H

#include "store/link.h"

/* link_reply -- what Redis' replies mean; of link only. The rest of it is in link.h. */

/* An error text as an ERR_*; logs it, but for NOSCRIPT (ERR_AGAIN). */
int link_reply_error(const char *text);
/* A reply of ROLE. One that is no list (an ACL forbids the question) counts as a master's. */
bool link_reply_is_master(const struct link_reply *r);

#endif
