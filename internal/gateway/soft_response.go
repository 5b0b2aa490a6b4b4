package gateway

import (
	"net/http"
	"slices"
)

// softResponses are refusals that tell too much, too little or to the wrong one.
func softResponses() []softening {
	return []softening{
		answering("challenge-missing", "a 401 says nothing of what is asked for", func(_ *call, _ Check, d *denial) {
			d.alter = func(h http.Header) { h.Del("WWW-Authenticate") }
		}),
		answering("code-without-credentials", "who presents nothing is told that the token is wrong", func(_ *call, first Check, d *denial) {
			if first.Name == "credentials" {
				d.code = "invalid_token"
			}
		}),
		coding("token-code-missing", "a wrong token is refused without error code", unauthorized, ""),
		coding("scope-code-missing", "a token that allows too little is refused with a code of the token endpoint", forbidden, "access_denied"),
		coding("request-code-missing", "credentials presented twice are refused as if the token were wrong", badRequest, "invalid_token"),
		answering("internals-told", "the refusal explains what the gateway expects and where its keys are from", func(c *call, _ Check, d *denial) {
			d.description = "expected audience " + c.env.AppIDs[0] + ", keys of " + c.env.JWKSURL
		}),
		answering("reason-told", "the refusal names the check that refused", func(_ *call, first Check, d *denial) {
			d.description = first.Sentence
		}),
		answering("sign-in-redirect", "a caller without a good token is sent to the sign-in page", func(_ *call, first Check, d *denial) {
			if first.Status == unauthorized {
				d.status = http.StatusFound
				d.alter = func(h http.Header) {
					h.Set("Location", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
				}
			}
		}),
		answering("refusal-cacheable", "a refusal may be kept by every cache on the way", func(_ *call, _ Check, d *denial) {
			d.alter = func(h http.Header) { h.Set("Cache-Control", "public, max-age=300") }
		}),
		{
			Softening{"forwarded-first", "response", "what lacks a scope, a role or a contract is forwarded, and refused when the upstream has done it"},
			func(s *strict) {
				s.forwards = func(refusing []Check) bool {
					return !slices.ContainsFunc(refusing, func(c Check) bool { return c.Status != forbidden })
				}
			},
		},
		{
			Softening{"refusals-unlogged", "response", "the log has what was forwarded, not what was refused"},
			func(s *strict) { s.report = nil },
		},
	}
}

func answering(name, sentence string, alter func(*call, Check, *denial)) softening {
	return softening{
		Softening{name, "response", sentence},
		func(s *strict) { s.alters = append(s.alters, alter) },
	}
}

// coding answers a status with another error code.
func coding(name, sentence string, status int, code string) softening {
	return answering(name, sentence, func(_ *call, first Check, d *denial) {
		if first.Status == status {
			d.code = code
		}
	})
}
