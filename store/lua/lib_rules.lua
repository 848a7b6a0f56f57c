-- SPDX-License-Identifier: BSD-2-Clause
-- What each family keeps beside its records: tags (sets of records by time or a value of theirs),
-- words (for finding a record by them) and sums. A changed rule needs a new version: what older ones
-- made is then made anew. apply(doc, ix): see lib_index.lua. changed(records, id, before, json), which may be absent, is
-- called before each write, with the texts (false: none), also where there is no index yet. The rules are tools/FAMILY/rules.lua.
local index_rules = {}
--include-rules

-- The changes themselves: lib_changes.lua. life: of the keys, in ms.
index_rules.change = { version = '1', life = 2678400000, apply = function(doc, ix)
    local open = not doc.undone_by and (doc.act == 'do' and 'live' or doc.act == 'undo' and 'undo')
    ix.sum('all', 'bytes', doc.bytes or 0)
    if open then
        ix.tag(open)
        ix.tag(open .. ':' .. ix.text(doc.session, ''))
    end
    local deleted = {} -- families: a tag once, however many records
    for _, write in ipairs(type(doc.writes) == 'table' and doc.writes or {}) do
        local family = ix.text(write.family, '')
        ix.tag('r:' .. family .. '/' .. ix.text(write.id, ''))
        if write.now == '' and not deleted[family] then
            deleted[family] = true
            ix.tag('d:' .. family)
        end
    end
end }
