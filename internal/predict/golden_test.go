package predict

import "github.com/entraproof/entraproof/mockidp"

func goldenRows() []goldenRow {
	return []goldenRow{
		{name: "good-v2-orders-uat", shows: "Fix 1 for v2 tokens with issuer, tenant and contracts: what is left is scope and role, which nobody asks for.", code: 1},
		{name: "good-v1-orders-uat", shows: "The same for v1 tokens: App ID URI and appid.", code: 1},
		{name: "good-both-orders-uat", shows: "The same for both versions; rate limiting beside it admits nothing.", code: 1},
		{name: "jwt-keys-only-orders-uat", shows: "Nothing but a signature is checked: the other environment's token enters.", code: 1},
		{name: "aud-not-validated-orders-uat", shows: "The audience list does nothing, for Validate Audience Claim is off (2.1).", code: 1},
		{name: "aud-optional-orders-uat", shows: "A token without aud passes, for aud is not mandatory (2.2).", code: 1},
		{name: "exp-optional-orders-uat", shows: "A token without exp never ends, for exp is not mandatory (2.2).", code: 1},
		{name: "issuer-unchecked-orders-uat", shows: "Keys of common and no iss rule: another tenant's token with our audience passes (6).", code: 1},
		{name: "custom-off-orders-uat", shows: "The iss rule does nothing, for Validate Custom Claim is off (2.1).", code: 1},
		{name: "client-skipped-orders-uat", shows: "Any client of the tenant may call, for the contract is not looked for (3).", code: 1},
		{name: "article-kb-001116448-orders-uat", shows: "The configuration of KB 001116448: common keys, aud only, client check skipped (7).", code: 1},
		{name: "azp-with-uri-orders-uat", shows: "azp is in v2 tokens and the App ID URI in v1 tokens: no token fits.", code: 1},
		{name: "appid-with-guid-orders-uat", shows: "appid is in v1 tokens and the GUID in v2 tokens: no token fits.", code: 1},
		{name: "client-id-expression-left-out-orders-uat", shows: "The default expression reads client_id, which Entra does not send: 403 for everybody (2.1).", code: 1},
		{name: "issuer-of-other-version-orders-uat", shows: "The iss rule names the v1 issuer and the audience is that of v2 tokens.", code: 1},
		{name: "aud-with-slash-orders-uat", shows: "aud is compared exactly: the token's URI must have the slash as well (2.2).", code: 1},
		{name: "spoofable-default-orders-uat", shows: "azp default appid: a v1 token with an azp of somebody's choice is taken for that client.", code: 1},
		{name: "oidc-any-scope-orders-uat", shows: "One of two scopes is enough, one of which other environments have as well (6).", code: 1},
		{name: "oidc-client-check-orders-uat", shows: "The OIDC policy with its client check on: 403 Invalid Client for all (6).", code: 1},
		{
			name: "oidc-graph-probe-orders-uat", shows: "The same policy as the documentation has it, over Entra's own provider: 401 for all but Graph's tokens (0 fact 3).",
			files: []string{"oidc-any-scope-orders-uat.json"}, options: documented(mockidp.IntrospectGraph), code: 1,
		},
		{name: "scope-rule-optional-orders-uat", shows: "A non-mandatory rule about scp lets daemons pass, which have none (2.2).", code: 1},
		{name: "role-rule-orders-uat", shows: "A mandatory rule about roles: users without a role are refused.", code: 1},
		{name: "jwt-behind-oidc-orders-uat", shows: "JWT Validation behind an OIDC policy without scopes: the first lets all pass, the second decides.", code: 1},
		{name: "get-only-orders-uat", shows: "The policy is applied to GET only: every other method is open (5, pointcut).", code: 1},
		{name: "signing-none-orders-uat", shows: "Signing method none: what nobody signed is taken (2.2).", code: 1},
		{
			name: "env", shows: "UAT lists DEV's audience as well: DEV's token opens UAT, and not the other way round (6).",
			files: []string{"env-dev.json", "env-uat.json"}, code: 1,
		},
		{
			name: "separate", shows: "Each environment lists its own audience: closed both ways.",
			files: []string{"separate-dev.json", "separate-uat.json"}, code: 1,
		},
		{
			name: "shared", shows: "One registration for both environments: no audience tells them apart (6).",
			files: []string{"shared-dev.json", "shared-uat.json"}, code: 1,
		},
		{
			name: "uat-alone", shows: "The same export of UAT without that of DEV: the audience names DEV, whose token opens UAT.",
			files: []string{"env-uat.json"}, code: 1,
		},
		{name: "client-id-enforcement-orders-uat", shows: "Client ID Enforcement before JWT Validation: callers that send no client_id field are refused, with whatever token (3).", code: 1},
		{
			name: "flex-fix1-v2", shows: "Flex in local mode: no contracts, so whoever has a token for the API is let in (0 fact 11).",
			files: []string{"../../../policy/testdata/exports/flex-fix1-v2.yaml"}, code: 1,
		},
		{
			name: "flex-oidc-fix2", shows: "The OIDC policy in local mode, which does not have it: nothing is predicted (0 fact 11).",
			files: []string{"../../../policy/testdata/exports/flex-oidc-fix2.yaml"}, code: 3,
		},
		{
			name: "terraform-fix1", shows: "Fix 1 as Terraform of the vendor's provider (5).",
			files: []string{"../../../policy/testdata/exports/terraform-fix1.tf"}, code: 1,
		},
		{
			name: "no-policy", shows: "An instance without policies forwards whatever comes.",
			files: []string{"../../../policy/testdata/lint/no-policy/fires.yaml"}, code: 1,
		},
		{
			name: "scope-of-dev", shows: "UAT asks for the scope of DEV: that one's tokens open it, and its own are refused.",
			files: []string{"../../../policy/testdata/lint/scope-of-another-environment/fires.json"}, code: 1,
		},
		{
			name: "client-named", shows: "Local mode with one client named in a rule: callers are that client, and whoever carries its id in the other version's claim.",
			files: []string{"../../../policy/testdata/lint/client-expression-takes-either-claim/fires-2.yaml"}, code: 1,
		},
		{name: "expression-outside-orders-uat", shows: "An expression that is not evaluated here: nothing is predicted.", code: 3},
		{name: "unknown-policy-orders-uat", shows: "A policy that is not known here: nothing is predicted.", code: 3},
		{name: "setup-fix1", shows: "The set-up fix1 as an export, with the target that is made of it: one environment.", code: 1},
		{name: "setup-fix2", shows: "The set-up fix2 as an export: daemons are refused, and a JWT Validation beside it closes the rest.", code: 1},
		{name: "setup-both-issuer", shows: "Both fixes with issuer and tenant, over the article's model: daemons are refused for want of scp.", code: 1},
	}
}
