/* SPDX-License-Identifier: BSD-2-Clause */
/* Sound as bytes: WAVE files are read strictly and resampled well. And what turn workers and
 * tool processes say to each other about speech. */
#include "tests/unit/cm.h"
#include "tools/voice/resample.h"
#include "tools/voice/speech.h"
#include "tools/voice/voice_words.h"
#include "tools/voice/wav.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FORMAT_AT 20
#define CHANNELS_AT 22
#define RATE_AT 24
#define FRAME_AT 32
#define BITS_AT 34
#define DATA_AT 40
#define SECONDS 0.5

static void put_u16(struct buf *b, size_t at, unsigned value)
{
    b->data[at] = (char)(value & 0xff);
    b->data[at + 1] = (char)(value >> 8);
}

static void put_u32(struct buf *b, size_t at, unsigned value)
{
    put_u16(b, at, value & 0xffff);
    put_u16(b, at + 2, value >> 16);
}

/* A tone of one channel. */
static struct buf tone(unsigned rate, double hertz)
{
    struct buf b = {0};
    size_t frames = (size_t)(SECONDS * rate);

    wav_head(&b, rate, 2 * frames);
    for (size_t i = 0; i < frames; i++) {
        int sample = (int)lrint(10000 * sin(2 * M_PI * hertz * (double)i / rate));

        buf_putc(&b, (char)(sample & 0xff));
        buf_putc(&b, (char)(sample >> 8 & 0xff));
    }
    assert_int_equal(buf_error(&b), 0);
    return b;
}

static void what_we_write_is_read(void **state)
{
    struct buf b = tone(22050, 440);
    char why[WAV_WHY_SIZE];
    struct wav w;

    (void)state;
    assert_int_equal(b.len, WAV_HEAD + 22050);
    assert_int_equal(wav_read(b.data, b.len, &w, why), 0);
    assert_int_equal(w.rate, 22050);
    assert_int_equal(w.channels, 1);
    assert_int_equal(w.frames, 11025);
    assert_int_equal(wav_ms(&w), 500);
    assert_int_equal(wav_frame(&w, 0), 0);
    buf_free(&b);
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        size_t at;
        unsigned value;
        const char *why;
    } rows[] = {
        {FORMAT_AT, 3, "is not PCM with 16 bits a sample"},
        {FORMAT_AT, 0xfffe, "is not PCM with 16 bits a sample"},
        {BITS_AT, 8, "is not PCM with 16 bits a sample"},
        {CHANNELS_AT, 0, "has neither one nor two channels"},
        {CHANNELS_AT, 3, "has neither one nor two channels"},
        {RATE_AT, 7999, "has a sample rate outside of 8000 to 48000 Hz"},
        {RATE_AT, 48001, "has a sample rate outside of 8000 to 48000 Hz"},
        {FRAME_AT, 4, "describes frames of a length that they cannot have"},
        {DATA_AT, 0, "is empty"},
        {DATA_AT, 3, "ends in the middle of a frame"},
        {DATA_AT, 8002, "is cut off"},
        {16, 0xfff0, "is cut off"},
    };
    char why[WAV_WHY_SIZE];
    struct wav w;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b = tone(8000, 100);

        put_u16(&b, rows[i].at, rows[i].value);
        assert_int_equal(wav_read(b.data, b.len, &w, why), ERR_INVALID);
        assert_string_equal(why, rows[i].why);
        buf_free(&b);
    }
    assert_int_equal(wav_read("RIFF", 4, &w, why), ERR_NOT_FOUND);
    assert_int_equal(wav_read("RIFF....WAVE", 12, &w, why), ERR_INVALID);
    assert_string_equal(why, "has no samples");
}

static void other_chunks_and_unknown_lengths(void **state)
{
    struct buf plain = tone(8000, 100), b = {0};
    char why[WAV_WHY_SIZE];
    struct wav w;

    (void)state;
    buf_put(&b, plain.data, 12);
    buf_put(&b, "LIST\x03\0\0\0abc", 11);
    buf_putc(&b, '\0'); /* to an even length */
    buf_put(&b, plain.data + 12, plain.len - 12);
    assert_int_equal(wav_read(b.data, b.len, &w, why), 0);
    assert_int_equal(w.frames, 4000);
    put_u32(&b, DATA_AT + 12, 0xffffffff);
    assert_int_equal(wav_read(b.data, b.len - 1, &w, why), 0);
    assert_int_equal(w.frames, 3999);
    buf_free(&plain);
    buf_free(&b);
}

static void an_extensible_description_of_two_channels(void **state)
{
    static const char head[] =
        "RIFF\x48\0\0\0WAVEfmt \x28\0\0\0\xfe\xff\x02\0\x80\xbb\0\0\0\xee\x02\0"
        "\x04\0\x10\0\x16\0\x10\0\x03\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
        "data\x04\0\0\0\x10\0\x20\0";
    char why[WAV_WHY_SIZE];
    struct wav w;

    (void)state;
    assert_int_equal(wav_read(head, sizeof head - 1, &w, why), 0);
    assert_int_equal(w.rate, 48000);
    assert_int_equal(w.channels, 2);
    assert_int_equal(w.frames, 1);
    assert_int_equal(wav_frame(&w, 0), 0x18);
}

