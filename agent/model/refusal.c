/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/refusal.h"

#include "agent/model/provider.h"
#include "base/buf.h"
#include "base/jdoc.h"
#include "base/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192
#define MEMBERS_MAX 6
#define TRIMS_MAX 5
#define WINDOW_MIN 256 /* a smaller number is none of a model's window */
#define OUTPUT_MIN 16  /* nor of its output */
#define NUMBER_MAX 1000000000LL
#define SENTENCE_PHRASES 20 /* at most, of one list */

/* ---- the words ---- */

/* Members of error bodies that repeat the request. */
static bool refusal_is_echo(const char *key)
{
    static const char *const keys[] = {"input", "body", "request", "ctx", "url"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!strcmp(key, keys[i]))
            return true;
    return false;
}

static void refusal_collect(const jdoc *value, int depth, struct buf *text)
{
    struct jdoc_iter it = {0};
    const char *key, *s = jdoc_string(value, NULL);
    int64_t number;
    jdoc *member;

    if (s) {
        buf_puts(text, s);
        buf_putc(text, '\n');
    } else if (!jdoc_int(value, &number)) {
        buf_printf(text, "%lld\n", (long long)number);
    }
    for (size_t i = 0; depth < 8 && jdoc_type(value) == JDOC_ARRAY && i < jdoc_length(value); i++)
        refusal_collect(jdoc_at(value, i), depth + 1, text);
    while (depth < 8 && jdoc_type(value) == JDOC_OBJECT && jdoc_next(value, &it, &key, &member)) {
        if (refusal_is_echo(key))
            continue;
        if (jdoc_type(member) == JDOC_INT) /* llama.cpp: "n_ctx":4096 */
            buf_printf(text, "%s ", key);
        refusal_collect(member, depth + 1, text);
    }
}

/* What it says, in small letters: the parameter that it names comes first. */
static void refusal_words(const char *body, size_t len, struct buf *text)
{
    jdoc *doc = NULL;

    text->max = TEXT_MAX;
    if (!jdoc_parse(body, len, &doc, NULL, 0)) {
        const jdoc *first = jdoc_type(doc) == JDOC_ARRAY ? jdoc_at(doc, 0) : doc;
        const jdoc *param = jdoc_get(jdoc_get(first, "error"), "param");
        if (jdoc_string(param, NULL))
            refusal_collect(param, 0, text);
        refusal_collect(doc, 0, text);
    } else {
        buf_put(text, body, len < TEXT_MAX - 1 ? len : TEXT_MAX - 1);
    }
    jdoc_free(doc);
    for (size_t i = 0; i < text->len; i++) {
        text->data[i] = (char)tolower((unsigned char)text->data[i]);
        if (!text->data[i])
            text->data[i] = ' ';
    }
}

static bool refusal_says(const char *text, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strstr(text, phrases[i]))
            return true;
    return false;
}
#define SAYS(text, list) refusal_says(text, list, sizeof list / sizeof *list)

static bool refusal_is_letter(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where the name stands as a word, or NULL. */
static const char *refusal_word(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = text; (at = strstr(at, name)); at++)
        if ((at == text || !refusal_is_letter(at[-1])) && !refusal_is_letter(at[len]))
            return at;
    return NULL;
}

/* ---- numbers ---- */

/* The number at *at, commas within it skipped; *at: behind it. -1 = none that counts. */
static int64_t refusal_number(const char **at)
{
    int64_t n = 0;
    const char *s = *at;

    for (; isdigit((unsigned char)*s) || (*s == ',' && isdigit((unsigned char)s[1])); s++)
        if (*s != ',' && n < NUMBER_MAX)
            n = n * 10 + (*s - '0');
    *at = s;
    return n < NUMBER_MAX ? n : -1;
}

/* Is the digit part of a name, as in claude-sonnet-4-20250514? */
static bool refusal_in_name(const char *text, const char *digit)
{
    const char *s = digit;

    while (s > text && (refusal_is_letter(s[-1]) || (s[-1] && strchr("-.@/", s[-1]))))
        if (isalpha((unsigned char)*--s))
            return true;
    return false;
}

