package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/mockidp"
)

// oidcModelLong is what help says of --oidc-model and --introspect.
const oidcModelLong = `--oidc-model says how the OIDC policy of an emulated gateway learns what a token
is: local-claims, the article's words, reads it from the token; documented asks
an introspection endpoint, as MuleSoft's documentation has it. The issuer has one
with --introspect PROFILE, which decides what the answers are: rfc7662-normalised
(client_id and scope), raw-claims (the claims as Entra writes them), graph-probe
(only Microsoft Graph's tokens are active, as with MuleSoft's own Entra provider),
inactive, 403, 500, slow. Set-ups with a shim always ask for rfc7662-normalised.`

// introspectionSecretVariable is where the secret comes from with which gateways
// ask an issuer in another process.
const introspectionSecretVariable = "ENTRAPROOF_INTROSPECTION_SECRET"

func oidcModelFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "oidc-model", gateway.LocalClaims, "how the OIDC policy learns what a token is: local-claims or documented")
}

func introspectFlag(cmd *cobra.Command, to *string, usage string) {
	cmd.Flags().StringVar(to, "introspect", "", usage)
}

// checkIntrospect refuses words that --oidc-model and --introspect do not know.
func checkIntrospect(model, profile string) []error {
	problems := []error{checkWord("--oidc-model", model, gateway.OIDCModels())}
	if profile == "" {
		return problems
	}
	var known []string
	for _, p := range mockidp.Introspections() {
		known = append(known, string(p))
	}
	return append(problems, checkWord("--introspect", profile, known))
}

// checkIntrospection refuses gateways without an endpoint to ask, and an
// endpoint without an issuer.
func (s *servePlan) checkIntrospection() []error {
	problems := checkIntrospect(s.oidcModel, s.introspect)
	documented := s.oidcModel == gateway.Documented
	switch {
	case documented && len(s.gateways) == 0:
		problems = append(problems, misused("add gateway=SETUP", "--oidc-model: expected a gateway, got none"))
	case documented && s.issuer && s.introspect == "":
		problems = append(problems, misused("add --introspect raw-claims", "--oidc-model: %s asks an introspection endpoint, which the issuer does not have", s.oidcModel))
	}
	if s.introspect != "" && !s.issuer {
		problems = append(problems, misused("add the part issuer", "--introspect: expected an issuer in this process"))
	}
	if s.introspectionClient != "" && s.introspectionSecret == "" {
		problems = append(problems, misused("set "+introspectionSecretVariable, "--introspection-client: expected a secret, got none"))
	}
	return problems
}

// introspection is what the gateways ask, and as whom: the client that was named,
// else one with a secret among those that the issuer of this process knows.
func (s *stage) introspection() gateway.Introspection {
	asked := lab.Introspection(s.issuerBase(), s.plan.file.Tenant.ID, "")
	if s.plan.introspectionClient != "" {
		asked.ClientID, asked.ClientSecret = s.plan.introspectionClient, s.plan.introspectionSecret
		return asked
	}
	if s.issuer != nil {
		if id, secret := withSecret(s.plan.issuerConfig().Directory.Clients, s.plan.file.Tenant.ID); id != "" {
			asked.ClientID, asked.ClientSecret = id, secret
		}
	}
	return asked
}

// withSecret is the first client by name that can prove itself to the tenant by a
// secret; empty where there is none.
func withSecret(clients map[string]mockidp.ClientRegistration, tenant string) (id, secret string) {
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		c := clients[name]
		isHere := func(id string) bool { return strings.EqualFold(id, tenant) }
		if c.Disabled || len(c.Tenants) > 0 && !slices.ContainsFunc(c.Tenants, isHere) {
			continue
		}
		for _, s := range c.Secrets {
			if s.Expires.IsZero() || time.Now().Before(s.Expires) {
				return c.ID, s.Value
			}
		}
	}
	return "", ""
}
