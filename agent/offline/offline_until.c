/* SPDX-License-Identifier: BSD-2-Clause */
/* "Dinner 7 to 9pm": an event with its end. The end is taken out, and put to the call again. */
#include "agent/offline/offline_talk.h"

#include "base/jdoc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct offline_until_time {
    int hour, minute, half; /* half: 0 = am, 1 = pm, -1 = not said */
    bool clock;             /* "19 Uhr", "19h": one of 24 hours */
};

/* Bytes of the time of day at p; 0 = there is none. */
static size_t offline_until_time(const char *p, struct offline_until_time *out)
{
    size_t n = strspn(p, "0123456789"), at;

    *out = (struct offline_until_time){.half = -1};
    if (!n || n > 2)
        return 0;
    out->hour = p[0] - '0';
    if (n == 2)
        out->hour = out->hour * 10 + p[1] - '0';
    if (strchr(":.h", p[n]) && p[n] && strspn(p + n + 1, "0123456789") == 2) {
        out->clock = p[n] == 'h';
        out->minute = (p[n + 1] - '0') * 10 + p[n + 2] - '0';
        n += 3;
    }
    at = n + strspn(p + n, " ");
    if (!strncasecmp(p + at, "am", 2) || !strncasecmp(p + at, "pm", 2)) {
        out->half = (p[at] | 0x20) == 'p';
        n = at + 2;
    } else if (!strncasecmp(p + at, "uhr", 3)) {
        out->clock = true;
        n = at + 3;
    } else if (p[n] == 'h' && !isalnum((unsigned char)p[n + 1])) {
        out->clock = true;
        n++;
    }
    return out->hour < 24 && out->minute < 60 && !isalnum((unsigned char)p[n]) ? n : 0;
}

/* Bytes from the end of one time to the next one's beginning; 0 = they are no stretch. */
static size_t offline_until_joint(const char *p)
{
    static const char *const joints[] = {"to ", "until ", "till ", "bis ", "- ", "-",
        "\xe2\x80\x93", "\xc3\xa0 ", "a ", "hasta "};
    size_t blank = strspn(p, " ");

    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
        if ((blank || !isalpha((unsigned char)*joints[i])) &&
            !strncmp(p + blank, joints[i], strlen(joints[i])))
            return blank + strlen(joints[i]);
    return 0;
}

/* The word before a time that leads to a stretch: "from", "von", "de". */
static size_t offline_until_lead(const char *text, size_t at)
{
    static const char *const leads[] = {"from ", "von ", "de ", "between "};

    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        size_t n = strlen(leads[i]);
        if (at >= n && !strncasecmp(text + at - n, leads[i], n))
            return n;
    }
    return 0;
}

bool offline_until_split(const char *text, char *out, size_t size, int *end)
{
    struct offline_until_time a, b;

    for (const char *p = text; *p; p++) {
        size_t n, joint, m, at = (size_t)(p - text);
        if ((at && p[-1] != ' ') || !(n = offline_until_time(p, &a)) ||
            !(joint = offline_until_joint(p + n)) || !(m = offline_until_time(p + n + joint, &b)))
            continue;
        bool clock = a.clock || b.clock;
        if (a.half < 0 && b.half >= 0 && a.hour >= 1 && a.hour <= 12) { /* "7 to 9pm" */
            bool over = a.hour % 12 > b.hour % 12;                      /* "11 to 1pm" */
            if (over && (!b.half || a.hour % 12 < 9 || b.hour % 12 > 3))
                return false; /* "9 to 7pm": of which half of the day? */
            a.half = over ? 0 : b.half;
        }
        if (!clock && (b.half < 0 || a.half < 0))
            return false; /* is asked about */
        if (!clock && (a.hour < 1 || a.hour > 12 || b.hour < 1 || b.hour > 12))
            return false;
        int from = clock ? a.hour : a.hour % 12 + 12 * a.half;
        *end = (clock ? b.hour : b.hour % 12 + 12 * b.half) * 60 + b.minute;
        size_t lead = offline_until_lead(text, at);
        int written = snprintf(out, size, "%.*s%02d:%02d%s", (int)(at - lead), text, from, a.minute,
            p + n + joint + m);
        return written > 0 && (size_t)written<size && * end> from * 60 + a.minute;
    }
    return false;
}

bool offline_until_put(struct offline_step *step, int end)
{
    jdoc *args = NULL;
    char text[32];
    bool done = false;

    if (step->call_count != 1 || strcmp(step->calls[0].name, "create_calendar_event") != 0 ||
        jdoc_parse(buf_text(&step->calls[0].args), step->calls[0].args.len, &args, NULL, 0))
        return false;
    const char *start = jdoc_text_or(args, "start_date", "");
    if (strlen(start) == 16 && strcmp(jdoc_text_or(args, "event_type", ""), "reminder") != 0) {
        snprintf(text, sizeof text, "%.11s%02d:%02d", start, end / 60, end % 60);
        done = !jdoc_set_string(args, "end_date", text);
    }
    if (done) {
        buf_free(&step->calls[0].args);
        jdoc_write(args, &step->calls[0].args);
    }
    jdoc_free(args);
    return done;
}
