-- What each family keeps beside its records: tags (sets of records by time or a value of theirs),
-- words (for finding a record by them) and sums. A changed rule needs a new version: what older ones
-- made is then made anew. apply(doc, ix): see lib_index.lua.
--include lib_fuel.lua
local index_rules = {}

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

index_rules.fuel = { version = '1', apply = fuel_apply }

index_rules.maintenance = { version = '1', apply = function(doc, ix)
    local open = doc.status == 'scheduled'
    ix.tag(open and 'scheduled' or 'done')
    ix.words('w:', doc.task)
    if not open then
        ix.words('d:', doc.task)
        ix.money('done', '', doc, 'cost_minor')
    end
end }

index_rules.medical_record = { version = '1', apply = function(doc, ix)
    ix.tag('t:' .. ix.text(doc.record_type, 'other'))
    for _, field in ipairs({ 'title', 'record_type', 'provider', 'summary', 'text' }) do
        ix.words('w:', doc[field])
    end
    for _, text in ipairs(type(doc.tags) == 'table' and doc.tags or {}) do
        ix.words('w:', text)
    end
end }

-- What lasts longer than a day may still be on long after its start.
index_rules.event = { version = '1', apply = function(doc, ix)
    if type(doc.start_ms) == 'number' and type(doc.end_ms) == 'number' and
        doc.end_ms - doc.start_ms > 86400000 then
        ix.tag('long')
    end
end }

-- until: the last day as a number, 20261122; 0 when it is not taken any more.
index_rules.medication = { version = '1', apply = function(doc, ix)
    local y, m, d = string.match(ix.text(doc.end_date, ''), '^(%d%d%d%d)-(%d%d)-(%d%d)')
    ix.tag('until', doc.active == false and 0 or y and tonumber(y .. m .. d) or 99999999)
end }

-- due: how many days before the departure; far below 0 when it has no such day.
index_rules.transition_task = { version = '1', apply = function(doc, ix)
    local priority, category = ix.text(doc.priority, 'medium'), ix.text(doc.category, 'custom')
    if not ({ critical = 1, high = 1, medium = 1 })[priority] then
        priority = 'low'
    end
    local done = doc.status == 'completed'
    local before = type(doc.days_before_departure) == 'number' and doc.days_before_departure or -1e6
    for _, suffix in ipairs({ priority, priority .. ' ' .. category }) do
        ix.tag('all ' .. suffix)
        if done then
            ix.tag('done ' .. suffix)
        else
            ix.tag('open ' .. suffix, before)
        end
    end
    ix.sum('all', (done and 'done ' or 'open ') .. priority .. ' ' .. category, 1)
    if not done then
        ix.words('w:', doc.title)
        if before > -1e6 and before <= 7 then
            ix.tag('launch')
        end
    end
end }

index_rules.equipment = { version = '1', apply = function(doc, ix)
    local bought, category = doc.is_purchased == true, ix.text(doc.category, '')
    local state = bought and 'bought' or 'buy'
    for _, bucket in ipairs({ '*', category }) do
        ix.tag('all ' .. bucket)
        ix.tag(state .. ' ' .. bucket)
        ix.sum(bucket, state, 1)
        if doc.is_essential == true then
            ix.sum(bucket, 'essential ' .. state, 1)
        end
        ix.money(bucket, state .. ' ', doc, bought and 'actual_cost_minor' or 'estimated_cost_minor')
    end
    if not bought then
        ix.words('w:', doc.name)
    end
end }

index_rules.shakedown_trip = { version = '1', apply = function(doc, ix)
    if type(doc.nights) == 'number' then
        ix.sum('all', 'nights', doc.nights)
    end
    if type(doc.confidence_rating) == 'number' then
        ix.tag('rated')
        ix.sum('all', 'rated', 1)
        ix.sum('all', 'rating', doc.confidence_rating)
    end
end }

index_rules.shakedown_issue = { version = '1', apply = function(doc, ix)
    local resolved = doc.resolved == true
    ix.sum('all', 'severity ' .. ix.text(doc.severity, ''), 1)
    ix.sum('all', 'area ' .. ix.text(doc.category, ''), 1)
    ix.money('all', '', doc, 'cost_minor')
    if resolved then
        ix.sum('all', 'resolved', 1)
    else
        ix.tag('open')
        if doc.severity == 'critical' then
            ix.sum('all', 'critical', 1)
        end
    end
end }

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
