/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/audit_command.h"

#include "process/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int audit_command_verify(const char *path, char prev[AUDIT_DIGEST_SIZE])
{
    size_t lines = 0;
    int error = audit_verify(path, prev, &lines);

    if (!error)
        printf("%s: %zu lines, each names the one before; the last is %.16s\n", path, lines, prev);
    else if (error == ERR_CONFLICT)
        printf("%s:%zu: a line before this one is missing or was changed\n", path, lines);
    else
        fprintf(stderr, "turnpike: %s: %s\n", path,
            error == ERR_IO ? strerror(errno) : err_text(error));
    return error ? 1 : 0;
}

int audit_command(const struct conf *conf, int argc, char **argv)
{
    char prev[AUDIT_DIGEST_SIZE] = "";
    int status = 0;

    if (argc < 1 || strcmp(argv[0], "verify") != 0) {
        fputs("usage: turnpike audit verify [FILE...]\n", stderr);
        return 2;
    }
    if (argc == 1 && !*conf->audit_file) {
        fputs("turnpike: the setting audit.file names no file\n", stderr);
        return 2;
    }
    if (argc == 1)
        return audit_command_verify(conf->audit_file, prev);
    for (int i = 1; i < argc && status == 0; i++)
        status = audit_command_verify(argv[i], prev);
    return status;
}