/* The first number within a few words behind the phrase, at least `least`; 0 = none. */
static int64_t refusal_after(const char *text, const char *phrase, int64_t least)
{
    for (const char *at = text; (at = strstr(at, phrase)); at++) {
        const char *s = at + strlen(phrase), *end = s + 40;
        for (; *s && s < end; s++) {
            int64_t n;
            if (!isdigit((unsigned char)*s) || refusal_in_name(text, s))
                continue;
            if ((n = refusal_number(&s)) >= least)
                return n;
            break;
        }
    }
    return 0;
}

/* The largest number above `least` and, when most > 0, below `most`; 0 = none. */
static int64_t refusal_largest(const char *text, int64_t least, int64_t most)
{
    int64_t found = 0;

    for (const char *s = text; *s;) {
        if (!isdigit((unsigned char)*s)) {
            s++;
            continue;
        }
        bool named = refusal_in_name(text, s);
        int64_t n = refusal_number(&s);
        if (!named && n > least && n > found && (!most || n < most))
            found = n;
    }
    return found;
}

/* ---- what it means ---- */

static bool refusal_window(const char *text, long status, struct refusal *out)
{
    static const char *const phrases[] = {"prompt is too long", "context_length_exceeded",
        "context length", "context window", "context size", "exceed context limit",
        "exceed_context_size", "input is too long", "too many tokens", "maximum prompt length",
        "input token count", "maximum number of tokens allowed", "length of the messages",
        "request too large", "request_too_large", "maximum context", "too large for model",
        "max_new_tokens", "input length", "model_max_prompt_tokens_exceeded",
        "exceeds the maximum number of tokens", "reduce the length", "maximum model length",
        "model token limit", "exceeds max length", "tokens too long", "prompt token count",
        "is too long and exceeds", "].content': string too long",
        "\xe8\xb6\x85\xe9\x95\xbf" /* Zhipu: overlong */};
    static const char *const limits[] = {"maximum context length", "maximum prompt length",
        "maximum number of tokens allowed", "n_ctx", "context length of", "context length is",
        "context size", "(context length", "maximum model length", "model token limit",
        "context window of", "context window is", "maximum context", "model with", "limit of",
        "limit is", "must be <=", "at most", "(tpm): limit", "> "};

    if (status != 413 && status != 429 && !SAYS(text, phrases))
        return false;
    out->kind = REFUSAL_WINDOW;
    for (size_t i = 0; i < sizeof limits / sizeof *limits && !out->window; i++)
        out->window = refusal_after(text, limits[i], WINDOW_MIN);
    if (out->window)
        out->used = refusal_largest(text, out->window, 0);
    return true;
}

static bool refusal_output(const char *text, int64_t output, struct refusal *out)
{
    static const char *const names[] = {"max_tokens", "max_completion_tokens", "max_output_tokens"};
    static const char *const values[] = {"too large", "at most", " > ", "output tokens",
        "less than or equal", "must be <=", "cannot exceed", "range", "maximum value"};

    if (!SAYS(text, names) || !SAYS(text, values))
        return false;
    out->output_max = refusal_largest(text, OUTPUT_MIN - 1, output);
    out->kind = out->output_max ? REFUSAL_OUTPUT : REFUSAL_OTHER;
    return out->output_max > 0;
}

