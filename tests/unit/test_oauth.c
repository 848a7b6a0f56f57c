/* SPDX-License-Identifier: BSD-2-Clause */
/* OAuth for MCP servers: challenges, places of metadata, what is believed, sealing, signing. */
#include "base/base64.h"
#include "process/webpush.h"
#include "tests/unit/cm.h"
#include "tools/remote/oauth_entry.h"
#include "tools/remote/oauth_seal.h"
#include "tools/remote/oauth_sign.h"
#include "tools/remote/oauth_token.h"
#include "tools/remote/oauth_wire.h"

#include <stdlib.h>
#include <string.h>

#define KEY "a key of this site, of more than 32 bytes"

static void challenges(void **state)
{
    struct oauth_challenge c;

    (void)state;
    oauth_challenge_read("Bearer resource_metadata=\"https://a.example/m\", scope=\"x y\"", &c);
    assert_string_equal(c.metadata, "https://a.example/m");
    assert_string_equal(c.scope, "x y");
    assert_false(c.insufficient);
    oauth_challenge_read(
        "Basic realm=\"Bearer scope=no\", bearer error=insufficient_scope , scope=z", &c);
    assert_string_equal(c.scope, "z");
    assert_true(c.insufficient);
    oauth_challenge_read("Bearer scope=\"x\", Basic scope=\"y\", realm=\"z\"", &c);
    assert_string_equal(c.scope, "x");
    oauth_challenge_read("Bearer scope=\"a \\\"quoted\\\" one\"", &c);
    assert_string_equal(c.scope, "a \"quoted\" one");
    oauth_challenge_read("Bearer scope=\"never ends", &c);
    assert_string_equal(c.scope, "");
    oauth_challenge_read("Bearer", &c);
    oauth_challenge_read("= , =\"\"", &c);
    oauth_challenge_read("", &c);
    oauth_challenge_read(NULL, &c);
    assert_string_equal(c.metadata, "");
}

static void too_long_is_not_said(void **state)
{
    struct oauth_challenge c;
    char header[3000];

    (void)state;
    memset(header, 'x', sizeof header);
    memcpy(header, "Bearer scope=\"", strlen("Bearer scope=\""));
    header[sizeof header - 1] = '\0';
    header[sizeof header - 2] = '"';
    oauth_challenge_read(header, &c);
    assert_string_equal(c.scope, "");
}

static void places(void **state)
{
    struct oauth_places p;

    (void)state;
    assert_int_equal(oauth_places_resource("https://a.example/one/mcp?x=1", "", &p), 0);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.url[0], "https://a.example/.well-known/oauth-protected-resource/one/mcp");
    assert_string_equal(p.url[1], "https://a.example/.well-known/oauth-protected-resource");
    assert_int_equal(oauth_places_resource("https://a.example", "https://b.example/m", &p), 0);
    assert_int_equal(p.count, 1);
    assert_string_equal(p.url[0], "https://b.example/m");
    assert_int_equal(oauth_places_issuer("https://a.example:8443/t1/", &p), 0);
    assert_int_equal(p.count, 3);
    assert_string_equal(p.url[0],
        "https://a.example:8443/.well-known/oauth-authorization-server/t1");
    assert_string_equal(p.url[1], "https://a.example:8443/.well-known/openid-configuration/t1");
    assert_string_equal(p.url[2], "https://a.example:8443/t1/.well-known/openid-configuration");
    assert_int_equal(oauth_places_issuer("https://a.example/", &p), 0);
    assert_int_equal(p.count, 2);
    assert_int_equal(oauth_places_issuer("javascript:alert(1)", &p), ERR_INVALID);
}

static void resources(void **state)
{
    (void)state;
    assert_true(oauth_resource_covers("https://a.example/mcp", "https://a.example/mcp"));
    assert_true(oauth_resource_covers("https://a.example", "https://a.example/mcp"));
    assert_true(oauth_resource_covers("https://a.example:443/", "https://a.example/mcp"));
    assert_true(oauth_resource_covers("https://a.example/mcp", "https://a.example/mcp/v1"));
    assert_false(oauth_resource_covers("https://a.example/mcp", "https://a.example/mcp2"));
    assert_false(oauth_resource_covers("https://a.example/other", "https://a.example/mcp"));
    assert_false(oauth_resource_covers("http://a.example/mcp", "https://a.example/mcp"));
    assert_false(oauth_resource_covers("https://evil.example/mcp", "https://a.example/mcp"));
    assert_false(oauth_resource_covers("", "https://a.example/mcp"));
}

static int check(const char *text, bool code, char why[400])
{
    jdoc *doc = NULL;

    assert_int_equal(jdoc_parse(text, strlen(text), &doc, NULL, 0), 0);
    int error = oauth_metadata_check(doc, "https://as.example", code, why, 400);
    jdoc_free(doc);
    return error;
}

#define ENDPOINTS \
    "\"token_endpoint\":\"https://as.example/t\",\"authorization_endpoint\":" \
    "\"https://as.example/a\""

