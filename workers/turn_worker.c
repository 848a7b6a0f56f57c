#include "workers/worker.h"

#include "agent/turn.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/loop.h"
#include "fcgi-app/runner.h"
#include "store/listen.h"
#include "tools/mcp.h"

#define TURN_WORKER_LEAVE_MS 1000 /* for a word to servers that keep a session for us */

/* turn_worker -- one FastCGI request is one turn; the turn outlives the request. */

/* While Redis starts a turn. */
static void turn_worker_meanwhile(void *arg)
{
    struct turn_env *env = arg;
    if (env->http != NULL)
        http_prepare(env->http);
}

static int turn_worker_open(struct turn_env *env, struct app *app)
{
    env->conf = app->conf;
    env->reactor = app->reactor;
    env->store = app->store;
    env->breakers = app->worker->board->breakers;
    env->on_stage = runner_on_stage;
    env->on_under_way = runner_on_under_way;
    env->arg = app;
    env->abort_now = &app->worker->abort_turn;
    env->may_take_next = runner_may_take_next;
    link_meanwhile(app->store->link, turn_worker_meanwhile, env);
    int result = http_new(&env->http, app->reactor);
    if (result == 0)
        result = eventlog_new(&env->eventlog, app->store);
    if (result == 0)
        result = listen_new(&env->listen, app->conf, app->reactor, true);
    if (result < 0)
        log_error("cannot start: %s", err_text(result));
    return result;
}

static void turn_worker_close(struct turn_env *env)
{
    listen_free(env->listen);
    if (env->eventlog != NULL)
        eventlog_free(env->eventlog);
    mcp_leave(env->http, env->reactor, TURN_WORKER_LEAVE_MS);
    if (env->http != NULL)
        http_free(env->http);
}

int turn_worker_main(struct worker *w)
{
    struct turn_env env = {0};
    struct loop *l = NULL;
    int status = 1;
    if (loop_new(&l, w, ROUTES_TURN) < 0)
        return status;
    if (turn_worker_open(&env, loop_app(l)) == 0) {
        loop_app(l)->turns = &env;
        status = loop_run(l);
    }
    turn_worker_close(&env);
    loop_free(l);
    return status;
}
