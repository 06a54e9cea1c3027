// A provider with the npm package oidc-provider. It asks nobody for a password: who signs in is said by GET /be?sub=ID, and
// GET /rotate gives it new keys. The environment says CLIENT, SECRET and REDIRECT. The port is printed.

import { createPrivateKey, generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

let person = "ann";
let handle = (_request, response) => response.end();

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://provider");
  if (url.pathname === "/be") {
    person = url.searchParams.get("sub");
    return response.end();
  }
  if (url.pathname === "/rotate") {
    handle = provider();
    return response.end();
  }
  handle(request, response);
});

// By way of text: where memory is collected while a key is exported that was just generated, Node 20 waits for itself for ever.
function newKey() {
  const encodings = {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048, ...encodings });
  const key = createPrivateKey(privateKey).export({ format: "jwk" });
  return { ...key, kid: randomUUID(), use: "sig", alg: "RS256" };
}

function provider() {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: process.env.CLIENT, client_secret: process.env.SECRET, redirect_uris: [process.env.REDIRECT] },
    ],
    jwks: { keys: [newKey()] },
    cookies: { keys: ["of no use"] },
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `${id} Lee`, email: `${id}@lot.example`, email_verified: id !== "mallory" }),
    }),
    // Nobody is asked for consent. The grant is that of the session: codes of another one would not be redeemed.
    loadExistingGrant: async (context) => {
      const { client, provider, session } = context.oidc;
      const known = session.grantIdFor(client.clientId);
      if (known) return provider.Grant.find(known);
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  return async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    try {
      await provider.interactionFinished(request, response, { login: { accountId: person } });
    } catch (failure) {
      response.statusCode = 500;
      response.end(String(failure));
    }
  };
}

server.listen(0, "127.0.0.1", () => {
  handle = provider();
  console.log(server.address().port);
});
// The test ends it by closing its input.
process.stdin.resume().on("end", () => process.exit());
