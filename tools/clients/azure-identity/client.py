"""Gets tokens with azure-identity. What it is to use stands in the environment; each
check that passed is a line of JSON, and the exit code is 0 only if all passed."""

import json
import os

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

env = os.environ
# The certificate to trust is an option of the transport; instance discovery would
# ask Microsoft's own host.
options = {
    "authority": env["ISSUER"],
    "disable_instance_discovery": True,
    "connection_verify": env["ISSUER_CA"],
}


def say(**line):
    print(json.dumps(line), flush=True)


def gets(check, credential, scope):
    say(check=check, token=credential.get_token(scope).token)


def refused(check, credential, scope):
    try:
        credential.get_token(scope)
    except ClientAuthenticationError as error:
        say(check=check, error=type(error).__name__, text=error.message)
        return
    raise SystemExit(f"{check}: not refused")


def read(name):
    with open(env[name], "rb") as file:
        return file.read()


tenant, client, scope = env["TENANT"], env["CLIENT_ID"], env["SCOPE"]
by_secret = ClientSecretCredential(tenant, client, env["CLIENT_SECRET"], **options)
gets("secret", by_secret, scope)
gets("cached", by_secret, scope)
gets("v1 API", by_secret, env["SCOPE_V1"])
pem = read("CLIENT_CERTIFICATE") + read("CLIENT_KEY")
gets("certificate", CertificateCredential(tenant, client, certificate_data=pem, **options), scope)
gets("federated", ClientAssertionCredential(tenant, client, lambda: env["CLIENT_ASSERTION"], **options), scope)
refused("wrong secret", ClientSecretCredential(tenant, client, "wrong", **options), scope)
refused("unknown resource", by_secret, "api://nowhere/.default")
