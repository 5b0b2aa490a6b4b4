"""Validates tokens with PyJWT and its PyJWKClient: one that it gets over HTTP, and
those of PRESENTED, right and wrong. What it is to use stands in the environment;
each check is a line of JSON that says what came of it: the claims, or the
library's own error."""

import json
import os
import ssl
import urllib.parse
import urllib.request

import jwt

env = os.environ
trust = ssl.create_default_context(cafile=env["ISSUER_CA"])


def say(**line):
    print(json.dumps(line), flush=True)


def fetched(url, form=None):
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, body, context=trust) as response:
        return json.load(response)


base = f"{env['ISSUER']}/{env['TENANT']}"
metadata = {
    "v1": fetched(f"{base}/.well-known/openid-configuration"),
    "v2": fetched(f"{base}/v2.0/.well-known/openid-configuration"),
}
keys = {version: jwt.PyJWKClient(document["jwks_uri"], ssl_context=trust) for version, document in metadata.items()}


def validate(check, token, version, audience):
    try:
        key = keys[version].get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=metadata[version]["issuer"])
    except jwt.PyJWTError as error:
        say(check=check, error=type(error).__name__, text=str(error))
        return
    say(check=check, claims=claims)


got = fetched(metadata["v2"]["token_endpoint"], {
    "grant_type": "client_credentials",
    "client_id": env["CLIENT_ID"],
    "client_secret": env["CLIENT_SECRET"],
    "scope": env["SCOPE"],
})
validate("over HTTP", got["access_token"], "v2", env["API"])
for one in json.loads(env["PRESENTED"]):
    validate(**one)
