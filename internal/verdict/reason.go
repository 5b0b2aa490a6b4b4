package verdict

import (
	"cmp"
	"slices"
)

// Reason is a kebab-case code that says why a case has its outcome. The set is
// closed: every code stands in this file, with the one outcome that it means
// and the sentence that reports print.
type Reason string

// What the gateway did, as it should. Outcome: Pass.
const (
	RefusedAsRequired  Reason = "refused-as-required"
	ClosedAsRequired   Reason = "closed-as-required"
	AcceptedAsRequired Reason = "accepted-as-required"
	ConditionsHold     Reason = "conditions-hold"
	TokenNeverEchoed   Reason = "token-never-echoed"
	NeverServerError   Reason = "never-server-error"

	ChallengeEverywhere Reason = "challenge-everywhere"
	ErrorCodeRight      Reason = "error-code-right"
	InternalsKept       Reason = "internals-kept"
	KeysOverTLS         Reason = "keys-over-tls"
	NeverRedirected     Reason = "never-redirected"
	ReasonsAlike        Reason = "reasons-alike"
	RefusalsLogged      Reason = "refusals-logged"
	RefusalsNotStored   Reason = "refusals-not-stored"
	UpstreamUntouched   Reason = "upstream-untouched"
)

// What was seen and is not judged. Outcome: Recorded.
const (
	Measured          Reason = "measured"
	NotDeclared       Reason = "not-declared"
	CalloutUnprovable Reason = "callout-unprovable"
	NotIsolated       Reason = "not-isolated"
)

// What the gateway did, tolerably. Outcome: Warn.
const (
	RefusedWithToleratedStatus Reason = "refused-with-tolerated-status"
	RefusedByRedirect          Reason = "refused-by-redirect"
	RefusedByServerError       Reason = "refused-by-server-error"
	RefusedWithoutAnswer       Reason = "refused-without-answer"
	AcceptedLeniently          Reason = "accepted-leniently"
	WeakAcceptance             Reason = "weak-acceptance"
	WeakRefusal                Reason = "weak-refusal"
	KeysOverLoopback           Reason = "keys-over-loopback"
)

// What the target declared. Outcome: Unsupported.
const (
	DeclaredUnsupported   Reason = "declared-unsupported"
	LeftOpenByDeclaration Reason = "left-open-by-declaration"
)

// Why a case was not fired. Outcome: Skipped.
const (
	Filtered           Reason = "filtered"
	NotOptedIn         Reason = "not-opted-in"
	MissingAccount     Reason = "missing-account"
	CapabilityAbsent   Reason = "capability-absent"
	SourceNotAvailable Reason = "source-not-available"
	NothingToChange    Reason = "nothing-to-change"
	LeaseMissing       Reason = "lease-missing"
)

// Why a case that was fired proves nothing. Outcome: Inconclusive.
const (
	NoControl            Reason = "no-control"
	ControlRefused       Reason = "control-refused"
	ControlLost          Reason = "control-lost"
	ControlUnproven      Reason = "control-unproven"
	ForeignTokenUnproven Reason = "foreign-token-unproven"
	RateLimited          Reason = "rate-limited"
	NotFound             Reason = "not-found"
	UpstreamUnknown      Reason = "upstream-unknown"
	AnsweredByAnother    Reason = "answered-by-another"
	IdentityNotShown     Reason = "identity-not-shown"
	ServerErrorUnproven  Reason = "server-error-unproven"
	Timeout              Reason = "timeout"
	ConnectionReset      Reason = "connection-reset"
	ConnectionClosed     Reason = "connection-closed"
	MalformedResponse    Reason = "malformed-response"
	ClockSkewed          Reason = "clock-skewed"
	NothingObserved      Reason = "nothing-observed"
)

