/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "workers/supervisor/top_command.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define TOP_EVERY_MS 1000

static volatile sig_atomic_t ended;

static void top_command_on_signal(int number)
{
    (void)number;
    ended = 1;
}

struct screen {
    unsigned rows, columns, used;
};

static void top_command_size(struct screen *screen)
{
    struct winsize size;
    *screen = (struct screen){.rows = 24, .columns = 80};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 && size.ws_col > 1) {
        screen->rows = size.ws_row;
        screen->columns = size.ws_col;
    }
}

static void top_command_line(struct screen *screen, const char *line, size_t len)
{
    if (screen->used + 1 >= screen->rows)
        return;
    screen->used++;
    printf("%.*s\033[K\n", (int)(len < screen->columns ? len : screen->columns), line);
}

static bool top_command_is_idle(const char *line, size_t len)
{
    return memmem(line, len, " idle ", 6) != NULL;
}

/* Lines of the slots' table: those that do something first. */
static void top_command_slots(struct screen *screen, const char *text, bool idle)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1)
        if (top_command_is_idle(text, (size_t)(end - text)) == idle)
            top_command_line(screen, text, (size_t)(end - text));
}

static void top_command_show(const char *text)
{
    struct screen screen;
    top_command_size(&screen);
    fputs("\033[H", stdout);
    const char *end;
    bool table = false;
    while (!table && (end = strchr(text, '\n'))) {
        table = strncmp(text, "slot ", 5) == 0;
        top_command_line(&screen, text, (size_t)(end - text));
        text = end + 1;
    }
    top_command_slots(&screen, text, false);
    top_command_slots(&screen, text, true);
    fputs("\033[Jq = quit", stdout);
    fflush(stdout);
}

/* Returns true when the user wants to leave. */
static bool top_command_wait(void)
{
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
    char key;
    int ready = poll(&keys, 1, TOP_EVERY_MS);
    if (ended)
        return true;
    return ready > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q');
}

static int top_command_loop(top_ask_fn *ask, void *arg)
{
    struct buf reply = {0};
    int status = 0;
    do {
        status = ask(arg, &reply) == 0 ? 0 : 1;
        if (status == 0)
            top_command_show(buf_text(&reply));
    } while (status == 0 && !top_command_wait());
    buf_free(&reply);
    return status;
}

bool top_is_screen(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

int top_command(top_ask_fn *ask, void *arg)
{
    const struct sigaction action = {.sa_handler = top_command_on_signal};
    struct termios before, raw;
    if (tcgetattr(STDIN_FILENO, &before) < 0)
        return 1;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\033[?1049h\033[?25l\033[?7l", stdout); /* other screen, no cursor, no wrapping */
    int status = top_command_loop(ask, arg);
    fputs("\033[?7h\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return status;
}
