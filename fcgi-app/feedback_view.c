/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/feedback_view.h"

#include "base/clock.h"
#include "tools/kit/export_file.h"

#include <inttypes.h>

static void feedback_view_time(struct buf *out, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    if (ms <= 0)
        return;
    clock_rfc3339(ms, text);
    buf_json_member(out, name, text);
}

static const char *feedback_view_or_null(const char *text)
{
    return *text ? text : NULL;
}

static void feedback_view_tools(const struct feedback_turn *turn, struct buf *out)
{
    buf_puts(out, ",\"tools\":[");
    for (size_t i = 0; i < turn->tool_count; i++) {
        const struct feedback_tool *tool = &turn->tools[i];

        buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json_text(out, tool->name);
        buf_json_member(out, "outcome", tool->outcome);
        buf_json_member(out, "error", feedback_view_or_null(tool->error));
        buf_putc(out, '}');
    }
    buf_putc(out, ']');
}

void feedback_view_json(const struct feedback_entry *entry, const struct feedback_turn *turn,
    struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE];

    clock_rfc3339(entry->at_ms, at);
    buf_printf(out, "{\"at\":\"%s\"", at);
    buf_json_member(out, "user", entry->uid);
    buf_json_member(out, "message_id", entry->message);
    buf_json_member(out, "session_id", feedback_view_or_null(entry->session));
    buf_json_member(out, "turn_id", feedback_view_or_null(entry->turn));
    buf_printf(out, ",\"rating\":%d", entry->rating);
    buf_json_member(out, "type", feedback_view_or_null(entry->type));
    buf_json_member(out, "text", feedback_view_or_null(entry->text));
    buf_json_member(out, "question", feedback_view_or_null(turn->question));
    buf_json_member(out, "answer", feedback_view_or_null(turn->answer));
    feedback_view_tools(turn, out);
    buf_json_member(out, "state", feedback_view_or_null(turn->state));
    buf_json_member(out, "model", feedback_view_or_null(turn->model));
    if (*turn->usage) {
        buf_puts(out, ",\"usage\":");
        buf_puts(out, turn->usage);
    }
    feedback_view_time(out, "created_at", turn->created_ms);
    feedback_view_time(out, "started_at", turn->started_ms);
    feedback_view_time(out, "ended_at", turn->ended_ms);
    buf_putc(out, '}');
}

void feedback_view_csv_names(struct buf *out)
{
    buf_puts(out,
        "at,user,rating,type,text,question,answer,tools,state,model,input_tokens,output_tokens,"
        "seconds,session_id,turn_id,message_id\r\n");
}

void feedback_view_csv(const struct feedback_entry *entry, const struct feedback_turn *turn,
    struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE];
    struct buf tools = {0};

    clock_rfc3339(entry->at_ms, at);
    for (size_t i = 0; i < turn->tool_count; i++)
        buf_printf(&tools, "%s%s: %s%s%s", i ? "; " : "", turn->tools[i].name,
            turn->tools[i].outcome, *turn->tools[i].error ? " " : "", turn->tools[i].error);
    buf_printf(out, "%s,", at);
    export_file_text(out, entry->uid, ",");
    buf_printf(out, "%d,", entry->rating);
    const char *const texts[] = {entry->type, entry->text, turn->question, turn->answer,
        buf_text(&tools), turn->state, turn->model};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        export_file_text(out, texts[i], ",");
    buf_printf(out, "%" PRId64 ",%" PRId64 ",", turn->input, turn->output);
    if (turn->ended_ms && turn->created_ms)
        buf_printf(out, "%.3f", (double)(turn->ended_ms - turn->created_ms) / 1000);
    buf_putc(out, ',');
    export_file_text(out, entry->session, ",");
    export_file_text(out, entry->turn, ",");
    export_file_text(out, entry->message, "\r\n");
    if (buf_error(&tools))
        out->error = buf_error(&tools);
    buf_free(&tools);
}
