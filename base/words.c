/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/words.h"

#include "base/utf8.h"

#include <string.h>

struct words_range {
    unsigned first, last;
};
#define IS_IN(table, code) words_is_in(table, sizeof table / sizeof *table, code)

static bool words_is_in(const struct words_range *table, size_t count, unsigned code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= table[i].first && code <= table[i].last)
            return true;
    return false;
}

const char *words_plain(unsigned code)
{
    static const char *const latin1[] = {"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e",
        "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u",
        "y", "th", "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",
        "i", "d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "y"};
    static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
        "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z"};
    static const char extended[] =
        "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllllllnnnnnnnnnoooooooo"
        "rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

    if (code >= 0xC0 && code <= 0xFF)
        return latin1[code - 0xC0];
    if (code >= 0x100 && code < 0x100 + sizeof extended - 1)
        return letters[extended[code - 0x100] - 'a'];
    return code >= 0x300 && code <= 0x36F ? "" : NULL;
}

/* Other Latin letters with marks, Vietnamese among them, and Greek and Cyrillic ones. */
static unsigned words_unmarked(unsigned code)
{
    static const struct {
        unsigned first, last, plain;
    } marked[] = {
        {0x1A0, 0x1A1, 'o'},
        {0x1AF, 0x1B0, 'u'},
        {0x1CD, 0x1CE, 'a'},
        {0x1CF, 0x1D0, 'i'},
        {0x1D1, 0x1D2, 'o'},
        {0x1D3, 0x1DC, 'u'},
        {0x1E6, 0x1E7, 'g'},
        {0x218, 0x219, 's'},
        {0x21A, 0x21B, 't'},
        {0x386, 0x386, 0x3B1},
        {0x388, 0x388, 0x3B5},
        {0x389, 0x389, 0x3B7},
        {0x38A, 0x38A, 0x3B9},
        {0x38C, 0x38C, 0x3BF},
        {0x38E, 0x38E, 0x3C5},
        {0x38F, 0x38F, 0x3C9},
        {0x390, 0x390, 0x3B9},
        {0x3AA, 0x3AA, 0x3B9},
        {0x3AB, 0x3AB, 0x3C5},
        {0x3AC, 0x3AC, 0x3B1},
        {0x3AD, 0x3AD, 0x3B5},
        {0x3AE, 0x3AE, 0x3B7},
        {0x3AF, 0x3AF, 0x3B9},
        {0x3B0, 0x3B0, 0x3C5},
        {0x3C2, 0x3C2, 0x3C3},
        {0x3CA, 0x3CA, 0x3B9},
        {0x3CB, 0x3CB, 0x3C5},
        {0x3CC, 0x3CC, 0x3BF},
        {0x3CD, 0x3CD, 0x3C5},
        {0x3CE, 0x3CE, 0x3C9},
        {0x401, 0x401, 0x435},
        {0x407, 0x407, 0x456},
        {0x419, 0x419, 0x438},
        {0x439, 0x439, 0x438},
        {0x451, 0x451, 0x435},
        {0x457, 0x457, 0x456},
        {0x1E00, 0x1E01, 'a'},
        {0x1E02, 0x1E07, 'b'},
        {0x1E08, 0x1E09, 'c'},
        {0x1E0A, 0x1E13, 'd'},
        {0x1E14, 0x1E1D, 'e'},
        {0x1E1E, 0x1E1F, 'f'},
        {0x1E20, 0x1E21, 'g'},
        {0x1E22, 0x1E2B, 'h'},
        {0x1E2C, 0x1E2F, 'i'},
        {0x1E30, 0x1E35, 'k'},
        {0x1E36, 0x1E3D, 'l'},
        {0x1E3E, 0x1E43, 'm'},
        {0x1E44, 0x1E4B, 'n'},
        {0x1E4C, 0x1E53, 'o'},
        {0x1E54, 0x1E57, 'p'},
        {0x1E58, 0x1E5F, 'r'},
        {0x1E60, 0x1E69, 's'},
        {0x1E6A, 0x1E71, 't'},
        {0x1E72, 0x1E7B, 'u'},
        {0x1E7C, 0x1E7F, 'v'},
        {0x1E80, 0x1E89, 'w'},
        {0x1E8A, 0x1E8D, 'x'},
        {0x1E8E, 0x1E8F, 'y'},
        {0x1E90, 0x1E95, 'z'},
        {0x1E9E, 0x1E9E, 's'},
        {0x1EA0, 0x1EB7, 'a'},
        {0x1EB8, 0x1EC7, 'e'},
        {0x1EC8, 0x1ECB, 'i'},
        {0x1ECC, 0x1EE3, 'o'},
        {0x1EE4, 0x1EF1, 'u'},
        {0x1EF2, 0x1EF9, 'y'},
    };

    if (code < marked[0].first)
        return code;
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++)
        if (code >= marked[i].first && code <= marked[i].last)
            return marked[i].plain;
    if ((code >= 0x391 && code <= 0x3A9) || (code >= 0x410 && code <= 0x42F))
        return code + 0x20;
    if (code >= 0x400 && code <= 0x40F)
        return code + 0x50;
    return code >= 0x531 && code <= 0x556 ? code + 0x30 : code;
}

/* Marks and signs that leave no trace within a word. */
static bool words_is_nothing(unsigned code)
{
    static const struct words_range nothing[] = {
        {'\'', '\''},
        {0xAD, 0xAD},
        {0x300, 0x36F},
        {0x591, 0x5BD},
        {0x5BF, 0x5BF},
        {0x5C1, 0x5C2},
        {0x5C4, 0x5C5},
        {0x640, 0x640},
        {0x64B, 0x65F},
        {0x670, 0x670},
        {0x200B, 0x200F},
        {0x2019, 0x2019},
        {0x202A, 0x202E},
        {0x2060, 0x2069},
        {0xFE00, 0xFE0F},
        {0xFEFF, 0xFEFF},
    };

    return code < 0x80 ? code == '\'' : IS_IN(nothing, code);
}

