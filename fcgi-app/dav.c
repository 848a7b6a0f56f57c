/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/dav.h"

#include "base/utf8.h"
#include "wire/http/http.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAV_PRINCIPAL_PATH "/dav/principal/"
#define DAV_HOME_PATH "/dav/calendars/"
#define DAV_CALENDAR_PATH "/dav/calendars/assistant/"
#define DAV_ENDING ".ics"
#define DAV_UNKNOWN "\xEF\xBF\xBD" /* for what XML 1.0 has not */

bool dav_is(const struct exchange *x)
{
    return x->route && strcmp(x->route, DAV_PATTERN) == 0;
}

void dav_tag(int64_t revision, char out[DAV_TAG_SIZE])
{
    snprintf(out, DAV_TAG_SIZE, "\"%" PRId64 "\"", revision);
}

bool dav_wants(const struct dav_ask *ask, const char *ns, const char *name)
{
    for (size_t i = 0; i < ask->prop_count; i++)
        if (strcmp(ask->props[i].ns, ns) == 0 && strcmp(ask->props[i].name, name) == 0)
            return true;
    return false;
}

/* ---- addresses ---- */

/* Of a href: without the scheme, the host and our base. */
static const char *dav_below(const struct exchange *x, const char *path)
{
    const char *base = x->app->conf->public_base, *host = strstr(path, "://");
    size_t len = strlen(base);

    if (host) {
        path = strchr(host + 3, '/');
        path = path ? path : "/";
    }
    if (strncmp(path, base, len) == 0 && strncmp(path + len, "/dav", 4) == 0)
        path += len;
    return strncmp(path, "/dav", 4) == 0 && (path[4] == '/' || !path[4]) ? path + 4 : path;
}

static bool dav_fits(const char *path, const char *node)
{
    size_t len = strlen(node);

    return strncmp(path, node, len) == 0 && (!path[len] || strcmp(path + len, "/") == 0);
}

int dav_target(struct exchange *x, const char *path, struct dav_target *out)
{
    static const struct {
        const char *path;
        enum dav_node node;
    } nodes[] = {{"", DAV_ROOT}, {"/principal", DAV_PRINCIPAL}, {"/calendars", DAV_HOME},
        {"/calendars/assistant", DAV_CALENDAR}};
    static const char events[] = "/calendars/assistant/";
    const char *below = dav_below(x, path);

    *out = (struct dav_target){.node = DAV_ROOT};
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        out->node = nodes[i].node;
        if (dav_fits(below, nodes[i].path))
            return 0;
    }
    if (strncmp(below, events, sizeof events - 1) != 0)
        return ERR_NOT_FOUND;
    char *name = arena_strdup(x->arena, below + sizeof events - 1);
    if (!name)
        return ERR_NOMEM;
    out->node = DAV_EVENT;
    out->name = name;
    if (strchr(name, '/') || request_decode(name, false) < 0)
        return ERR_NOT_FOUND;
    size_t len = strlen(name), end = strlen(DAV_ENDING);
    if (!utf8_valid(name, len) || len <= end || strcmp(name + len - end, DAV_ENDING) != 0)
        return ERR_NOT_FOUND;
    name[len - end] = '\0';
    return 0;
}

/* ---- XML ---- */

/* Bytes of a character beside ASCII that XML 1.0 has; 0: one stands for `skip` bytes. */
static size_t dav_character(const char *text, size_t len, size_t *skip)
{
    size_t n = utf8_sequence(text, len, skip);

    if (n == 3 && (utf8_code(text, 3) == 0xFFFE || utf8_code(text, 3) == 0xFFFF)) {
        *skip = 3;
        return 0;
    }
    return n;
}

static void dav_put_text(struct buf *b, const char *text, size_t len)
{
    size_t n, skip;

    for (size_t i = 0; i < len; i += n) {
        char c = text[i];
        n = 1;
        if ((unsigned char)c >= 0x80) {
            n = dav_character(text + i, len - i, &skip);
            buf_put(b, n ? text + i : DAV_UNKNOWN, n ? n : sizeof DAV_UNKNOWN - 1);
            n = n ? n : skip;
        } else if (c == '&')
            buf_puts(b, "&amp;");
        else if (c == '<')
            buf_puts(b, "&lt;");
        else if (c == '>')
            buf_puts(b, "&gt;");
        else if (c == '"')
            buf_puts(b, "&quot;");
        else if (c == '\r')
            buf_puts(b, "&#13;");
        else if ((unsigned char)c >= 0x20 || c == '\t' || c == '\n')
            buf_putc(b, c);
        else
            buf_puts(b, DAV_UNKNOWN);
    }
}

