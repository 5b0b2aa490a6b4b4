package verdict

import (
	"net/http"
	"regexp"
	"slices"
)

const (
	badRequest   = http.StatusBadRequest
	unauthorized = http.StatusUnauthorized
	forbidden    = http.StatusForbidden
)

// challengeObservers look at WWW-Authenticate, by which a client is told what
// to do next (RFC 6750 3).
func challengeObservers() []Observer {
	return []Observer{
		{"rsp-401-has-challenge", property{
			func(r Record) bool { return r.gateways() && r.Status == unauthorized },
			func(r Record) bool { return r.Challenge == "" }, ChallengeEverywhere, ChallengeMissing, "answers of 401",
		}.observe},
		{"rsp-no-error-code-without-credentials", property{
			func(r Record) bool { return r.Presented == Nothing && r.refusal() },
			func(r Record) bool { return errorCode(r.Challenge) != "" }, ErrorCodeRight, ErrorCodeWrong, "refusals without credentials",
		}.observe},
		{"rsp-invalid-token-code", coded(unauthorized, "invalid_token", func(r Record) bool { return r.Presented == Bearer && r.best() == unauthorized })},
		{"rsp-insufficient-scope-code", coded(forbidden, "insufficient_scope", func(r Record) bool {
			return r.best() == forbidden && slices.Contains([]string{"scope", "role"}, r.Guards)
		})},
		{"rsp-invalid-request-code", property{
			func(r Record) bool {
				return r.Presented == Twice && r.best() == badRequest && r.refusal() && !r.sized()
			},
			func(r Record) bool { return r.Status != badRequest || errorCode(r.Challenge) != "invalid_request" },
			ErrorCodeRight, ErrorCodeWrong, "refusals of credentials presented twice",
		}.observe},
	}
}

// coded wants an error code with the refusals of a status, of those that it is
// about.
func coded(status int, code string, about func(Record) bool) func(Finished) Verdict {
	return property{
		func(r Record) bool { return r.Status == status && r.refusal() && about(r) },
		func(r Record) bool { return errorCode(r.Challenge) != code }, ErrorCodeRight, ErrorCodeWrong, "refusals with " + code,
	}.observe
}

// errorCode is the error parameter of a challenge; it may stand without quotes
// (RFC 9110 11.2).
func errorCode(challenge string) string {
	found := errorParameter.FindStringSubmatch(challenge)
	if found == nil {
		return ""
	}
	return found[1]
}

var errorParameter = regexp.MustCompile(`(?i)(?:^|[ ,])error\s*=\s*"?([^",\s]*)`)
