// Gets tokens with MSAL Node. What it is to use stands in the environment; each
// check that passed is a line of JSON, and the exit code is 0 only if all passed.

import { readFile } from 'node:fs/promises';
import { ConfidentialClientApplication } from '@azure/msal-node';

const { ISSUER, TENANT, CLIENT_ID, CLIENT_SECRET, CLIENT_CERTIFICATE, CLIENT_KEY, CLIENT_ASSERTION, SCOPE, SCOPE_V1 } = process.env;

const say = (line) => console.log(JSON.stringify(line));

// MSAL Node knows Microsoft's hosts; any other is named, port included. The
// certificate to trust is Node's own setting, NODE_EXTRA_CA_CERTS.
const application = (proof) => new ConfidentialClientApplication({
  auth: {
    clientId: CLIENT_ID,
    authority: `${ISSUER}/${TENANT}`,
    knownAuthorities: [new URL(ISSUER).host],
    ...proof,
  },
});

async function gets(check, client, request) {
  say({ check, token: (await client.acquireTokenByClientCredential(request)).accessToken });
}

async function refused(check, client, request) {
  try {
    await client.acquireTokenByClientCredential(request);
  } catch (error) {
    say({ check, error: error.name, code: error.errorCode, text: error.errorMessage });
    return;
  }
  throw new Error(`${check}: not refused`);
}

const bySecret = application({ clientSecret: CLIENT_SECRET });
await gets('secret', bySecret, { scopes: [SCOPE] });
await gets('cached', bySecret, { scopes: [SCOPE] });
await gets('v1 API', bySecret, { scopes: [SCOPE_V1] });

const { X509Certificate } = await import('node:crypto');
const certificate = new X509Certificate(await readFile(CLIENT_CERTIFICATE));
await gets('certificate', application({
  clientCertificate: {
    thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
    privateKey: await readFile(CLIENT_KEY, 'utf8'),
  },
}), { scopes: [SCOPE] });
await gets('federated', application({ clientAssertion: async () => CLIENT_ASSERTION }), { scopes: [SCOPE] });

await refused('wrong secret', application({ clientSecret: 'wrong' }), { scopes: [SCOPE] });
await refused('unknown resource', bySecret, { scopes: ['api://nowhere/.default'] });
