/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/submit_parts.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define SUBMIT_PARTS_MAX 128 /* of one message */

static void submit_member(struct buf *b, const char *name, const char *text)
{
    buf_printf(b, "\"%s\":", name);
    buf_json_string(b, text, strlen(text));
}

/* Room for one message more. */
static int submit_room(struct submit_parser *p)
{
    struct submit *out = p->out;
    size_t room = out->message_room > 0 ? out->message_room * 2 : 8, count = out->message_count;
    if (count == p->messages_max)
        return problem_limit(p->problem, "messages", (int64_t)p->messages_max,
            "More than %zu new messages.", p->messages_max);
    if (count < out->message_room)
        return 0;
    const char **messages = arena_array(p->arena, room, sizeof *messages);
    if (!messages)
        return ERR_NOMEM;
    if (count > 0)
        memcpy(messages, out->messages, count * sizeof *messages);
    out->messages = messages;
    out->message_room = room;
    return 0;
}

/* The place of one more message, and its id; one is made unless the client named it. */
static int submit_next(struct submit_parser *p, const char **id)
{
    struct submit *out = p->out;
    char made[IDENT_UUID_SIZE];
    int error = submit_room(p);
    if (error < 0)
        return error;
    out->message_id_made = !*id;
    if (!*id)
        ident_uuid7(made);
    *id = out->message_id = arena_strdup(p->arena, *id ? *id : made);
    return !*id ? ERR_NOMEM : 0;
}

static void submit_head(struct buf *b, const char *role, const char *tool_call)
{
    submit_member(b, "role", role);
    if (tool_call) {
        buf_putc(b, ',');
        submit_member(b, "toolCallId", tool_call);
    }
    buf_puts(b, ",\"content\":");
}

/* Adds a message of these members behind its id; they count for the hash. */
static int submit_keep(struct submit_parser *p, const char *id, const struct buf *members)
{
    struct submit *out = p->out;
    struct buf json;
    int error = buf_error(members);
    if (error == 0)
        error = submit_next(p, &id);
    if (error < 0)
        return error;
    buf_init(&json, 0);
    buf_putc(&json, '{');
    submit_member(&json, "id", id);
    buf_putc(&json, ',');
    buf_put(&json, members->data, members->len);
    buf_putc(&json, '}');
    buf_putc(&p->hash, '\n');
    buf_put(&p->hash, members->data, members->len);
    buf_putc(&p->hash, '}');
    const char *copy = buf_error(&json) == 0 ? arena_memdup(p->arena, json.data, json.len) : NULL;
    buf_free(&json);
    if (!copy)
        return ERR_NOMEM;
    out->messages[out->message_count++] = copy;
    return 0;
}

/* Adds one new message, content already JSON. */
static int submit_add(struct submit_parser *p, const char *id, const char *role,
    const char *content, const char *tool_call)
{
    struct buf members = {0};
    submit_head(&members, role, tool_call);
    buf_puts(&members, content);
    int error = submit_keep(p, id, &members);
    buf_free(&members);
    return error;
}

int submit_add_members(struct submit_parser *p, const char *members)
{
    struct buf text = {0};
    buf_puts(&text, members + (*members == ','));
    int error = submit_keep(p, NULL, &text);
    buf_free(&text);
    return error;
}

int submit_add_text(struct submit_parser *p, const char *id, const char *role, const char *text,
    const char *tool_call)
{
    struct buf content;
    buf_init(&content, 0);
    buf_json_string(&content, text, strlen(text));
    int error = buf_error(&content);
    if (error == 0)
        error = submit_add(p, id, role, content.data, tool_call);
    buf_free(&content);
    return error;
}

/* ---- content in parts ---- */

/* A file is the same when its bytes, its address or its id are. */
static void submit_hash_pieces(struct buf *b, const struct submit_said *said)
{
    buf_putc(b, '\n');
    submit_head(b, said->role, said->tool_call);
    for (size_t i = 0; i < said->count; i++) {
        const struct submit_piece *piece = &said->pieces[i];
        buf_putc(b, i == 0 ? '[' : ',');
        if (piece->text) {
            buf_json_text(b, piece->text);
        } else {
            buf_puts(b, "{\"file\":");
            buf_json_text(b, piece->file->text ? piece->file->text : piece->file->a.id);
            buf_json_member(b, "name", piece->file->name);
            buf_putc(b, '}');
        }
    }
    buf_putc(b, ']');
}

/* Adds a message with files; its JSON is written when these are known. */
static int submit_add_said(struct submit_parser *p, struct submit_said *said)
{
    struct submit *out = p->out;
    int error = submit_next(p, &said->id);
    if (error < 0)
        return error;
    submit_hash_pieces(&p->hash, said);
    said->at = out->message_count;
    said->next = out->said;
    out->said = said;
    out->messages[out->message_count++] = NULL;
    return buf_error(&p->hash);
}

