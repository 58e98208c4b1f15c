// An identity provider, oidc-provider by Filip Skokan, for tests of sign-in: one question a line on stdin, one
// answer a line on stdout, both JSON. It ends with its stdin. What it is asked to do wrong, it does to the tokens
// that the provider made.

import { createServer } from "node:http";
import { env, exit } from "node:process";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// Notices on stdout are no answers.
console.info = console.error;

const load = (file) => import(pathToFileURL(`${env.NODE_CLIENTS}/node_modules/${file}`));
const { Provider } = await load("oidc-provider/lib/index.js");
const { SignJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } = await load(
  "jose/dist/webapi/index.js",
);

/** What is claimed of everybody, by what they sign in with. */
let people = {};
/** What is done to the next tokens: other claims, another key. */
let mischief = {};
let handler = null;
let signing = null;
let opened = null;

const server = createServer((request, response) => {
  if (handler) {
    handler(request, response);
  } else {
    response.writeHead(503).end();
  }
});

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), use: "sig", alg };
  return { privateKey, jwk };
}

async function changed(token) {
  const claims = { ...decodeJwt(token), ...mischief.claims };
  for (const name of mischief.without ?? []) {
    delete claims[name];
  }
  const header = decodeProtectedHeader(token);
  if (mischief.secret) {
    const secret = new TextEncoder().encode(mischief.secret);
    return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
  }
  if (mischief.unsigned) {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "none" })}.${part(claims)}.`;
  }
  const by = mischief.unknown_key ? (await key(header.alg)).privateKey : signing.privateKey;
  return new SignJWT(claims).setProtectedHeader(header).sign(by);
}

/** The provider anew, with a new key: who was signed in at it is not any more. */
async function open({ callback, farewell, alg = "RS256", id_token_claims = true }) {
  opened = { callback, farewell, alg, id_token_claims };
  signing = await key(alg);
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "console",
        client_secret: "a secret of the console",
        redirect_uris: callback,
        post_logout_redirect_uris: farewell,
        response_types: ["code"],
        grant_types: ["authorization_code"],
        id_token_signed_response_alg: alg,
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email"] },
    conformIdTokenClaims: !id_token_claims,
    findAccount: (_, id) =>
      people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    loadExistingGrant: async (ctx) => {
      const { accountId } = ctx.oidc.session;
      const grant = new ctx.oidc.provider.Grant({ clientId: "console", accountId });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    pkce: { required: () => true },
    cookies: { keys: ["of a test"] },
    jwks: { keys: [signing.jwk] },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === "/token" && ctx.body?.id_token && Object.keys(mischief).length > 0) {
      ctx.body = { ...ctx.body, id_token: await changed(ctx.body.id_token) };
    }
  });
  handler = provider.callback();
  return issuer;
}

const QUESTIONS = {
  port: () => server.address().port,
  open,
  rotate: () => open(opened),
  people: (said) => {
    people = said.people;
    return true;
  },
  mischief: (said) => {
    mischief = said.mischief;
    return true;
  },
  away: () => {
    handler = null;
    return true;
  },
};

server.listen(0, "127.0.0.1", () => {
  const lines = createInterface({ input: process.stdin });
  lines.on("close", () => exit(0));
  lines.on("line", async (line) => {
    const said = JSON.parse(line);
    try {
      const answer = await QUESTIONS[said.ask](said);
      console.log(JSON.stringify({ answer }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error?.stack ?? error) }));
    }
  });
});
