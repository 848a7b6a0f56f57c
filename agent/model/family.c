/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/family.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_LEN 256

/* Sources of the rows, as they stood in November 2026. */
#define CLAUDE "platform.claude.com/docs: models/overview, build-with-claude/thinking"
#define CLAUDE_5_5 "platform.claude.com/docs: models/{opus,sonnet,haiku}-5-5/migration-guide"
#define CLAUDE_OLD "platform.claude.com/docs: models/overview, build-with-claude/extended-thinking"
#define OPENAI "developers.openai.com/api/docs/models and the page of each model"
#define OPENAI_OLD "developers.openai.com/api/docs/models; models.dev (July 2026)"
#define GEMINI "ai.google.dev/gemini-api/docs: models, openai, thinking"
#define DEEPSEEK "api-docs.deepseek.com: guides/thinking_mode, quick_start/pricing"
#define MISTRAL "docs.mistral.ai/models; huggingface.co/mistralai/mistral-medium-3.5-128b"
#define XAI "docs.x.ai/docs/models; models.dev (July 2026)"
#define OPEN "the model's card at huggingface.co; models.dev (July 2026)"

#define EACH_CLAUDE (FAMILY_IMAGES | FAMILY_DOCUMENTS)
#define ALL_CLAUDE (EACH_CLAUDE | FAMILY_DEFERS)
#define OLD_CLAUDE (ALL_CLAUDE | FAMILY_TEMPERATURE)
#define CLAUDE_3 (EACH_CLAUDE | FAMILY_TEMPERATURE)
#define NEW_GPT (FAMILY_IMAGES | FAMILY_DOCUMENTS | FAMILY_NEWER_FIELD)
#define FINDS_GPT (NEW_GPT | FAMILY_DEFERS)
#define OLD_GPT (FAMILY_IMAGES | FAMILY_DOCUMENTS | FAMILY_TEMPERATURE)
#define UP_TO_MAX "low medium high xhigh max"
#define FROM_NONE "none low medium high xhigh max"
#define THREE "low medium high"

#define NONE FAMILY_THINKING_NONE
#define BUDGET FAMILY_THINKING_BUDGET
#define ADAPTIVE FAMILY_THINKING_ADAPTIVE
#define EFFORT FAMILY_THINKING_EFFORT
#define TYPE FAMILY_THINKING_TYPE
#define TEMPLATE FAMILY_THINKING_TEMPLATE

/*
 * Claude 4.7 and later refuse a temperature and a budget; 4.6 takes both forms of thinking. From
 * the 5 models on thinking is on when nothing is said, and Opus 5.5, Fable and Mythos have no off.
 * GPT-5.4 and later refuse function tools beside reasoning in Chat Completions; GPT-6 Astra, 6.1
 * Sol and 6.2 know no effort "none", so they take no function tools there at all.
 * Tools are kept back by Claude Opus and Sonnet from 4 on, Haiku from 4.5 on and all newer names
 * (platform.claude.com, tool-use/tool-search-tool), and by GPT-5.4 and later, but not by nano
 * (developers.openai.com, guides/tools-tool-search), November 2026.
 */
