-- wrk: contacts that are all new, from many senders, as JSON for a decision endpoint or as a form.
-- From the environment: LOAD_KIND (contact, form), LOAD_STAMP (of this run, part of every id),
-- LOAD_PATH, LOAD_TOKEN, LOAD_PEOPLE (how many are restricted), LOAD_EVERY (one in so many requests is
-- from one of them; 0: none), LOAD_TEXT (bytes of text), LOAD_HOPS (how many people further the next is).
dofile(os.getenv("LOAD_FILES") .. "/said.lua")
local kind, path = os.getenv("LOAD_KIND"), os.getenv("LOAD_PATH")
local stamp, people = os.getenv("LOAD_STAMP"), tonumber(os.getenv("LOAD_PEOPLE"))
local every, bytes = tonumber(os.getenv("LOAD_EVERY")), tonumber(os.getenv("LOAD_TEXT"))
local hops = tonumber(os.getenv("LOAD_HOPS") or "7919")
local number, person = 0, 0
local first, second, third

local function text(space)
    local line = "Please answer my question. "
    local whole = string.rep(line, math.ceil(bytes / #line)):sub(1, bytes)
    return (whole:gsub(" ", space))
end

-- Number and sender always have as many bytes, so that the length stands in the head once.
function init(_)
    local head = "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    local body
    if kind == "contact" then
        head = head .. "Authorization: Bearer " .. os.getenv("LOAD_TOKEN") .. "\r\nContent-Type: application/json\r\n"
        body = {
            '{"id":"' .. stamp .. "-",
            '","channel":"web_form","at":"' .. os.date("!%Y-%m-%dT%H:%M:%SZ") .. '","from":[{"kind":"email","value":"',
            '","assurance":"asserted"}],"subject":"My case","text":"' .. text(" ") .. '"}',
        }
    else
        head = head .. "Content-Type: application/x-www-form-urlencoded\r\n"
        body = {
            "name=A+Citizen&subject=My+case&number=" .. stamp .. "-",
            "&email=",
            "&message=" .. text("+"),
        }
    end
    local sender = #string.format("p%07d@people.example", 0)
    local length = #body[1] + 10 + #body[2] + sender + #body[3]
    first, second, third = head .. "Content-Length: " .. length .. "\r\n\r\n" .. body[1], body[2], body[3]
end

function request()
    number = number + 1
    local sender
    if every > 0 and number % every == 0 then
        person = (person + hops) % people
        sender = string.format("p%07d@people.example", person)
    else
        sender = string.format("u%07d@sender.example", number * 7919 % 9999991)
    end
    return first .. string.format("%010d", number) .. second .. sender .. third
end
