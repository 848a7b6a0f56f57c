/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/gazetteer.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/mapped.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef GAZETTEER_PATH
#define GAZETTEER_PATH "/usr/share/turnpike/gazetteer.tsv"
#endif

#define FIRST_LINE "!!turnpike-gazetteer 2"
#define KEY_SIZE 128
#define WORDS_MAX 8
#define QUALIFIERS_MAX 4
#define FIELDS 10
#define CLOSE_METRES 60000.0 /* of a qualifier that is a place itself */
#define NEAR_CELLS_MAX 20    /* degrees that gazetteer_near looks over in each direction */

static struct {
    const char *data;
    size_t size;
    struct mapped mapped;
    char path[512]; /* as asked for */
} file;

void gazetteer_close(void)
{
    mapped_close(&file.mapped);
    memset(&file, 0, sizeof file);
}

/* A file of ours at `path` takes the place of what is open; on failure that stays. */
static int gazetteer_map_file(const char *path)
{
    struct mapped new;
    int error = mapped_open(&new, path, sizeof FIRST_LINE + 1, SIZE_MAX);
    if (error != 0)
        return error;
    const char *data = new.data;
    if (memcmp(data, FIRST_LINE, sizeof FIRST_LINE - 1) != 0 || data[new.size - 1] != '\n') {
        mapped_close(&new);
        return ERR_INVALID;
    }
    mapped_close(&file.mapped);
    file.mapped = new;
    file.data = data;
    file.size = new.size;
    mapped_rest(&file.mapped);
    return 0;
}

/* gazetteer.tsv in the folder of the running program: a build folder that was not installed. */
static int gazetteer_map_beside_program(void)
{
    char path[600];
    ssize_t n = readlink("/proc/self/exe", path, 500);
    if (n <= 0)
        return ERR_NOT_CONFIGURED;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return ERR_NOT_CONFIGURED;
    strcpy(slash + 1, "gazetteer.tsv");
    return gazetteer_map_file(path);
}

int gazetteer_open(const char *path)
{
    if (file.data && strcmp(file.path, path) == 0)
        return mapped_replaced(&file.mapped) ? gazetteer_map_file(file.mapped.path) : 0;
    gazetteer_close();
    if (strlen(path) >= sizeof file.path)
        return ERR_NOT_CONFIGURED;
    int error = gazetteer_map_file(path[0] != '\0' ? path : GAZETTEER_PATH);
    if (error == ERR_NOT_CONFIGURED && path[0] == '\0')
        error = gazetteer_map_beside_program();
    if (error == 0)
        strcpy(file.path, path);
    return error;
}

/* --- the file --- */

struct field {
    const char *text;
    size_t len;
};

static const char *gazetteer_line_end(const char *line)
{
    return memchr(line, '\n', (size_t)(file.data + file.size - line));
}

/* Order of a line's key against `key`, bytewise as the file is sorted: by whole lines, and a tab
 * sorts below every character of a key. */
static int gazetteer_compare_key(const char *line, const char *key)
{
    for (; *key != '\0'; line++, key++)
        if (*line != *key)
            return (unsigned char)*line < (unsigned char)*key ? -1 : 1;
    return *line == '\t' ? 0 : 1;
}

/* The first line whose key is not below `key`, NULL at the end. */
static const char *gazetteer_seek(const char *key)
{
    size_t low = 0, high = file.size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *line = file.data + middle;
        while (line > file.data + low && line[-1] != '\n')
            line--;
        if (gazetteer_compare_key(line, key) < 0)
            low = (size_t)(gazetteer_line_end(line) + 1 - file.data);
        else
            high = (size_t)(line - file.data);
    }
    return low < file.size ? file.data + low : NULL;
}

static const char *gazetteer_next_line(const char *line)
{
    const char *next = gazetteer_line_end(line) + 1;
    return next < file.data + file.size ? next : NULL;
}

static size_t gazetteer_split(const char *line, struct field *fields)
{
    const char *end = gazetteer_line_end(line);
    size_t count = 0;
    while (count < FIELDS) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *to = tab ? tab : end;
        fields[count++] = (struct field){line, (size_t)(to - line)};
        if (!tab)
            break;
        line = tab + 1;
    }
    return count;
}

static void gazetteer_copy_field(struct field f, char *out, size_t size)
{
    size_t n = f.len < size ? f.len : utf8_cut(f.text, size - 1);
    memcpy(out, f.text, n);
    out[n] = '\0';
}

static double gazetteer_number_field(struct field f)
{
    char text[32];
    gazetteer_copy_field(f, text, sizeof text);
    return strtod(text, NULL);
}

