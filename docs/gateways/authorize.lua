-- The action `lua.authorize URL`: asks mgmt about a request. What it refuses is answered at once with mgmt's own answer.

local NAMES = {
    "authorization", "x-api-key", "x-app-id", "x-app-token", "x-management-id", "x-management-token", "cookie",
    "x-warehouse-id", "x-forwarded-for",
}
local GIVEN = { "x-auth-organization-id", "x-auth-key-id", "x-auth-scopes", "x-auth-warehouse-id" }
local KEPT = { "content-type", "retry-after", "www-authenticate", "x-request-id" }

local function values(fields, name)
    local found = {}
    for i = 0, #(fields[name] or {}) do
        if fields[name] then table.insert(found, fields[name][i]) end
    end
    return found
end

local function refuse(txn, status, fields, body)
    local reply = txn:reply({ status = status })
    for _, name in ipairs(KEPT) do
        for _, value in ipairs(values(fields, name)) do reply:add_header(name, value) end
    end
    reply:set_body(body or "")
    txn:done(reply)
end

core.register_action("authorize", { "http-req" }, function(txn, url)
    local asked, fields = {}, txn.http:req_get_headers()
    for _, name in ipairs(NAMES) do
        -- Each one, also when there are several: mgmt refuses what is ambiguous.
        local found = values(fields, name)
        if #found > 0 then asked[name] = found end
    end
    -- HAProxy asks again three times before it gives up: five seconds in all.
    local answer = core.httpclient():get({ url = url, headers = asked, timeout = 1250 })
    if not answer or not answer.status or answer.status == 0 then
        return refuse(txn, 503, { ["retry-after"] = { [0] = "1" } }, "")
    end
    if answer.status ~= 200 then
        -- Anything that is no clear yes is a no.
        local status = answer.status >= 400 and answer.status or 503
        return refuse(txn, status, answer.headers or {}, answer.body)
    end
    for _, name in ipairs(GIVEN) do
        txn.http:req_set_header(name, values(answer.headers, name)[1] or "")
    end
    -- The configuration lets nobody through without this: a script that ends in an error ends before it.
    txn:set_var("txn.authorized", true)
end, 1)
