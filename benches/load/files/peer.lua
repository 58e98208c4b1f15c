-- The peer inside nginx: who sent the form, one EVALSHA, an answer. PORT and SCRIPT are put in.
local redis = require "nginx.redis"
local cjson = require "cjson.safe"
local peer = {}

function peer.decision()
    ngx.req.read_body()
    local fields = ngx.req.get_post_args()
    local sender = fields and fields.email or "-"
    local link = redis:new()
    link:set_timeout(1000)
    local fine, fault = link:connect("127.0.0.1", @PORT@)
    if not fine then
        ngx.log(ngx.ERR, fault)
        return ngx.exit(503)
    end
    local answer
    answer, fault = link:evalsha("@SCRIPT@", 2, "r:" .. sender, "q:" .. sender)
    link:set_keepalive(60000, 128)
    if not answer then
        ngx.log(ngx.ERR, fault)
        return ngx.exit(503)
    end
    return { disposition = answer[1], instead = answer[2], used = answer[3] }
end

function peer.answer()
    local decision = peer.decision()
    ngx.header["Content-Type"] = "application/json"
    ngx.print(cjson.encode(decision))
end

return peer
