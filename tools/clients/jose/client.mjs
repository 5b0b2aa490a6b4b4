// Validates tokens with jose: one that it gets over HTTP, and those of PRESENTED,
// right and wrong. What it is to use stands in the environment; each check is a
// line of JSON that says what came of it: the claims, or the library's own error.

import * as jose from 'jose';

const { ISSUER, TENANT, CLIENT_ID, CLIENT_SECRET, SCOPE, API, PRESENTED } = process.env;

const say = (line) => console.log(JSON.stringify(line));

// The certificate to trust is Node's own setting, NODE_EXTRA_CA_CERTS.
async function fetched(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) {
    throw new Error(`${url}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}

const metadata = {
  v1: await fetched(`${ISSUER}/${TENANT}/.well-known/openid-configuration`),
  v2: await fetched(`${ISSUER}/${TENANT}/v2.0/.well-known/openid-configuration`),
};
// Entra's keys have no alg (entra-tokens 3.4): jose takes the token's, which is
// why algorithms is listed below.
const keys = {
  v1: jose.createRemoteJWKSet(new URL(metadata.v1.jwks_uri)),
  v2: jose.createRemoteJWKSet(new URL(metadata.v2.jwks_uri)),
};

async function validate({ check, token, version, audience }) {
  try {
    const { payload } = await jose.jwtVerify(token, keys[version], {
      issuer: metadata[version].issuer, audience, algorithms: ['RS256'],
    });
    say({ check, claims: payload });
  } catch (error) {
    if (!(error instanceof jose.errors.JOSEError)) {
      throw error;
    }
    say({ check, error: error.name, text: error.message });
  }
}

const got = await fetched(metadata.v2.token_endpoint, {
  method: 'POST',
  body: new URLSearchParams({ grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, scope: SCOPE }),
});
await validate({ check: 'over HTTP', token: got.access_token, version: 'v2', audience: API });
for (const one of JSON.parse(PRESENTED)) {
  await validate(one);
}
