package gateway

import (
	"encoding/json"
	"strconv"
	"time"
)

// timeChecks judge the three times of a token.
func timeChecks() []check {
	return []check{
		{
			// RFC 7519 4.1.4: on or after exp the token is not accepted.
			Check{"expiry", "time", unauthorized, "exp is a number, and later than now"},
			func(c *call) bool { return c.claims() != nil && !c.timed("exp", expiresLater) },
		},
		{
			// RFC 9700 2.2. An access token of Entra lives an hour, a day by policy,
			// and 28 hours at most in a session of continuous access evaluation
			// (entra-tokens 1.5).
			Check{"lifetime", "time", unauthorized, "exp is at most 28 hours ahead"},
			func(c *call) bool { return c.claims() != nil && c.timed("exp", expiresTooLate) },
		},
		{
			Check{"not-before", "time", unauthorized, "nbf is a number, and not later than now"},
			func(c *call) bool { return c.claims() != nil && !c.timed("nbf", startsEarlier) },
		},
		{
			Check{"issued-at", "time", unauthorized, "iat is a number, and not later than now"},
			func(c *call) bool { return c.claims() != nil && !c.timed("iat", startsEarlier) },
		},
	}
}

func expiresLater(at, now, skew float64) bool { return now < at+skew }

// longestLife is in seconds.
const longestLife = 28 * 3600

func expiresTooLate(at, now, skew float64) bool { return at > now+longestLife+skew }

func startsEarlier(at, now, skew float64) bool { return at <= now+skew }

// timed reports whether the claim is there once, is a NumericDate and holds.
func (c *call) timed(name string, holds func(at, now, skew float64) bool) bool {
	v, ok := c.claims().sole(name)
	if !ok {
		return false
	}
	at, ok := numericDate(v)
	return ok && holds(at, seconds(c.now), c.env.Skew.Seconds())
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// latest is the end of the year 9999; what is beyond it is no time in seconds.
const latest = 253_402_300_799

// numericDate reads a NumericDate (RFC 7519 2): a JSON number of seconds.
func numericDate(v any) (float64, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	at, err := strconv.ParseFloat(string(number), 64)
	return at, err == nil && at <= latest && at >= -latest
}