static const struct {
    uint64_t flag;
    const char *name;
    const char *setting; /* that would say it for good, or NULL */
} members[] = {
    {QUIRKS_NO_TEMPERATURE, "temperature", "model.temperature and the provider's own, left empty"},
    {QUIRKS_NO_STREAM_OPTIONS, "stream_options", "openai.stream_options = off"},
    {QUIRKS_NO_STREAM_OPTIONS, "include_usage", "openai.stream_options = off"},
    {QUIRKS_NO_TOOL_CHOICE, "tool_choice", NULL},
    {QUIRKS_NO_CACHE_CONTROL, "cache_control", "anthropic.cache_control = off"},
    {QUIRKS_OTHER_OUTPUT_FIELD, "max_tokens", "openai.max_tokens_field"},
    {QUIRKS_OTHER_OUTPUT_FIELD, "max_completion_tokens", "openai.max_tokens_field"},
    {QUIRKS_NO_OUTPUT_FIELD, "max_tokens", "openai.max_tokens_field = none"},
    {QUIRKS_NO_OUTPUT_FIELD, "max_completion_tokens", "openai.max_tokens_field = none"},
    {QUIRKS_NO_REASONING, "reasoning_content", "openai.reasoning_content = off"},
    {QUIRKS_NO_REASONING, PROVIDER_DETAILS, "openai.reasoning_content = off"},
    {QUIRKS_NO_CALL_EXTRA, "extra_content", NULL},
    {QUIRKS_NO_CALL_EXTRA, "thought_signature", NULL},
    {QUIRKS_NO_CALL_EXTRA, "provider_specific_fields", NULL},
    {QUIRKS_NO_CALL_EXTRA, "phase", NULL},
    {QUIRKS_NO_IS_ERROR, "is_error", NULL},
    {QUIRKS_NO_BETA, "anthropic-beta", NULL},
    {QUIRKS_NO_NONE, "reasoning_effort", "the provider responses in model.chain"},
    {QUIRKS_NO_EFFORT, "effort", "anthropic.thinking or openai.thinking = on"},
    {QUIRKS_NO_EFFORT, "output_config", "anthropic.thinking = on"},
    {QUIRKS_NO_EFFORT, "reasoning_effort", "openai.thinking = on"},
    {QUIRKS_NO_THINKING, "thinking", "anthropic.thinking or openai.thinking = auto"},
    {QUIRKS_NO_THINKING, "reasoning_effort", "openai.thinking = auto"},
    {QUIRKS_NO_THINKING, "reasoning", "openai.thinking or responses.thinking = auto"},
    {QUIRKS_NO_REASONING, PROVIDER_REASONING, "openai.reasoning_content = off"},
    {QUIRKS_NO_THINKING, "budget_tokens", "anthropic.thinking = auto"},
    {QUIRKS_NO_THINKING, "chat_template_kwargs", "openai.thinking = auto"},
    {QUIRKS_NO_THINKING, "enable_thinking", "openai.thinking = auto"},
    {QUIRKS_OTHER_THINKING, NULL, NULL},
    {QUIRKS_EFFORT_NONE, NULL, "openai.thinking = off, or the provider responses in model.chain"},
    {QUIRKS_NO_OUTPUT_FIELD, "max_output_tokens", NULL},
    {QUIRKS_NO_BACKGROUND, "background", "responses.background = off"},
    {QUIRKS_NO_STORE, "store", NULL},
    {QUIRKS_NO_CACHE_KEY, "prompt_cache_key", NULL},
    {QUIRKS_NO_PARALLEL, "parallel_tool_calls", "responses.parallel_tool_calls = on"},
    {QUIRKS_NO_INCLUDE, NULL, NULL},
    {QUIRKS_NO_SUMMARY, NULL, "responses.summary = off"},
    {QUIRKS_NO_TOOLS, NULL, NULL},
    {QUIRKS_SYSTEM_AS_USER, NULL, NULL},
    {QUIRKS_NEED_REASONING, NULL, NULL},
    {QUIRKS_KEEP_THOUGHTS, NULL, NULL},
    {QUIRKS_SHORT_IDS, NULL, NULL},
    {QUIRKS_SHORT_DESCRIPTIONS, NULL, NULL},
    {QUIRKS_TEXT_CONTENT, NULL, NULL},
    {QUIRKS_PLAIN_SCHEMAS, NULL, NULL},
    {QUIRKS_ANSWER_RESULTS, NULL, NULL},
    {QUIRKS_NO_IMAGES, NULL, "the provider's .images = off"},
    {QUIRKS_NO_DOCUMENTS, NULL, "the provider's .documents = off"},
    {QUIRKS_NO_DEFERRED, NULL, "the provider's .deferred_tools = off"},
};
#define MEMBERS (sizeof members / sizeof *members)

/*
 * What is told by a sentence, and not by a name: one phrase of each of its lists stands in it. The
 * first that fits counts; only what was sent can be left out.
 */
