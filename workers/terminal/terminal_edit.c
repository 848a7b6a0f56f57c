/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/terminal/terminal_edit.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EDIT_MAX 1048576 /* bytes */
#define EDIT_PATH 512

static const char *edit_program(void)
{
    const char *program = getenv("VISUAL");
    if (!program || *program == '\0')
        program = getenv("EDITOR");
    return program && *program != '\0' ? program : "vi";
}

/* A member a line, so that it can be read. */
static void edit_write(const jdoc *value, struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *member;
    bool first = true;
    buf_puts(out, "{");
    while (jdoc_next(value, &it, &key, &member)) {
        buf_puts(out, first ? "\n  " : ",\n  ");
        buf_json_text(out, key);
        buf_puts(out, ": ");
        jdoc_write(member, out);
        first = false;
    }
    buf_puts(out, "\n}\n");
}

static int edit_run(const char *path)
{
    sigset_t none;
    int status = 0;
    pid_t child = fork();
    if (child < 0)
        return ERR_IO;
    if (child == 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGINT, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        /* The variable may hold arguments: "code --wait". */
        execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", edit_program(), path, (char *)NULL);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return ERR_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ERR_IO;
}

static int edit_make(const jdoc *value, char *path)
{
    struct buf text = {0};
    const char *folder = getenv("TMPDIR");
    edit_write(value, &text);
    snprintf(path, EDIT_PATH, "%s/turnpike-XXXXXX", folder && *folder != '\0' ? folder : "/tmp");
    int fd = buf_error(&text) == 0 ? mkstemp(path) : -1;
    bool whole = fd >= 0 && write(fd, buf_text(&text), text.len) == (ssize_t)text.len;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !whole)
        unlink(path);
    buf_free(&text);
    return whole ? 0 : ERR_IO;
}

static int edit_read(struct terminal_view *view, const char *path, jdoc **edited)
{
    char *text = NULL, why[160] = "";
    size_t len = 0;
    int error = file_read(AT_FDCWD, path, EDIT_MAX, &text, &len);
    if (error == 0)
        error = jdoc_parse(text, len, edited, why, sizeof why);
    if (error == 0 && jdoc_type(*edited) != JDOC_OBJECT) {
        jdoc_free(*edited);
        *edited = NULL;
        error = ERR_INVALID;
    }
    if (error != 0)
        terminal_view_line(view, TERMINAL_BAD, "This is no JSON object: %s",
            why[0] != '\0' ? why : err_text(error));
    free(text);
    return error;
}

int terminal_edit_json(struct terminal_view *view, const jdoc *value, jdoc **edited)
{
    char path[EDIT_PATH];
    *edited = NULL;
    int error = edit_make(value, path);
    if (error != 0)
        return error;
    error = edit_run(path);
    if (error != 0)
        terminal_view_line(view, TERMINAL_BAD, "%s did not work", edit_program());
    else
        error = edit_read(view, path, edited);
    unlink(path);
    return error;
}
