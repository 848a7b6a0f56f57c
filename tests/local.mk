# SPDX-License-Identifier: BSD-2-Clause
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/mcp/local.mk
