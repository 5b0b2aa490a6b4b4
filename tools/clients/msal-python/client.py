"""Gets tokens with MSAL Python. What it is to use stands in the environment; each
check that passed is a line of JSON, and the exit code is 0 only if all passed. Where
a user is needed it prints whom it asks to do what, and reads the answer."""

import json
import os
import sys
import urllib.parse

import msal
import requests

env = os.environ
scope, delegated = env["SCOPE"], [env["DELEGATED_SCOPE"]]


def say(**line):
    print(json.dumps(line), flush=True)


def options(issuer):
    # The certificate to trust is the parameter verify; instance discovery would ask
    # Microsoft's own host.
    return {"authority": f"{issuer}/{env['TENANT']}", "instance_discovery": False, "verify": env["ISSUER_CA"]}


def application(credential, client=env["CLIENT_ID"]):
    return msal.ConfidentialClientApplication(client, client_credential=credential, **options(env["ISSUER"]))


def gets(check, result):
    """MSAL Python raises nothing: the error is a member of the result."""
    if "access_token" not in result:
        raise SystemExit(f"{check}: {result}")
    say(check=check, token=result["access_token"])
    return result


def refused(check, result):
    say(check=check, error=result["error"], text=result["error_description"])


def read(name):
    with open(env[name], encoding="ascii") as file:
        return file.read()


def signed_in(url):
    """Has the user sign in, and gives the parameters that came back."""
    say(ask="sign in", url=url)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sys.stdin.readline().strip()).query))


def daemon():
    by_secret = application(env["CLIENT_SECRET"])
    gets("secret", by_secret.acquire_token_for_client([scope]))
    gets("cached", by_secret.acquire_token_for_client([scope]))
    gets("v1 API", by_secret.acquire_token_for_client([env["SCOPE_V1"]]))
    by_certificate = application({"private_key": read("CLIENT_KEY"), "public_certificate": read("CLIENT_CERTIFICATE")})
    gets("certificate", by_certificate.acquire_token_for_client([scope]))
    federated = application({"client_assertion": lambda: env["CLIENT_ASSERTION"]})
    gets("federated", federated.acquire_token_for_client([scope]))
    refused("wrong secret", application("wrong").acquire_token_for_client([scope]))
    refused("unknown resource", by_secret.acquire_token_for_client(["api://nowhere/.default"]))


def password():
    # Who signs the user in is asked without the authority's port, and so only where
    # there is none.
    desktop = msal.PublicClientApplication(env["PUBLIC_CLIENT_ID"], proxies={"https": env["PROXY"]}, **options(env["ISSUER_NAMED"]))
    by_password = desktop.acquire_token_by_username_password
    gets("password", by_password(env["USERNAME"], env["PASSWORD"], delegated))
    account = desktop.get_accounts(env["USERNAME"])[0]
    gets("cached user", desktop.acquire_token_silent_with_error(delegated, account))
    gets("refreshed", desktop.acquire_token_silent_with_error(delegated, account, force_refresh=True))
    refused("wrong password", by_password(env["USERNAME"], "wrong", delegated))


def device_code():
    desktop = msal.PublicClientApplication(env["PUBLIC_CLIENT_ID"], **options(env["ISSUER"]))
    flow = desktop.initiate_device_flow(delegated)
    say(ask="enter a code", url=flow["verification_uri"], code=flow["user_code"])
    gets("device code", desktop.acquire_token_by_device_flow(flow))


def code():
    web = application(env["CLIENT_SECRET"])
    flow = web.initiate_auth_code_flow(delegated, redirect_uri=env["REDIRECT_URI"])  # with PKCE and a nonce
    return gets("code", web.acquire_token_by_auth_code_flow(flow, signed_in(flow["auth_uri"])))


def on_behalf_of(user_token):
    api = application(env["CLIENT_SECRET"], client=env["API"])
    gets("on behalf of", api.acquire_token_on_behalf_of(user_token, [env["DOWNSTREAM_SCOPE"]]))


def managed_identity():
    """Where it runs stands in the environment: IDENTITY_ENDPOINT and IDENTITY_HEADER."""
    machine = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=requests.Session())
    gets("managed identity", machine.acquire_token_for_client(resource=env["RESOURCE"]))


daemon()
managed_identity()
password()
on_behalf_of(code()["access_token"])
device_code()