/* The country a folded word stands for: code and, if wanted, name. */
static bool gazetteer_country_of(const char *word, char code[3], char *name, size_t name_size)
{
    char key[KEY_SIZE + 1];
    struct field f[FIELDS];
    snprintf(key, sizeof key, "!%s", word);
    const char *line = gazetteer_seek(key);
    if (!line || gazetteer_compare_key(line, key) != 0 || gazetteer_split(line, f) < 3)
        return false;
    gazetteer_copy_field(f[1], code, 3);
    if (name)
        gazetteer_copy_field(f[2], name, name_size);
    return true;
}

/* "nsw" in "nsw|new south wales" */
static bool gazetteer_has_region(struct field keys, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= keys.len; at++) {
        bool starts = at == 0 || keys.text[at - 1] == '|';
        bool ends = at + len == keys.len || keys.text[at + len] == '|';
        if (starts && ends && memcmp(keys.text + at, word, len) == 0)
            return true;
    }
    return false;
}

/* --- choosing --- */

struct query {
    char name[KEY_SIZE];
    char qualifiers[QUALIFIERS_MAX][KEY_SIZE];
    size_t qualifier_count;
};

static bool gazetteer_in_country(const struct field *f, const char *code)
{
    return f[3].len == 2 && memcmp(f[3].text, code, 2) == 0;
}

/* Is the word a part of the country ("scotland"), and not the country itself? */
static bool gazetteer_names_part(const char *word, const char *code)
{
    struct field f[FIELDS];
    char name[64] = "", own[3], folded[KEY_SIZE];
    char lower[3] = {(char)tolower((unsigned char)code[0]), (char)tolower((unsigned char)code[1])};
    if (!gazetteer_country_of(lower, own, name, sizeof name) ||
        (gazetteer_fold(name, folded, sizeof folded) && strcmp(folded, word) == 0))
        return false;
    const char *line = gazetteer_seek(word);
    for (; line && gazetteer_compare_key(line, word) == 0; line = gazetteer_next_line(line))
        if (gazetteer_split(line, f) == FIELDS && f[1].text[0] == 'r' &&
            gazetteer_in_country(f, code) &&
            (f[2].len != strlen(name) || memcmp(f[2].text, name, f[2].len) != 0))
            return true;
    return false;
}

/* "Newport, Isle of Wight": is the word a place close by? */
static bool gazetteer_fits_place(const char *word, const struct field *f)
{
    struct field near[FIELDS];
    const char *line = gazetteer_seek(word);
    for (; line && gazetteer_compare_key(line, word) == 0; line = gazetteer_next_line(line))
        if (gazetteer_split(line, near) == FIELDS && strchr("ps", near[1].text[0]) &&
            gazetteer_distance(gazetteer_number_field(near[6]), gazetteer_number_field(near[7]),
                gazetteer_number_field(f[6]), gazetteer_number_field(f[7])) <= CLOSE_METRES)
            return true;
    return false;
}

static bool gazetteer_fits_word(const char *word, const struct field *f)
{
    char code[3];
    if (gazetteer_has_region(f[5], word) || gazetteer_fits_place(word, f))
        return true;
    return gazetteer_country_of(word, code, NULL, 0) && gazetteer_in_country(f, code) &&
        (f[1].text[0] == 'r' || !gazetteer_names_part(word, code));
}

/* One qualifier: "nsw", "australia", or both in one: "nsw australia". */
static bool gazetteer_fits_qualifier(const char *words, const struct field *f)
{
    char left[KEY_SIZE];
    if (gazetteer_fits_word(words, f))
        return true;
    for (const char *blank = strchr(words, ' '); blank; blank = strchr(blank + 1, ' ')) {
        snprintf(left, sizeof left, "%.*s", (int)(blank - words), words);
        if (gazetteer_fits_word(left, f) && gazetteer_fits_word(blank + 1, f))
            return true;
    }
    return false;
}

static bool gazetteer_fits(const struct query *q, const struct field *f)
{
    for (size_t i = 0; i < q->qualifier_count; i++)
        if (!gazetteer_fits_qualifier(q->qualifiers[i], f))
            return false;
    return true;
}

double gazetteer_bias_of(const struct gazetteer_bias *bias, const char *country_code,
    double latitude, double longitude)
{
    double score = country_code[0] && strcmp(country_code, bias->country_code) == 0 ? 1.5 : 0;
    if (!bias->has_location)
        return score;
    double km = gazetteer_distance(bias->latitude, bias->longitude, latitude, longitude) / 1000;
    return km < 3000 ? score + 1.5 - km / 2000 : score;
}

/* Ten times the people weigh 1; another name, or a whole country, less. */
static double gazetteer_score_of(const struct field *f, const struct gazetteer_bias *bias)
{
    char code[3];
    double score = log10(gazetteer_number_field(f[8]) + 1);
    score -= f[1].text[0] == 'a' ? 2 : f[1].text[0] == 'r' ? 1 : 0;
    gazetteer_copy_field(f[3], code, sizeof code);
    return score +
        gazetteer_bias_of(bias, code, gazetteer_number_field(f[6]), gazetteer_number_field(f[7]));
}

