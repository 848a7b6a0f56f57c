-- SPDX-License-Identifier: BSD-2-Clause
-- Drops a family's index; the next look makes it anew. KEYS: records hash.
--include lib_index.lua
return { index_drop(KEYS[1]) and 'MORE' or 'OK' }
