-- wrk: requests that were made beforehand, one after the other, and after the last the first. From the
-- environment: LOAD_READY (a file of them), LOAD_LENGTH (bytes of each), LOAD_FIRST (which is the first).
dofile(os.getenv("LOAD_FILES") .. "/said.lua")
local length = tonumber(os.getenv("LOAD_LENGTH"))
local ready

function init(_)
    ready = assert(io.open(os.getenv("LOAD_READY"), "rb"))
    ready:seek("set", length * tonumber(os.getenv("LOAD_FIRST")))
end

function request()
    local next = ready:read(length)
    if not next then
        ready:seek("set", 0)
        next = ready:read(length)
    end
    return next
end
