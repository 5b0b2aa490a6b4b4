// Signs in with MSAL Browser, as a single-page application does. What it is to use
// stands in settings.json; each check that passed is a line of JSON in the page.

const lines = JSON.parse(sessionStorage.getItem('lines') ?? '[]');

const say = (line) => lines.push(JSON.stringify(line));

async function gets(check, result) {
  const got = await result;
  say({ check, token: got.accessToken });
  return got;
}

async function refused(check, result) {
  try {
    await result;
  } catch (error) {
    say({ check, error: error.name, text: `${error.errorCode}: ${error.errorMessage}` });
    return;
  }
  throw new Error(`${check}: not refused`);
}

// MSAL Browser knows Microsoft's hosts; any other is named, port included.
async function application(settings, clientId, path) {
  const app = new msal.PublicClientApplication({
    auth: {
      clientId,
      authority: `${settings.issuer}/${settings.tenant}`,
      knownAuthorities: [new URL(settings.issuer).host],
      redirectUri: location.origin + path,
    },
  });
  await app.initialize();
  return app;
}

async function main() {
  const settings = await (await fetch('settings.json')).json();
  const request = { scopes: [settings.scope, 'profile'] };
  if (location.pathname === '/signed-in') {
    await webApplication(settings, request);
    return;
  }
  const app = await application(settings, settings.client, '/');
  const signedIn = await app.handleRedirectPromise();
  if (!signedIn) {
    await app.loginRedirect(request);
    return;
  }
  await tokens(app, signedIn, settings);
  sessionStorage.setItem('lines', JSON.stringify(lines));
  location.assign('/signed-in');
}

// A client whose codes a script may not redeem.
async function webApplication(settings, request) {
  const web = await application(settings, settings.web, '/signed-in');
  if (location.hash === '') {
    await web.handleRedirectPromise();
    await web.loginRedirect(request);
    return;
  }
  await refused('as a web application', web.handleRedirectPromise());
  show('done', lines);
}

async function tokens(app, signedIn, settings) {
  const request = { scopes: [settings.scope], account: signedIn.account };
  const byRefreshToken = { ...request, cacheLookupPolicy: msal.CacheLookupPolicy.RefreshToken };
  say({ check: 'id token', claims: signedIn.idTokenClaims });
  await gets('code', signedIn);
  await gets('cached user', app.acquireTokenSilent(request));
  await gets('refreshed', app.acquireTokenSilent(byRefreshToken));
  await refused('no consent', app.acquireTokenSilent({ ...byRefreshToken, scopes: [settings.forbidden] }));
}

function show(how, text) {
  const report = document.querySelector('#report');
  report.className = how;
  report.textContent = text.join('\n');
}

main().catch((error) => show('failed', [...lines, error.stack]));
