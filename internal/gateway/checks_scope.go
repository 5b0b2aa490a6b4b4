package gateway

import (
	"slices"
	"strings"
)

// scopeChecks judge what the token allows.
func scopeChecks() []check {
	return []check{
		{
			Check{"scope", "scope", forbidden, "a user's scp holds the required scopes, word by word"},
			func(c *call) bool { return c.atHome() && !c.daemon() && !scopeFits(c, c.scopes()) },
		},
		{
			Check{"role", "role", forbidden, "a daemon's roles hold the required roles"},
			func(c *call) bool { return c.atHome() && c.daemon() && !roleFits(c) },
		},
		{
			Check{"daemon-without-scope", "role", forbidden, "a token without a user has no scp"},
			func(c *call) bool {
				kind, _ := c.claims().soleText("idtyp")
				return c.claims().has("scp") && (kind == "app" || c.claims().has("sub") && !c.userSubject())
			},
		},
		{
			Check{"authentication-context", "scope", unauthorized, "a user's acrs holds the authentication context, where one is asked for"},
			func(c *call) bool {
				wanted := c.env.AuthenticationContext
				return wanted != "" && c.claims() != nil && !c.daemon() && !slices.Contains(c.listed("acrs"), wanted)
			},
		},
		{
			Check{"route-scope", "route", forbidden, "another route needs its own scope or role"},
			refusesRouteScope,
		},
	}
}

// atHome reports whether there are claims to judge and no further route has
// its own rule.
func (c *call) atHome() bool {
	_, further := c.env.extra(c.request.Method, c.path)
	return c.claims() != nil && !further
}

// scopes are the words of scp. Entra separates them by one blank (RFC 6749 3.3).
func (c *call) scopes() []string {
	text, ok := c.claims().soleText("scp")
	if !ok {
		return nil
	}
	return strings.Split(text, " ")
}

func scopeFits(c *call, held []string) bool {
	if len(c.env.Scopes) == 0 {
		return len(c.env.Roles) == 0
	}
	return c.env.criteria(held, c.env.Scopes)
}

func roleFits(c *call) bool {
	if len(c.env.Roles) == 0 {
		return len(c.env.Scopes) == 0
	}
	return c.env.criteria(c.roles(), c.env.Roles)
}

func (c *call) roles() []string { return c.listed("roles") }

// listed are the entries of a claim that is a list of strings and nothing else.
func (c *call) listed(claim string) []string {
	v, _ := c.claims().sole(claim)
	items, ok := v.([]any)
	if !ok {
		return nil
	}
	names, _ := texts(items)
	return names
}

func refusesRouteScope(c *call) bool {
	scope, further := c.env.extra(c.request.Method, c.path)
	if !further || c.claims() == nil {
		return false
	}
	held := c.scopes()
	if c.daemon() {
		held = c.roles()
	}
	return !slices.Contains(held, scope)
}
