-- SPDX-License-Identifier: BSD-2-Clause
-- Tasks, equipment, trips on trial and what broke on them.
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