static const struct sentence {
    uint64_t flag, sent;
    const char *phrases[2][SENTENCE_PHRASES];
} sentences[] = {
    {QUIRKS_NO_DEFERRED, QUIRKS_NO_DEFERRED,
        {{"defer_loading", "deferred tool", "tool_reference", "tool reference", "tool_search",
            "tool search"}}},
    {QUIRKS_NO_IMAGES, QUIRKS_NO_IMAGES,
        {{"image", "vision", "multimodal", "multi-modal", "mmproj", "content must be a string"},
            {"not support", "unsupported", "not a multimodal", "that support image",
                "unknown variant", "at most 0", "only supported by certain", "mmproj",
                "missing data required", "not enabled for", "only text", "must be a string"}}},
    {QUIRKS_NO_DOCUMENTS, QUIRKS_NO_DOCUMENTS,
        {{"'file'", "\"file\"", "`file`", "type: file", "file type", "file content", "file part",
             "file input", "input_file", "pdf", "'document'", "\"document\"", "`document`",
             "document type", "document content", "document part", "document block",
             "document input"},
            {"not support", "unsupported", "unknown variant", "invalid content type",
                "invalid value", "only supported by certain", "unknown part type",
                "unexpected content", "must be a string", "invalid type"}}},
    {QUIRKS_NEED_REASONING | QUIRKS_KEEP_THOUGHTS, 0,
        {{"must be passed back", "must be returned"}, {"reasoning_content"}}},
    {QUIRKS_KEEP_THOUGHTS, 0,
        {{"must be passed back", "must be returned"}, {"thinking", "reasoning"}}},
    {QUIRKS_NO_THOUGHTS, QUIRKS_NO_THOUGHTS,
        {{"thinking", "thought"},
            {"invalid `signature`", "invalid signature", "signature is not valid",
                "signature: ", "cannot be modified", "encrypted"}}},
    {QUIRKS_NO_THOUGHTS, QUIRKS_NO_THINKING,
        {{"expected `thinking`", "must start with a thinking block"}}},
    {QUIRKS_OTHER_THINKING, QUIRKS_OTHER_THINKING,
        {{"thinking.type.enabled", "adaptive thinking", "thinking.type.adaptive", "'adaptive'"},
            {"not supported", "unsupported", "deprecated", "does not support", "expected tags"}}},
    {QUIRKS_EFFORT_NONE, QUIRKS_EFFORT_NONE, {{"function tools with reasoning_effort"}}},
    {QUIRKS_NO_TOOLS, QUIRKS_NO_TOOLS, {{"function tools with reasoning_effort"}}},
    {QUIRKS_NO_BETA, QUIRKS_NO_BETA,
        {{"beta"}, {"invalid", "unexpected", "not supported", "unknown"}}},
    /* OpenAI Responses: items of its store, and their order (its error texts). */
    {QUIRKS_NO_THOUGHTS, QUIRKS_NO_THOUGHTS,
        {{"item", "encrypted content"},
            {"without its required", "not persisted", "could not be", "with id 'rs_",
                "with id 'fc_", "with id 'msg_"}}},
    {QUIRKS_NO_INCLUDE, QUIRKS_NO_INCLUDE,
        {{"encrypted content is not supported", "include[", "'include'", "\"include\"", "include\n",
            "reasoning.encrypted_content"}}},
    {QUIRKS_NO_SUMMARY, QUIRKS_NO_SUMMARY,
        {{"reasoning.summary", "reasoning summar", "generate reasoning"}}},
    {QUIRKS_NO_BACKGROUND, QUIRKS_NO_BACKGROUND,
        {{"background"}, {"store", "not supported", "zero data retention", "unsupported"}}},
    {QUIRKS_SHORT_DESCRIPTIONS, QUIRKS_SHORT_DESCRIPTIONS,
        {{"description"}, {"too long", "maximum length", "above_max_length", "at most", "1024"}}},
    {QUIRKS_ANSWER_RESULTS, QUIRKS_ANSWER_RESULTS,
        {{"after role 'tool'", "after role \"tool\"", "roles must alternate"}}},
    {QUIRKS_TEXT_CONTENT, QUIRKS_TEXT_CONTENT,
        {{"content"},
            {"got null", "got 'null'", "type: null", "type null", "be null", "nonetype", "none_",
                "valid string", "must be a string", "expected a string", "missing field"}}},
    {QUIRKS_NO_TOOLS, QUIRKS_NO_TOOLS,
        {{"does not support tools", "not support tool", "tools is not supported",
            "tools are not supported", "tool use is not supported", "support tool use",
            "tool calling is not supported", "function calling is not", "not support function",
            "tool choice requires"}}},
    {QUIRKS_SYSTEM_AS_USER, QUIRKS_SYSTEM_AS_USER,
        {{"does not support 'system'", "system role not supported", "system role is not supported",
            "developer instruction is not enabled", "role 'system' is not supported",
            "does not support system"}}},
    {QUIRKS_SHORT_IDS, 0,
        {{"tool call id", "tool_call_id", "tool_call.id", "tool_use.id", "toolcallid"},
            {"length"}}},
};