static void metadata(void **state)
{
    char why[400] = "";

    (void)state;
    assert_int_equal(check("{\"issuer\":\"https://as.example\"," ENDPOINTS
                           ",\"code_challenge_methods_supported\":[\"plain\",\"S256\"]}",
                         true, why),
        0);
    assert_int_equal(check("{\"issuer\":\"https://as.example/\"," ENDPOINTS "}", false, why),
        ERR_INVALID);
    assert_non_null(strstr(why, "another issuer"));
    assert_int_equal(check("{\"issuer\":\"https://as.example\"," ENDPOINTS "}", true, why),
        ERR_INVALID);
    assert_non_null(strstr(why, "PKCE"));
    assert_int_equal(check("{\"issuer\":\"https://as.example\"," ENDPOINTS "}", false, why), 0);
    assert_int_equal(check("{\"issuer\":\"https://as.example\",\"token_endpoint\":\"file:///x\"}",
                         false, why),
        ERR_INVALID);
}

static void scopes(void **state)
{
    char scope[OAUTH_SCOPE_MAX] = "a b";

    (void)state;
    assert_true(oauth_scope_has("a bc d", "d a"));
    assert_false(oauth_scope_has("a bc d", "b"));
    assert_true(oauth_scope_has("", ""));
    assert_int_equal(oauth_scope_add(scope, " b  c a "), 0);
    assert_string_equal(scope, "a b c");
    char *many = calloc(1, OAUTH_SCOPE_MAX + 10);
    memset(many, 'x', OAUTH_SCOPE_MAX);
    assert_int_equal(oauth_scope_add(scope, many), ERR_LIMIT);
    free(many);
}

static void queries(void **state)
{
    char out[32];

    (void)state;
    assert_int_equal(oauth_query("a=1&code=x%2Fy+z&state=", "code", out, sizeof out), 0);
    assert_string_equal(out, "x/y z");
    assert_int_equal(oauth_query("code=1&code=2", "code", out, sizeof out), ERR_INVALID);
    assert_int_equal(oauth_query("xcode=1", "code", out, sizeof out), ERR_NOT_FOUND);
    assert_int_equal(oauth_query("code=%zz", "code", out, sizeof out), ERR_INVALID);
    assert_int_equal(oauth_query("code=%00", "code", out, sizeof out), ERR_INVALID);
}

static void seals(void **state)
{
    struct buf sealed = {0}, other = {0}, plain = {0};

    (void)state;
    assert_int_equal(oauth_seal(KEY, "sea", "secret", 6, &sealed), 0);
    assert_int_equal(oauth_seal(KEY, "sea", "secret", 6, &other), 0);
    assert_string_not_equal(buf_text(&sealed), buf_text(&other));
    assert_int_equal(oauth_unseal(KEY, "sea", buf_text(&sealed), &plain), 0);
    assert_string_equal(buf_text(&plain), "secret");
    buf_reset(&plain);
    assert_int_equal(oauth_unseal(KEY "x", "sea", buf_text(&sealed), &plain), ERR_AUTH);
    assert_int_equal(oauth_unseal(KEY, "lake", buf_text(&sealed), &plain), ERR_AUTH);
    assert_int_equal(oauth_unseal("", "sea", buf_text(&sealed), &plain), ERR_CONFIG);
    assert_int_equal(oauth_unseal(KEY, "sea", "", &plain), ERR_AUTH);
    assert_int_equal(oauth_unseal(KEY, "sea", "AQ", &plain), ERR_AUTH);
    for (size_t i = 0; i < sealed.len; i++) { /* any character that is another one */
        char old = sealed.data[i];
        sealed.data[i] = old == 'A' ? 'B' : 'A';
        if (i + 1 < sealed.len)
            assert_int_equal(oauth_unseal(KEY, "sea", buf_text(&sealed), &plain), ERR_AUTH);
        sealed.data[i] = old;
    }
    assert_int_equal(plain.len, 0);
    buf_free(&sealed);
    buf_free(&other);
    buf_free(&plain);
}

static struct oauth_client client_of(const char *url)
{
    return (struct oauth_client){.server = "sea",
        .url = url,
        .client_id = "",
        .metadata_url = "",
        .scope = "",
        .issuer = "",
        .algorithm = "",
        .key_id = ""};
}