static void dav_put_href(struct exchange *x, struct buf *b, const char *path, const char *name)
{
    buf_puts(b, "<d:href>");
    dav_put_text(b, x->app->conf->public_base, strlen(x->app->conf->public_base));
    buf_puts(b, path);
    if (name) {
        buf_put_urlencoded(b, name, strlen(name));
        buf_puts(b, DAV_ENDING);
    }
    buf_puts(b, "</d:href>");
}

static void dav_put_own_href(struct exchange *x, struct buf *b, const struct dav_item *item)
{
    const char *path = item->node == DAV_ROOT ? "/dav/" :
        item->node == DAV_PRINCIPAL           ? DAV_PRINCIPAL_PATH :
        item->node == DAV_HOME                ? DAV_HOME_PATH :
                                                DAV_CALENDAR_PATH;

    dav_put_href(x, b, path,
        item->node == DAV_EVENT && item->resource ? item->resource->name : NULL);
}

/* ---- properties ---- */

struct valued {
    struct exchange *x;
    const struct dav_item *item;
    int64_t revision; /* the newest of the calendar */
    struct buf *out;
};

static void dav_value_type(struct valued *v)
{
    if (v->item->node & DAV_COLLECTIONS)
        buf_puts(v->out, "<d:collection/>");
    if (v->item->node == DAV_PRINCIPAL)
        buf_puts(v->out, "<d:principal/>");
    if (v->item->node == DAV_CALENDAR)
        buf_puts(v->out, "<c:calendar/>");
}

static void dav_value_name(struct valued *v)
{
    const char *name = v->item->node == DAV_CALENDAR ? "Assistant" :
        v->item->node == DAV_PRINCIPAL               ? v->x->who.user :
                                                       "Calendars";

    dav_put_text(v->out, name, strlen(name));
}

static void dav_value_principal(struct valued *v)
{
    dav_put_href(v->x, v->out, DAV_PRINCIPAL_PATH, NULL);
}

static void dav_value_home(struct valued *v)
{
    dav_put_href(v->x, v->out, DAV_HOME_PATH, NULL);
}

static void dav_value_privileges(struct valued *v)
{
    buf_puts(v->out, "<d:privilege><d:read/></d:privilege>");
    if (v->x->who.scopes & SCOPE_WRITE)
        buf_puts(v->out,
            "<d:privilege><d:write/></d:privilege><d:privilege><d:write-content/></d:privilege>"
            "<d:privilege><d:bind/></d:privilege><d:privilege><d:unbind/></d:privilege>");
}

static void dav_value_reports(struct valued *v)
{
    static const char *const reports[] = {"c:calendar-query", "c:calendar-multiget",
        "d:sync-collection"};

    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        buf_printf(v->out, "<d:supported-report><d:report><%s/></d:report></d:supported-report>",
            reports[i]);
}

static void dav_value_components(struct valued *v)
{
    buf_puts(v->out, "<c:comp name=\"VEVENT\"/>");
}

static void dav_value_data_types(struct valued *v)
{
    buf_puts(v->out, "<c:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>");
}

static void dav_value_size(struct valued *v)
{
    buf_printf(v->out, "%" PRId64, v->x->app->conf->body_max);
}

static void dav_value_ctag(struct valued *v)
{
    buf_printf(v->out, "\"%" PRId64 "\"", v->revision);
}

static void dav_value_token(struct valued *v)
{
    buf_printf(v->out, DAV_TOKEN "%" PRId64, v->revision);
}

static void dav_value_tag(struct valued *v)
{
    char tag[DAV_TAG_SIZE];

    dav_tag(v->item->resource->revision, tag);
    dav_put_text(v->out, tag, strlen(tag));
}

static void dav_value_content_type(struct valued *v)
{
    buf_puts(v->out, "text/calendar; charset=utf-8; component=VEVENT");
}

