/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_files.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 16777216 /* bytes that are read; the site's own bound is told by its refusal */
#define FILES_TIMEOUT_MS 120000
#define FILES_WHY 600

static const char *files_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void files_on_tick(void *arg)
{
    terminal_view_tick(arg);
}

/* Adds the stored file that the reply tells of. */
static int files_note(const struct terminal_link_reply *reply, const char *name, jdoc **list)
{
    jdoc *stored = NULL, *file = NULL;
    int error = jdoc_parse(buf_text(&reply->body), reply->body.len, &stored, NULL, 0);
    if (error == 0 && !*list) {
        *list = jdoc_new_array();
        error = *list ? 0 : ERR_NOMEM;
    }
    if (error == 0) {
        file = jdoc_new_object();
        error = file ? jdoc_set_string(file, "id", jdoc_text_or(stored, "id", "")) : ERR_NOMEM;
        if (error == 0)
            error = jdoc_set_string(file, "name", name);
        error = file ? jdoc_push_made(*list, file, error) : error;
    }
    jdoc_free(stored);
    return error;
}

static int files_send(struct terminal_link *link, struct terminal_view *view, const char *name,
    const char *bytes, size_t len, jdoc **list)
{
    struct buf path = {0};
    struct terminal_link_reply reply;
    char why[FILES_WHY];
    buf_puts(&path, "/attachments?name=");
    buf_put_urlencoded(&path, name, strlen(name));
    struct terminal_link_request request = {.method = "POST",
        .path = buf_text(&path),
        .body = bytes,
        .body_len = len,
        .type = "application/octet-stream",
        .timeout_ms = FILES_TIMEOUT_MS,
        .on_tick = files_on_tick,
        .arg = view};
    terminal_view_status(view, "Sending the file");
    terminal_link_ask(link, &request, &reply);
    terminal_view_status(view, "");
    int error = reply.error ? reply.error : reply.status / 100 == 2 ? 0 : ERR_REMOTE;
    if (error == 0)
        error = files_note(&reply, name, list);
    terminal_link_why(&reply, why, sizeof why);
    if (error == 0)
        terminal_view_line(view, TERMINAL_DIM, "%s goes along with the next message.", name);
    else
        terminal_view_line(view, TERMINAL_BAD, "%s was not sent: %s", name, why);
    terminal_link_reply_fini(&reply);
    buf_free(&path);
    return error;
}

int terminal_files_add(struct terminal_link *link, struct terminal_view *view, const char *path,
    jdoc **list)
{
    char *bytes = NULL, name[256];
    size_t len = 0;
    errno = 0;
    int error = file_read(AT_FDCWD, path, FILES_MAX, &bytes, &len);
    terminal_view_safe(files_name(path), strlen(files_name(path)), name, sizeof name);
    if (error != 0)
        terminal_view_line(view, TERMINAL_BAD, "%s: %s", name, file_why(error));
    else
        error = files_send(link, view, name, bytes, len, list);
    free(bytes);
    return error;
}
