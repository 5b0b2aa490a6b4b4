package gateway

// placementChecks judge where and how the token was sent.
func placementChecks() []check {
	return []check{
		{
			Check{"credentials", "placement", unauthorized, "there are credentials in the Authorization field"},
			func(c *call) bool { return c.presented.missing() },
		},
		{
			// RFC 9110 5.3: Authorization is no list, so a second line is an error.
			Check{"one-authorization", "placement", badRequest, "there is one Authorization line"},
			func(c *call) bool { return len(c.presented.lines) > 1 },
		},
		{
			// RFC 6750 2: one method of sending the token, never two.
			Check{"one-place", "placement", badRequest, "no second token stands in the query or a form"},
			func(c *call) bool { return !c.presented.missing() && len(c.presented.elsewhere) > 0 },
		},
		{
			Check{"bearer-syntax", "placement", unauthorized, "the line is Bearer, one blank and one token"},
			func(c *call) bool { return !c.presented.missing() && !wellFormed(c.presented.line) },
		},
		{
			// RFC 6750 5.3: without TLS everybody on the way has the token.
			Check{"tls", "placement", forbidden, "the request came in by a listener with TLS"},
			func(c *call) bool { return c.ingress == IngressPlainHTTP },
		},
	}
}
