package mint

import "slices"

// claimWord is what is known of one member of a token. What is left empty of
// token, version and subject fits any.
type claimWord struct {
	name    string
	token   TokenType
	version Version
	subject Subject
	// what the member is, and from where its value comes.
	what, from string
}

// fits reports whether the word is about tokens like the explained one. A token
// that does not say what it is gets the words for any.
func (w claimWord) fits(e Explanation) bool {
	return (w.token == "" || w.token == e.Token) && (w.version == "" || w.version == e.Kind.Version) && (w.subject == "" || w.subject == e.Kind.Subject)
}

// Where several values come from.
const (
	fromClock    = "the issuer’s clock"
	fromOptional = "an optional claim that the API’s registration asks for"
	fromProfile  = "the user’s profile"
	fromInternal = "Entra’s own bookkeeping; not meant to be read"
	fromGraph    = "Entra’s own bookkeeping, in tokens for Microsoft Graph"
)

// headerWords explain the members of a header (entra-tokens 1.1). Of several
// rows for one name the first that fits holds, so the special ones stand before
// the general one.
func headerWords() []claimWord {
	return []claimWord{
		{name: "typ", what: "The kind of object: JWT, also for access tokens.", from: "Entra, always the same"},
		{name: "alg", token: Assertion, what: "The signature’s algorithm.", from: "the client’s choice; Microsoft’s libraries take PS256"},
		{name: "alg", what: "The signature’s algorithm. Entra signs with RS256 only; a gateway goes by its own list, not by this word.", from: "Entra, always the same"},
		{name: "kid", what: "Which published key verifies the signature.", from: "the thumbprint of the certificate of the key that signs now"},
		{name: "x5t", what: "The same as kid, by its older name. Only v1 tokens have it.", from: "the thumbprint of the certificate of the key that signs now"},
		{name: "x5t#S256", what: "Which of the client’s certificates verifies the assertion.", from: "the SHA-256 of the client’s certificate"},
		{name: "nonce", what: "Makes the signature one that only Microsoft’s own APIs can verify: it is computed over the hash of this value.", from: "chance, in tokens for Microsoft Graph"},
		{name: "enc", what: "How the content is encrypted.", from: "whoever encrypted the token"},
	}
}

// claimWords explain the claims (entra-tokens 1.3, 1.4), in the same order.
func claimWords() []claimWord {
	return slices.Concat(frameWords(), clientWords(), rightWords(), subjectWords(), recordWords())
}

// frameWords explain what a token is for, who made it and when.
func frameWords() []claimWord {
	return []claimWord{
		{name: "aud", token: ID, what: "Who the token is for: the application that signed the user in, not an API.", from: "client_id of the request"},
		{name: "aud", token: Assertion, what: "Who the assertion is for: the token endpoint.", from: "the client"},
		{name: "aud", version: V2, what: "Who the token is for. In v2 tokens always the API’s app id, whatever it was asked for by.", from: "the API’s registration"},
		{name: "aud", version: V1, what: "Who the token is for. In v1 tokens an App ID URI or the app id, just as it was asked for.", from: "scope or resource of the request"},
		{name: "aud", what: "Who the token is for.", from: "the API’s registration, or the request"},
		{name: "iss", token: Assertion, what: "Who made the assertion: the client itself.", from: "the client"},
		{name: "iss", version: V1, what: "Who made the token. The v1 form is on another host than the endpoint, and is not the issuer of v2 discovery.", from: "the tenant, and the version that the API’s registration asks for"},
		{name: "iss", what: "Who made the token.", from: "the tenant, and the version that the API’s registration asks for"},
		{name: "iat", what: "Since when the token is good; five minutes before it was made.", from: fromClock},
		{name: "nbf", what: "Not to be accepted before; the same as iat.", from: fromClock},
		{name: "exp", token: Assertion, what: "Not to be accepted from then on.", from: "the client; ten minutes are usual"},
		{name: "exp", subject: SubjectApp, what: "Not to be accepted from then on: an hour after it was made, a day for Azure’s own APIs.", from: fromClock},
		{name: "exp", what: "Not to be accepted from then on: 60 to 90 minutes after it was made.", from: fromClock + " and chance"},
		{name: "auth_time", what: "When the user signed in.", from: fromOptional},
	}
}

