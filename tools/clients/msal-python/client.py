"""Gets tokens with MSAL Python. What it is to use stands in the environment; each
check that passed is a line of JSON, and the exit code is 0 only if all passed."""

import json
import os

import msal

env = os.environ


def say(**line):
    print(json.dumps(line), flush=True)


def application(credential):
    # The certificate to trust is the parameter verify; instance discovery would ask
    # Microsoft's own host.
    return msal.ConfidentialClientApplication(
        env["CLIENT_ID"],
        client_credential=credential,
        authority=f"{env['ISSUER']}/{env['TENANT']}",
        instance_discovery=False,
        verify=env["ISSUER_CA"],
    )


def gets(check, client, scope):
    result = client.acquire_token_for_client(scopes=[scope])
    if "access_token" not in result:
        raise SystemExit(f"{check}: {result}")
    say(check=check, token=result["access_token"])


def refused(check, client, scope):
    """MSAL Python raises nothing: the error is a member of the result."""
    result = client.acquire_token_for_client(scopes=[scope])
    say(check=check, error=result["error"], text=result["error_description"])


def read(name):
    with open(env[name], encoding="ascii") as file:
        return file.read()


scope = env["SCOPE"]
by_secret = application(env["CLIENT_SECRET"])
gets("secret", by_secret, scope)
gets("cached", by_secret, scope)
gets("v1 API", by_secret, env["SCOPE_V1"])
gets("certificate", application({"private_key": read("CLIENT_KEY"), "public_certificate": read("CLIENT_CERTIFICATE")}), scope)
gets("federated", application({"client_assertion": lambda: env["CLIENT_ASSERTION"]}), scope)
refused("wrong secret", application("wrong"), scope)
refused("unknown resource", by_secret, "api://nowhere/.default")