/* How loud a tone is at 16 kHz, away from the ends, as a part of what it was. */
static double passed(unsigned rate, double hertz, size_t *count)
{
    struct buf b = tone(rate, hertz), out = {0};
    char why[WAV_WHY_SIZE];
    struct wav w, made = {.channels = 1};
    double sum = 0;

    assert_int_equal(wav_read(b.data, b.len, &w, why), 0);
    assert_int_equal(resample_speech(&w, &out), 0);
    made.samples = (const unsigned char *)out.data;
    *count = out.len / 2;
    for (size_t i = 400; i < *count - 400; i++)
        sum += (double)wav_frame(&made, i) * wav_frame(&made, i);
    buf_free(&b);
    buf_free(&out);
    return sqrt(sum / (double)(*count - 800)) / (10000 / M_SQRT2);
}

static void a_resampled_tone_is_the_same_tone(void **state)
{
    static const unsigned rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 47999, 48000};
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        double loud = passed(rates[i], 1000, &count);

        assert_true(loud > 0.99 && loud < 1.01);
        assert_in_range(count, 7998, 8000);
    }
    assert_true(passed(48000, 7000, &count) > 0.98);
    /* What would sound as another tone is gone: 60 dB down. */
    assert_true(passed(48000, 9000, &count) < 0.001);
    assert_true(passed(44100, 12000, &count) < 0.001);
    assert_true(passed(48000, 20000, &count) < 0.001);
}

/* ---- words ---- */

static const char *param_of(void *arg, const char *name)
{
    const struct voice_words *words = arg;

    for (size_t i = 0; i < VOICE_WORDS_PAIRS; i++)
        if (!strcmp(words->pairs[i].name, name))
            return words->pairs[i].value;
    return NULL;
}

static void an_ask_is_understood(void **state)
{
    const struct voice_ask ask = {.task = VOICE_SPEAK,
        .uid = "ann",
        .language = "de-AT",
        .voice = "",
        .percent = 125};
    struct voice_words words;
    struct voice_ask got;

    (void)state;
    voice_words_ask(&words, &ask);
    assert_true(voice_words_is(param_of, &words));
    assert_int_equal(voice_words_read(param_of, &words, &got), 0);
    assert_int_equal(got.task, VOICE_SPEAK);
    assert_string_equal(got.uid, "ann");
    assert_string_equal(got.language, "de-AT");
    assert_int_equal(got.percent, 125);
    words.pairs[1].value = "sing";
    assert_int_equal(voice_words_read(param_of, &words, &got), ERR_PROTOCOL);
}

static void a_reply_is_understood(void **state)
{
    enum voice_outcome outcome;
    struct buf b = {0};
    char why[32];
    size_t at;

    (void)state;
    voice_words_answer(&b, VOICE_UNREADABLE, "is cut off");
    buf_puts(&b, "rest\n");
    assert_int_equal(voice_words_told(&b, &outcome, why, sizeof why, &at), 0);
    assert_int_equal(outcome, VOICE_UNREADABLE);
    assert_string_equal(why, "is cut off");
    assert_string_equal(b.data + at, "rest\n");
    buf_reset(&b);
    buf_puts(&b, "perhaps \n");
    assert_int_equal(voice_words_told(&b, &outcome, why, sizeof why, &at), ERR_PROTOCOL);
    buf_free(&b);
}

static void tags_of_languages(void **state)
{
    struct speech_command command;

    (void)state;
    assert_true(speech_tag("en"));
    assert_true(speech_tag("de-1996-x"));
    assert_true(speech_tag("zh-Hant-TW"));
    assert_false(speech_tag(""));
    assert_false(speech_tag("e"));
    assert_false(speech_tag("en-"));
    assert_false(speech_tag("en--us"));
    assert_false(speech_tag("-en"));
    assert_false(speech_tag("../../etc"));
    assert_int_equal(speech_in("/nowhere", "en", &command), ERR_NOT_FOUND);
    assert_int_equal(speech_out("/nowhere", "en", "", 100, &command), ERR_NOT_FOUND);
    assert_int_equal(speech_out("/nowhere", "en", "slt", 100, &command), ERR_INVALID);
    assert_int_equal(speech_out_languages("/nowhere", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_we_write_is_read),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(other_chunks_and_unknown_lengths),
        cmocka_unit_test(an_extensible_description_of_two_channels),
        cmocka_unit_test(a_resampled_tone_is_the_same_tone),
        cmocka_unit_test(an_ask_is_understood),
        cmocka_unit_test(a_reply_is_understood),
        cmocka_unit_test(tags_of_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
