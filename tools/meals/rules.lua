-- SPDX-License-Identifier: BSD-2-Clause
-- The pantry by its last days, recipes by word and meal.
-- expiry: the last day as a number, 20261122; 99999999 when there is none.
index_rules.pantry = { version = '1', apply = function(doc, ix)
    local y, m, d = string.match(ix.text(doc.expiry_date, ''), '^(%d%d%d%d)-(%d%d)-(%d%d)')
    ix.tag('expiry', y and tonumber(y .. m .. d) or 99999999)
    ix.words('w:', doc.ingredient_name)
end }

index_rules.recipe = { version = '1', apply = function(doc, ix)
    for _, field in ipairs({ 'name', 'cuisine', 'meal_type' }) do
        ix.words('w:', doc[field])
    end
    for _, line in ipairs(type(doc.ingredients) == 'table' and doc.ingredients or {}) do
        ix.words('w:', line)
    end
    ix.tag('m:' .. ix.text(doc.meal_type, ''))
end }
