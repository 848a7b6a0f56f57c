#include "workers/stream/stream_leave.h"

#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/facade_view.h"
#include "workers/stream/stream_ask.h"

#include <stdlib.h>
#include <string.h>

bool stream_leave_ends(const struct stream_handover *h)
{
    struct facade_view view;

    return h->detail[0] && !h->whole_session && facade_view_read(h->detail, &view) == 0 &&
        view.leaves;
}

static void stream_leave_tell(const char *turn, int error)
{
    log_limited(LOG_LEVEL_WARN, "turn %s goes on without its client: %s", turn, err_text(error));
}

static void stream_leave_on_reply(void *arg, int error, const struct fastcgi_reply *reply)
{
    char *turn = arg;

    (void)reply;
    if (error)
        stream_leave_tell(turn, error);
    free(turn);
}

void stream_leave(const struct stream_conn *c, const char *turn)
{
    struct buf path = {0};
    char *arg = strdup(turn);
    int error = ERR_NOMEM;

    buf_printf(&path, "%s/turns/%s/cancel", c->stream->conf->public_base, turn);
    const struct stream_ask ask = {.pool = c->stream->api,
        .method = "POST",
        .path = buf_text(&path),
        .body = "{}",
        .len = 2,
        .repeatable = true};
    if (arg && buf_error(&path) == 0)
        error = stream_ask(c, &ask, stream_leave_on_reply, arg, NULL);
    if (error) {
        stream_leave_tell(turn, error);
        free(arg);
    }
    buf_free(&path);
}
