/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credentials: tokens, API keys, tickets, origins. Only the token and the key of the corpus get in,
 * which are good ones for the settings here, and tickets of the form that the service stores.
 */
#include "base/err.h"
#include "process/auth.h"
#include "process/origin.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* {"sub":"ann","exp":4102444800} by the secret below; tests/fuzz/corpus/auth/token is the same. */
static const char good[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9."
    "bNZp8-c5gM7-pWYPicAXMIv0iei_6htwYldmFYKrQ5E";

/* The same for {"sub":"a}b",...}, which is corpus/auth/any_name. */
static const char any_name[] = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhfWIiLCJleHAiOjQxMDI0NDQ4MDB9."
                               "kpxEX1v-d_M4PEQJykRy8wIXosWnus6thQ2KtM9lxXY";

static struct conf conf;

static struct auth *auth_once(void)
{
    static struct auth *auth;
    char why[CONF_WHY_SIZE];

    if (auth)
        return auth;
    if (conf_init(&conf) < 0 || conf_set(&conf, "jwt.algorithm", "HS256", why) < 0 ||
        conf_set(&conf, "jwt.secret", "a secret of more than thirty-two bytes", why) < 0 ||
        conf_set(&conf, "origins", "https://pam.example.org", why) < 0 ||
        auth_new(&auth, &conf, why, sizeof why) < 0)
        abort();
    return auth;
}

static void check_user(const struct auth_identity *who)
{
    if (!ident_is_safe(who->user, strlen(who->user), IDENT_USER_MAX) ||
        (strcmp(who->role, "user") != 0 && strcmp(who->role, "admin") != 0))
        abort();
}

/* A line of api_keys.file that is taken says the same when it is written and read again. */
static void check_line(const char *text)
{
    struct apikey key, again;
    struct buf line = {0};
    const char *why = NULL;
    char *copy = strdup(text), *second;
    bool found = false;

    if (!copy)
        abort();
    copy[strcspn(copy, "\n")] = '\0'; /* a line */
    if (apikey_parse(copy, &key, &found, &why) == 0 && found) {
        apikey_write(&key, &line);
        second = strdup(buf_text(&line));
        if (!second)
            abort();
        second[strcspn(second, "\n")] = '\0';
        if (apikey_parse(second, &again, &found, &why) != 0 || !found ||
            strcmp(key.hash, again.hash) != 0 || strcmp(key.user, again.user) != 0 ||
            key.scopes != again.scopes || key.expires_ms != again.expires_ms)
            abort();
        free(second);
    }
    buf_free(&line);
    free(copy);
}

static void check_mark(const char *text)
{
    struct auth_mark mark, again;
    char written[AUTH_MARK_SIZE];

    if (!auth_mark_read(text, &mark))
        return;
    auth_mark_write(&mark, written);
    if (!auth_mark_read(written, &again) || again.id != mark.id || again.kind != mark.kind ||
        again.issued_ms != mark.issued_ms)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct auth *auth = auth_once();
    struct auth_identity who;
    const char *why = NULL;
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (auth_token(auth, text, size, &who, &why) == 0) {
        /* The last letter of a signature has two bits that say nothing. */
        if (strncmp(text, good, sizeof good - 2) != 0 &&
            strncmp(text, any_name, sizeof any_name - 2) != 0)
            abort();
        check_user(&who);
    } else if (!why) {
        abort();
    }
    if (auth_ticket(auth, text, size, "https://pam.example.org", &who) == 0)
        check_user(&who);
    check_line(text);
    check_mark(text);
    char id[IDENT_USER_MAX + 1];
    if (ident_user_of(text, size, id) == 0 && !ident_is_user(id, strlen(id)))
        abort();
    if (strlen(text) > 0 && origin_allowed(&conf, text) &&
        strcmp(text, "https://pam.example.org") != 0)
        abort();
    free(text);
    return 0;
}