static const struct family families[] = {
    {"claude-fable", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX, "", 0,
        CLAUDE},
    {"claude-mythos", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX, "", 0,
        CLAUDE},
    {"claude-opus-5-5", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX, "", 0,
        CLAUDE_5_5},
    {"claude-sonnet-5-5", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX,
        "between_tools", 0, CLAUDE_5_5},
    {"claude-haiku-5-5", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX,
        "disabled", 0, CLAUDE_5_5},
    {"claude-opus-5", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX, "disabled",
        0, CLAUDE},
    {"claude-sonnet-5", 1000000, 128000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, UP_TO_MAX,
        "disabled", 0, CLAUDE},
    {"claude-opus-4-8", 1000000, 128000, ALL_CLAUDE, ADAPTIVE, UP_TO_MAX, "disabled", 0, CLAUDE},
    {"claude-opus-4-7", 1000000, 128000, ALL_CLAUDE, ADAPTIVE, UP_TO_MAX, "disabled", 0, CLAUDE},
    {"claude-opus-4-6", 1000000, 128000, OLD_CLAUDE, ADAPTIVE, "low medium high max", "disabled", 0,
        CLAUDE},
    {"claude-sonnet-4-6", 1000000, 64000, OLD_CLAUDE, ADAPTIVE, "low medium high max", "disabled",
        0, CLAUDE},
    {"claude-opus-4-5", 200000, 64000, OLD_CLAUDE | FAMILY_INTERLEAVES, BUDGET, "", "disabled", 0,
        CLAUDE_OLD},
    {"claude-sonnet-4-5", 200000, 64000, OLD_CLAUDE | FAMILY_INTERLEAVES, BUDGET, "", "disabled", 0,
        CLAUDE_OLD},
    {"claude-haiku-4-5", 200000, 64000, OLD_CLAUDE | FAMILY_INTERLEAVES, BUDGET, "", "disabled", 0,
        CLAUDE_OLD},
    {"claude-opus-4", 200000, 32000, OLD_CLAUDE | FAMILY_INTERLEAVES, BUDGET, "", "disabled", 0,
        CLAUDE_OLD},
    {"claude-sonnet-4", 200000, 64000, OLD_CLAUDE | FAMILY_INTERLEAVES, BUDGET, "", "disabled", 0,
        CLAUDE_OLD},
    {"claude-3-7-sonnet", 200000, 64000, CLAUDE_3, BUDGET, "", "disabled", 0, CLAUDE_OLD},
    {"claude-3-5", 200000, 8192, CLAUDE_3, NONE, "", "", 0, CLAUDE_OLD},
    {"claude-3", 200000, 4096, FAMILY_IMAGES | FAMILY_TEMPERATURE, NONE, "", "", 0, CLAUDE_OLD},
    {"claude", 200000, 64000, ALL_CLAUDE | FAMILY_THINKS, ADAPTIVE, THREE, "", 0,
        "the newest rows of Claude, with the smallest window that one of them has"},

    {"gpt-6-2", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_NO_CHAT_TOOLS, EFFORT,
        UP_TO_MAX, "", 128, OPENAI},
    {"gpt-6-1-sol", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_NO_CHAT_TOOLS, EFFORT,
        UP_TO_MAX, "", 128, OPENAI},
    {"gpt-6-astra", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_NO_CHAT_TOOLS, EFFORT,
        UP_TO_MAX, "", 128, OPENAI},
    {"gpt-6", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_TOOLS_WANT_NONE, EFFORT,
        FROM_NONE, "none", 128, OPENAI},
    {"gpt-5-6", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_TOOLS_WANT_NONE, EFFORT,
        FROM_NONE, "none", 128, OPENAI},
    {"gpt-5-5", 1050000, 128000, FINDS_GPT | FAMILY_THINKS | FAMILY_TOOLS_WANT_NONE, EFFORT,
        "none low medium high xhigh", "none", 128, OPENAI},
    {"gpt-5-4-mini", 400000, 128000, FINDS_GPT | FAMILY_TOOLS_WANT_NONE, EFFORT,
        "none low medium high xhigh", "none", 128, OPENAI},
    {"gpt-5-4-nano", 400000, 128000, NEW_GPT | FAMILY_TOOLS_WANT_NONE, EFFORT,
        "none low medium high xhigh", "none", 128, OPENAI},
    {"gpt-5-4", 1050000, 128000, FINDS_GPT | FAMILY_TOOLS_WANT_NONE, EFFORT,
        "none low medium high xhigh", "none", 128, OPENAI},
    {"gpt-5-2", 400000, 128000, NEW_GPT, EFFORT, "none low medium high xhigh", "none", 128,
        OPENAI_OLD},
    {"gpt-5-1", 400000, 128000, NEW_GPT, EFFORT, "none low medium high", "none", 128, OPENAI_OLD},
    {"gpt-5-chat", 128000, 16384, NEW_GPT | FAMILY_TEMPERATURE, NONE, "", "", 128, OPENAI_OLD},
    {"gpt-5", 400000, 128000, NEW_GPT | FAMILY_THINKS, EFFORT, "minimal low medium high", "", 128,
        OPENAI_OLD},
    {"gpt-oss", 131072, 32768, FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT, THREE, "", 128, OPEN},
    {"gpt-4-1", 1047576, 32768, OLD_GPT, NONE, "", "", 128, OPENAI_OLD},
    {"gpt-4o", 128000, 16384, OLD_GPT, NONE, "", "", 128, OPENAI_OLD},
    {"chatgpt-4o", 128000, 16384, OLD_GPT, NONE, "", "", 128, OPENAI_OLD},
    {"gpt-4-turbo", 128000, 4096, FAMILY_IMAGES | FAMILY_TEMPERATURE, NONE, "", "", 128,
        OPENAI_OLD},
    {"gpt-4", 8192, 4096, FAMILY_TEMPERATURE, NONE, "", "", 128, OPENAI_OLD},
    {"gpt-3-5", 16385, 4096, FAMILY_TEMPERATURE, NONE, "", "", 128, OPENAI_OLD},
    {"gpt-35", 16385, 4096, FAMILY_TEMPERATURE, NONE, "", "", 128, OPENAI_OLD},
    {"gpt", 128000, 16384, NEW_GPT, NONE, "", "", 128,
        "what all newer models of OpenAI have in common"},
    {"o1", 200000, 100000, NEW_GPT | FAMILY_THINKS, EFFORT, THREE, "", 128, OPENAI_OLD},
    {"o3", 200000, 100000, NEW_GPT | FAMILY_THINKS, EFFORT, THREE, "", 128, OPENAI_OLD},
    {"o3-mini", 200000, 100000, FAMILY_NEWER_FIELD | FAMILY_THINKS, EFFORT, THREE, "", 128,
        OPENAI_OLD},
    {"o4-mini", 200000, 100000, NEW_GPT | FAMILY_THINKS, EFFORT, THREE, "", 128, OPENAI_OLD},

    {"gemini-3-pro", 1048576, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT,
        "low high", "", 128, GEMINI},
    {"gemini-3", 1048576, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT, THREE,
        "", 128, GEMINI},
    {"gemini-2-5-pro", 1048576, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT,
        THREE, "", 128, GEMINI},
    {"gemini-2-5", 1048576, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT,
        "none low medium high", "none", 128, GEMINI},
    {"gemini", 1048576, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT, THREE,
        "", 128, GEMINI},
    {"gemma-4", 131072, 8192, FAMILY_IMAGES | FAMILY_TEMPERATURE, TEMPLATE, "", "off", 0, OPEN},
    {"gemma-3", 131072, 8192, FAMILY_IMAGES | FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},

    {"deepseek-r1", 131072, 32768, FAMILY_TEMPERATURE | FAMILY_THINKS, NONE, "", "", 0, OPEN},
    {"deepseek", 131072, 32768, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "low high max",
        "disabled", 128, DEEPSEEK},
    {"deepseek-flash", 1000000, 384000, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE,
        "low high max", "disabled", 128, DEEPSEEK},
    {"deepseek-v4", 1000000, 384000, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "low high max",
        "disabled", 128, DEEPSEEK},

    {"mistral-medium", 262144, 0, FAMILY_IMAGES | FAMILY_TEMPERATURE, EFFORT, "none high", "none",
        128, MISTRAL},
    {"mistral-small", 256000, 0, FAMILY_IMAGES | FAMILY_TEMPERATURE, EFFORT, "none high", "none",
        128, MISTRAL},
    {"mistral-large", 262144, 0, FAMILY_IMAGES | FAMILY_TEMPERATURE, NONE, "", "", 128, MISTRAL},
    {"magistral", 128000, 0, FAMILY_TEMPERATURE | FAMILY_THINKS, NONE, "", "", 128, MISTRAL},
    {"mistral", 32768, 0, FAMILY_TEMPERATURE, NONE, "", "", 128, MISTRAL},

    {"grok-3-mini", 131072, 0, FAMILY_TEMPERATURE | FAMILY_THINKS, EFFORT, "low high", "", 128,
        XAI},
    {"grok-4", 256000, 0, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, NONE, "", "", 128,
        XAI},
    {"grok", 131072, 0, FAMILY_TEMPERATURE, NONE, "", "", 128, XAI},

    {"qwen3", 131072, 16384, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "", "off", 0, OPEN},
    {"qwen3-coder", 262144, 65536, FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},
    {"qwen3-5", 262144, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "",
        "off", 0, OPEN},
    {"qwen3-6", 262144, 65536, FAMILY_IMAGES | FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "",
        "off", 0, OPEN},
    {"glm-4", 131072, 65536, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "", "disabled", 128,
        OPEN},
    {"glm-5", 200000, 131072, FAMILY_TEMPERATURE | FAMILY_THINKS, TEMPLATE, "", "disabled", 128,
        OPEN},
    {"kimi-k2-thinking", 262144, 65536, FAMILY_TEMPERATURE | FAMILY_THINKS, NONE, "", "", 128,
        OPEN},
    {"kimi-k2", 262144, 65536, FAMILY_TEMPERATURE, NONE, "", "", 128, OPEN},
    {"kimi-k2-5", 262144, 65536, FAMILY_IMAGES | FAMILY_THINKS, TEMPLATE, "", "disabled", 128,
        OPEN},
    {"kimi-k2-6", 262144, 65536, FAMILY_IMAGES | FAMILY_THINKS, TEMPLATE, "", "disabled", 128,
        OPEN},
    {"llama-4", 131072, 16384, FAMILY_IMAGES | FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},
    {"llama-3", 8192, 4096, FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},
    {"llama-3-1", 131072, 4096, FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},
    {"llama-3-2", 131072, 4096, FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},
    {"llama-3-3", 131072, 4096, FAMILY_TEMPERATURE, NONE, "", "", 0, OPEN},

    {"", 0, 0, FAMILY_TEMPERATURE, NONE, "", "", 0,
        "nothing is known: nothing is taken for granted"},
};
#define FAMILIES (sizeof families / sizeof *families)

