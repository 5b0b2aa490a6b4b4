package mockidp

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// problem is one of Entra's errors: number, OAuth error and status belong
// together and are bound here only (entra-tokens 4.5).
type problem struct {
	code   int
	oauth  string
	status int
	text   string
	// lookup: Entra has a page about the number and names it in error_uri.
	lookup bool
	// suberror and claims tell a client what the user has to do (entra-tokens
	// 4.4); empty: not there.
	suberror, claims string
}

func invalidClient(code int, text string) problem {
	return problem{code: code, oauth: "invalid_client", status: http.StatusUnauthorized, text: text, lookup: true}
}

func badRequest(code int, oauth, text string) problem {
	return problem{code: code, oauth: oauth, status: http.StatusBadRequest, text: text, lookup: true}
}

func wrongSecret(client string) problem {
	return invalidClient(7000215, fmt.Sprintf("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", client))
}

func noCredential(client string) problem {
	return invalidClient(7000216, fmt.Sprintf("'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type. (app '%s')", client))
}

func unknownAssertionKey(client string) problem {
	return invalidClient(700027, fmt.Sprintf("The certificate with identifier used to sign the client assertion is not registered on application '%s'.", client))
}

func malformedAssertion() problem {
	return badRequest(50027, "invalid_request", "Invalid JWT token. The token is malformed or not meant for this endpoint.")
}

func unsupportedAlgorithm() problem {
	return badRequest(5002730, "invalid_request", "Invalid JWT token. Unsupported key for the signing algorithm.")
}

func certificateOutOfTime() problem {
	return invalidClient(1000502, "The provided certificate is not within its specified validity window.")
}

func assertionOutOfTime(now time.Time, c assertionClaims) problem {
	return invalidClient(700024, fmt.Sprintf("Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
		instantText(now), instantText(instant(c.NotBefore)), instantText(instant(c.Expires))))
}

// noFederatedMatch names what of the assertion matches no credential.
func noFederatedMatch(code int, what, got string) problem {
	return invalidClient(code, fmt.Sprintf("No matching federated identity record found for presented assertion %s '%s'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation", what, got))
}

func subjectInOtherCase(got string) problem {
	return invalidClient(7002138, fmt.Sprintf("No matching federated identity record found for presented assertion subject '%s'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.", got))
}

func publicClient(client string) problem {
	return invalidClient(700025, fmt.Sprintf("Client is public so neither 'client_assertion' nor 'client_secret' should be presented. (app '%s')", client))
}

func unknownClient(client, tenant string) problem {
	return badRequest(700016, "unauthorized_client", fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", client, tenant))
}

func malformedClient(client string) problem {
	p := badRequest(700038, "unauthorized_client", fmt.Sprintf("%s is not a valid application identifier.", client))
	p.lookup = false
	return p
}

func expiredSecret(client string) problem {
	return invalidClient(7000222, fmt.Sprintf("The provided client secret keys for app '%s' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", client))
}

func disabledClient(client string) problem {
	return badRequest(7000112, "unauthorized_client", fmt.Sprintf("Application '%s' is disabled.", client))
}

// The numbers of problems that Variations vary.
const (
	unassigned    = 501051
	tenantUnknown = 90002
)

func notAssigned(client, resource string) problem {
	return badRequest(unassigned, "invalid_grant", fmt.Sprintf("Application '%s' is not assigned to a role for the application '%s'.", client, resource))
}

func missingParameter(name string) problem {
	return badRequest(900144, "invalid_request", fmt.Sprintf("The request body must contain the following parameter: '%s'.", name))
}

func unknownGrant(name string) problem {
	p := badRequest(70003, "unsupported_grant_type", fmt.Sprintf("The app requested an unsupported grant type '%s'.", name))
	p.lookup = false
	return p
}

func resourceOnV2() problem {
	return badRequest(901002, "invalid_request", "The 'resource' request parameter is not supported.")
}

func scopeWithoutDefault(scope string) problem {
	return badRequest(1002012, "invalid_scope", fmt.Sprintf("The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", scope))
}

func manyResources(scope string) problem {
	return badRequest(28000, "invalid_scope", fmt.Sprintf("Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.", scope))
}

func unknownResource(name, tenant string) problem {
	return badRequest(500011, "invalid_resource", fmt.Sprintf("The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", name, tenant))
}

func noTenant() problem {
	return badRequest(50059, "invalid_request", "No tenant-identifying information found in either the request or implied by any provided credentials.")
}

func malformedTenant(name string) problem {
	return badRequest(900023, "invalid_request", fmt.Sprintf("Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain.", name))
}

func unknownTenant(name string) problem {
	return badRequest(tenantUnknown, "invalid_tenant", fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", name))
}

func unknownInstance() problem {
	return badRequest(50049, "invalid_instance", "Unknown or invalid instance.")
}

func wrongInstanceVersion() problem {
	return badRequest(500501, "invalid_request", "Invalid value for 'api-version'.")
}

func oneAuthority() problem {
	return badRequest(500502, "invalid_request", "Expected exactly one of 'issuer' and 'authorization_endpoint'.")
}

func malformedAuthority(name string) problem {
	return badRequest(50050, "invalid_request", fmt.Sprintf("The request is malformed: invalid format for '%s' value.", name))
}

func malformedHost(host string) problem {
	return badRequest(900144, "invalid_request", fmt.Sprintf("The host name %q cannot stand in a URL.", host))
}

func malformedRequest() problem {
	return badRequest(9002313, "invalid_request", "Invalid request. Request is malformed or invalid.")
}

func wrongMethod(method string, want []string) problem {
	want = slices.DeleteFunc(slices.Clone(want), func(m string) bool { return m == http.MethodOptions }) // a browser's question, none of the client's requests
	p := badRequest(900561, "invalid_request", fmt.Sprintf("The endpoint only accepts %s requests. Received a %s request.", strings.Join(want, ", "), method))
	p.status = http.StatusMethodNotAllowed
	return p
}

func ownFailure() problem {
	p := badRequest(90033, "server_error", "A transient error has occurred. Please try again.")
	p.status = http.StatusServiceUnavailable
	return p
}
