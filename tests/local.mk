# SPDX-License-Identifier: BSD-2-Clause
include tests/faults/local.mk
include tests/fuzz/local.mk
include tests/mcp/local.mk
include tests/unit/local.mk