static void gazetteer_fill_place(const struct field *f, struct gazetteer_place *p)
{
    char word[3] = {0}, code[3];
    memset(p, 0, sizeof *p);
    p->region_itself = f[1].text[0] == 'r';
    gazetteer_copy_field(f[2], p->name, sizeof p->name);
    gazetteer_copy_field(f[3], p->country_code, sizeof p->country_code);
    gazetteer_copy_field(f[4], p->region_itself ? p->town : p->region, sizeof p->region);
    gazetteer_copy_field(f[9], p->zone, sizeof p->zone);
    p->latitude = gazetteer_number_field(f[6]);
    p->longitude = gazetteer_number_field(f[7]);
    p->population = (int64_t)gazetteer_number_field(f[8]);
    for (int i = 0; i < 2; i++)
        word[i] = (char)tolower((unsigned char)p->country_code[i]);
    if (!gazetteer_country_of(word, code, p->country, sizeof p->country))
        snprintf(p->country, sizeof p->country, "%s", p->country_code);
    if (p->region_itself && strcmp(p->name, p->country) == 0)
        p->country[0] = '\0';
}

static bool gazetteer_is_fit(const struct field *f)
{
    double lat = gazetteer_number_field(f[6]), lon = gazetteer_number_field(f[7]),
           people = gazetteer_number_field(f[8]);
    return f[1].len == 1 && strchr("pars", f[1].text[0]) && fabs(lat) <= 90 && fabs(lon) <= 180 &&
        people >= 0 && people < 1e12;
}

/* Into the list by score; of two that are one place the higher one stays. */
static void gazetteer_add_candidate(struct gazetteer_candidates *list, const struct field *f,
    double score)
{
    struct gazetteer_candidate one = {.score = score};
    gazetteer_fill_place(f, &one.place);
    size_t at = 0, same = 0;
    for (; same < list->count; same++)
        if (fabs(list->all[same].place.latitude - one.place.latitude) < 0.2 &&
            fabs(list->all[same].place.longitude - one.place.longitude) < 0.2)
            break;
    if (same < list->count && list->all[same].score >= score)
        return;
    if (same == list->count && list->count < GAZETTEER_CANDIDATES)
        list->count++;
    else if (same == list->count && list->all[--same].score >= score)
        return;
    while (at < same && list->all[at].score >= score)
        at++;
    memmove(&list->all[at + 1], &list->all[at], (same - at) * sizeof one);
    list->all[at] = one;
}

static int gazetteer_choose(const struct query *q, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    struct field f[FIELDS];
    const char *line = gazetteer_seek(q->name);
    for (; line && gazetteer_compare_key(line, q->name) == 0; line = gazetteer_next_line(line))
        if (gazetteer_split(line, f) == FIELDS && gazetteer_is_fit(f) && gazetteer_fits(q, f))
            gazetteer_add_candidate(out, f, gazetteer_score_of(f, bias));
    return out->count > 0 ? 0 : ERR_NOT_FOUND;
}

/* "Brisbane Australia": the longest name first, the words behind it as one qualifier. */
static int gazetteer_choose_by_words(const char *folded, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    struct query q = {.qualifier_count = 0};
    snprintf(q.name, sizeof q.name, "%s", folded);
    int error = gazetteer_choose(&q, bias, out);
    for (int words = 0; error == ERR_NOT_FOUND && words < WORDS_MAX; words++) {
        char *blank = strrchr(q.name, ' ');
        if (!blank)
            break;
        *blank = '\0';
        q.qualifier_count = 1;
        snprintf(q.qualifiers[0], sizeof q.qualifiers[0], "%s", folded + (blank - q.name) + 1);
        error = gazetteer_choose(&q, bias, out);
    }
    return error;
}

/* The beginnings that people write in two ways. */
static const char *const spellings[][2] = {{"the ", ""}, {"st ", "saint "}, {"saint ", "st "},
    {"mt ", "mount "}, {"mount ", "mt "}, {"ft ", "fort "}, {"fort ", "ft "}, {"pt ", "port "},
    {"city of ", ""}};

static int gazetteer_choose_by_spelling(const struct query *asked, bool whole,
    const struct gazetteer_bias *bias, struct gazetteer_candidates *out)
{
    int error = whole ? gazetteer_choose(asked, bias, out) :
                        gazetteer_choose_by_words(asked->name, bias, out);
    for (size_t i = 0; error == ERR_NOT_FOUND && i < sizeof spellings / sizeof *spellings; i++) {
        struct query q = *asked;
        size_t len = strlen(spellings[i][0]);
        if (strncmp(asked->name, spellings[i][0], len) != 0 ||
            (size_t)snprintf(q.name, sizeof q.name, "%s%.120s", spellings[i][1],
                asked->name + len) >= sizeof q.name)
            continue;
        error =
            whole ? gazetteer_choose(&q, bias, out) : gazetteer_choose_by_words(q.name, bias, out);
    }
    return error;
}