/* The texts of the pieces, one a line. */
static int submit_join_pieces(struct submit_parser *p, const struct submit_said *said,
    const char **out)
{
    struct buf text;
    buf_init(&text, 0);
    for (size_t i = 0; i < said->count; i++) {
        if (!said->pieces[i].text)
            continue;
        if (text.len > 0)
            buf_putc(&text, '\n');
        buf_puts(&text, said->pieces[i].text);
    }
    int error = buf_error(&text);
    *out = error == 0 ? arena_strdup(p->arena, buf_text(&text)) : NULL;
    buf_free(&text);
    return error == 0 && !*out ? ERR_NOMEM : error;
}

static int submit_piece(struct submit_parser *p, jdoc *part, size_t index, struct submit_piece *out)
{
    char field[40];
    *out = (struct submit_piece){0};
    snprintf(field, sizeof field, "content[%zu]", index);
    if (jdoc_type(part) != JDOC_OBJECT)
        return problem_field(p->problem, field, "%s must be an object.", field);
    if (strcmp(jdoc_text_or(part, "type", ""), "text") != 0)
        return submit_part_file(p, part, field, &out->file);
    int error = submit_string(p, part, "text", &out->text);
    if (error == 0 && !out->text)
        out->text = "";
    return error;
}

static bool submit_has_files(const struct submit_said *said)
{
    for (size_t i = 0; i < said->count; i++) {
        if (said->pieces[i].file)
            return true;
    }
    return false;
}

static int submit_count_files(struct submit_parser *p, const struct submit_said *said)
{
    int64_t count = 0, most = p->conf->attachments_message;
    for (size_t i = 0; i < said->count; i++)
        count += said->pieces[i].file != NULL;
    if (count <= most)
        return 0;
    return problem_limit(p->problem, "content", most,
        "The message has %lld files; %lld are allowed.", (long long)count, (long long)most);
}

/* Reads the parts. */
static int submit_pieces(struct submit_parser *p, const jdoc *content, struct submit_said *said)
{
    size_t count = jdoc_length(content);
    if (count > SUBMIT_PARTS_MAX)
        return problem_limit(p->problem, "content", SUBMIT_PARTS_MAX,
            "content has %zu parts; %d are allowed.", count, SUBMIT_PARTS_MAX);
    said->pieces = arena_array(p->arena, count + 1, sizeof *said->pieces);
    if (!said->pieces)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int error = submit_piece(p, jdoc_at(content, i), i, &said->pieces[said->count]);
        if (error < 0)
            return error;
        said->count++;
    }
    return submit_count_files(p, said);
}

/* The user's words; with a file there need be none. */
static int submit_words(struct submit_parser *p, const char *name, const char *text, bool files)
{
    bool blank = text[strspn(text, " \t\r\n")] == '\0';
    int error = files && blank ? 0 : submit_check_text(p, name, text);
    if (error == 0)
        p->out->text = text;
    return error;
}

int submit_add_with_files(struct submit_parser *p, const char *id, const char *name,
    const char *text)
{
    struct submit *out = p->out;
    text = text ? text : "";
    int error = submit_words(p, name, text, out->file_count > 0);
    if (error < 0 || out->file_count == 0)
        return error < 0 ? error : submit_add_text(p, id, "user", text, NULL);
    struct submit_said *said = arena_alloc(p->arena, sizeof *said);
    if (!said)
        return ERR_NOMEM;
    *said = (struct submit_said){.id = id, .role = "user"};
    said->pieces = arena_array(p->arena, out->file_count + 1, sizeof *said->pieces);
    if (!said->pieces)
        return ERR_NOMEM;
    for (struct submit_file *f = out->files; f; f = f->next) /* vendors want pictures first */
        said->pieces[said->count++].file = f;
    if (text[strspn(text, " \t\r\n")] != '\0')
        said->pieces[said->count++].text = text;
    return submit_add_said(p, said);
}

/* Content that is a string. */
static int submit_plain(struct submit_parser *p, const jdoc *content, const char **out)
{
    size_t len = 0;
    if (!content)
        return problem_field(p->problem, "messages", "A message has no content.");
    *out = jdoc_string(content, &len);
    if (!*out)
        return problem_field(p->problem, "content",
            "content must be a string or an array of parts, not %s.",
            jdoc_type_name(jdoc_type(content)));
    if (strlen(*out) != len)
        return problem_field(p->problem, "content", "content must not hold the character U+0000.");
    return 0;
}

