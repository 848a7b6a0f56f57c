/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_MEDIA_FILES_H
#define TURNPIKE_TESTS_UNIT_MEDIA_FILES_H

/* media_files -- the smallest files of each kind that readers take, made by other programs. */
struct media_file {
    const char *bytes;
    unsigned len;
};
#define MEDIA_FILE(text) ((struct media_file){text, sizeof text - 1})

/* 1 x 1, a transparent pixel. */
#define MEDIA_PNG \
    MEDIA_FILE("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89" \
               "\0\0\0\rIDATx\x9c" \
               "c\xf8\xcf\xc0\0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xae" \
               "B`\x82")
/* 1 x 1. */
#define MEDIA_GIF \
    MEDIA_FILE("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0" \
               "\x01\0\0\x02\x01" \
               "D\0;")
/* 1 x 1, lossless. */
#define MEDIA_WEBP \
    MEDIA_FILE("RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0")
#define MEDIA_PDF_FILE \
    MEDIA_FILE( \
        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" \
        "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 3>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
/* 3 x 2: the marker segments of a picture, with a scan that nobody decodes. */
#define MEDIA_JPEG \
    MEDIA_FILE("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xc0\0\x0b\x08\0\x02\0" \
               "\x03\x01\x01\x11\0\xff\xda\0\x08\x01\x01\0\0?\0\xd2\xcf\xff\xd9")

#endif