static void dav_value_data(struct valued *v)
{
    if (v->item->text)
        dav_put_text(v->out, buf_text(v->item->text), v->item->text->len);
}

/* hidden: only when it is named (RFC 4918 9.1, RFC 4791 5.2). */
static const struct property {
    const char *ns, *name;
    unsigned nodes;
    bool hidden;
    void (*value)(struct valued *v);
} dav_properties[] = {
    {DAV_NS, "resourcetype", DAV_COLLECTIONS | DAV_EVENT, false, dav_value_type},
    {DAV_NS, "displayname", DAV_COLLECTIONS, false, dav_value_name},
    {DAV_NS, "getetag", DAV_EVENT, false, dav_value_tag},
    {DAV_NS, "getcontenttype", DAV_EVENT, false, dav_value_content_type},
    {DAV_NS, "current-user-principal", DAV_COLLECTIONS | DAV_EVENT, true, dav_value_principal},
    {DAV_NS, "principal-URL", DAV_PRINCIPAL, true, dav_value_principal},
    {DAV_NS, "owner", DAV_HOME | DAV_CALENDAR | DAV_EVENT, true, dav_value_principal},
    {DAV_NS, "principal-collection-set", DAV_COLLECTIONS, true, dav_value_principal},
    {DAV_NS, "current-user-privilege-set", DAV_COLLECTIONS | DAV_EVENT, true, dav_value_privileges},
    {DAV_NS, "supported-report-set", DAV_CALENDAR, true, dav_value_reports},
    {DAV_NS, "sync-token", DAV_CALENDAR, true, dav_value_token},
    {DAV_SERVER, "getctag", DAV_CALENDAR, true, dav_value_ctag},
    {DAV_CALDAV, "calendar-home-set", DAV_ROOT | DAV_PRINCIPAL, true, dav_value_home},
    {DAV_CALDAV, "calendar-user-address-set", DAV_PRINCIPAL, true, dav_value_principal},
    {DAV_CALDAV, "supported-calendar-component-set", DAV_CALENDAR, true, dav_value_components},
    {DAV_CALDAV, "supported-calendar-data", DAV_CALENDAR, true, dav_value_data_types},
    {DAV_CALDAV, "max-resource-size", DAV_CALENDAR, true, dav_value_size},
    {DAV_CALDAV, "calendar-data", DAV_EVENT, true, dav_value_data},
};
#define DAV_PROPERTIES (sizeof dav_properties / sizeof *dav_properties)

static const char *dav_prefix(const char *ns)
{
    return strcmp(ns, DAV_NS) == 0  ? "d:" :
        strcmp(ns, DAV_CALDAV) == 0 ? "c:" :
        strcmp(ns, DAV_SERVER) == 0 ? "cs:" :
                                      NULL;
}

static bool dav_is_name(const char *name)
{
    return *name && !strpbrk(name, " \t\r\n<>&\"'/=;:");
}

static const struct property *dav_property(const struct dav_prop *prop, const struct valued *v)
{
    for (size_t i = 0; i < DAV_PROPERTIES; i++)
        if (strcmp(dav_properties[i].ns, prop->ns) == 0 &&
            strcmp(dav_properties[i].name, prop->name) == 0 &&
            dav_properties[i].nodes & v->item->node &&
            (dav_properties[i].value != dav_value_data || v->item->text))
            return &dav_properties[i];
    return NULL;
}

static void dav_put_value(struct valued *v, const struct property *p, bool name_only)
{
    const char *prefix = dav_prefix(p->ns);

    buf_printf(v->out, "<%s%s>", prefix, p->name);
    if (!name_only)
        p->value(v);
    buf_printf(v->out, "</%s%s>", prefix, p->name);
}

static void dav_put_missing(struct buf *b, const struct dav_prop *prop)
{
    const char *prefix = dav_prefix(prop->ns);

    if (!dav_is_name(prop->name))
        return;
    if (prefix) {
        buf_printf(b, "<%s%s/>", prefix, prop->name);
        return;
    }
    buf_printf(b, "<x:%s xmlns:x=\"", prop->name);
    dav_put_text(b, prop->ns, strlen(prop->ns));
    buf_puts(b, "\"/>");
}

