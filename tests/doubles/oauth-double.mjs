// SPDX-License-Identifier: BSD-2-Clause
// A double of an authorization server (OAuth 2.1), and of the gate that an MCP server has before it.
//
// It refuses what vendors refuse: a client or redirect that it does not know, no PKCE or another
// method than S256, a wrong verifier, a request without `resource` or with another one, a code used
// twice (which also ends the tokens of the first use, RFC 9700 section 4.2), a refresh token used
// twice (which ends all tokens of its login, section 4.14).
//
//   const auth = await startOauthDouble({resource});      `auth.url` is the issuer
//   auth.gate(request, response): true when the request's token is good; else it has answered 401/403
//   auth.life = N          seconds of an access token            auth.wants = "..."   scope that the gate wants
//   auth.refuse = N        the token endpoint answers N          auth.hold = true     it does not answer
//   auth.revokeAll()       all tokens end, refresh tokens too    auth.endAccess()     only access tokens
//   auth.grants            [{grant, ok, error}] of the token endpoint, in order
import {createHash, randomBytes} from "node:crypto";
import http from "node:http";
import {once} from "node:events";

const random = () => randomBytes(24).toString("base64url");
const read = async request => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

export async function startOauthDouble({resource, clients = {}, rotates = true, metadata = {}} = {}) {
  const auth = {life: 3600, wants: "", refuse: 0, hold: false, held: 0, resource, clients, grants: [], authorizations: [], revoked: [], seen: 0,
    scopes: ["mail.read"], release: () => {}};
  const codes = new Map(), refreshes = new Map(), access = new Map(), used = new Map();
  const json = (response, status, value, headers = {}) => {
    response.writeHead(status, {"Content-Type": "application/json", "Cache-Control": "no-store", ...headers});
    response.end(JSON.stringify(value));
  };

  const endLogin = login => {
    for (const map of [refreshes, access]) for (const [token, t] of map) if (t.login === login) map.delete(token);
  };
  const issue = (client, scope, login, offline) => {
    const token = random(), answer = {access_token: token, token_type: "Bearer", expires_in: auth.life, scope};
    access.set(token, {client, scope, login, ends: Date.now() + auth.life * 1000});
    if (offline) {
      answer.refresh_token = random();
      refreshes.set(answer.refresh_token, {client, scope, login});
    }
    return answer;
  };

  /** The client of a request, by Basic or by its form; undefined: it proved nothing. */
  function clientOf(request, form) {
    const basic = /^Basic (.*)$/.exec(request.headers.authorization ?? "");
    let id = form.get("client_id"), secret = form.get("client_secret") ?? undefined;
    if (basic) [id, secret] = Buffer.from(basic[1], "base64").toString().split(":").map(decodeURIComponent);
    const client = auth.clients[id];
    return client && client.secret === secret ? id : undefined;
  }

  const grants = {
    authorization_code(form, client) {
      const code = form.get("code"), known = codes.get(code);
      if (used.has(code)) {
        endLogin(used.get(code));
        return ["invalid_grant", "the code was used before"];
      }
      if (!known || known.client !== client || known.redirect !== form.get("redirect_uri")) return ["invalid_grant", "no such code"];
      codes.delete(code);
      used.set(code, known.login);
      const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
      if (challenge !== known.challenge) return ["invalid_grant", "the verifier does not match"];
      return issue(client, known.scope, known.login, true);
    },
    refresh_token(form, client) {
      const token = form.get("refresh_token"), known = refreshes.get(token);
      if (used.has(token)) {
        endLogin(used.get(token));
        return ["invalid_grant", "the refresh token was used before"];
      }
      if (!known || known.client !== client) return ["invalid_grant", "no such refresh token"];
      if (!rotates) return {...issue(client, known.scope, known.login, false)};
      refreshes.delete(token);
      used.set(token, known.login);
      return issue(client, known.scope, known.login, true);
    },
    client_credentials(form, client) {
      if (!auth.clients[client].secret) return ["unauthorized_client", "not for public clients"];
      return issue(client, form.get("scope") ?? "", random(), false);
    },
  };

  async function token(request, response) {
    const form = new URLSearchParams(await read(request)), grant = form.get("grant_type"), client = clientOf(request, form);
    const note = {grant, client};
    auth.grants.push(note);
    if (auth.refuse) return json(response, auth.refuse, {error: "temporarily_unavailable"});
    const no = (status, error, error_description) => { note.error = error; json(response, status, {error, error_description}); };
    if (!client) return no(401, "invalid_client", "who is that?");
    if (form.get("resource") !== auth.resource) return no(400, "invalid_target", "resource is missing, or another one");
    if (!grants[grant]) return no(400, "unsupported_grant_type", grant);
    const answer = grants[grant](form, client);
    if (Array.isArray(answer)) return no(400, ...answer);
    note.ok = true;
    if (auth.hold) { // it is done, and nobody hears of it
      auth.held++;
      await new Promise(done => { auth.release = done; });
    }
    json(response, 200, answer);
  }

  function authorize(response, query) {
    const client = auth.clients[query.get("client_id")], redirect = query.get("redirect_uri") ?? "";
    auth.authorizations.push(Object.fromEntries(query));
    if (!client || !/^http:\/\/127\.0\.0\.1:\d+\/callback$/.test(redirect)) return json(response, 400, {error: "unknown client or redirect"});
    const to = new URL(redirect), state = query.get("state");
    const wrong = query.get("response_type") !== "code" ? "unsupported_response_type"
      : query.get("code_challenge_method") !== "S256" || !query.get("code_challenge") ? "invalid_request"
        : query.get("resource") !== auth.resource ? "invalid_target" : auth.deny ? "access_denied" : "";
    if (state) to.searchParams.set("state", state);
    to.searchParams.set("iss", auth.iss ?? auth.url);
    if (wrong) {
      to.searchParams.set("error", wrong);
    } else {
      const code = random();
      codes.set(code, {client: query.get("client_id"), redirect, challenge: query.get("code_challenge"), scope: query.get("scope") ?? "", login: random()});
      to.searchParams.set("code", code);
    }
    response.writeHead(302, {Location: to.href});
    response.end();
  }

  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, auth.url);
    if (request.url === "/.well-known/oauth-authorization-server") {
      return json(response, 200, {issuer: auth.url, authorization_endpoint: `${auth.url}/authorize`, token_endpoint: `${auth.url}/token`,
        revocation_endpoint: `${auth.url}/revoke`, response_types_supported: ["code"], code_challenge_methods_supported: ["S256"],
        grant_types_supported: Object.keys(grants), token_endpoint_auth_methods_supported: ["client_secret_basic", "none"],
        authorization_response_iss_parameter_supported: true, ...metadata});
    }
    if (url.pathname === "/authorize") return authorize(response, url.searchParams);
    if (url.pathname === "/token" && request.method === "POST") return token(request, response);
    if (url.pathname === "/revoke" && request.method === "POST") {
      const form = new URLSearchParams(await read(request));
      if (!clientOf(request, form)) return json(response, 401, {error: "invalid_client"});
      const one = form.get("token"), known = refreshes.get(one) ?? access.get(one);
      auth.revoked.push(Boolean(known));
      if (known) endLogin(known.login);
      return json(response, 200, {});
    }
    json(response, 404, {});
  });

  auth.gate = (request, response) => {
    const challenge = `Bearer resource_metadata="${new URL("/.well-known/oauth-protected-resource", auth.resource)}"${auth.wants && `, scope="${auth.wants}"`}`;
    if (request.url.startsWith("/.well-known/oauth-protected-resource")) {
      json(response, 200, {resource: auth.resource, authorization_servers: [auth.url], scopes_supported: auth.scopes, bearer_methods_supported: ["header"]});
      return false;
    }
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [], known = access.get(token);
    if (!known || known.ends < Date.now()) {
      json(response, 401, {}, {"WWW-Authenticate": token ? `${challenge}, error="invalid_token"` : challenge});
      return false;
    }
    auth.seen++;
    auth.last = token;
    const has = known.scope.split(" ");
    if (!auth.wants.split(" ").filter(Boolean).every(s => has.includes(s))) {
      json(response, 403, {}, {"WWW-Authenticate": `${challenge}, error="insufficient_scope"`});
      return false;
    }
    return true;
  };
  auth.endAccess = () => access.clear();
  auth.revokeAll = () => { access.clear(); refreshes.clear(); };
  auth.secrets = () => [...access.keys(), ...refreshes.keys()];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  auth.url = `http://127.0.0.1:${server.address().port}`;
  auth.close = async () => { server.closeAllConnections(); server.close(); await once(server, "close"); };
  return auth;
}
