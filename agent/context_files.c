/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/context_files.h"

#include <string.h>

#define OLD_PART 4  /* of the budget, for files of earlier messages */
#define TEXT_PART 2 /* for the texts of the last one */
#define TEXT_LEAST 512

/*
 * A picture: width x height / 750, and no more than 1,600, as larger ones are made smaller first
 * (platform.claude.com/docs, "Vision", November 2026). OpenAI counts less for most sizes
 * (developers.openai.com, "Images and vision").
 */
#define IMAGE_PIXELS 750
#define IMAGE_TOKENS_MAX 1600
#define IMAGE_TOKENS_LEAST 85
/* A page of a PDF: its text, 1,500 to 3,000, and its picture (the same, "PDF support"). */
#define PAGE_TOKENS 3000

size_t context_file_tokens(const struct chat_file *f)
{
    size_t tokens;

    switch (f->kind) {
    case MEDIA_IMAGE:
        tokens = (size_t)f->width * f->height / IMAGE_PIXELS;
        if (tokens > IMAGE_TOKENS_MAX)
            return IMAGE_TOKENS_MAX;
        return tokens > IMAGE_TOKENS_LEAST ? tokens : IMAGE_TOKENS_LEAST;
    case MEDIA_PDF:
        return (f->pages ? f->pages : 1) * (size_t)PAGE_TOKENS;
    default:
        return context_tokens(f->len);
    }
}

size_t context_files_tokens(const struct chat_message *m)
{
    size_t tokens = 0;

    for (size_t i = 0; i < m->file_count; i++)
        if (!m->files[i].why)
            tokens += context_file_tokens(&m->files[i]);
    return tokens;
}

bool context_sends_files(const struct context *c)
{
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->items[i].file_count; k++)
            if (!c->items[i].files[k].why)
                return true;
    return false;
}

/* The bytes of texts in these messages, as far as they have been chosen. */
struct files_choice {
    bool none, old;     /* no file goes along; the messages are earlier ones */
    size_t text_left;   /* bytes that the texts may still have */
    size_t tokens_left; /* that earlier files may still have */
};

static void context_files_judge(struct files_choice *choice, struct chat_file *f)
{
    size_t tokens;

    f->data = NULL;
    f->len = 0;
    f->why = choice->none ? CONTEXT_FILE_REFUSED : NULL;
    if (f->why)
        return;
    if (f->kind == MEDIA_TEXT) {
        f->len = f->bytes > 0 && (size_t)f->bytes < choice->text_left ? (size_t)f->bytes :
                                                                        choice->text_left;
        if (f->len < (size_t)f->bytes && f->len < TEXT_LEAST)
            f->why = CONTEXT_FILE_OLD;
    }
    tokens = context_file_tokens(f);
    if (choice->old && tokens > choice->tokens_left)
        f->why = CONTEXT_FILE_OLD;
    if (f->why)
        return;
    if (f->kind == MEDIA_TEXT)
        choice->text_left -= f->len;
    if (choice->old)
        choice->tokens_left -= tokens;
}

int context_files_choose(struct chat *whole, bool none, size_t budget)
{
    struct files_choice choice = {.none = none,
        .text_left = budget / TEXT_PART * 18 / 5, /* bytes of a token: context_tokens */
        .tokens_left = budget / OLD_PART};

    for (size_t i = whole->count; i-- > 0;) {
        struct chat_message *m = &whole->items[i];
        if (m->file_count) {
            struct chat_file *own = arena_array(whole->arena, m->file_count, sizeof *own);
            if (!own)
                return ERR_NOMEM;
            memcpy(own, m->files, m->file_count * sizeof *own);
            m->files = own;
        }
        for (size_t k = m->file_count; k-- > 0;)
            context_files_judge(&choice, &m->files[k]);
        choice.old = choice.old || m->role == CHAT_USER;
    }
    return 0;
}
