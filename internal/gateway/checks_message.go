package gateway

// messageChecks judge the message itself, as the front saw it. A server answers
// what they refuse with 400 before it looks at anything else (RFC 9112 2.2, 5, 6).
func messageChecks() []check {
	return []check{
		{
			// RFC 9112 5.1: a blank there has led to different readings of one request.
			Check{"field-name", "placement", badRequest, "no blank stands between a field's name and its colon"},
			func(c *call) bool { return c.head != nil && c.head.blankBeforeColon },
		},
		{
			Check{"unfolded", "placement", badRequest, "no field line goes on in the next one"},
			func(c *call) bool { return c.head != nil && c.head.folded },
		},
		{
			Check{"field-value", "placement", badRequest, "no control character stands in a field"},
			func(c *call) bool { return c.head != nil && c.head.control },
		},
		{
			// RFC 9112 6.3: two lengths are how one request is smuggled in another.
			Check{"one-length", "route", badRequest, "one field says how the content ends"},
			func(c *call) bool { return c.head != nil && c.head.lengths+c.head.codings > 1 },
		},
	}
}
