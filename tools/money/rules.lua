-- SPDX-License-Identifier: BSD-2-Clause
-- Sums of money, a month and a day each, by currency and category. An expense that was converted
-- counts in the money that it was converted into ("s" and "c"); what was paid is in "o" and "p", and "v" and
-- "x" tell which part of "s" and "c" was paid in what.
local function rule_of_money(doc, ix)
    if type(doc.amount_minor) ~= 'number' or type(doc.date) ~= 'string' or #doc.date < 10 then
        return
    end
    local paid, category = tostring(doc.currency), tostring(doc.category)
    local counted, minor = paid, doc.amount_minor
    if type(doc.converted_minor) == 'number' and type(doc.converted_currency) == 'string'
        and #doc.converted_currency == 3 and doc.converted_currency ~= paid then
        counted, minor = doc.converted_currency, doc.converted_minor
    end
    local name = counted .. ' ' .. category
    for _, length in ipairs({ 7, 10 }) do
        local span = string.sub(doc.date, 1, length)
        ix.sum(span, 's ' .. name, minor)
        ix.sum(span, 'c ' .. name, 1)
        if counted ~= paid then
            ix.sum(span, 'o ' .. paid .. ' ' .. category, doc.amount_minor)
            ix.sum(span, 'p ' .. paid .. ' ' .. category, 1)
            ix.sum(span, 'v ' .. counted .. ' ' .. paid .. ' ' .. category, minor)
            ix.sum(span, 'x ' .. counted .. ' ' .. paid .. ' ' .. category, 1)
        end
    end
end

index_rules.expense = { version = '2', apply = rule_of_money }
index_rules.saving = { version = '1', apply = rule_of_money }

-- What lasts longer than a day may still be on long after its start.

-- until: the last day as a number, 20261122; 0 when it is not taken any more.

-- due: how many days before the departure; far below 0 when it has no such day.

-- expiry: the last day as a number, 20261122; 99999999 when there is none.