/* Only when no member is named: one of a tool's arguments may be. */
static const struct sentence schemas = {QUIRKS_PLAIN_SCHEMAS, QUIRKS_PLAIN_SCHEMAS,
    {{"schema", "function_declarations", "functiondeclaration", "tools[", "tools."},
        {"invalid", "unknown", "not supported", "unsupported", "not permitted", "only allowed",
            "only supported", "cannot find", "should match", "must match", "does not support"}}};

static bool refusal_fits(const struct sentence *sentence, const char *text)
{
    for (size_t i = 0; i < 2; i++) {
        const char *const *phrases = sentence->phrases[i];
        size_t count = 0;
        while (count < SENTENCE_PHRASES && phrases[count])
            count++;
        if (count && !refusal_says(text, phrases, count))
            return false;
    }
    return true;
}

static uint64_t refusal_sentence(const char *text, uint64_t sent)
{
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if ((!sentences[i].sent || sentences[i].sent & sent) && refusal_fits(&sentences[i], text))
            return sentences[i].flag;
    return 0;
}

static bool refusal_member(const char *text, uint64_t sent, struct refusal *out)
{
    const char *first = NULL;

    if ((out->flag = refusal_sentence(text, sent))) {
        out->kind = REFUSAL_MEMBER;
        return true;
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *at =
            members[i].name && members[i].flag & sent ? refusal_word(text, members[i].name) : NULL;
        if (!at || (first && at >= first))
            continue;
        if (members[i].flag == QUIRKS_NO_CALL_EXTRA && strstr(text, "missing"))
            continue; /* it wants one that nobody has */
        first = at;
        out->flag = members[i].flag;
    }
    if (!first && QUIRKS_PLAIN_SCHEMAS & sent && refusal_fits(&schemas, text))
        out->flag = QUIRKS_PLAIN_SCHEMAS;
    out->kind = out->flag ? REFUSAL_MEMBER : REFUSAL_OTHER;
    return out->flag != 0;
}

/* Is it about one file, and not about what the model takes? */
static bool refusal_file(const char *text, uint64_t sent)
{
    static const char *const phrases[] = {"valid image", "image_parse_error", "invalid_image",
        "could not process", "unsupported image", "following formats", "image format",
        "image exceeds", "password", "corrupt"};

    return sent & (QUIRKS_NO_IMAGES | QUIRKS_NO_DOCUMENTS) && SAYS(text, phrases);
}

void refusal_read(const char *body, size_t len, long status, uint64_t sent, int64_t output,
    struct refusal *out)
{
    struct buf words = {0};

    *out = (struct refusal){0};
    refusal_words(body, len, &words);
    if (!refusal_window(buf_text(&words), status, out) &&
        !refusal_output(buf_text(&words), output, out) && !refusal_file(buf_text(&words), sent))
        (void)refusal_member(buf_text(&words), sent, out);
    buf_free(&words);
}

/* The number in front of the phrase, a word between them or none; 0 = none. */
static int64_t refusal_before(const char *text, const char *phrase)
{
    const char *at = strstr(text, phrase), *s = at;
    int words = 0;

    while (s && s > text && !isdigit((unsigned char)s[-1]) && words <= 2 && at - s < 24)
        words += *--s == ' ';
    while (s && s > text && (isdigit((unsigned char)s[-1]) || s[-1] == ','))
        s--;
    return s && isdigit((unsigned char)*s) ? refusal_number(&s) : 0;
}

