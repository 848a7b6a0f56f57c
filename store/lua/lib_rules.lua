-- SPDX-License-Identifier: BSD-2-Clause
-- What each family keeps beside its records: tags (sets of records by time or a value of theirs),
-- words (for finding a record by them) and sums. A changed rule needs a new version: what older ones
-- made is then made anew. apply(doc, ix): see lib_index.lua. The rules are tools/FAMILY/rules.lua.
local index_rules = {}
--include-rules
