# SPDX-License-Identifier: BSD-2-Clause
# Products and the web.
TOOLS_SPEC += tools/shop/shop.json
libtools_a_SOURCES += \
	tools/shop/shop.c tools/shop/shop.h \
	tools/shop/shop_file.c \
	tools/shop/shop_web.c
