/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/dav_ask.h"

#include "base/clock.h"
#include "tools/kit/civil.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_DEPTH_MAX 24
#define ASK_ELEMENTS_MAX 4000
#define ASK_TEXT_MAX 2048

struct reading {
    XML_Parser parser;
    struct arena *arena;
    struct dav_ask *out;
    size_t depth, elements;
    bool in_prop, in_filter;
    struct buf text; /* of the element that is open */
    int error;
};

static void dav_ask_stop(struct reading *r, int error)
{
    if (!r->error)
        r->error = error;
    XML_StopParser(r->parser, XML_FALSE);
}

static bool dav_ask_is(const char *name, const char *ns, const char *local)
{
    size_t len = strlen(ns);

    return strncmp(name, ns, len) == 0 && name[len] == ' ' && strcmp(name + len + 1, local) == 0;
}

static const char *dav_ask_attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i]; i += 2)
        if (strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    return NULL;
}

/* 20261201T000000Z; fallback when there is none. */
static int64_t dav_ask_time(struct reading *r, const char *text, int64_t fallback)
{
    struct civil c = {.year = 0};
    int n = 0;

    if (!text)
        return fallback;
    if (strlen(text) != 16 ||
        sscanf(text, "%4d%2d%2dT%2d%2d%2dZ%n", &c.year, &c.month, &c.day, &c.hour, &c.minute,
            &c.second, &n) != 6 ||
        n != 16 || c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.day > civil_month_days(c.year, c.month) || c.hour < 0 || c.hour > 23 || c.minute < 0 ||
        c.minute > 59 || c.second < 0 || c.second > 60) {
        dav_ask_stop(r, ERR_INVALID);
        return fallback;
    }
    return civil_seconds(&c) * 1000;
}

static void dav_ask_root(struct reading *r, const char *name)
{
    static const struct {
        const char *ns, *name;
        enum dav_kind kind;
    } roots[] = {{DAV_NS, "propfind", DAV_PROPFIND}, {DAV_CALDAV, "calendar-query", DAV_QUERY},
        {DAV_CALDAV, "calendar-multiget", DAV_MULTIGET}, {DAV_NS, "sync-collection", DAV_SYNC},
        {DAV_NS, "propertyupdate", DAV_UPDATE}};

    r->out->kind = DAV_OTHER;
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (dav_ask_is(name, roots[i].ns, roots[i].name))
            r->out->kind = roots[i].kind;
}

static void dav_ask_property(struct reading *r, const char *name)
{
    struct dav_ask *out = r->out;
    const char *blank = strchr(name, ' ');
    struct dav_prop *prop = &out->props[out->prop_count];

    if (out->prop_count == DAV_PROPS_MAX) {
        dav_ask_stop(r, ERR_LIMIT);
        return;
    }
    prop->ns = blank ? arena_memdup(r->arena, name, (size_t)(blank - name)) : "";
    prop->name = arena_strdup(r->arena, blank ? blank + 1 : name);
    out->prop_count++;
    if (!prop->ns || !prop->name)
        dav_ask_stop(r, ERR_NOMEM);
}

static void dav_ask_filter(struct reading *r, const char *name, const char **attributes)
{
    struct dav_ask *out = r->out;

    if (dav_ask_is(name, DAV_CALDAV, "comp-filter")) {
        const char *component = dav_ask_attribute(attributes, "name");
        if (r->depth > 4) /* an alarm of an event */
            out->has_filter = true;
        else if (component && !(out->component = arena_strdup(r->arena, component)))
            dav_ask_stop(r, ERR_NOMEM);
    } else if (dav_ask_is(name, DAV_CALDAV, "time-range") && r->depth == 5) {
        out->from_ms = dav_ask_time(r, dav_ask_attribute(attributes, "start"), INT64_MIN);
        out->until_ms = dav_ask_time(r, dav_ask_attribute(attributes, "end"), INT64_MAX);
    } else {
        out->has_filter = true;
    }
}