/* Parts between commas; the first is the name. Returns how many, 0 when they cannot be folded. */
static size_t gazetteer_read_query(const char *text, struct query *q)
{
    char part[KEY_SIZE];
    size_t parts = 0;
    for (const char *s = text; s && parts <= QUALIFIERS_MAX; parts++) {
        const char *comma = strchr(s, ',');
        size_t len = comma ? (size_t)(comma - s) : strlen(s);
        if (len >= sizeof part)
            return 0;
        memcpy(part, s, len);
        part[len] = '\0';
        if (!gazetteer_fold(part, parts == 0 ? q->name : q->qualifiers[parts - 1], KEY_SIZE))
            return 0;
        s = comma ? comma + 1 : NULL;
    }
    q->qualifier_count = parts > 0 ? parts - 1 : 0;
    return parts;
}

/* "-27.47, 153.02". Returns 0, ERR_NOT_FOUND (no coordinates), ERR_INVALID (off the globe). */
static int gazetteer_read_coordinates(const char *text, struct gazetteer_place *p)
{
    double lat, lon;
    int used = 0;
    for (const char *c = text; *c != '\0'; c++)
        if (!isdigit((unsigned char)*c) && !strchr(" +-.,", *c))
            return ERR_NOT_FOUND;
    if (sscanf(text, " %lf , %lf %n", &lat, &lon, &used) != 2 || text[used] != '\0')
        return ERR_NOT_FOUND;
    if (fabs(lat) > 90 || fabs(lon) > 180)
        return ERR_INVALID;
    memset(p, 0, sizeof *p);
    p->latitude = lat;
    p->longitude = lon;
    snprintf(p->name, sizeof p->name, "%.5g,%.6g", lat, lon);
    return 0;
}

int gazetteer_candidates(const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    struct query q = {.qualifier_count = 0};
    memset(out, 0, sizeof *out);
    int error = gazetteer_read_coordinates(text, &out->all[0].place);
    out->count = error == 0;
    out->coordinates = error == 0;
    if (error != ERR_NOT_FOUND)
        return error;
    if (!file.data)
        return ERR_NOT_CONFIGURED;
    size_t parts = gazetteer_read_query(text, &q);
    return parts == 0 ? ERR_NOT_FOUND : gazetteer_choose_by_spelling(&q, parts > 1, bias, out);
}

/* --- the towns by degree --- */

static void gazetteer_look_in_cell(int lat, int lon, const struct gazetteer_point *point,
    double metres, struct gazetteer_place *out)
{
    char key[16];
    struct field f[FIELDS];
    snprintf(key, sizeof key, "=%03d%03d", lat, ((lon % 360) + 360) % 360);
    const char *line = gazetteer_seek(key);
    for (; line && gazetteer_compare_key(line, key) == 0; line = gazetteer_next_line(line))
        if (gazetteer_split(line, f) == FIELDS && gazetteer_is_fit(f) &&
            gazetteer_number_field(f[8]) >= (double)out->population &&
            gazetteer_distance(point->latitude, point->longitude, gazetteer_number_field(f[6]),
                gazetteer_number_field(f[7])) <= metres)
            gazetteer_fill_place(f, out);
}

int gazetteer_near(const struct gazetteer_point *points, size_t count, double metres,
    struct gazetteer_place *out)
{
    double reach = metres / 111000;
    memset(out, 0, count * sizeof *out);
    if (!file.data)
        return ERR_NOT_CONFIGURED;
    for (size_t i = 0; i < count; i++) {
        double wide = reach / fmax(cos(points[i].latitude * 3.14159265358979323846 / 180), 0.05);
        wide = fmin(wide, NEAR_CELLS_MAX);
        for (int lat = (int)floor(points[i].latitude + 90 - reach);
             lat <= (int)floor(points[i].latitude + 90 + reach); lat++)
            for (int lon = (int)floor(points[i].longitude + 180 - wide);
                 lon <= (int)floor(points[i].longitude + 180 + wide); lon++)
                gazetteer_look_in_cell(lat, lon, &points[i], metres, &out[i]);
    }
    return 0;
}

double gazetteer_distance(double lat1, double lon1, double lat2, double lon2)
{
    const double radius = 6371008.8, rad = 3.14159265358979323846 / 180;
    double a = sin((lat2 - lat1) * rad / 2), b = sin((lon2 - lon1) * rad / 2);
    double h = a * a + cos(lat1 * rad) * cos(lat2 * rad) * b * b;
    return 2 * radius * asin(sqrt(h < 1 ? h : 1));
}
