// Gets tokens with MSAL Node. What it is to use stands in the environment; each
// check that passed is a line of JSON, and the exit code is 0 only if all passed.
// Where a user is needed it prints whom it asks to do what, and reads the answer.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { ConfidentialClientApplication, CryptoProvider, ManagedIdentityApplication, PublicClientApplication } from '@azure/msal-node';

const env = process.env;
const scope = env.SCOPE;
const delegated = [env.DELEGATED_SCOPE];
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const say = (line) => console.log(JSON.stringify(line));

// MSAL Node knows Microsoft's hosts; any other is named, port included. The
// certificate to trust is Node's own setting, NODE_EXTRA_CA_CERTS.
const auth = (clientId, proof) => ({
  auth: {
    clientId,
    authority: `${env.ISSUER}/${env.TENANT}`,
    knownAuthorities: [new URL(env.ISSUER).host],
    ...proof,
  },
});
const application = (proof, clientId = env.CLIENT_ID) => new ConfidentialClientApplication(auth(clientId, proof));

async function gets(check, result) {
  const got = await result;
  say({ check, token: got.accessToken });
  return got;
}

async function refused(check, result) {
  try {
    await result;
  } catch (error) {
    say({ check, error: error.name, text: error.errorMessage });
    return;
  }
  throw new Error(`${check}: not refused`);
}

// Has the user sign in, and gives the parameters that came back.
async function signedIn(url) {
  say({ ask: 'sign in', url });
  return new URL((await answers.next()).value).searchParams;
}

async function daemon() {
  const request = { scopes: [scope] };
  const bySecret = application({ clientSecret: env.CLIENT_SECRET });
  await gets('secret', bySecret.acquireTokenByClientCredential(request));
  await gets('cached', bySecret.acquireTokenByClientCredential(request));
  await gets('v1 API', bySecret.acquireTokenByClientCredential({ scopes: [env.SCOPE_V1] }));

  const certificate = new X509Certificate(await readFile(env.CLIENT_CERTIFICATE));
  const byCertificate = application({
    clientCertificate: {
      thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
      privateKey: await readFile(env.CLIENT_KEY, 'utf8'),
    },
  });
  await gets('certificate', byCertificate.acquireTokenByClientCredential(request));
  const federated = application({ clientAssertion: async () => env.CLIENT_ASSERTION });
  await gets('federated', federated.acquireTokenByClientCredential(request));

  await refused('wrong secret', application({ clientSecret: 'wrong' }).acquireTokenByClientCredential(request));
  await refused('unknown resource', bySecret.acquireTokenByClientCredential({ scopes: ['api://nowhere/.default'] }));
}

// Where it runs stands in the environment: IDENTITY_ENDPOINT and IDENTITY_HEADER.
async function managedIdentity() {
  await gets('managed identity', new ManagedIdentityApplication().acquireToken({ resource: env.RESOURCE }));
}

async function password() {
  const desktop = new PublicClientApplication(auth(env.PUBLIC_CLIENT_ID));
  const request = { scopes: delegated, username: env.USERNAME, password: env.PASSWORD };
  const { account } = await gets('password', desktop.acquireTokenByUsernamePassword(request));
  await gets('cached user', desktop.acquireTokenSilent({ scopes: delegated, account }));
  await gets('refreshed', desktop.acquireTokenSilent({ scopes: delegated, account, forceRefresh: true }));
  await refused('wrong password', desktop.acquireTokenByUsernamePassword({ ...request, password: 'wrong' }));
}

async function deviceCode() {
  const desktop = new PublicClientApplication(auth(env.PUBLIC_CLIENT_ID));
  await gets('device code', desktop.acquireTokenByDeviceCode({
    scopes: delegated,
    deviceCodeCallback: ({ verificationUri, userCode }) => say({ ask: 'enter a code', url: verificationUri, code: userCode }),
  }));
}

async function code() {
  const web = application({ clientSecret: env.CLIENT_SECRET });
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: delegated, redirectUri: env.REDIRECT_URI };
  const url = await web.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256', state: 'of MSAL Node' });
  const back = await signedIn(url);
  if (back.get('state') !== 'of MSAL Node') {
    throw new Error(`state: ${back}`);
  }
  return gets('code', web.acquireTokenByCode({ ...request, code: back.get('code'), codeVerifier: verifier }));
}

async function onBehalfOf(oboAssertion) {
  const api = application({ clientSecret: env.CLIENT_SECRET }, env.API);
  await gets('on behalf of', api.acquireTokenOnBehalfOf({ scopes: [env.DOWNSTREAM_SCOPE], oboAssertion }));
}

await daemon();
await managedIdentity();
await password();
await onBehalfOf((await code()).accessToken);
await deviceCode();
process.stdin.destroy();