bool refusal_is_too_large(const char *body, size_t len, long status, size_t request_bytes)
{
    static const char *const large[] = {"request too large", "request is too large"};
    static const char *const window[] = {"context length", "context size", "context window",
        "prompt is too long", "maximum context"};
    struct buf words = {0};
    bool is = status == 413;

    if (is || (status < 500 && status != 429 && status != 200))
        return is;
    refusal_words(body, len, &words);
    is = SAYS(buf_text(&words), large);
    if (status >= 500)
        is = is || SAYS(buf_text(&words), window);
    if (!is && status == 429) { /* our estimate is on the safe side */
        int64_t limit = refusal_before(buf_text(&words), "tokens per minute");
        is = limit > 0 && limit < (int64_t)context_tokens(request_bytes) * 8 / 10;
    }
    buf_free(&words);
    return is;
}

/* ---- the next request ---- */

static void refusal_log(const struct refusal_case *c, uint64_t flag)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!(members[i].flag & flag))
            continue;
        log_warn("model %s: its server refused %s (status %ld): asked without it from now on%s%s",
            c->provider, members[i].name ? members[i].name : "a form of the request", c->status,
            members[i].setting ? "; the setting for good: " : "",
            members[i].setting ? members[i].setting : "");
        return;
    }
}

/* Tokens, as we estimate, that the next request may have. */
static int64_t refusal_room(const struct refusal *r, const struct refusal_case *c, int64_t *output)
{
    int64_t estimate = (int64_t)context_tokens(c->request_bytes), room = estimate * 6 / 10;

    if (r->window && *output >= r->window / 2)
        *output = r->window / 4; /* the answer alone would take most of the window */
    /* Hardly a token is shorter than a byte: a larger number is another thing's. */
    if (r->window && r->used && r->used <= 4 * estimate)
        room = (int64_t)((double)estimate * (double)(r->window - *output) / (double)r->used * 0.95);
    else if (r->window && r->window - *output < estimate)
        room = (r->window - *output) * 9 / 10;
    return room < estimate * 9 / 10 ? room : estimate * 6 / 10;
}

void refusal_taken(struct refusal_state *s, const char *provider, struct quirks *known)
{
    const struct refusal_case c = {.provider = provider, .status = 400};

    if (!s->learns || !(s->guessed & ~known->flags))
        return;
    refusal_log(&c, s->guessed & ~known->flags);
    known->flags |= s->guessed;
}

/* Would it be the same request? */
static bool refusal_is_least(const struct context *c)
{
    return c->reduced ||
        (c->count <= 1 && !c->found_count && !c->frame->client_tool_count &&
            !context_sends_files(c));
}

/* Tokens of the files from that message on that cannot be cut, as texts can. */
static size_t refusal_whole_files(const struct context *c, size_t from)
{
    size_t tokens = 0;

    for (size_t i = from; i < c->count; i++)
        for (size_t k = 0; k < c->items[i].file_count; k++)
            if (!c->items[i].files[k].why && c->items[i].files[k].kind != MEDIA_TEXT)
                tokens += context_file_tokens(&c->items[i].files[k]);
    return tokens;
}

/* Would shortening leave files that take all the room, or has it just left all there is? */
static bool refusal_is_for_files(const struct refusal_state *s, const struct refusal *r,
    const struct refusal_case *c)
{
    const struct context *context = c->context;
    int64_t output = c->output, room = refusal_room(r, c, &output);

    if (s->limits.no_files || !context_sends_files(context))
        return false;
    if (s->trims && context->tokens >= s->tokens)
        return true;
    if (c->status == 413 && !r->window)
        return refusal_whole_files(context, 0) > 0;
    size_t last = refusal_whole_files(context, context->late_at);
    return last && room <= (int64_t)(s->limits.overhead + last);
}

/* Tokens of a request as others may have it. */
static int64_t refusal_learnt(const struct refusal *r, const struct refusal_case *c, int64_t output,
    int64_t room)
{
    int64_t told = (r->window - output) * 9 / 10;

    if (!refusal_whole_files(c->context, 0))
        return room;
    if (!r->window)
        return 0;
    return told > room ? told : room;
}

static bool refusal_without_files(struct refusal_state *s, const struct refusal_case *c)
{
    if (s->limits.no_files || !context_sends_files(c->context))
        return false;
    log_warn("model %s refused the conversation (status %ld): asked without its files", c->provider,
        c->status);
    s->limits.no_files = true;
    return true;
}