int submit_add_content(struct submit_parser *p, const char *id, const char *role,
    const jdoc *content, const char *tool_call)
{
    struct submit_said *said = arena_alloc(p->arena, sizeof *said);
    const char *text = NULL;
    if (!said)
        return ERR_NOMEM;
    *said = (struct submit_said){.id = id, .role = role, .tool_call = tool_call};
    int error = jdoc_type(content) == JDOC_ARRAY ? submit_pieces(p, content, said) :
                                                   submit_plain(p, content, &text);
    if (error == 0 && !text)
        error = submit_join_pieces(p, said, &text);
    if (error == 0 && strcmp(role, "user") == 0)
        error = submit_words(p, "messages", text, submit_has_files(said));
    if (error < 0)
        return error;
    return submit_has_files(said) ? submit_add_said(p, said) :
                                    submit_add_text(p, id, role, text, tool_call);
}

/* One message behind the last assistant message. Roles other than user and tool are not taken:
 * instructions of the assistant come from the operator, not from a client. */
static int submit_agui_message(struct submit_parser *p, const jdoc *message)
{
    const char *role = NULL, *id = NULL, *tool_call = NULL;
    int error = jdoc_type(message) == JDOC_OBJECT ?
        submit_string(p, message, "role", &role) :
        problem_field(p->problem, "messages", "Each message must be an object.");
    if (error < 0)
        return error;
    if (!role)
        return problem_field(p->problem, "messages", "A message has no role.");
    bool tool = strcmp(role, "tool") == 0;
    if (!tool && strcmp(role, "user") != 0)
        return 0;
    if ((error = submit_id(p, message, "id", IDENT_CLIENT_MESSAGE_MAX, &id)) < 0)
        return error;
    if (tool) {
        error = submit_id(p, message, "toolCallId", IDENT_CLIENT_MESSAGE_MAX, &tool_call);
        if (error == 0 && !tool_call)
            error = problem_field(p->problem, "toolCallId", "A tool message has no toolCallId.");
        if (error < 0)
            return error;
    }
    return submit_add_content(p, id, role, jdoc_get(message, "content"), tool_call);
}

int submit_agui_messages(struct submit_parser *p, const jdoc *agui)
{
    const jdoc *messages = jdoc_get(agui, "messages");
    if (!messages && p->out->resume_count > 0)
        return 0;
    if (jdoc_type(messages) != JDOC_ARRAY)
        return problem_field(p->problem, "messages", "messages must be an array.");
    size_t first = 0, count = jdoc_length(messages);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "assistant") == 0)
            first = i + 1;
    }
    for (size_t i = first; i < count; i++) {
        int error = submit_agui_message(p, jdoc_at(messages, i));
        if (error < 0)
            return error;
    }
    if (p->out->message_count == 0 && p->out->resume_count == 0)
        return problem_field(p->problem, "messages",
            "There is no user or tool message after the last assistant message.");
    return 0;
}

/* ---- messages with files, as they are stored ---- */

static void submit_write_file(struct buf *b, const struct attachment *a, const char *base)
{
    buf_printf(b, "{\"type\":\"%s\",\"source\":{\"type\":\"file\",\"value\":\"%s\"",
        a->media.kind == MEDIA_IMAGE ? "image" : "document", a->id);
    buf_json_member(b, "mimeType", a->type);
    buf_printf(b, "},\"metadata\":{\"bytes\":%lld", (long long)a->bytes);
    buf_json_member(b, "name", a->name[0] != '\0' ? a->name : NULL);
    if (a->media.kind == MEDIA_IMAGE)
        buf_printf(b, ",\"width\":%u,\"height\":%u", a->media.width, a->media.height);
    if (a->media.animated)
        buf_puts(b, ",\"animated\":true");
    if (a->media.kind == MEDIA_PDF)
        buf_printf(b, ",\"pages\":%u", a->media.pages);
    buf_puts(b, ",\"url\":\"");
    buf_json_escaped(b, base, strlen(base));
    buf_printf(b, "/attachments/%s\"}}", a->id);
}

static void submit_write_said(struct buf *b, const struct submit_said *said, const char *base)
{
    buf_putc(b, '{');
    submit_member(b, "id", said->id);
    buf_putc(b, ',');
    submit_head(b, said->role, said->tool_call);
    for (size_t i = 0; i < said->count; i++) {
        const struct submit_piece *piece = &said->pieces[i];
        buf_putc(b, i == 0 ? '[' : ',');
        if (piece->file) {
            submit_write_file(b, &piece->file->a, base);
        } else {
            buf_puts(b, "{\"type\":\"text\",\"text\":");
            buf_json_text(b, piece->text);
            buf_putc(b, '}');
        }
    }
    buf_puts(b, "]}");
}

int submit_write_files(struct submit *s, const char *base, struct arena *arena)
{
    int error = 0;
    for (const struct submit_said *said = s->said; error == 0 && said; said = said->next) {
        struct buf json = {0};
        submit_write_said(&json, said, base);
        error = buf_error(&json);
        if (error == 0 && !(s->messages[said->at] = arena_memdup(arena, json.data, json.len)))
            error = ERR_NOMEM;
        buf_free(&json);
    }
    return error;
}
