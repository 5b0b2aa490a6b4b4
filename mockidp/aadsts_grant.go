package mockidp

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// invalidGrant is a problem with what is redeemed.
func invalidGrant(code int, text string) problem { return badRequest(code, "invalid_grant", text) }

// noCredentialOfConfidential is for every grant but client_credentials.
func noCredentialOfConfidential() problem {
	return invalidClient(7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
}

// missingField is a 900144 that Entra writes in other words.
func missingField(name string) problem {
	return badRequest(90014, "invalid_request", fmt.Sprintf("The required field '%s' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", name))
}

func invalidScope(scope string) problem {
	return badRequest(70011, "invalid_scope", fmt.Sprintf("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", scope))
}

// manyResourcesOf is manyResources of the grants but client_credentials and
// authorization_code (entra-tokens 4.5).
func manyResourcesOf(scope string) problem {
	return badRequest(700022, "invalid_request", fmt.Sprintf("The provided value for the input parameter scope is not valid because it contains more than one resource. The scope %s is not valid.", scope))
}

func noResource(scope string) problem {
	return badRequest(700023, "invalid_request", fmt.Sprintf("The provided value for the input parameter scope '%s' is not valid when requesting an access token.", scope))
}

func noResourceForCode(scope string) problem {
	return badRequest(28002, "invalid_scope", fmt.Sprintf("Provided value for the input parameter scope '%s' is not valid when requesting an access token. Please specify a valid scope.", scope))
}

func emptyScopeForCode() problem {
	return badRequest(28003, "invalid_request", "Provided value for the input parameter scope cannot be empty when requesting an access token using the provided authorization code. Please specify a valid scope.")
}

// notSubscribed is unknownResource of an API that exists elsewhere.
func notSubscribed(resource, tenant string) problem {
	return badRequest(650052, "invalid_client", fmt.Sprintf("The app is trying to access a service '%s' that your organization '%s' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal.", resource, tenant))
}

// notListed is for a client that lists what it needs, and not this.
func notListed(client string, r resource, listed []string) problem {
	return badRequest(650057, "invalid_resource", fmt.Sprintf("Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: %s. Resource value from request: %s. Resource app ID: %s. List of valid resources from app registration: %s.",
		client, r.written, r.appID(), strings.Join(listed, ", ")))
}

// nothingListed is for a client that lists nothing it needs.
func nothingListed(client string, r resource) problem {
	return badRequest(650056, "access_denied", fmt.Sprintf("Misconfigured application. This could be due to one of the following: the client has not listed any permissions for '%s' in the requested permissions in the client's application registration. Or, the admin has not consented in the tenant. Or, check the application identifier in the request to ensure it matches the configured client application identifier. Client app ID: %s.", r.written, client))
}

func noConsent(client registered[ClientRegistration]) problem {
	p := invalidGrant(65001, fmt.Sprintf("The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", client.entry.ID, client.name))
	p.lookup, p.suberror = false, "consent_required"
	return p
}

// malformedClaims is about the parameter claims.
func malformedClaims() problem {
	return badRequest(9002313, "invalid_request", "Invalid request. Request is malformed or invalid. The parameter 'claims' is no JSON object.")
}

// malformedGrant is malformedRequest where the code or refresh token is what is
// malformed (entra-tokens 4.5).
func malformedGrant() problem {
	p := malformedRequest()
	p.oauth = "invalid_grant"
	return p
}

func unsupportedAtCommon() problem {
	return badRequest(9001023, "invalid_request", "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.")
}

func otherTenant() problem {
	return invalidGrant(700005, "Provided Authorization Code is intended to use against other tenant, thus rejected. OAuth2 Authorization Code must be redeemed against same tenant it was acquired for (/common or /{tenant-ID} as appropriate).")
}

func otherClient() problem {
	return invalidGrant(70000, "Provided grant is invalid or malformed. It was issued to another client.")
}

func redeemedCode() problem {
	p := invalidGrant(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.")
	p.lookup = false
	return p
}

func expiredCode() problem {
	return invalidGrant(70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.")
}

// instantText is a time as Entra writes it in texts, with seven digits.
func instantText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

func invalidRefresh() problem {
	return invalidGrant(70000, "Provided grant is invalid or malformed. The refresh token is not valid.")
}

func inactiveRefresh(issued time.Time) problem {
	return invalidGrant(700082, fmt.Sprintf("The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", instantText(issued)))
}

func expiredInSPA(issued time.Time) problem {
	return invalidGrant(700084, fmt.Sprintf("The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on %s.", instantText(issued)))
}

func revokedGrant(since time.Time) problem {
	return withSuberror(invalidGrant(50173, fmt.Sprintf("The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued before '%s', which is when the user's tokens were last revoked.", instantText(since))), "bad_token")
}

func crossOrigin(origin string) problem {
	return badRequest(9002326, "invalid_request", fmt.Sprintf("Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '%s'.", origin))
}

func sameOriginOnly() problem {
	return badRequest(9002327, "invalid_request", "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.")
}

func noTenantOf(username string) problem {
	return badRequest(90019, "invalid_request", fmt.Sprintf("No tenant-identifying information found in either the request or implied by the account '%s'.", username))
}

func wrongUserAssertion(why string) problem { return invalidGrant(50013, why) }

func idTokenAsAssertion() problem {
	return badRequest(240002, "invalid_request", "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.")
}

func otherAudience(got string, client registered[ClientRegistration]) problem {
	return invalidGrant(500131, fmt.Sprintf("Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '%s' and the expected audience is 'api://%s' or one of the Application Uris of this application with App ID '%s'(%s). The downstream client must request a token for the expected audience (the application that made the OBO request) and this application should use that token as the assertion.",
		got, client.entry.ID, client.entry.ID, client.name))
}

func applicationAsUser(client string) problem {
	return invalidGrant(7000114, fmt.Sprintf("Application '%s' is not allowed to make application on-behalf-of calls.", client))
}

// authorizationPending is no error: the user has not decided yet (RFC 8628 3.5).
func authorizationPending() problem {
	return badRequest(70016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
}

func unknownDeviceCode() problem {
	return badRequest(70018, "bad_verification_code", "Bad verification code. The provided value for the input parameter 'device_code' is not valid.")
}

func expiredDeviceCode() problem {
	return badRequest(70020, "expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired.")
}

// declinedDevice has no number of its own in entra-tokens 4.5: it is the user's
// no.
func declinedDevice(client registered[ClientRegistration]) problem {
	p := declinedConsent(client)
	p.oauth, p.status = "authorization_declined", http.StatusBadRequest
	return p
}

// wrongUserCode, expiredUserCode and decidedUserCode stay on the page.
func wrongUserCode() problem {
	return badRequest(70018, "bad_verification_code", "That code didn't work. Check the code and try again.")
}

func expiredUserCode() problem {
	return badRequest(70019, "expired_token", "That code has expired. Get a new one from the device and try again.")
}

func decidedUserCode() problem {
	return badRequest(90120, "invalid_request", "The request was already authorized or declined.")
}