// What the gateway did wrong. Outcome: Fail.
const (
	ReachedUpstream          Reason = "reached-upstream"
	AcceptedForbidden        Reason = "accepted"
	RefusedGenuine           Reason = "refused-genuine"
	ClaimContradicted        Reason = "claim-contradicted"
	ServerError              Reason = "server-error"
	TooSlow                  Reason = "too-slow"
	CalloutSeen              Reason = "callout-seen"
	ControlAfterRefused      Reason = "control-after-refused"
	IdentityNotForwarded     Reason = "identity-not-forwarded"
	IdentityTakenOver        Reason = "identity-taken-over"
	HeaderValueForwarded     Reason = "header-value-forwarded"
	HeaderValueReflected     Reason = "header-value-reflected"
	AuthorizationDiffers     Reason = "authorization-differs"
	MethodReplaced           Reason = "method-replaced"
	EnvironmentsNotSeparable Reason = "environments-not-separable"
	ReplicasDisagree         Reason = "replicas-disagree"
	KeyFetchesUnbounded      Reason = "key-fetches-unbounded"
	NewKeyNotTrusted         Reason = "new-key-not-trusted"
	WithdrawnKeyTrusted      Reason = "withdrawn-key-trusted"
	TokenEchoed              Reason = "token-echoed"
	ServerErrorsSeen         Reason = "server-errors-seen"

	ChallengeMissing  Reason = "challenge-missing"
	ErrorCodeWrong    Reason = "error-code-wrong"
	InternalsTold     Reason = "internals-told"
	KeysOverPlainHTTP Reason = "keys-over-plain-http"
	ReasonsDiffer     Reason = "reasons-differ"
	RedirectedAway    Reason = "redirected-away"
	RefusalNotLogged  Reason = "refusal-not-logged"
	RefusalStored     Reason = "refusal-stored"
	TokenLogged       Reason = "token-logged"
	UpstreamTouched   Reason = "upstream-touched"
)

// Why a case could not be run. Outcome: Error.
const (
	RouteNotProven    Reason = "route-not-proven"
	ConnectionRefused Reason = "connection-refused"
	NameNotResolved   Reason = "name-not-resolved"
	TLSFailed         Reason = "tls-failed"
	TokenNotObtained  Reason = "token-not-obtained"
	RequestNotBuilt   Reason = "request-not-built"
	IssuerUnreachable Reason = "issuer-unreachable"
	EchoUnreachable   Reason = "echo-unreachable"
	BudgetSpent       Reason = "budget-spent"
	Interrupted       Reason = "interrupted"
	HarnessFailed     Reason = "harness-failed"
)

// cause is what the table holds of one reason.
type cause struct {
	reason   Reason
	outcome  Outcome
	sentence string
}

