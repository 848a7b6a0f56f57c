/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's form, brought into the one shape that the rest of the program knows. */
#include "tools/remote/elicit.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MESSAGE_MAX 1500 /* bytes that are shown, as are the next */
#define TITLE_MAX 120
#define DESCRIPTION_MAX 500
#define NAME_MAX_BYTES 64
#define CHOICES_MAX 100
#define CHOICE_MAX 200

struct elicit_form {
    char *why;
    size_t why_size;
};

static int elicit_refuse(const struct elicit_form *f, const char *name, const char *what)
{
    snprintf(f->why, f->why_size, "%s%.64s%s%s", name ? "the field " : "", name ? name : "",
        name ? " " : "", what);
    return ERR_INVALID;
}

/* ---- texts of others ---- */

/* Characters that show as something else than they are, or that change how their neighbours do. */
static bool elicit_is_hidden(unsigned code)
{
    static const struct {
        unsigned from, to;
    } ranges[] = {{0x7F, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C}, {0x115F, 0x1160},
        {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
        {0x2800, 0x2800}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
        {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].from && code <= ranges[i].to)
            return true;
    return code < 0x20 && code != '\n';
}

static void elicit_clean(struct buf *out, const char *text, size_t len, size_t max)
{
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_sequence(text + i, len - i, NULL);
        unsigned code = n ? utf8_code(text + i, n) : 0;
        if (!n)
            n = 1;
        if (code && elicit_is_hidden(code))
            code = code < 0x20 ? ' ' : 0;
        if (out->len + n > max) {
            buf_puts(out, "…");
            return;
        }
        if (code == ' ')
            buf_putc(out, ' ');
        else if (code)
            buf_put(out, text + i, n);
    }
}

static int elicit_set_clean(jdoc *object, const char *key, const jdoc *value, size_t max)
{
    struct buf text = {0};
    size_t len = 0;
    const char *given = jdoc_string(value, &len);
    jdoc *clean = NULL;
    int error = 0;

    if (!given || !len)
        return 0;
    elicit_clean(&text, given, len, max);
    error = buf_error(&text);
    if (!error && text.len && !(clean = jdoc_new_string(buf_text(&text), text.len)))
        error = ERR_NOMEM;
    if (clean)
        error = jdoc_set(object, key, clean);
    buf_free(&text);
    return error;
}

/* ---- secrets ---- */

/* Words of a name or a title that ask for what grants access or pays; several are joined. */
static const char *const elicit_secrets[] = {"password", "passwort", "kennwort", "contrasena",
    "contraseña", "motdepasse", "passwd", "pwd", "passphrase", "passcode", "secret", "secretkey",
    "token", "accesstoken", "apikey", "privatekey", "credential", "credentials", "otp", "totp",
    "pin", "pincode", "tan", "cvv", "cvc", "cardnumber", "creditcard", "kreditkarte",
    "kartennummer", "securitycode", "seedphrase", "mnemonic", "ssn"};

/* Of them, those that stand in a description by chance: its sentences are no names. */
static const char *const elicit_common[] = {"secret", "token", "credential", "credentials", "pin",
    "tan", "otp"};

static bool elicit_is_secret_word(const char *word, bool prose)
{
    for (size_t i = 0; prose && i < sizeof elicit_common / sizeof *elicit_common; i++)
        if (!strcmp(word, elicit_common[i]))
            return false;
    for (size_t i = 0; i < sizeof elicit_secrets / sizeof *elicit_secrets; i++)
        if (!strcmp(word, elicit_secrets[i]))
            return true;
    return false;
}

/* A pin on a map, or of a connector, is no secret. */
static bool elicit_is_harmless(const char *word, const char *next)
{
    static const char *const others[] = {"location", "locations", "position", "place", "color",
        "colour", "count", "map", "drop", "label"};

    for (size_t i = 0; !strcmp(word, "pin") && i < sizeof others / sizeof *others; i++)
        if (!strncasecmp(next, others[i], strlen(others[i])) &&
            !isalnum((unsigned char)next[strlen(others[i])]))
            return true;
    return false;
}

