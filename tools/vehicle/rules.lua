-- SPDX-License-Identifier: BSD-2-Clause
-- Fuel from full tank to full tank; maintenance that is done and to be done.
--include lib_fuel.lua
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