// clientWords explain the client.
func clientWords() []claimWord {
	return []claimWord{
		{name: "appid", what: "The client that asked. v1 tokens only; v2 calls it azp, and neither calls it client_id.", from: "client_id of the request"},
		{name: "azp", what: "The client that asked. v2 tokens only; v1 calls it appid, and neither calls it client_id.", from: "client_id of the request"},
		{name: "appidacr", what: "How the client proved who it is. v1 tokens only.", from: "the credential in the request"},
		{name: "azpacr", what: "How the client proved who it is. v2 tokens only.", from: "the credential in the request"},
		{name: "app_displayname", what: "The client’s name.", from: fromGraph},
		{name: "xms_cc", what: "What the client says that it can handle; cp1 is continuous access evaluation, and the token then lives for a day.", from: "the claims parameter of the request"},
		{name: "xms_mirid", what: "The managed identity that asked.", from: "the Azure resource behind it"},
		{name: "idtyp", subject: SubjectApp, what: "Says that the token is an application’s. Tokens for your own APIs have it only where it is asked for.", from: fromOptional},
		{name: "idtyp", what: "Whose the token is. Tokens for your own APIs have it only where it is asked for.", from: fromOptional},
	}
}

// rightWords explain what the token permits.
func rightWords() []claimWord {
	return []claimWord{
		{name: "scp", what: "What the client may do for the user: short names, one text with blanks between. Tokens of applications never have it.", from: "the API’s scopes that were asked for and consented to"},
		{name: "roles", subject: SubjectApp, what: "What the client may do by itself: app roles, always a list. This is where a daemon’s rights stand.", from: "the API’s app roles that the client was granted"},
		{name: "roles", subject: SubjectUser, what: "The user’s app roles, always a list.", from: "the API’s app roles that the user was assigned"},
		{name: "roles", what: "App roles, always a list.", from: "what the API’s registration assigned"},
		{name: "groups", what: "The user’s groups, by object id. Up to 200; more become a link.", from: "the directory, where the API’s registration asks for groups"},
		{name: "hasgroups", what: "The user has more groups than fit here.", from: "the directory, in tokens that pass through a browser’s address"},
		{name: "_claim_names", what: "Claims that stand elsewhere: the groups were too many (overage).", from: "the directory"},
		{name: "_claim_sources", what: "Where those claims can be fetched. The host is the old Graph’s; applications ask Microsoft Graph instead.", from: "the directory"},
		{name: "wids", what: "The user’s or client’s directory roles, by template id.", from: "the directory, where the API’s registration asks for it"},
		{name: "acrs", what: "Authentication contexts that the sign-in has met.", from: "conditional access; " + fromOptional},
	}
}

// subjectWords explain on whose behalf it speaks, and how they signed in.
func subjectWords() []claimWord {
	return []claimWord{
		{name: "oid", subject: SubjectApp, what: "The client’s service principal in the tenant. Not its client id.", from: "the directory"},
		{name: "oid", subject: SubjectUser, what: "The user in the tenant: the same for every application.", from: "the directory"},
		{name: "oid", what: "The user or service principal in the tenant.", from: "the directory"},
		{name: "sub", token: Assertion, what: "The client itself.", from: "the client"},
		{name: "sub", token: ID, what: "The user as this application knows them: another value than in access tokens.", from: "user and client, hashed"},
		{name: "sub", subject: SubjectApp, what: "The same as oid: an application speaks for itself.", from: "the directory"},
		{name: "sub", subject: SubjectUser, what: "The user as this API knows them: another API sees another value.", from: "user and API, hashed"},
		{name: "sub", what: "On whose behalf the token speaks.", from: "the directory"},
		{name: "tid", what: "The tenant. A guest’s is the one signed in to.", from: "the request’s path"},
		{name: "idp", subject: SubjectApp, what: "Who vouched for the client; the same as iss. v1 tokens only.", from: "the tenant"},
		{name: "idp", what: "Who vouched for the user, where that is not the tenant itself: a guest’s home.", from: "the directory"},
		{name: "name", what: "The user’s name, for showing only.", from: fromProfile},
		{name: "given_name", what: "The user’s given name.", from: fromProfile},
		{name: "family_name", what: "The user’s family name.", from: fromProfile},
		{name: "nickname", what: "The user’s nickname.", from: fromProfile + "; " + fromOptional},
		{name: "preferred_username", what: "What the user signs in with. It can change: never decide by it.", from: fromProfile},
		{name: "unique_name", what: "A label for the user; not unique in spite of its name. v1 tokens only.", from: fromProfile},
		{name: "upn", what: "The user’s principal name. It can change: never decide by it.", from: fromProfile},
		{name: "email", what: "An address of the user, perhaps not verified: never decide by it.", from: fromProfile},
		{name: "ipaddr", what: "Where the user signed in from.", from: "the connection"},
		{name: "acr", what: "How well the user proved who they are. v1 tokens only.", from: "the sign-in"},
		{name: "amr", what: "By what the user proved who they are, such as pwd or mfa. v1 tokens only.", from: "the sign-in"},
		{name: "sid", what: "The user’s session.", from: "the sign-in"},
		{name: "acct", what: "0 a member of the tenant, 1 a guest.", from: "the directory; " + fromOptional},
		{name: "nonce", token: ID, what: "Ties the token to the request that asked for it.", from: "nonce of the request, repeated"},
		{name: "c_hash", what: "Ties the token to an authorization code; only in tokens from the authorize endpoint.", from: "the code, hashed"},
		{name: "at_hash", what: "Ties the token to an access token; only in tokens from the authorize endpoint.", from: "the access token, hashed"},
		{name: "jti", token: Assertion, what: "The assertion’s own id.", from: "the client"},
	}
}