static void XMLCALL dav_ask_start(void *arg, const char *name, const char **attributes)
{
    struct reading *r = arg;

    buf_reset(&r->text);
    if (++r->depth > ASK_DEPTH_MAX || ++r->elements > ASK_ELEMENTS_MAX) {
        dav_ask_stop(r, ERR_LIMIT);
    } else if (r->depth == 1) {
        dav_ask_root(r, name);
    } else if (r->depth == 2) {
        r->in_prop = dav_ask_is(name, DAV_NS, "prop") || dav_ask_is(name, DAV_NS, "include");
        r->in_filter = dav_ask_is(name, DAV_CALDAV, "filter");
        r->out->all |= dav_ask_is(name, DAV_NS, "allprop");
        r->out->names |= dav_ask_is(name, DAV_NS, "propname");
    } else if (r->depth == 3 && r->out->kind == DAV_UPDATE) {
        r->in_prop = dav_ask_is(name, DAV_NS, "prop");
    } else if (r->in_prop && r->depth == (r->out->kind == DAV_UPDATE ? 4 : 3)) {
        dav_ask_property(r, name);
    } else if (r->in_filter) {
        dav_ask_filter(r, name, attributes);
    }
}

static void dav_ask_href(struct reading *r, const char *text)
{
    struct dav_ask *out = r->out;

    if (out->href_count == DAV_HREFS_MAX)
        dav_ask_stop(r, ERR_LIMIT);
    else if (!(out->hrefs[out->href_count++] = arena_strdup(r->arena, text)))
        dav_ask_stop(r, ERR_NOMEM);
}

/* Without the blanks around it. */
static const char *dav_ask_trimmed(struct buf *text)
{
    const char *from;

    while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
        buf_cut(text, text->len - 1);
    from = buf_text(text);
    return from + strspn(from, " \t\r\n");
}

static void XMLCALL dav_ask_end(void *arg, const char *name)
{
    struct reading *r = arg;
    const char *text = dav_ask_trimmed(&r->text);

    if (r->depth == 2 && dav_ask_is(name, DAV_NS, "href"))
        dav_ask_href(r, text);
    else if (r->depth == 2 && dav_ask_is(name, DAV_NS, "sync-token") &&
        !(r->out->token = arena_strdup(r->arena, text)))
        dav_ask_stop(r, ERR_NOMEM);
    else if (r->depth == 3 && dav_ask_is(name, DAV_NS, "nresults"))
        r->out->limit = strtol(text, NULL, 10) > 0 ? strtol(text, NULL, 10) : 0;
    buf_reset(&r->text);
    r->depth--;
}

static void XMLCALL dav_ask_characters(void *arg, const char *text, int len)
{
    struct reading *r = arg;

    if (r->text.len + (size_t)len > ASK_TEXT_MAX)
        dav_ask_stop(r, ERR_LIMIT);
    else
        buf_put(&r->text, text, (size_t)len);
}

static void XMLCALL dav_ask_doctype(void *arg, const char *name, const char *system,
    const char *public, int has_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_subset;
    dav_ask_stop(arg, ERR_INVALID);
}

static void dav_ask_empty(struct dav_ask *out)
{
    memset(out, 0, sizeof *out);
    out->token = out->component = "";
    out->from_ms = INT64_MIN;
    out->until_ms = INT64_MAX;
}

/* Expat would ask the kernel for it, which the child that reads may not. Later versions have one of
 * 16 bytes, and call this one deprecated. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void dav_ask_salt(XML_Parser parser, unsigned long salt)
{
    XML_SetHashSalt(parser, salt | 1);
}
#pragma GCC diagnostic pop

int dav_ask_read(const char *text, size_t len, struct arena *arena, struct dav_ask *out)
{
    struct reading r = {.arena = arena, .out = out};

    dav_ask_empty(out);
    out->all = len == 0;
    if (len == 0)
        return 0;
    if (len > INT32_MAX || !(r.parser = XML_ParserCreateNS(NULL, ' ')))
        return len > INT32_MAX ? ERR_LIMIT : ERR_NOMEM;
    dav_ask_salt(r.parser, (unsigned long)clock_mono_ms() * 2654435761UL ^ (uintptr_t)out);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, dav_ask_start, dav_ask_end);
    XML_SetCharacterDataHandler(r.parser, dav_ask_characters);
    XML_SetStartDoctypeDeclHandler(r.parser, dav_ask_doctype);
    if (XML_Parse(r.parser, text, (int)len, 1) != XML_STATUS_OK && !r.error)
        r.error = XML_GetErrorCode(r.parser) == XML_ERROR_NO_MEMORY ? ERR_NOMEM : ERR_INVALID;
    XML_ParserFree(r.parser);
    if (!r.error)
        r.error = buf_error(&r.text);
    buf_free(&r.text);
    return r.error;
}