static bool refusal_trim(struct refusal_state *s, const struct refusal *r,
    const struct refusal_case *c, struct quirks *known)
{
    int64_t output = c->output;
    int64_t room = refusal_room(r, c, &output);

    if (refusal_is_least(c->context) && output >= c->output)
        return false;
    if (s->trims++ >= TRIMS_MAX)
        return false;
    if (output < c->output)
        known->output_max = output;
    s->limits.room = room > 1 ? room : 1;
    s->learnt = refusal_learnt(r, c, output, room);
    s->tokens = c->context->tokens;
    if (s->trims == TRIMS_MAX) /* the last one: as little as makes sense */
        s->limits.reduced = true;
    log_info(
        "model %s: the conversation of about %zu tokens is too long for it: asked again with %lld",
        c->provider, context_tokens(c->request_bytes), (long long)s->limits.room);
    return true;
}

/* Is it about this user's words or file? */
static bool refusal_is_the_users(const struct refusal_case *c)
{
    static const char *const policy[] = {"policy", "policies", "invalid_prompt", "flagged",
        "content_filter", "content filter", "moderation", "safety"};
    struct buf words = {0};

    refusal_words(c->body, c->body_len, &words);
    bool is = refusal_file(buf_text(&words), c->sent) || SAYS(buf_text(&words), policy);
    buf_free(&words);
    return is;
}

/*
 * It does not say what it dislikes: the files are tried first, then the tools that are kept back,
 * for this call alone. Only what is taken at once then is learnt (refusal_taken).
 */
static bool refusal_guess(struct refusal_state *s, const struct refusal_case *c,
    const struct quirks *known)
{
    if ((c->status != 400 && c->status != 422) ||
        !(c->sent & ~(known->flags | s->guessed) & QUIRKS_NO_DEFERRED))
        return false;
    if (refusal_without_files(s, c)) {
        s->files_were_cut = true;
        return true;
    }
    log_warn("model %s refused the conversation (status %ld): asked without the tools that are "
             "kept back",
        c->provider, c->status);
    s->guessed |= QUIRKS_NO_DEFERRED;
    s->learns = !refusal_is_the_users(c);
    if (s->files_were_cut)
        s->limits.no_files = s->files_were_cut = false;
    return true;
}

bool refusal_adapt(struct refusal_state *s, const struct refusal_case *c, struct quirks *known)
{
    struct refusal r;

    refusal_read(c->body, c->body_len, c->status, c->sent, c->output, &r);
    s->too_long = r.kind == REFUSAL_WINDOW;
    s->learns = false;
    if (r.kind == REFUSAL_WINDOW && refusal_is_for_files(s, &r, c))
        return refusal_without_files(s, c);
    if (r.kind == REFUSAL_WINDOW && refusal_trim(s, &r, c, known))
        return true;
    if (r.kind == REFUSAL_OUTPUT && s->members++ < MEMBERS_MAX) {
        known->output_max = r.output_max;
        log_warn("model %s: it gives at most %lld tokens of output; the setting for good: "
                 "%s.output_tokens",
            c->provider, (long long)r.output_max, c->provider);
        return true;
    }
    if (r.kind == REFUSAL_MEMBER && r.flag == QUIRKS_NO_THOUGHTS && !s->limits.no_thoughts) {
        log_warn("model %s: its server does not know the thoughts in the conversation as its own: "
                 "asked without them",
            c->provider);
        s->limits.no_thoughts = true;
        return true;
    }
    if (r.kind == REFUSAL_MEMBER && r.flag & ~(known->flags | QUIRKS_NO_THOUGHTS) &&
        s->members++ < MEMBERS_MAX) {
        refusal_log(c, r.flag & ~known->flags);
        known->flags |= r.flag;
        s->limits.keep_thoughts = known->flags & QUIRKS_KEEP_THOUGHTS;
        return true;
    }
    if (refusal_guess(s, c, known))
        return true;
    if (c->status != 404 && refusal_without_files(s, c))
        return true;
    if (c->status == 404 || refusal_is_least(c->context))
        return false;
    log_warn("model %s refused the conversation (status %ld): asked with its last message alone",
        c->provider, c->status);
    s->limits.reduced = true;
    return true;
}
