package mockidp

import (
	"fmt"
	"net/http"
)

// onTheWay is a problem that goes back to the client by way of the browser.
func onTheWay(code int, oauth, text string) problem {
	p := badRequest(code, oauth, text)
	p.status = http.StatusFound
	return p
}

func wrongRedirect(uri, client string) problem {
	return badRequest(50011, "invalid_request", fmt.Sprintf("The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to troubleshoot this error.", uri, client))
}

func noRedirect() problem { return badRequest(900971, "invalid_request", "No reply address provided.") }

func missingOnTheWay(name string) problem {
	p := missingParameter(name)
	p.status = http.StatusFound
	return p
}

func missingNonce() problem {
	p := missingField("nonce")
	p.status = http.StatusFound
	return p
}

func unsupportedResponseType(text string) problem {
	return onTheWay(70005, "unsupported_response_type", fmt.Sprintf("The response_type '%s' is not supported, or needs the scope 'openid'.", text))
}

func implicitDisabled(code int, token string) problem {
	return onTheWay(code, "unsupported_response_type", fmt.Sprintf("response_type '%s' is not enabled for the application.", token))
}

func unsupportedResponseMode(mode string) problem {
	return onTheWay(70007, "invalid_request", fmt.Sprintf("'%s' is not a supported value of 'response_mode' when requesting a token.", mode))
}

func unsupportedPrompt(prompt string) problem {
	return onTheWay(90023, "invalid_request", fmt.Sprintf("Unsupported 'prompt' value '%s'.", prompt))
}

func wrongChallengeSize() problem {
	return onTheWay(501491, "invalid_request", "Invalid size of Code_Challenge parameter.")
}

func unknownChallengeMethod(method string) problem {
	return onTheWay(9002313, "invalid_request", fmt.Sprintf("Invalid request. Request is malformed or invalid. The code_challenge_method '%s' is not supported.", method))
}

func noChallengeInSPA() problem {
	return onTheWay(9002325, "invalid_request", "Proof Key for Code Exchange is required for cross-origin authorization code redemption.")
}

func wrongVerifier(code int) problem {
	return invalidGrant(code, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
}

func otherRedirect(got, want string) problem {
	return invalidGrant(500112, fmt.Sprintf("The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", got, want))
}

func notMultitenant(client registered[ClientRegistration]) problem {
	return badRequest(50194, "invalid_request", fmt.Sprintf("Application '%s'(%s) is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.", client.entry.ID, client.name))
}

func noSession() problem {
	return onTheWay(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
}

// consentNeeded is noConsent at the authorize endpoint.
func consentNeeded(client registered[ClientRegistration]) problem {
	p := noConsent(client)
	p.oauth, p.status = "consent_required", http.StatusFound // OIDC Core 3.1.2.6
	return p
}

// declinedCode is the number of a user's no.
const declinedCode = 65004

func declinedConsent(client registered[ClientRegistration]) problem {
	return onTheWay(declinedCode, "access_denied", fmt.Sprintf("User declined to consent to access the app '%s'.", client.name))
}

func administratorNeeded(client registered[ClientRegistration]) problem {
	return onTheWay(90094, "access_denied", fmt.Sprintf("Administrator consent is required for the permissions requested by the application '%s'. An administrator of the tenant must grant them.", client.name))
}

func expiredFlow() problem {
	return badRequest(50089, "invalid_grant", "Authentication failed due to flow token expired.")
}
