"""Gets tokens with azure-identity. What it is to use stands in the environment; each
check that passed is a line of JSON, and the exit code is 0 only if all passed. Where a
user is needed it prints whom it asks to do what, and reads the answer."""

import json
import os
import sys
import urllib.parse

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    ManagedIdentityCredential,
    OnBehalfOfCredential,
)

env = os.environ
tenant, client, scope, delegated = env["TENANT"], env["CLIENT_ID"], env["SCOPE"], env["DELEGATED_SCOPE"]
# The certificate to trust is an option of the transport; instance discovery would
# ask Microsoft's own host.
options = {
    "authority": env["ISSUER"],
    "disable_instance_discovery": True,
    "connection_verify": env["ISSUER_CA"],
}


def say(**line):
    print(json.dumps(line), flush=True)


def gets(check, credential, wanted):
    token = credential.get_token(wanted).token
    say(check=check, token=token)
    return token


def refused(check, credential, wanted):
    try:
        credential.get_token(wanted)
    except ClientAuthenticationError as error:
        say(check=check, error=type(error).__name__, text=error.message)
        return
    raise SystemExit(f"{check}: not refused")


def read(name):
    with open(env[name], "rb") as file:
        return file.read()


def by_secret(secret):
    return ClientSecretCredential(tenant, client, secret, **options)


def daemon():
    credential = by_secret(env["CLIENT_SECRET"])
    gets("secret", credential, scope)
    gets("cached", credential, scope)
    gets("v1 API", credential, env["SCOPE_V1"])
    pem = read("CLIENT_CERTIFICATE") + read("CLIENT_KEY")
    gets("certificate", CertificateCredential(tenant, client, certificate_data=pem, **options), scope)
    gets("federated", ClientAssertionCredential(tenant, client, lambda: env["CLIENT_ASSERTION"], **options), scope)
    refused("wrong secret", by_secret("wrong"), scope)
    refused("unknown resource", credential, "api://nowhere/.default")


def device_code():
    def prompt(url, user_code, _expires_on):
        say(ask="enter a code", url=url, code=user_code)

    credential = DeviceCodeCredential(env["PUBLIC_CLIENT_ID"], tenant_id=tenant, prompt_callback=prompt, **options)
    gets("device code", credential, delegated)


def code():
    """The library redeems a code; where the user signs in is the application's to say."""
    redirect = env["REDIRECT_URI"]
    query = urllib.parse.urlencode({
        "client_id": client,
        "response_type": "code",
        "redirect_uri": redirect,
        "scope": f"{delegated} offline_access",
    })
    say(ask="sign in", url=f"{env['ISSUER']}/{tenant}/oauth2/v2.0/authorize?{query}")
    back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.stdin.readline().strip()).query))
    credential = AuthorizationCodeCredential(
        tenant, client, back["code"], redirect, client_secret=env["CLIENT_SECRET"], **options
    )
    return gets("code", credential, delegated)


def on_behalf_of(user_token):
    credential = OnBehalfOfCredential(
        tenant, env["API"], client_secret=env["CLIENT_SECRET"], user_assertion=user_token, **options
    )
    gets("on behalf of", credential, env["DOWNSTREAM_SCOPE"])


def managed_identity():
    """Where it runs stands in the environment: IDENTITY_ENDPOINT and IDENTITY_HEADER."""
    gets("managed identity", ManagedIdentityCredential(), scope)


daemon()
managed_identity()
on_behalf_of(code())
device_code()
