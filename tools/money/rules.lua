-- SPDX-License-Identifier: BSD-2-Clause
-- Sums of money, a month and a day each, by currency and category.
local function rule_of_money(doc, ix)
    if type(doc.amount_minor) ~= 'number' or type(doc.date) ~= 'string' or #doc.date < 10 then
        return
    end
    local name = tostring(doc.currency) .. ' ' .. tostring(doc.category)
    for _, length in ipairs({ 7, 10 }) do
        local span = string.sub(doc.date, 1, length)
        ix.sum(span, 's ' .. name, doc.amount_minor)
        ix.sum(span, 'c ' .. name, 1)
    end
end

index_rules.expense = { version = '1', apply = rule_of_money }
index_rules.saving = { version = '1', apply = rule_of_money }

-- What lasts longer than a day may still be on long after its start.

-- until: the last day as a number, 20261122; 0 when it is not taken any more.

-- due: how many days before the departure; far below 0 when it has no such day.

-- expiry: the last day as a number, 20261122; 99999999 when there is none.
