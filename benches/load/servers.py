"""The peers: Redis, nginx with Lua and without, rspamd, smtp-sink, and small C programs; each with settings
as somebody who wants it fast would write them."""

import pathlib
import re
import shutil
import time

from processes import free_port, need, need_file, run, wait_for_port

FILES = pathlib.Path(__file__).resolve().parent / "files"
RSPAMD_START_WAIT = 120.0
LUA_MODULES = pathlib.Path("/usr/lib/nginx/modules")


class Redis:
    """Without persistence, for the gateway and for the peers alike: what is compared is the work."""

    def __init__(self, place, name):
        need("redis-server", "redis-cli")
        self.place, self.folder, self.name = place, place.sub(name), name
        self.port, self.process = free_port(), None
        self.start()

    def start(self):
        command = ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--maxmemory-policy", "noeviction", "--dir", self.folder]
        self.process = self.place.start(*command, log=f"{self.name}.log")
        wait_for_port(self.port, self.process)
        while self.ask("ping") != "PONG":
            time.sleep(0.02)

    def ask(self, *command):
        return run("redis-cli", "-p", self.port, *command).strip()

    def keep(self):
        """Remembers what stands in it, for [`put_back`]."""
        self.ask("save")
        shutil.copy(self.folder / "dump.rdb", self.folder / "kept.rdb")

    def put_back(self):
        self.place.stop(self.process)
        shutil.copy(self.folder / "kept.rdb", self.folder / "dump.rdb")
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"


class Nginx:
    """`/decide`: Lua and one EVALSHA. `/form`: the same, then on to the form. `/plain`: only on. The
    form's own handler is another nginx that answers 200, the same for every candidate."""

    CONF = """
        {modules}
        worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
        events {{ worker_connections 12000; }}
        worker_rlimit_nofile 20000;
        http {{
            access_log off; keepalive_requests 100000000; client_body_buffer_size 64k; client_max_body_size 60m;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/other;
            uwsgi_temp_path {folder}/other; scgi_temp_path {folder}/other;
            {servers}
        }}
    """
    PEER = """
            lua_package_path '{folder}/?.lua;/usr/share/lua/5.1/?.lua;;';
            lua_package_cpath '/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;';
            upstream form {{ server 127.0.0.1:{form}; keepalive 128; }}
            proxy_http_version 1.1; proxy_set_header Connection "";
            server {{
                listen 127.0.0.1:{port} backlog=4096;
                location = /decide {{ content_by_lua_block {{ require("peer").answer() }} }}
                location = /plain {{ proxy_pass http://form; }}
                location = /form {{
                    access_by_lua_block {{
                        local decision = require("peer").decision()
                        if decision.disposition == "limit" then return ngx.exit(429) end
                        ngx.req.set_header("X-Decision", decision.disposition)
                    }}
                    proxy_pass http://form;
                }}
            }}
    """

    def __init__(self, place, name, servers, modules=""):
        need("nginx")
        self.folder, self.port = place.sub(name), free_port()
        conf = self.folder / "nginx.conf"
        servers = servers.format(folder=self.folder, port=self.port, **self.names())
        conf.write_text(self.CONF.format(modules=modules, folder=self.folder, servers=servers))
        command = ["nginx", "-e", self.folder / "error.log", "-c", conf]
        self.process = place.start(*command, log=f"{name}.log")
        wait_for_port(self.port, self.process)

    def names(self):
        return {}


class Form(Nginx):
    """The form's own handler, which takes everything; or an existing call flow, with another answer."""

    FORM = """
            server {{
                listen 127.0.0.1:{port} backlog=4096; default_type {kind};
                location / {{ return 200 "{answer}"; }}
            }}
    """

    def __init__(self, place, answer="thank you\\n", kind="text/plain"):
        self.answer, self.kind = answer, kind
        super().__init__(place, "form", self.FORM)

    def names(self):
        return {"answer": self.answer, "kind": self.kind}


