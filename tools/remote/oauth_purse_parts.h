/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_PURSE_PARTS_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_PURSE_PARTS_H

#include "store/mcp_logins.h"
#include "tools/remote/oauth_find.h"
#include "tools/remote/oauth_purse.h"
#include "tools/remote/oauth_token.h"

/*
 * oauth_purse_parts -- what the files of oauth_purse share:
 *
 *   oauth_purse  wishes, and what is done for each: look, decide, answer
 *   oauth_renew  a renewal: lease, discovery, token request, writing it down
 */
struct oauth_purse {
    const struct oauth_client *client;
    struct store *store; /* NULL: `entry` is all there is */
    char who[IDENT_UUID_SIZE];
    struct oauth_wish *first;   /* all that wait */
    struct oauth_wish *current; /* the one that work is done for; NULL when it has left */
    bool busy;                  /* something is under way */
    /* of what is under way, also when its wish has left */
    struct http_client *http;
    struct reactor *reactor;
    int64_t until_ms;
    char *refused;
    bool challenged;
    struct oauth_challenge challenge;
    struct reactor_timer timer;
    struct link_asker asker;
    struct mcp_logins_call call;
    struct oauth_entry entry;
    int entry_error; /* of oauth_entry_read */
    int64_t generation;
    bool leased, torn;
    bool judges;    /* a wish waits for what Redis did not take to be saved: it is judged then */
    unsigned looks; /* for one wish, after another process was faster */
    bool unsaved;   /* the entry has tokens that Redis has not */
    struct oauth_find *find;
    struct oauth_token *token;
    bool exchanged; /* OAUTH_ENTERPRISE: the account has the identity provider's assertion */
    struct buf form;
    unsigned failures; /* of the authorization server in a row */
    int64_t not_before_ms;
    char words[400];
    int outcome; /* of the wish, told when the lease has been given back */
};

/* ---- oauth_purse ---- */

/* One step with what Redis keeps. entry: for MCP_LOGINS_PUT. Ends the wish when it cannot. */
void oauth_purse_call(struct oauth_purse *p, enum mcp_logins_act act, const char *entry,
    mcp_logins_fn *done);
/* Takes what a reply says of the entry. */
void oauth_purse_take(struct oauth_purse *p, const struct mcp_logins_reply *reply);
/* Answers the wish, and begins with the next one. words: formatted into p->words. */
void oauth_purse_end(struct oauth_purse *p, int error);
void oauth_purse_say(struct oauth_purse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Ends the wish: Redis is away. */
void oauth_purse_away(struct oauth_purse *p);
/* Counts a renewal's outcome. */
void oauth_purse_measure(const struct oauth_purse *p, const char *outcome);
/* With the entry's token. */
void oauth_purse_succeed(struct oauth_purse *p);
/* What is to be done by p->entry: give its token, try without, refuse (p->words), write down that
 * the operator is needed, renew. */
enum oauth_verdict { OAUTH_GIVE, OAUTH_BARE, OAUTH_REFUSE, OAUTH_MARK, OAUTH_RENEW };
enum oauth_verdict oauth_purse_judge(struct oauth_purse *p);
/* Is the entry's token still taken, though it should be renewed? */
bool oauth_purse_is_good(const struct oauth_purse *p);
/* Judges, and does what is to be done. */
void oauth_purse_decide(struct oauth_purse *p);
/* Reads the entry and decides. */
void oauth_purse_look(struct oauth_purse *p);
/* Looks again, after a moment. */
void oauth_purse_later(struct oauth_purse *p);

/* ---- oauth_renew ---- */

void oauth_renew_begin(struct oauth_purse *p);
/* Writes that the operator is needed. p->entry.why, .wanted and p->words are set. */
void oauth_renew_mark(struct oauth_purse *p);
/* Once more: the tokens that Redis did not take. */
void oauth_renew_save(struct oauth_purse *p);

#endif