static void dav_put_propstat(struct buf *b, const struct buf *props, int status)
{
    buf_puts(b, "<d:propstat><d:prop>");
    buf_put(b, buf_text(props), props->len);
    buf_printf(b, "</d:prop><d:status>HTTP/1.1 %d %s</d:status></d:propstat>", status,
        http_reason(status));
}

void dav_put_item(struct exchange *x, const struct dav_ask *ask, const struct dav_item *item,
    int64_t revision)
{
    struct buf *b = &x->reply.body, found = {0}, missing = {0};
    struct valued v = {x, item, revision, &found};

    for (size_t i = 0; i < DAV_PROPERTIES && (ask->all || ask->names); i++)
        if (dav_properties[i].nodes & item->node &&
            (ask->names ? dav_properties[i].value != dav_value_data : !dav_properties[i].hidden))
            dav_put_value(&v, &dav_properties[i], ask->names);
    for (size_t i = 0; i < ask->prop_count; i++) {
        const struct property *p = dav_property(&ask->props[i], &v);
        if (!p)
            dav_put_missing(&missing, &ask->props[i]);
        else if (!ask->all || p->hidden)
            dav_put_value(&v, p, false);
    }
    buf_puts(b, "<d:response>");
    dav_put_own_href(x, b, item);
    if (found.len > 0 || missing.len == 0)
        dav_put_propstat(b, &found, 200);
    if (missing.len > 0)
        dav_put_propstat(b, &missing, 404);
    buf_puts(b, "</d:response>");
    if (buf_error(&found) || buf_error(&missing))
        b->error = ERR_NOMEM;
    buf_free(&found);
    buf_free(&missing);
}

void dav_put_unchanged(struct exchange *x, const struct dav_ask *ask, enum dav_node node)
{
    struct buf *b = &x->reply.body, props = {0};
    const struct dav_item item = {.node = node};

    for (size_t i = 0; i < ask->prop_count; i++)
        dav_put_missing(&props, &ask->props[i]);
    buf_puts(b, "<d:response>");
    dav_put_own_href(x, b, &item);
    dav_put_propstat(b, &props, 403);
    buf_puts(b, "</d:response>");
    if (buf_error(&props))
        b->error = ERR_NOMEM;
    buf_free(&props);
}

void dav_put_status(struct exchange *x, const char *href, const char *name, int status)
{
    struct buf *b = &x->reply.body;

    buf_puts(b, "<d:response>");
    if (href) {
        buf_puts(b, "<d:href>");
        dav_put_text(b, href, strlen(href));
        buf_puts(b, "</d:href>");
    } else {
        dav_put_href(x, b, DAV_CALENDAR_PATH, name);
    }
    buf_printf(b, "<d:status>HTTP/1.1 %d %s</d:status>", status, http_reason(status));
    if (status == 507)
        buf_puts(b, "<d:error><d:number-of-matches-within-limits/></d:error>");
    buf_puts(b, "</d:response>");
}

/* ---- replies ---- */

void dav_begin(struct exchange *x)
{
    exchange_stream(x, DAV_TYPE);
    x->reply.status = 207;
    exchange_header(x, "DAV", DAV_FEATURES);
    buf_puts(&x->reply.body,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:multistatus xmlns:d=\"" DAV_NS
        "\" xmlns:c=\"" DAV_CALDAV "\" xmlns:cs=\"" DAV_SERVER "\">");
}

void dav_end(struct exchange *x, int64_t token)
{
    if (token >= 0)
        buf_printf(&x->reply.body, "<d:sync-token>" DAV_TOKEN "%" PRId64 "</d:sync-token>", token);
    buf_puts(&x->reply.body, "</d:multistatus>\n");
}

int dav_refuse(struct exchange *x, int status, const char *ns, const char *condition,
    const char *why)
{
    struct buf *b = &x->reply.body;

    exchange_json(x, status);
    x->reply.content_type = DAV_TYPE;
    buf_printf(b,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:error xmlns:d=\"" DAV_NS
        "\" xmlns:c=\"" DAV_CALDAV "\" xmlns:t=\"urn:turnpike\">");
    if (condition)
        buf_printf(b, "<%s%s/>", dav_prefix(ns), condition);
    buf_puts(b, "<t:message>");
    dav_put_text(b, why, strlen(why));
    buf_puts(b, "</t:message></d:error>\n");
    return 0;
}
