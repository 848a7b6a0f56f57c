/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/turns_ask.h"

#include "base/err.h"
#include "store/args.h"
#include "store/branches.h"
#include "store/scripts.h"

#define IDS_TRIES 3

static const char *const turns_ask_on_busy[] =
    {[TURNS_ENQUEUE] = "enqueue", [TURNS_INTERRUPT] = "interrupt", [TURNS_REJECT] = "reject"};

static const char *const turns_ask_namings[] =
    {[TURNS_SAME] = "", [TURNS_ANEW] = "1", [TURNS_AGAIN] = "2"};

/* last: the index of ids is not made in steps any more. */
static void turns_ask_put(struct args *args, const struct store *s, const struct turns_request *q,
    bool last)
{
    args_init(args);
    args_common(args, s, q->history_limit);
    args_text(args, q->session);
    args_text(args, q->turn);
    args_text(args, q->client_message_id);
    args_text(args, q->body_hash);
    args_text(args, q->first_event);
    args_text(args, q->input);
    args_text(args, q->title);
    args_text(args, turns_ask_on_busy[q->on_busy]);
    args_text(args, q->only_known ? "x" : q->may_run ? "1" : q->may_pend ? "0" : "-");
    args_text(args, q->webhook);
    args_int(args, s->conf->turn_user);
    args_text(args, q->others_wait ? "1" : "0");
    args_text(args, q->may_pend ? "2" : q->may_wait ? "1" : "0");
    args_text(args, !q->rewinds ? "0" : last ? "2" : "1");
    args_text(args, turns_ask_namings[q->naming]);
    usage_put_account(args, q->account);
    args_text(args, q->counts ? "1" : "");
    for (size_t i = 0; i < q->message_count; i++)
        args_text(args, q->messages[i]);
}

int turns_ask(struct store *s, const struct turns_request *q, struct link_reply **reply)
{
    struct args args;
    int error;

    turns_ask_put(&args, s, q, false);
    error = args_call_hinted(&args, s, &script_turn_begin, q->uid, q->turn, reply);
    for (int i = 1; !error && i <= IDS_TRIES && link_reply_count(*reply) == 1; i++) { /* {"ids"} */
        link_reply_free(*reply);
        *reply = NULL;
        error = branches_prepare(s, q->uid, q->session);
        if (error)
            return error;
        turns_ask_put(&args, s, q, i == IDS_TRIES);
        error = args_call_hinted(&args, s, &script_turn_begin, q->uid, q->turn, reply);
    }
    return error;
}