/* Azure's and others' addresses have the customer's name in front. */
/* Azure: learn.microsoft.com/azure/foundry/openai/how-to/tool-search. */
#define OPENAI_SERVER (FAMILY_SERVER_OPENAI | FAMILY_SERVER_DEFERS)
static const struct family_server servers[] = {
    {"api.anthropic.com", FAMILY_SERVER_DEFERS, NONE,
        "platform.claude.com/docs: agents-and-tools/tool-use/tool-search-tool (November 2026)"},
    {"api.openai.com", OPENAI_SERVER | FAMILY_SERVER_NEWER_FIELD | FAMILY_SERVER_DOCUMENTS, NONE,
        "developers.openai.com/api/docs/guides/pdf-files (November 2026)"},
    {"openai.azure.com", OPENAI_SERVER | FAMILY_SERVER_NEWER_FIELD, NONE,
        "learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning (November 2026)"},
    {"services.ai.azure.com", OPENAI_SERVER, NONE,
        "learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning (November 2026)"},
    {"cognitiveservices.azure.com", OPENAI_SERVER | FAMILY_SERVER_NEWER_FIELD, NONE,
        "learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning (November 2026)"},
    {"openrouter.ai", FAMILY_SERVER_DOCUMENTS, FAMILY_THINKING_REASONING,
        "openrouter.ai/docs: use-cases/reasoning-tokens, features/multimodal/pdfs (November 2026)"},
    {"ai-gateway.vercel.sh", 0, FAMILY_THINKING_REASONING,
        "vercel.com/docs/ai-gateway/openai-compat/advanced (November 2026)"},
    {"generativelanguage.googleapis.com", 0, EFFORT,
        "ai.google.dev/gemini-api/docs/openai (November 2026)"},
    {"api.deepseek.com", 0, TYPE, "api-docs.deepseek.com/guides/thinking_mode (November 2026)"},
    {"api.z.ai", 0, TYPE, "docs.z.ai/guides/capabilities/thinking (November 2026)"},
    {"open.bigmodel.cn", 0, TYPE,
        "docs.bigmodel.cn/cn/guide/capabilities/thinking (November 2026)"},
    {"api.moonshot.ai", 0, TYPE, "platform.moonshot.ai/docs (November 2026)"},
    {"api.moonshot.cn", 0, TYPE, "platform.moonshot.cn/docs (November 2026)"},
    {"api.mistral.ai", 0, EFFORT, "docs.mistral.ai/api (November 2026)"},
    {"api.groq.com", 0, EFFORT, "console.groq.com/docs/reasoning (November 2026)"},
    {"ollama.com", 0, EFFORT, "docs.ollama.com/api/openai-compatibility (November 2026)"},
    {":11434", 0, EFFORT, "docs.ollama.com/api/openai-compatibility (November 2026)"},
};

