/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_agui.h"

#include "workers/stream/stream_socket.h"

#include <sys/uio.h>

static struct iovec stream_agui_part(const char *bytes, size_t len)
{
    return (struct iovec){(void *)(uintptr_t)bytes, len};
}

/* {"metadata":{"cursor":"EPOCH-N"}, and the event's own members behind it. */
static int stream_agui_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    static const char metadata[] = "{\"metadata\":{\"cursor\":\"";
    struct iovec parts[4] = {stream_agui_part(metadata, sizeof metadata - 1),
        stream_agui_part(e->id_text, e->id_len), stream_agui_part("\"},", 3),
        stream_agui_part(e->json + 1, e->json_len - 1)};

    return stream_socket_text(c, parts, 4, max);
}

const struct stream_form stream_agui_form = {.name = "agui",
    .error_code = "code",
    .hears_inbox = true,
    .takes_snapshots = true,
    .tells_accepted = true,
    .tells_results = true,
    .hello = stream_conn_no_step,
    .event = stream_agui_event};