// causes is the table of all reasons, sorted by code.
var causes = register([]cause{
	{RefusedAsRequired, Pass, "Refused with a status that the row lists, between two accepted controls; the upstream did not see the request."},
	{ClosedAsRequired, Pass, "The connection was refused or closed without an answer, which the row allows."},
	{AcceptedAsRequired, Pass, "Accepted, and the answer is the upstream's own."},
	{ConditionsHold, Pass, "Every condition of the row holds; it asks for neither acceptance nor refusal."},
	{TokenNeverEchoed, Pass, "No recorded answer repeats a token."},
	{NeverServerError, Pass, "No request of the run was answered with 5xx, a reset or silence."},
	{ChallengeEverywhere, Pass, "Every 401 says in WWW-Authenticate what is asked for."},
	{ErrorCodeRight, Pass, "The challenges have the error code that is meant for them."},
	{InternalsKept, Pass, "No refusal tells an address, an audience, an issuer, a version or a stack trace."},
	{KeysOverTLS, Pass, "The key set was fetched over TLS."},
	{NeverRedirected, Pass, "No answer of the gateway sends the client somewhere else."},
	{ReasonsAlike, Pass, "Refusals for different reasons look the same from outside."},
	{RefusalsLogged, Pass, "The gateway's log has every refusal, and no token."},
	{RefusalsNotStored, Pass, "No cache may keep a refusal."},
	{UpstreamUntouched, Pass, "No request that must be refused arrived at the upstream."},

	{Measured, Recorded, "Measured and reported; the row judges nothing."},
	{NotDeclared, Recorded, "Either answer may be right; the target does not declare which one is meant."},
	{CalloutUnprovable, Recorded, "No call-out was seen, but the gateway was never shown to reach the listener."},
	{NotIsolated, Recorded, "Refused, but more than one check explains the refusal."},

	{RefusedWithToleratedStatus, Warn, "Refused, with a 4xx that the row does not list."},
	{RefusedByRedirect, Warn, "Not forwarded, but answered with a redirect where an API client needs a 4xx."},
	{RefusedByServerError, Warn, "Not forwarded, but answered with 5xx instead of a refusal."},
	{RefusedWithoutAnswer, Warn, "Not forwarded, but the connection ended or hung instead of a refusal."},
	{AcceptedLeniently, Warn, "Accepted where the row would rather see a refusal; lenient, not forbidden."},
	{WeakAcceptance, Warn, "Only the status says that it was accepted: the target names neither an echo nor a mark."},
	{WeakRefusal, Warn, "Only the status says that it was refused: the backend may have written it."},

	{KeysOverLoopback, Warn, "The key set was fetched without TLS, from an issuer on this machine."},

	{DeclaredUnsupported, Unsupported, "The target declares that it does not have what the row needs."},
	{LeftOpenByDeclaration, Unsupported, "The target declares that it does not enforce the check that the row guards."},

	{Filtered, Skipped, "Left out by the selection."},
	{NotOptedIn, Skipped, "The row may disturb others and runs only where the target opts in."},
	{MissingAccount, Skipped, "The target has no client or user that the row needs."},
	{CapabilityAbsent, Skipped, "The target neither has nor declares away what the row needs."},
	{SourceNotAvailable, Skipped, "The target's token source cannot make the row's token."},
	{NothingToChange, Skipped, "The mutation leaves the token as it was, so firing it would test nothing."},
	{LeaseMissing, Skipped, "The row changes a shared issuer, and no lease for that was given."},

	{NoControl, Inconclusive, "No control was fired on both sides, so the refusal proves nothing."},
	{ControlRefused, Inconclusive, "The control was refused as well: the gateway refuses genuine tokens, so the refusal proves nothing."},
	{ControlLost, Inconclusive, "The control was accepted on one side of the case only."},
	{ControlUnproven, Inconclusive, "The control never had an answer that could be judged."},
	{ForeignTokenUnproven, Inconclusive, "The foreign token was never shown to be good where it belongs."},
	{RateLimited, Inconclusive, "Answered 429: the limiter refused, not the check."},
	{NotFound, Inconclusive, "Answered 404, which the row does not list: a missing route is not a refusal."},
	{UpstreamUnknown, Inconclusive, "Nothing tells whether or how the request arrived at the upstream."},
	{AnsweredByAnother, Inconclusive, "Answered as a success, but not by the upstream that the target names."},
	{IdentityNotShown, Inconclusive, "Accepted, but nothing that the upstream saw tells whom the gateway took the caller for."},
	{ServerErrorUnproven, Inconclusive, "Answered 5xx, and nothing tells whether the request had arrived at the upstream."},
	{Timeout, Inconclusive, "No answer in time, and nothing tells whether the request had arrived at the upstream."},
	{ConnectionReset, Inconclusive, "The connection was reset before an answer, and nothing tells whether the request had arrived at the upstream."},
	{ConnectionClosed, Inconclusive, "The connection was closed before an answer, and nothing tells whether the request had arrived at the upstream."},
	{MalformedResponse, Inconclusive, "The answer is not HTTP/1, and nothing tells whether the request had arrived at the upstream."},
	{ClockSkewed, Inconclusive, "The clocks of harness, issuer and gateway differ by more than the row can bear."},
	{NothingObserved, Inconclusive, "No recorded answer to look at."},

	{ReachedUpstream, Fail, "A request that must be refused arrived at the upstream."},
	{AcceptedForbidden, Fail, "A request that must be refused was answered as a success."},
	{RefusedGenuine, Fail, "A genuine token that must be accepted was refused."},
	{ClaimContradicted, Fail, "The gateway does otherwise than the target declares."},
	{ServerError, Fail, "Answered 5xx, or not at all, where the row forbids it or asks for acceptance."},
	{TooSlow, Fail, "The answer took longer than the row allows."},
	{CalloutSeen, Fail, "The gateway called out to an address from an unverified token."},
	{ControlAfterRefused, Fail, "The control right after the case was not accepted."},
	{IdentityNotForwarded, Fail, "The upstream was not told the identity that the row asks for."},
	{IdentityTakenOver, Fail, "The upstream was told an identity that the caller does not have."},
	{HeaderValueForwarded, Fail, "A value that the caller made up reached the upstream in a header field."},
	{HeaderValueReflected, Fail, "A header field of the answer holds a value that the caller made up."},
	{AuthorizationDiffers, Fail, "The upstream saw other Authorization values than the checked ones."},
	{MethodReplaced, Fail, "The upstream saw another method than the one that the request line had."},
	{EnvironmentsNotSeparable, Fail, "Nothing in the two environments' tokens differs: the registrations are to blame, not the gateway."},
	{ReplicasDisagree, Fail, "Repeats of one request were answered differently."},
	{KeyFetchesUnbounded, Fail, "Unknown key ids make the gateway fetch the key set without limit."},
	{NewKeyNotTrusted, Fail, "A token signed with a published key was refused, long after it was published."},
	{WithdrawnKeyTrusted, Fail, "A token signed with a key no longer published was accepted."},
	{TokenEchoed, Fail, "An answer repeats the token or its signature."},
	{ServerErrorsSeen, Fail, "Requests of the run were answered with 5xx, a reset or silence."},
	{ChallengeMissing, Fail, "An answer of 401 lacks WWW-Authenticate."},
	{ErrorCodeWrong, Fail, "A challenge lacks the error code that is meant for it, or has one where there should be none."},
	{InternalsTold, Fail, "A refusal tells internals of the gateway."},
	{KeysOverPlainHTTP, Fail, "The key set was fetched without TLS: who is on the way chooses whom the gateway trusts."},
	{ReasonsDiffer, Fail, "From outside it can be told why a token was refused."},
	{RedirectedAway, Fail, "An answer sends an API client somewhere else, as to a sign-in page."},
	{RefusalNotLogged, Fail, "The gateway's log lacks a refusal."},
	{RefusalStored, Fail, "A cache may keep a refusal, or did."},
	{TokenLogged, Fail, "The gateway's log holds a token."},
	{UpstreamTouched, Fail, "Requests that must be refused arrived at the upstream."},

	{RouteNotProven, Error, "The control was answered with 404, 5xx or not at all: nothing shows that the route leads to the upstream."},
	{ConnectionRefused, Error, "The gateway's address takes no connection."},
	{NameNotResolved, Error, "The gateway's name has no address."},
	{TLSFailed, Error, "No TLS session with the gateway."},
	{TokenNotObtained, Error, "The issuer did not give the token that the row starts from."},
	{RequestNotBuilt, Error, "The row's token or request could not be made."},
	{IssuerUnreachable, Error, "The issuer or its management does not answer."},
	{EchoUnreachable, Error, "The echo does not say what it saw."},
	{BudgetSpent, Error, "The target's request budget was spent before the case."},
	{Interrupted, Error, "The run was stopped before the case ended."},
	{HarnessFailed, Error, "The harness itself failed; the detail says where."},
})