// recordWords explain what Entra keeps for itself, and most of the optional claims.
func recordWords() []claimWord {
	return []claimWord{
		{name: "ver", what: "The version of the token, which the API’s registration decides and not the endpoint that was called.", from: "requestedAccessTokenVersion of the API’s registration"},
		{name: "uti", what: "The token’s own id.", from: "x-ms-request-id of the answer that brought it, in base64url"},
		{name: "aio", what: "Opaque.", from: fromInternal},
		{name: "rh", what: "Opaque; holds tenant and API.", from: fromInternal},
		{name: "xms_ftd", what: "Opaque; ends in the name of a region.", from: fromInternal},
		{name: "xms_idrel", what: "How the subject relates to the tenant.", from: fromGraph},
		{name: "xms_act_fct", what: "What the actor is; even numbers are filler.", from: fromGraph},
		{name: "xms_sub_fct", what: "What the subject is; even numbers are filler.", from: fromGraph},
		{name: "xms_tnt_fct", what: "What the tenant is; even numbers are filler.", from: fromGraph},
		{name: "xms_par_app_azp", what: "The application behind an agent’s identity.", from: fromInternal},
		{name: "xms_acd", what: "When the application was registered.", from: fromGraph},
		{name: "xms_tcdt", what: "When the tenant was made.", from: fromGraph},
		{name: "xms_rd", what: "Opaque.", from: fromGraph},
		{name: "xms_st", what: "The user as the client’s id tokens know them.", from: fromGraph},
		{name: "xms_tdbr", what: "The region of the tenant’s data.", from: fromGraph},
		{name: "platf", what: "The platform of the user’s device.", from: fromGraph},
		{name: "puid", what: "The user’s old id of sixteen digits.", from: fromGraph},
		{name: "signin_state", what: "What is known of the user’s device.", from: fromGraph},
		{name: "tenant_region_scope", what: "The region of the tenant.", from: "the tenant; by default in tokens for Microsoft Graph only"},
		{name: "tenant_ctry", what: "The tenant’s country.", from: fromOptional},
		{name: "ctry", what: "The user’s country.", from: fromOptional},
		{name: "fwd", what: "The address of the client behind a proxy.", from: fromOptional},
		{name: "vnet", what: "The virtual network that the request came from.", from: fromOptional},
		{name: "in_corp", what: "The user signed in from the corporate network.", from: fromOptional},
		{name: "login_hint", what: "Names the user to the next sign-in.", from: fromOptional},
		{name: "onprem_sid", what: "The user’s id in the Active Directory at home.", from: fromOptional},
		{name: "pwd_exp", what: "When the password ends.", from: fromOptional},
		{name: "pwd_url", what: "Where the password can be changed.", from: fromOptional},
		{name: "verified_primary_email", what: "The user’s main address, verified.", from: fromOptional},
		{name: "verified_secondary_email", what: "The user’s other addresses, verified.", from: fromOptional},
		{name: "xms_edov", what: "Whether the owner of the e-mail’s domain was verified.", from: fromOptional},
		{name: "xms_pdl", what: "Where the user’s data is kept.", from: fromOptional},
		{name: "xms_pl", what: "The user’s language.", from: fromOptional},
		{name: "xms_tpl", what: "The tenant’s language.", from: fromOptional},
		{name: "ztdid", what: "The device, as it was set up for the user.", from: fromOptional},
	}
}
