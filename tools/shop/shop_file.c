/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/shop/shop.h"

#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/url.h"
#include "tools/kit/amount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (8 * 1024 * 1024)
#define PRODUCTS_MAX 20000
#define WORDS_MAX 64

static const char *const categories[] = {"recovery_gear", "camping_expedition", "tools_maintenance",
    "parts_upgrades", "safety_equipment", "power_electronics", "comfort_living", "navigation_tech",
    "books_manuals", "apparel_merchandise", "electronics", "outdoor_gear", NULL};

static struct {
    struct shop_catalogue catalogue;
    struct arena *arena; /* NULL: nothing was read yet */
    jdoc *document;
    char *path;       /* in the arena */
    struct stat seen; /* of the file that was looked at last, also when it was bad */
    bool looked;
} shop;

void shop_close(void)
{
    jdoc_free(shop.document);
    if (shop.arena)
        arena_free(shop.arena);
    memset(&shop, 0, sizeof shop);
}

static int shop_read_text(const char *path, struct stat *st, struct buf *text)
{
    char chunk[4096];
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return ERR_NOT_FOUND;
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        close(fd);
        return ERR_INVALID;
    }
    buf_init(text, FILE_MAX);
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0)
            buf_put(text, chunk, (size_t)n);
    close(fd);
    return n < 0 ? ERR_IO : buf_error(text);
}

static bool shop_is_category(const char *name)
{
    for (size_t i = 0; categories[i]; i++)
        if (strcmp(categories[i], name) == 0)
            return true;
    return false;
}

static int shop_index_product(struct shop_product *p, struct arena *arena)
{
    if (word_set_init(&p->name_words, arena, WORDS_MAX) != 0 ||
        word_set_init(&p->tag_words, arena, WORDS_MAX) != 0 ||
        word_set_init(&p->text_words, arena, WORDS_MAX) != 0)
        return ERR_NOMEM;
    word_set_add(&p->name_words, "", p->name);
    for (size_t i = 0; i < jdoc_length(p->tags); i++)
        word_set_add(&p->tag_words, "", jdoc_string(jdoc_at(p->tags, i), NULL));
    word_set_add(&p->tag_words, "", p->category);
    word_set_add(&p->text_words, "", p->description);
    return p->name_words.failed || p->tag_words.failed || p->text_words.failed ? ERR_NOMEM : 0;
}

/* Returns 0, ERR_INVALID (left out) or ERR_NOMEM. */
static int shop_read_product(const jdoc *doc, const struct shop_catalogue *c, struct arena *arena,
    struct shop_product *p)
{
    double price;
    char why[URL_WHY_SIZE];
    *p = (struct shop_product){.id = jdoc_text_or(doc, "id", ""),
        .name = jdoc_text_or(doc, "name", ""),
        .category = jdoc_text_or(doc, "category", ""),
        .description = jdoc_text_or(doc, "description", ""),
        .in_stock = true,
        .url = jdoc_string(jdoc_get(doc, "url"), NULL),
        .tags = jdoc_get(doc, "tags"),
        .vehicle_types = jdoc_get(doc, "vehicle_types")};
    jdoc_get_bool(doc, "in_stock", &p->in_stock);
    if (!ident_is_safe(p->id, strlen(p->id), 64) || p->name[0] == '\0' ||
        !shop_is_category(p->category) || jdoc_get_double(doc, "price", &price) != 0 || price < 0 ||
        amount_from_number(price, c->currency, &p->price_minor) != 0)
        return ERR_INVALID;
    if (p->url && url_check(p->url, strlen(p->url), URL_INTERNATIONAL, NULL, why) != 0)
        p->url = NULL;
    return shop_index_product(p, arena);
}

static int shop_read_products(const jdoc *list, struct shop_catalogue *c, struct arena *arena)
{
    size_t count = jdoc_length(list);
    if (jdoc_type(list) != JDOC_ARRAY || count > PRODUCTS_MAX)
        return ERR_INVALID;
    c->products = arena_array(arena, count + 1, sizeof *c->products);
    if (!c->products)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        int error = shop_read_product(jdoc_at(list, i), c, arena, &c->products[c->count]);
        if (error == 0)
            c->count++;
        else if (error == ERR_INVALID)
            log_limited(LOG_LEVEL_WARN,
                "shop.catalogue: product %zu is left out: id, name, category "
                "and price are needed",
                i);
        else
            return error;
    }
    return 0;
}

/* In place of what was read before, unless the file is bad. */
static int shop_load(const struct conf *conf, const char *text, size_t len)
{
    jdoc *document = NULL;
    char why[160] = "";
    struct shop_catalogue c = {0};
    struct arena *arena = arena_new();
    struct stat seen = shop.seen;
    int error = arena ? jdoc_parse(text, len, &document, why, sizeof why) : ERR_NOMEM;
    if (error == 0) {
        c.currency = jdoc_text_or(document, "currency", conf->default_currency);
        if (strlen(c.currency) != 3)
            error = ERR_INVALID;
    }
    if (error == 0)
        error = shop_read_products(jdoc_get(document, "products"), &c, arena);
    char *path = error == 0 ? arena_strdup(arena, conf->shop_catalogue) : NULL;
    if (error == 0 && !path)
        error = ERR_NOMEM;
    if (error != 0) {
        if (error != ERR_NOMEM)
            log_error("shop.catalogue is no catalogue: %s %s", err_text(error), why);
        jdoc_free(document);
        if (arena)
            arena_free(arena);
        return error;
    }
    shop_close();
    shop.catalogue = c;
    shop.arena = arena;
    shop.document = document;
    shop.path = path;
    shop.seen = seen;
    shop.looked = true;
    return 0;
}

static bool shop_is_unchanged(const struct stat *now)
{
    return shop.looked && now->st_ino == shop.seen.st_ino && now->st_size == shop.seen.st_size &&
        now->st_mtim.tv_sec == shop.seen.st_mtim.tv_sec &&
        now->st_mtim.tv_nsec == shop.seen.st_mtim.tv_nsec;
}

int shop_open(const struct conf *conf, const struct shop_catalogue **out)
{
    struct buf text = {0};
    struct stat now;
    int error = 0;
    if (shop.path && strcmp(shop.path, conf->shop_catalogue) != 0)
        shop_close();
    if (stat(conf->shop_catalogue, &now) == 0 && !shop_is_unchanged(&now)) {
        error = shop_read_text(conf->shop_catalogue, &shop.seen, &text);
        shop.looked = error == 0;
        if (error == 0)
            error = shop_load(conf, buf_text(&text), text.len);
        buf_free(&text);
    }
    *out = &shop.catalogue;
    if (error == ERR_NOMEM)
        return error;
    return shop.arena ? 0 : ERR_NOT_CONFIGURED;
}
