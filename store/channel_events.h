#ifndef TURNPIKE_STORE_CHANNEL_EVENTS_H
#define TURNPIKE_STORE_CHANNEL_EVENTS_H

struct reactor;
struct redisAsyncContext;

/*
 * channel_events -- hiredis' asynchronous side on base/reactor; for store/channel alone. Commands
 * that the callbacks of a pass send go out by one write at the end of that pass; the socket is
 * watched for room only while a connection is being made, or when it has not taken all.
 *
 * Returns 0 or ERR_NOMEM. The context owns what is made here and frees it with itself.
 */
int channel_events_attach(struct reactor *r, struct redisAsyncContext *ac);

#endif
