#include "agent/quirks.h"

#include "base/buf.h"
#include "base/ident.h"

#include <string.h>

struct quirks_row {
    char key[IDENT_SHA256_SIZE];
    uint64_t used;
    struct quirks quirks;
};
static struct quirks_row quirks_rows[QUIRKS_MAX];
static uint64_t quirks_clock;

static void quirks_key(const char *provider, const char *url, const char *model,
    char out[IDENT_SHA256_SIZE])
{
    struct buf text = {0};

    buf_printf(&text, "%s\n%s\n%s", provider, url, model);
    ident_sha256_hex(buf_text(&text), text.len, out);
    buf_free(&text);
}

struct quirks *quirks_of(const char *provider, const char *url, const char *model)
{
    struct quirks_row *oldest = &quirks_rows[0];
    char key[IDENT_SHA256_SIZE];

    quirks_key(provider, url, model, key);
    for (size_t i = 0; i < QUIRKS_MAX; i++) {
        struct quirks_row *row = &quirks_rows[i];
        if (!strcmp(row->key, key)) {
            row->used = ++quirks_clock;
            return &row->quirks;
        }
        if (row->used < oldest->used)
            oldest = row;
    }
    memset(oldest, 0, sizeof *oldest);
    memcpy(oldest->key, key, sizeof key);
    oldest->used = ++quirks_clock;
    return &oldest->quirks;
}

void quirks_forget(void)
{
    memset(quirks_rows, 0, sizeof quirks_rows);
}
