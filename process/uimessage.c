/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/uimessage.h"

#include <string.h>

static int uimessage_read_json(const jdoc *content, jdoc **out)
{
    size_t len;
    const char *text = jdoc_string(content, &len);

    if (!text || len < 2 || (text[0] != '{' && text[0] != '['))
        return 0;
    return jdoc_parse(text, len, out, NULL, 0) == ERR_NOMEM ? ERR_NOMEM : 0;
}

int uimessage_result_read(const jdoc *content, bool failed, struct uimessage_result *out)
{
    const char *code, *text = jdoc_string(content, NULL);
    bool success = !failed;
    int error;

    *out = (struct uimessage_result){.outcome = UIMESSAGE_OUTPUT, .output = content};
    if ((error = uimessage_read_json(content, &out->parsed)))
        return error;
    if (out->parsed)
        out->output = out->parsed;
    (void)jdoc_get_bool(out->parsed, "success", &success);
    if (success)
        return 0;
    code = jdoc_text_or(jdoc_get(out->parsed, "error"), "code", "");
    out->outcome = strcmp(code, "denied") == 0 ? UIMESSAGE_DENIED : UIMESSAGE_FAILED;
    out->why = jdoc_text_or(out->parsed, "message", text ? text : "The tool failed.");
    return 0;
}

void uimessage_result_free(struct uimessage_result *r)
{
    jdoc_free(r->parsed);
    r->parsed = NULL;
}

void uimessage_put_descriptor(struct buf *out, const jdoc *asked, const char *expires)
{
    const jdoc *arguments = jdoc_get(asked, "arguments"), *preview = jdoc_get(asked, "preview");
    const jdoc *form = jdoc_get(asked, "form");

    buf_puts(out, "{\"tool\":");
    buf_json_text(out, jdoc_text_or(asked, "tool", ""));
    buf_puts(out, ",\"arguments\":");
    if (arguments)
        jdoc_write(arguments, out);
    else
        buf_puts(out, "{}");
    buf_json_member(out, "reason", jdoc_string(jdoc_get(asked, "reason"), NULL));
    buf_json_member(out, "expiresAt", expires);
    if (preview) {
        buf_puts(out, ",\"preview\":");
        jdoc_write(preview, out);
    }
    if (form) {
        buf_puts(out, ",\"form\":");
        jdoc_write(form, out);
    }
    buf_putc(out, '}');
}

bool uimessage_put_input(struct buf *out, const char *arguments, size_t len)
{
    jdoc *value = NULL;
    bool good = len == 0 || jdoc_parse(arguments, len, &value, NULL, 0) == 0;

    if (good && len > 0)
        jdoc_write(value, out);
    else if (good)
        buf_puts(out, "{}");
    else
        buf_json_string(out, arguments, len);
    jdoc_free(value);
    return good;
}