/* ---- names ---- */

/*
 * Small letters, '-' for what is neither letter nor digit, and none between a letter and a digit:
 * "Llama-3.1" and "llama3.1" are one model.
 */
static void family_plain(const char *text, char out[NAME_MAX_LEN])
{
    size_t n = 0;

    for (; *text && n < NAME_MAX_LEN - 1; text++) {
        bool digit = isdigit((unsigned char)*text);
        if (digit && n > 1 && out[n - 1] == '-' && isalpha((unsigned char)out[n - 2]))
            n--;
        out[n++] = isalnum((unsigned char)*text) ? (char)tolower((unsigned char)*text) : '-';
    }
    out[n] = 0;
}

/* What stands behind the stem when the name begins with it; NULL = it does not. */
static const char *family_behind(const char *name, const char *stem)
{
    for (const char *s = stem; *s; s++) {
        if (*s == '-' && isalpha((unsigned char)s[-1]) && isdigit((unsigned char)s[1]))
            continue; /* as in family_plain */
        if (*name++ != *s)
            return NULL;
    }
    return name;
}

/* Does the stem stand in it as words? "gpt-5" does in "a-gpt5-mini", not in "gpt50" or "agpt5". */
static bool family_has(const char *name, const char *stem)
{
    bool number = isdigit((unsigned char)stem[strlen(stem) - 1]);

    for (const char *at = name, *next; at; at = next) {
        const char *end = family_behind(at, stem);
        if (end && !(number ? isdigit((unsigned char)*end) : isalpha((unsigned char)*end)))
            return true;
        next = strchr(at, '-');
        next = next ? next + 1 : NULL;
    }
    return false;
}