/* The words of the text in small letters; each alone, and joined with the one and two before. */
static bool elicit_names_secret(const char *text, bool prose)
{
    char words[3][48] = {"", "", ""};
    size_t len = 0;
    bool found = false, was_small = false;

    for (; !found; text++) {
        unsigned char c = (unsigned char)*text;
        bool letter = isalnum(c) || c >= 0x80;
        bool hump = isupper(c) && was_small;
        if (len && (!letter || hump)) {
            char joined[3 * sizeof words[0]];
            words[2][len] = 0;
            snprintf(joined, sizeof joined, "%s%s", words[1], words[2]);
            found = (elicit_is_secret_word(words[2], prose) &&
                        !elicit_is_harmless(words[2], text + (letter || !c ? 0 : 1))) ||
                (*words[1] && elicit_is_secret_word(joined, prose));
            snprintf(joined, sizeof joined, "%s%s%s", words[0], words[1], words[2]);
            found = found || (*words[0] && elicit_is_secret_word(joined, prose));
            memcpy(words[0], words[1], sizeof words[0]);
            memcpy(words[1], words[2], sizeof words[1]);
            len = 0;
        }
        if (!c)
            break;
        if (letter && len + 1 < sizeof words[2])
            words[2][len++] = (char)tolower(c);
        was_small = islower(c) || isdigit(c);
    }
    return found;
}

/* ---- fields ---- */

static int elicit_add_choice(const jdoc *value, const jdoc *title, jdoc *values, jdoc *names)
{
    jdoc *holder = jdoc_new_object(), *copy = jdoc_dup(value);
    int error = holder && copy ? jdoc_push(values, copy) : ERR_NOMEM;

    if (!holder || !copy)
        jdoc_free(copy);
    if (!error)
        error =
            elicit_set_clean(holder, "name", jdoc_string(title, NULL) ? title : value, TITLE_MAX);
    if (!error) {
        const char *name = jdoc_text_or(holder, "name", "?");
        jdoc *text = jdoc_new_string(name, strlen(name));
        error = text ? jdoc_push(names, text) : ERR_NOMEM;
    }
    jdoc_free(holder);
    return error;
}

/* list: texts with or without `names`, or objects with const and title. */
static int elicit_fill_choices(const struct elicit_form *f, const char *field, const jdoc *list,
    const jdoc *titles, jdoc *values, jdoc *names)
{
    size_t count = jdoc_length(list);
    int error = 0;

    if (jdoc_type(list) != JDOC_ARRAY || !count || count > CHOICES_MAX)
        return elicit_refuse(f, field, "must have 1 to 100 choices");
    for (size_t i = 0; i < count && !error; i++) {
        const jdoc *one = jdoc_at(list, i), *value = one, *title = jdoc_at(titles, i);
        size_t len = 0;
        if (jdoc_type(one) == JDOC_OBJECT) {
            value = jdoc_get(one, "const");
            title = jdoc_get(one, "title");
        }
        if (!jdoc_string(value, &len) || len > CHOICE_MAX)
            return elicit_refuse(f, field, "has a choice that is no text of at most 200 bytes");
        error = elicit_add_choice(value, title, values, names);
    }
    return error;
}

