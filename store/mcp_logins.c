/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/mcp_logins.h"

#include "store/args.h"
#include "store/scripts.h"

#include <stdint.h>

static const char *const mcp_logins_acts[] = {[MCP_LOGINS_LOOK] = "look",
    [MCP_LOGINS_TAKE] = "take",
    [MCP_LOGINS_PUT] = "put",
    [MCP_LOGINS_DROP] = "drop",
    [MCP_LOGINS_SET] = "set",
    [MCP_LOGINS_FORGET] = "forget"};

static void mcp_logins_tell(mcp_logins_fn *done, void *arg, int error, struct link_reply *r)
{
    struct mcp_logins_reply reply = {.error = error, .entry = ""};

    if (!error) {
        reply.held = link_reply_says(r, "HELD");
        reply.lost = link_reply_says(r, "LOST");
        reply.entry = link_reply_text(link_reply_at(r, 1), &reply.len);
        reply.generation = link_reply_int(link_reply_at(r, 2));
        reply.torn = link_reply_int(link_reply_at(r, 3)) == 1;
    }
    done(arg, &reply);
    link_reply_free(r);
}

static void mcp_logins_put_args(struct args *args, const struct mcp_logins_call *c)
{
    args_init(args);
    args_text(args, KEYS_MCP_LOGINS);
    args_text(args, mcp_logins_acts[c->act]);
    args_text(args, c->server);
    args_text(args, c->who);
    if (c->act == MCP_LOGINS_TAKE)
        args_int(args, MCP_LOGINS_LEASE_MS);
    if (c->act == MCP_LOGINS_PUT)
        args_int(args, c->generation);
    if (c->act == MCP_LOGINS_PUT || c->act == MCP_LOGINS_SET)
        args_text(args, c->entry);
}

static void mcp_logins_on_reply(void *arg, int error, struct link_reply *r)
{
    const struct mcp_logins_call *c = arg;

    mcp_logins_tell(c->done, c->arg, error, r);
}

int mcp_logins_ask(struct store *s, const struct mcp_logins_call *c)
{
    struct link_reply *r = NULL;
    struct args args;

    mcp_logins_put_args(&args, c);
    int error = args.error;
    if (!error && link_is_attached(s->link)) {
        const struct link_question question = {.script = &script_mcp_login,
            .nkeys = 1,
            .args = args.v,
            .nargs = args.n,
            .on_reply = mcp_logins_on_reply,
            .arg = (void *)(uintptr_t)c,
            .asker = c->asker};
        error = link_ask(s->link, &question);
        args_fini(&args);
        return error;
    }
    if (!error)
        error = link_script_call(s->link, &script_mcp_login,
            &(struct link_words){.keys = args.v,
                .nkeys = 1,
                .args = args.v + 1,
                .nargs = args.n - 1},
            &r);
    args_fini(&args);
    if (error)
        return error;
    mcp_logins_tell(c->done, c->arg, 0, r);
    return 0;
}
