-- SPDX-License-Identifier: BSD-2-Clause
-- Lists by the words of their name.
index_rules.list = { version = '1', apply = function(doc, ix)
    ix.words('w:', doc.name)
end }
