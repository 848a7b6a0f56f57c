-- SPDX-License-Identifier: BSD-2-Clause
-- Medical records by type and word; medications by their last day.
index_rules.medical_record = { version = '1', apply = function(doc, ix)
    ix.tag('t:' .. ix.text(doc.record_type, 'other'))
    for _, field in ipairs({ 'title', 'record_type', 'provider', 'summary', 'text' }) do
        ix.words('w:', doc[field])
    end
    for _, text in ipairs(type(doc.tags) == 'table' and doc.tags or {}) do
        ix.words('w:', text)
    end
end }

-- By name; until: the last day as a number, 20261122; 0 when it is not taken any more.
index_rules.medication = { version = '2', apply = function(doc, ix)
    local y, m, d = string.match(ix.text(doc.end_date, ''), '^(%d%d%d%d)-(%d%d)-(%d%d)')
    ix.tag('until', doc.active == false and 0 or y and tonumber(y .. m .. d) or 99999999)
    ix.words('w:', doc.name)
end }

index_rules.document = { version = '1', apply = function(doc, ix)
    ix.words('w:', doc.name)
end }

index_rules.contact = { version = '1', apply = function(doc, ix)
    ix.words('w:', doc.name)
    ix.words('w:', doc.nickname)
    ix.words('w:', doc.organization)
end }