static void entries(void **state)
{
    struct conf conf = {.mcp_token_key = (char *)KEY, .mcp_token_key_previous = (char *)""};
    struct oauth_client client = client_of("https://a.example/mcp");
    struct oauth_entry entry = {.needs_login = true, .why = "because", .wanted = "x"}, back;
    struct buf text = {0}, said = {0};

    (void)state;
    entry.account = jdoc_new_object();
    assert_int_equal(jdoc_set_string(entry.account, "issuer", "https://as.example"), 0);
    assert_int_equal(jdoc_set_string(entry.account, "client_id", "me"), 0);
    assert_int_equal(jdoc_set_string(entry.account, "access_token", "very-secret"), 0);
    assert_int_equal(oauth_entry_write(&entry, &conf, &client, &text), 0);
    assert_null(strstr(buf_text(&text), "very-secret"));
    assert_int_equal(oauth_entry_read(&back, &conf, &client, buf_text(&text), text.len), 0);
    assert_true(back.needs_login);
    assert_string_equal(back.wanted, "x");
    assert_string_equal(jdoc_text_or(back.account, "access_token", ""), "very-secret");
    oauth_entry_fini(&back);
    oauth_entry_say(&client, buf_text(&text), text.len, 0, &said);
    assert_string_equal(buf_text(&said), "NEEDS LOGIN: because; WANTS MORE: scope x");
    /* of another server now */
    client.url = "https://b.example/mcp";
    assert_int_equal(oauth_entry_read(&back, &conf, &client, buf_text(&text), text.len),
        ERR_NOT_FOUND);
    client.url = "https://a.example/mcp";
    client.issuer = "https://other.example";
    assert_int_equal(oauth_entry_read(&back, &conf, &client, buf_text(&text), text.len),
        ERR_NOT_FOUND);
    client.issuer = "";
    client.client_id = "another";
    assert_int_equal(oauth_entry_read(&back, &conf, &client, buf_text(&text), text.len),
        ERR_NOT_FOUND);
    /* somebody who may write to Redis says that it is of another issuer */
    client.client_id = "";
    char *at = strstr(text.data, "https://as.example");
    at[strlen("https://")] = 'b';
    assert_int_equal(oauth_entry_read(&back, &conf, &client, buf_text(&text), text.len), ERR_AUTH);
    oauth_entry_fini(&back);
    oauth_entry_fini(&entry);
    buf_free(&text);
    buf_free(&said);
}

static void freshness(void **state)
{
    struct oauth_entry entry = {.account = jdoc_new_object()};

    (void)state;
    assert_false(oauth_entry_is_fresh(&entry, 1000));
    assert_int_equal(jdoc_set_string(entry.account, "access_token", "t"), 0);
    assert_true(oauth_entry_is_fresh(&entry, 1000)); /* nobody said when it ends */
    assert_int_equal(jdoc_set_int(entry.account, "issued_ms", 0), 0);
    assert_int_equal(jdoc_set_int(entry.account, "expires_ms", 3600000), 0);
    assert_true(oauth_entry_is_fresh(&entry, 3539999));
    assert_false(oauth_entry_is_fresh(&entry, 3540000));
    assert_int_equal(jdoc_set_int(entry.account, "expires_ms", 10000), 0);
    assert_true(oauth_entry_is_fresh(&entry, 8999)); /* a tenth of a short life */
    assert_false(oauth_entry_is_fresh(&entry, 9000));
    oauth_entry_fini(&entry);
}

/* The assertion is one that our own reader of tokens takes. */
static void assertions(void **state)
{
    struct oauth_client client = client_of("https://a.example/mcp");
    struct buf pem = {0}, token = {0};
    char why[120];

    (void)state;
    assert_int_equal(webpush_key_make(&pem), 0);
    client.private_key = (char *)(uintptr_t)buf_text(&pem);
    assert_int_equal(oauth_sign_check(&client, why, sizeof why), 0);
    assert_int_equal(oauth_sign_assertion(&client, "me", "https://as.example", 1000000, &token), 0);
    const char *dot = strchr(buf_text(&token), '.'), *last = strrchr(buf_text(&token), '.');
    char claims[512];
    long n = base64_decode(dot + 1, (size_t)(last - dot - 1), BASE64_URL, claims);
    assert_true(n > 0);
    claims[n] = '\0';
    assert_non_null(strstr(claims, "\"aud\":\"https://as.example\",\"iat\":1000,\"exp\":1060}"));
    assert_int_equal(strlen(last + 1), 86); /* r and s, not DER */
    client.algorithm = "RS256";
    assert_int_equal(oauth_sign_check(&client, why, sizeof why), ERR_INVALID);
    char no_key[] = "nonsense";
    client.private_key = no_key;
    assert_int_equal(oauth_sign_check(&client, why, sizeof why), ERR_INVALID);
    assert_non_null(strstr(why, "no private key"));
    buf_free(&pem);
    buf_free(&token);
}

static void pkce(void **state)
{
    struct oauth_pkce a, b;

    (void)state;
    assert_int_equal(oauth_pkce_make(&a), 0);
    assert_int_equal(oauth_pkce_make(&b), 0);
    assert_int_equal(strlen(a.verifier), 64);
    assert_int_equal(strlen(a.challenge), 43);
    assert_string_not_equal(a.verifier, b.verifier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges),
        cmocka_unit_test(too_long_is_not_said),
        cmocka_unit_test(places),
        cmocka_unit_test(resources),
        cmocka_unit_test(metadata),
        cmocka_unit_test(scopes),
        cmocka_unit_test(queries),
        cmocka_unit_test(seals),
        cmocka_unit_test(entries),
        cmocka_unit_test(freshness),
        cmocka_unit_test(assertions),
        cmocka_unit_test(pkce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
