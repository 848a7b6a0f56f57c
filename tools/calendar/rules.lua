-- SPDX-License-Identifier: BSD-2-Clause
--include lib_revisions.lua
-- What lasts longer than a day may still be on long after its start.
index_rules.event = { version = '1', apply = function(doc, ix)
    if type(doc.start_ms) == 'number' and type(doc.end_ms) == 'number' and
        doc.end_ms - doc.start_ms > 86400000 then
        ix.tag('long')
    end
end, changed = revisions_changed }
index_rules.series = { version = '1', apply = function() end, changed = revisions_changed }
