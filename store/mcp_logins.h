/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_MCP_LOGINS_H
#define TURNPIKE_STORE_MCP_LOGINS_H

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * mcp_logins -- sign-ins of MCP servers by OAuth, for all machines: KEYS_MCP_LOGINS, a hash SERVER
 * -> entry, whose form and encryption tools/remote/oauth_entry.h knows. Beside each entry are its
 * generation, which grows with each write, and the lease of the one process that renews it. Turn
 * and api workers, the housekeeper, `turnpike mcp`.
 */
enum mcp_logins_act {
    MCP_LOGINS_LOOK,
    MCP_LOGINS_TAKE, /* the lease */
    MCP_LOGINS_PUT,  /* when the entry is still that of `generation`; ends the lease */
    MCP_LOGINS_DROP, /* the lease */
    MCP_LOGINS_SET,  /* whatever was there */
    MCP_LOGINS_FORGET
};
#define MCP_LOGINS_LEASE_MS 15000

struct mcp_logins_reply {
    int error;         /* 0, or of the store */
    bool held;         /* another process has the lease */
    bool lost;         /* MCP_LOGINS_PUT: the entry is another one by now */
    bool torn;         /* MCP_LOGINS_TAKE: the holder before did not give the lease back */
    const char *entry; /* as it is now; "" = none; borrowed */
    size_t len;
    int64_t generation;
};
typedef void mcp_logins_fn(void *arg, const struct mcp_logins_reply *reply);
struct mcp_logins_call { /* stays until done; entry need not */
    enum mcp_logins_act act;
    const char *server, *who;
    int64_t generation; /* MCP_LOGINS_PUT */
    const char *entry;  /* MCP_LOGINS_PUT, _SET */
    struct link_asker *asker;
    mcp_logins_fn *done;
    void *arg;
};
/*
 * mcp_logins_ask -- with a link that is attached to a loop it does not wait, and done comes from
 * the loop; else it waits, and done is called before it returns. Returns 0, or what hindered it:
 * then done is not called.
 */
MUST_CHECK int mcp_logins_ask(struct store *s, const struct mcp_logins_call *call);

#endif
