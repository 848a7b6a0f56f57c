-- Drops a family's sums; the next look makes them anew. KEYS: records hash.
--include lib_sums.lua
sums_drop(KEYS[1])
return { 'OK' }