static const jdoc *elicit_choices_of(const jdoc *given)
{
    static const char *const keys[] = {"enum", "oneOf", "anyOf"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (jdoc_get(given, keys[i]))
            return jdoc_get(given, keys[i]);
    return NULL;
}

static int elicit_put_choices(const struct elicit_form *f, const char *field, const jdoc *given,
    jdoc *out)
{
    jdoc *values = jdoc_new_array(), *names = jdoc_new_array();
    const jdoc *titles = jdoc_get(given, "enumNames");
    int error = values && names ? 0 : ERR_NOMEM;

    if (!error && titles && jdoc_length(titles) != jdoc_length(elicit_choices_of(given)))
        titles = NULL;
    if (!error)
        error = elicit_fill_choices(f, field, elicit_choices_of(given), titles, values, names);
    if (!error)
        error = jdoc_set_string(out, "type", "string");
    if (!error) {
        error = jdoc_set(out, "enum", values);
        values = NULL;
    }
    if (!error) {
        error = jdoc_set(out, "enumNames", names);
        names = NULL;
    }
    jdoc_free(values);
    jdoc_free(names);
    return error;
}

/* Numbers of the field that bound its value. */
static int elicit_copy_bounds(const struct elicit_form *f, const char *field, const jdoc *given,
    jdoc *out, const char *least, const char *most)
{
    const char *const keys[] = {least, most};
    int error = 0;

    for (size_t i = 0; i < 2 && !error; i++) {
        const jdoc *value = jdoc_get(given, keys[i]);
        jdoc *copy;
        double number;
        if (!value)
            continue;
        if (jdoc_double(value, &number) || ((*least == 'm' && least[3] != 'i') && number < 0))
            return elicit_refuse(f, field, "has a limit that is no number");
        copy = jdoc_dup(value);
        error = copy ? jdoc_set(out, keys[i], copy) : ERR_NOMEM;
    }
    return error;
}

static int elicit_put_text(const struct elicit_form *f, const char *field, const jdoc *given,
    jdoc *out)
{
    static const char *const formats[] = {"email", "uri", "date", "date-time"};
    const char *format = jdoc_text_or(given, "format", "");
    int error;

    if (elicit_choices_of(given))
        return elicit_put_choices(f, field, given, out);
    if (!strcmp(format, "password"))
        return elicit_refuse(f, field, "asks for a secret, which forms must not");
    error = jdoc_set_string(out, "type", "string");
    if (!error)
        error = elicit_copy_bounds(f, field, given, out, "minLength", "maxLength");
    for (size_t i = 0; i < sizeof formats / sizeof *formats && !error; i++)
        if (!strcmp(format, formats[i]))
            error = jdoc_set_string(out, "format", format);
    return error;
}

static int elicit_put_list(const struct elicit_form *f, const char *field, const jdoc *given,
    jdoc *out)
{
    const jdoc *items = jdoc_get(given, "items");
    jdoc *of = jdoc_new_object();
    int error = of ? jdoc_set_string(out, "type", "array") : ERR_NOMEM;

    if (!error && !elicit_choices_of(items))
        error = elicit_refuse(f, field, "is a list of something else than choices");
    if (!error)
        error = elicit_put_choices(f, field, items, of);
    if (!error) {
        error = jdoc_set(out, "items", of);
        of = NULL;
    }
    jdoc_free(of);
    return error ? error : elicit_copy_bounds(f, field, given, out, "minItems", "maxItems");
}

static int elicit_put_type(const struct elicit_form *f, const char *field, const jdoc *given,
    jdoc *out)
{
    const char *type = jdoc_text_or(given, "type", "");
    int error;

    if (!strcmp(type, "string"))
        return elicit_put_text(f, field, given, out);
    if (!strcmp(type, "array"))
        return elicit_put_list(f, field, given, out);
    if (strcmp(type, "number") != 0 && strcmp(type, "integer") != 0 && strcmp(type, "boolean") != 0)
        return elicit_refuse(f, field,
            "must be a string, number, integer, boolean or list of choices");
    error = jdoc_set_string(out, "type", type);
    return error || *type == 'b' ? error :
                                   elicit_copy_bounds(f, field, given, out, "minimum", "maximum");
}

/* One that is right; another is none. */
static int elicit_put_default(const jdoc *given, jdoc *out)
{
    const jdoc *value = jdoc_get(given, "default");
    struct tools_problem problem;
    jdoc *copy;

    if (!value || schema_validate(out, value, &problem))
        return 0;
    copy = jdoc_dup(value);
    return copy ? jdoc_set(out, "default", copy) : ERR_NOMEM;
}

static bool elicit_is_name(const char *name)
{
    size_t len = strlen(name);

    if (!len || len > NAME_MAX_BYTES || name[0] == '_')
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.$ ", *c))
            return false;
    return true;
}

/* What is shown counts, not what hides in it. */
static bool elicit_shows_secret(const jdoc *out, const char *name)
{
    return elicit_names_secret(name, false) ||
        elicit_names_secret(jdoc_text_or(out, "title", ""), false) ||
        elicit_names_secret(jdoc_text_or(out, "description", ""), true);
}

static int elicit_put_field(const struct elicit_form *f, const char *name, const jdoc *given,
    jdoc *fields)
{
    jdoc *out = jdoc_new_object();
    int error = out ? 0 : ERR_NOMEM;

    if (!error && !elicit_is_name(name))
        error = elicit_refuse(f, name, "has a name of other than 1 to 64 letters and digits");
    if (!error)
        error = elicit_put_type(f, name, given, out);
    if (!error)
        error = elicit_set_clean(out, "title", jdoc_get(given, "title"), TITLE_MAX);
    if (!error)
        error =
            elicit_set_clean(out, "description", jdoc_get(given, "description"), DESCRIPTION_MAX);
    if (!error && elicit_shows_secret(out, name))
        error = elicit_refuse(f, name, "asks for a secret, which forms must not");
    if (!error)
        error = elicit_put_default(given, out);
    if (!error)
        return jdoc_set(fields, name, out);
    jdoc_free(out);
    return error;
}

/* ---- the form ---- */

static int elicit_put_fields(const struct elicit_form *f, const jdoc *given, jdoc *schema)
{
    struct jdoc_iter it = {0};
    const jdoc *properties = jdoc_get(given, "properties");
    jdoc *fields = jdoc_new_object(), *field;
    const char *name;
    int error = fields ? 0 : ERR_NOMEM;

    if (!error && properties && jdoc_type(properties) != JDOC_OBJECT)
        error = elicit_refuse(f, NULL, "requestedSchema has properties that are no object");
    if (!error && jdoc_length(properties) > ELICIT_FIELDS_MAX)
        error = elicit_refuse(f, NULL, "the form has more than 24 fields");
    while (!error && jdoc_next(properties, &it, &name, &field))
        error = elicit_put_field(f, name, field, fields);
    if (!error)
        return jdoc_set(schema, "properties", fields);
    jdoc_free(fields);
    return error;
}

static int elicit_put_required(const struct elicit_form *f, const jdoc *given, jdoc *schema)
{
    const jdoc *list = jdoc_get(given, "required");
    jdoc *required = jdoc_new_array();
    int error = required ? 0 : ERR_NOMEM;

    for (size_t i = 0; i < jdoc_length(list) && !error; i++) {
        const char *name = jdoc_string(jdoc_at(list, i), NULL);
        jdoc *copy;
        if (!name || !jdoc_get(jdoc_get(schema, "properties"), name)) {
            error = elicit_refuse(f, NULL, "requestedSchema requires a field that it has not");
            break;
        }
        copy = jdoc_new_string(name, strlen(name));
        error = copy ? jdoc_push(required, copy) : ERR_NOMEM;
    }
    if (!error)
        return jdoc_set(schema, "required", required);
    jdoc_free(required);
    return error;
}

static int elicit_make_schema(const struct elicit_form *f, const jdoc *given, jdoc *schema)
{
    int error;

    if (jdoc_type(given) != JDOC_OBJECT ||
        strcmp(jdoc_text_or(given, "type", "object"), "object") != 0)
        return elicit_refuse(f, NULL, "requestedSchema is no schema of an object");
    if ((error = jdoc_set_string(schema, "type", "object")) ||
        (error = elicit_put_fields(f, given, schema)) ||
        (error = elicit_put_required(f, given, schema)))
        return error;
    return jdoc_set_bool(schema, "additionalProperties", false);
}

static const char *elicit_keep(struct arena *arena, struct buf *text)
{
    const char *kept = buf_error(text) ? NULL : arena_memdup(arena, buf_text(text), text->len + 1);

    buf_free(text);
    return kept;
}

int elicit_read(const jdoc *params, const char *from, struct arena *arena,
    struct tools_question *out, char *why, size_t why_size)
{
    const struct elicit_form f = {why, why_size};
    struct buf message = {0}, text = {0};
    const char *said = jdoc_text_or(params, "message", "");
    jdoc *schema;
    int error;

    *out = (struct tools_question){.from = from};
    if (strcmp(jdoc_text_or(params, "mode", "form"), "form") != 0)
        return elicit_refuse(&f, NULL, "it asks in a mode that this client did not offer");
    if (!(schema = jdoc_new_object()))
        return ERR_NOMEM;
    error = elicit_make_schema(&f, jdoc_get(params, "requestedSchema"), schema);
    if (!error) {
        jdoc_write(schema, &text);
        elicit_clean(&message, said, strlen(said), MESSAGE_MAX);
        if (text.len > ELICIT_SCHEMA_MAX)
            error = elicit_refuse(&f, NULL, "the form has more than 16384 bytes");
    }
    jdoc_free(schema);
    out->schema = elicit_keep(arena, &text);
    out->message = elicit_keep(arena, &message);
    return error || (out->schema && out->message) ? error : ERR_NOMEM;
}