class Proxy(Nginx):
    """Passes everything on to the form."""

    PROXY = """
            upstream form {{ server 127.0.0.1:{form}; keepalive 128; }}
            proxy_http_version 1.1; proxy_set_header Connection "";
            server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://form; }} }}
    """

    def __init__(self, place, form):
        self.form = form
        super().__init__(place, "proxy", self.PROXY)

    def names(self):
        return {"form": self.form.port}


class Peer(Nginx):
    """nginx, Lua and Redis, with so many people restricted who are never over their limit."""

    def __init__(self, place, redis, form, people):
        for module in ("ndk_http_module.so", "ngx_http_lua_module.so"):
            need_file(LUA_MODULES / module, "libnginx-mod-http-lua")
        need_file("/usr/share/lua/5.1/nginx/redis.lua", "lua-nginx-redis")
        need_file("/usr/share/lua/5.1/resty/core.lua", "lua-resty-core")
        need_file("/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so", "lua-cjson")
        self.redis, self.form, self.people = redis, form, people
        self.forget()
        script = redis.ask("script", "load", (FILES / "decide.lua").read_text())
        lua = (FILES / "peer.lua").read_text().replace("@PORT@", str(redis.port)).replace("@SCRIPT@", script)
        (place.sub("peer") / "peer.lua").write_text(lua)
        modules = [f"load_module {LUA_MODULES}/{name}.so;" for name in ("ndk_http_module", "ngx_http_lua_module")]
        super().__init__(place, "peer", self.PEER, " ".join(modules))

    def names(self):
        return {"form": self.form.port}

    def forget(self):
        """Counts begin anew, as the gateway's do before each run."""
        self.redis.ask("flushall")
        load = """for i = 0, tonumber(ARGV[1]) - 1 do
            redis.call('HSET', string.format('r:p%07d@people.example', i), 'id', 'R-' .. i, 'state', 'active',
                'channel', 'email', 'instead', 'spoc@agency.example', 'limit', '1000000', 'seconds', '604800',
                'within', 'deliver') end return 1"""
        self.redis.ask("eval", load, "0", self.people)

    def counted(self):
        return len(self.redis.ask("--scan", "--pattern", "q:*").split())


class Sink:
    """smtp-sink, with its counter on."""

    def __init__(self, place):
        need("smtp-sink", "smtp-source")
        self.port, self.counts = free_port(), place.folder / "sink.counts"
        with open(self.counts, "wb") as out:
            command = ["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{self.port}", 1000]
            self.process = place.start(*command, log="sink.log", out=out, cwd=place.folder)
        wait_for_port(self.port, self.process)

    def taken(self):
        """Messages so far: the last that the counter says."""
        with open(self.counts, "rb") as said:
            said.seek(max(0, said.seek(0, 2) - 256))
            found = re.findall(rb"mesg=(\d+)", said.read())
        return int(found[-1]) if found else 0


class Rspamd:
    """With its rate-limit and multimap modules on Redis, and nothing else."""

    def __init__(self, place, redis, people):
        need("rspamd")
        folder = place.sub("rspamd")
        folder.chmod(0o777)
        self.port = free_port()
        conf = (FILES / "rspamd.conf").read_text()
        for name, value in {"FOLDER": folder, "REDIS": redis.port, "PORT": self.port}.items():
            conf = conf.replace(f"@{name}@", str(value))
        (folder / "rspamd.conf").write_text(conf)
        (folder / "globals.lua").write_text('require "global_functions"()\n')
        load = "for i = 0, tonumber(ARGV[1]) - 1 do redis.call('HSET', 'restricted', string.format('p%07d@people.example', i), '1') end return 1"
        redis.ask("eval", load, "0", people)
        command = ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", folder / "rspamd.conf"]
        self.process = place.start(*command, log="rspamd.log")
        # It compiles thousands of names that it would find links by, before it listens and after.
        wait_for_port(self.port, self.process, RSPAMD_START_WAIT)
        time.sleep(3)


def compiled(place, name, *options):
    need("gcc")
    program = place.folder / name
    run("gcc", "-O2", "-Wall", *options, "-o", program, FILES / f"{name}.c")
    return program