/* Blanks, punctuation, symbols, what is private or no character. */
static bool words_is_between(unsigned code)
{
    static const struct words_range between[] = {
        {0x00, 0x2F},
        {0x3A, 0x40},
        {0x5B, 0x60},
        {0x7B, 0xA9},
        {0xAB, 0xB4},
        {0xB6, 0xB9},
        {0xBB, 0xBF},
        {0xD7, 0xD7},
        {0xF7, 0xF7},
        {0x55A, 0x55F},
        {0x589, 0x58A},
        {0x5BE, 0x5BE},
        {0x5C0, 0x5C0},
        {0x5C3, 0x5C3},
        {0x5F3, 0x5F4},
        {0x60C, 0x60D},
        {0x61B, 0x61F},
        {0x66A, 0x66D},
        {0x6D4, 0x6D4},
        {0x964, 0x965},
        {0xE2F, 0xE2F},
        {0xE4F, 0xE4F},
        {0xE5A, 0xE5B},
        {0x104A, 0x104F},
        {0x1360, 0x1368},
        {0x17D4, 0x17DB},
        {0x1680, 0x1680},
        {0x2000, 0x2BFF},
        {0x2E00, 0x2E7F},
        {0x3000, 0x3004},
        {0x3008, 0x3020},
        {0x3030, 0x3030},
        {0x303D, 0x303F},
        {0x30A0, 0x30A0},
        {0x30FB, 0x30FB},
        {0xD800, 0xF8FF},
        {0xFE10, 0xFE6F},
        {0xFF00, 0xFF0F},
        {0xFF1A, 0xFF20},
        {0xFF3B, 0xFF40},
        {0xFF5B, 0xFF65},
        {0xFFE0, 0xFFFF},
        {0x1F000, 0x1FAFF},
        {0xE0000, 0x10FFFF},
    };

    if (code < 0x80) /* most are */
        return !((code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z'));
    return IS_IN(between, code);
}

static bool words_has_no_blanks(unsigned code)
{
    static const struct words_range scripts[] = {
        {0x0E00, 0x0EFF},
        {0x1000, 0x109F},
        {0x1780, 0x17FF},
        {0x3005, 0x3007},
        {0x3041, 0x30FF},
        {0x31F0, 0x31FF},
        {0x3400, 0x4DBF},
        {0x4E00, 0x9FFF},
        {0xF900, 0xFAFF},
        {0x20000, 0x3FFFF},
    };

    return code >= scripts[0].first && IS_IN(scripts, code) && !words_is_between(code);
}

/* The character there; U+FFFD, which is between words, for what is none. */
static unsigned words_code(const struct words *w, size_t at, size_t *step)
{
    size_t bad = 1, n = utf8_sequence(w->text + at, w->len - at, &bad);

    *step = n ? n : bad;
    return n ? utf8_code(w->text + at, n) : 0xFFFD;
}

/* Appends the letter without capitals and marks. False: it has no room. */
static bool words_put(struct words_word *out, size_t *len, unsigned code)
{
    char bytes[4];
    const char *letters;
    size_t n;

    if (code >= 0xFF10 && code <= 0xFF5A) /* of full width */
        code -= 0xFEE0;
    if (code >= 'A' && code <= 'Z')
        code += 'a' - 'A';
    letters = words_plain(code);
    if (letters) {
        n = strlen(letters);
    } else {
        n = utf8_encode(words_unmarked(code), bytes);
        letters = bytes;
    }
    if (*len + n >= WORDS_SIZE)
        return false;
    memcpy(out->text + *len, letters, n);
    *len += n;
    out->text[*len] = '\0';
    return true;
}

/* A pair, or one character. False: it is the last one of a run of which only pairs count. */
static bool words_take_pair(struct words *w, unsigned code, size_t step, struct words_word *out)
{
    size_t len = 0, next_step;
    bool was_in_run = w->in_run, pair = false;

    out->from = w->at;
    out->to = w->at += step;
    words_put(out, &len, code);
    if (w->at < w->len) {
        unsigned next = words_code(w, w->at, &next_step);
        if ((pair = words_has_no_blanks(next))) {
            words_put(out, &len, next);
            out->to = w->at + next_step;
        }
    }
    w->in_run = pair;
    return pair || !was_in_run || !w->asked;
}

static void words_take_word(struct words *w, struct words_word *out)
{
    size_t len = 0, step;
    bool room = true;

    out->from = w->at;
    while (w->at < w->len) {
        unsigned code = words_code(w, w->at, &step);
        if (words_has_no_blanks(code) || (words_is_between(code) && !words_is_nothing(code)))
            break;
        if (!words_is_nothing(code)) {
            room = room && words_put(out, &len, code);
            out->to = w->at + step;
        }
        w->at += step;
    }
}

struct words words_of(const char *text, size_t len, bool asked)
{
    return (struct words){.text = text, .len = len, .asked = asked};
}

bool words_next(struct words *w, struct words_word *out)
{
    while (w->at < w->len) {
        size_t step;
        unsigned code = words_code(w, w->at, &step);

        *out = (struct words_word){.from = w->at, .to = w->at};
        if (words_has_no_blanks(code)) {
            if (words_take_pair(w, code, step, out))
                return true;
            continue;
        }
        w->in_run = false;
        if (words_is_between(code) || words_is_nothing(code)) {
            w->at += step;
            continue;
        }
        words_take_word(w, out);
        if (*out->text)
            return true;
    }
    return false;
}
