package gateway

import (
	"slices"
	"strings"
)

// identityField reports whether a backend could take the field for what the
// gateway says about the caller. Blank, case and underscore do not save it:
// many servers read X_User_Id as X-User-Id.
func identityField(name string) bool {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	return slices.Contains(identityNames(), plain) || slices.ContainsFunc(identityPrefixes(), func(prefix string) bool {
		return strings.HasPrefix(plain, prefix)
	})
}

func identityNames() []string {
	return []string{
		"client-id", "client-secret", "x-client-id", "x-user", "x-user-id", "x-user-name", "x-username", "x-role", "x-roles",
		"x-groups", "x-email", "x-sub", "x-subject", "x-tenant-id", "x-credential-identifier", "remote-user", "x-remote-user",
		"x-authenticated-user", "x-jwt-assertion", "x-jwt-payload", "x-userinfo", "x-id-token", "x-access-token",
		"authorization-", "x-authorization",
	}
}

func identityPrefixes() []string {
	return []string{
		"x-agw-", "x-ms-client-principal", "x-ms-token-", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups",
		"x-forwarded-preferred-username", "x-forwarded-access-token", "x-auth-request-", "x-consumer-", "x-goog-authenticated-user-",
		"oidc-claim-", "x-amzn-oidc-",
	}
}