// register sorts the table and panics if a code stands in it twice.
func register(table []cause) []cause {
	slices.SortFunc(table, func(a, b cause) int { return cmp.Compare(a.reason, b.reason) })
	for i := 1; i < len(table); i++ {
		if table[i].reason == table[i-1].reason {
			panic("verdict: reason registered twice: " + string(table[i].reason))
		}
	}
	return table
}

// Reasons returns every reason, sorted by code.
func Reasons() []Reason {
	all := make([]Reason, 0, len(causes))
	for _, c := range causes {
		all = append(all, c.reason)
	}
	return all
}

// Known reports whether r is one of Reasons.
func (r Reason) Known() bool { _, ok := r.find(); return ok }

// Outcome returns the one outcome that r means; Error for an unknown code.
func (r Reason) Outcome() Outcome {
	c, ok := r.find()
	if !ok {
		return Error
	}
	return c.outcome
}

// Sentence returns what reports print for r; "" for an unknown code.
func (r Reason) Sentence() string { c, _ := r.find(); return c.sentence }

func (r Reason) find() (cause, bool) {
	i, ok := slices.BinarySearchFunc(causes, r, func(c cause, r Reason) int { return cmp.Compare(c.reason, r) })
	if !ok {
		return cause{}, false
	}
	return causes[i], true
}