bool family_is_named(const char *model, const char *stem)
{
    char name[NAME_MAX_LEN], plain[NAME_MAX_LEN];

    family_plain(model, name);
    family_plain(stem, plain);
    return *plain && family_has(name, plain);
}

const struct family *family_of(const char *model)
{
    const struct family *best = &families[FAMILIES - 1];
    char name[NAME_MAX_LEN];

    family_plain(model, name);
    for (size_t i = 0; i + 1 < FAMILIES; i++)
        if (strlen(families[i].stem) > strlen(best->stem) && family_has(name, families[i].stem))
            best = &families[i];
    return best;
}

const struct family *family_table(size_t *count)
{
    *count = FAMILIES;
    return families;
}

/* ---- servers ---- */

/* Does it end in the other one, as a whole or behind a dot? */
static bool family_ends(const char *host, size_t len, const char *end)
{
    size_t n = strlen(end);

    if (len < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)host[len - n + i]) != end[i])
            return false;
    return len == n || host[len - n - 1] == '.' || *end == ':';
}

const struct family_server *family_server_of(const char *url)
{
    const char *host = strstr(url, "://");
    size_t len, port;

    host = host ? host + 3 : url;
    len = strcspn(host, "/?#");
    for (const char *at; (at = memchr(host, '@', len));) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    port = strcspn(host, ":");
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        bool by_port = *servers[i].host == ':';
        if (family_ends(host, by_port || port > len ? len : port, servers[i].host))
            return &servers[i];
    }
    return NULL;
}

/* ---- efforts ---- */

/* The least first. The numbers are Gemini's own for these words, and what lies between them. */
static const struct {
    const char *word;
    int64_t budget;
} efforts[] = {
    {"minimal", 1024},
    {"low", 2048},
    {"medium", 8192},
    {"high", 16384},
    {"xhigh", 24576},
    {"max", 32768},
};
#define EFFORTS (sizeof efforts / sizeof *efforts)

static size_t family_rank(const char *word, size_t len)
{
    size_t i = 0;

    while (i < EFFORTS && (strlen(efforts[i].word) != len || memcmp(efforts[i].word, word, len)))
        i++;
    return i;
}

bool family_is_effort(const char *word)
{
    return family_rank(word, strlen(word)) < EFFORTS;
}

const char *family_effort(const struct family *f, const char *effort)
{
    size_t wanted = family_rank(effort, strlen(effort)), best = EFFORTS;

    for (const char *at = f->efforts; *(at += strspn(at, " "));) {
        size_t len = strcspn(at, " "), rank = family_rank(at, len);
        at += len;
        if (rank == EFFORTS) /* "none" is no effort */
            continue;
        best = rank;
        if (rank >= wanted)
            break;
    }
    return best < EFFORTS ? efforts[best].word : NULL;
}

int64_t family_budget_of(const char *effort)
{
    size_t rank = family_rank(effort, strlen(effort));

    return rank < EFFORTS ? efforts[rank].budget : 0;
}

const char *family_effort_of(int64_t budget)
{
    size_t i = 0;

    while (i < EFFORTS - 1 && efforts[i].budget < budget)
        i++;
    return efforts[i].word;
}
