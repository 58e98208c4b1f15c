-- wrk: one message to rspamd's /checkv2, from varying restricted senders. From the environment:
-- LOAD_MESSAGE (a file, in which SENDER stands for the sender), LOAD_PEOPLE.
dofile(os.getenv("LOAD_FILES") .. "/said.lua")
local pool, number = {}, 0

function init(_)
    local file = assert(io.open(os.getenv("LOAD_MESSAGE"), "rb"))
    local message = file:read("*a")
    file:close()
    local people = tonumber(os.getenv("LOAD_PEOPLE"))
    local many = #message > 50000 and 64 or 512
    for place = 1, many do
        local sender = string.format("p%07d@people.example", place * 7919 % people)
        local fields = { From = sender, Rcpt = "desk@karbon.example", IP = "203.0.113.7", Helo = "mx.people.example" }
        pool[place] = wrk.format("POST", "/checkv2", fields, (message:gsub("SENDER", sender)))
    end
end

function request()
    number = number % #pool + 1
    return pool[number]
end
