package mint

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// reading is what a coded value says, empty where it speaks for itself.
func reading(name string, v value.Value) string {
	switch name {
	case "iat", "nbf", "exp", "auth_time", "xms_acd", "xms_tcdt":
		return readTime(v)
	}
	if v.Kind != value.Text {
		return ""
	}
	switch name {
	case "uti":
		return readRequestID(v.Text)
	case "rh":
		return readHandle(v.Text)
	case "iss", "idp":
		return readIssuer(v.Text)
	case "xms_idrel":
		return readRelation(v.Text)
	}
	return codes()[name][v.Text]
}

// codes are the words behind short values, by claim (entra-tokens 1.1, 1.3).
func codes() map[string]map[string]string {
	proof := map[string]string{
		"0": "a public client, which proves nothing", "1": "a client that knows its secret",
		"2": "a client that signed with its certificate, or showed another issuer’s token",
	}
	return map[string]map[string]string{
		"appidacr": proof,
		"azpacr":   proof,
		"acr":      {"0": "the sign-in did not meet ISO/IEC 29115", "1": "the sign-in met ISO/IEC 29115"},
		"alg":      {"none": "no signature at all"},
		"idtyp":    {"app": "an application", "user": "a person", "device": "a device"},
		"tid":      {ConsumerTenant: "the tenant of personal Microsoft accounts"},
		"ver":      {"1.0": "the API’s registration asks for 1, or for nothing", "2.0": "the API’s registration asks for 2"},
		"aud": {
			"00000003-0000-0000-c000-000000000000": "Microsoft Graph", "https://graph.microsoft.com": "Microsoft Graph",
			"https://management.azure.com": "Azure Resource Manager",
		},
	}
}

// readTime is seconds since 1970 as a date. What no clock shows has none.
func readTime(v value.Value) string {
	seconds, err := strconv.ParseInt(v.Text, 10, 64)
	if v.Kind != value.Number || err != nil || seconds < 0 || seconds > 253402300799 { // the last second of the year 9999
		return ""
	}
	return time.Unix(seconds, 0).UTC().Format("2 January 2006, 15:04:05 UTC")
}

// readRequestID is the GUID that uti encodes.
func readRequestID(uti string) string {
	b, err := base64.RawURLEncoding.DecodeString(uti)
	if err != nil || len(b) != len(guid{}) {
		return ""
	}
	return "x-ms-request-id " + guidFromDotNet(b).String()
}

// readHandle is what rh holds behind its version and three bytes: tenant and
// resource.
func readHandle(rh string) string {
	_, body, _ := strings.Cut(rh, ".")
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(body, "."))
	if err != nil || len(b) < 35 {
		return ""
	}
	return "tenant " + guidFromDotNet(b[3:19]).String() + ", resource " + guidFromDotNet(b[19:35]).String()
}

// guidFromDotNet undoes guid.dotNet, which is its own reverse.
func guidFromDotNet(b []byte) guid { return guid(guid(b).dotNet()) }

// readIssuer names the form of an Entra issuer (entra-tokens 2.4).
func readIssuer(iss string) string {
	for _, f := range []struct{ before, after, text string }{
		{"https://sts.windows.net/", "/", "the v1 form, with a slash at the end"},
		{"https://login.microsoftonline.com/", "/v2.0", "the v2 form, without a slash at the end"},
	} {
		if rest, ok := strings.CutPrefix(iss, f.before); ok && IsGUID(strings.TrimSuffix(rest, f.after)) && strings.HasSuffix(rest, f.after) {
			return f.text
		}
	}
	return ""
}

// readRelation is xms_idrel: only odd numbers mean anything.
func readRelation(numbers string) string {
	known := map[string]string{"1": "a member user", "3": "a personal account as a member", "5": "a guest", "7": "a service principal", "9": "a device"}
	for _, number := range strings.Fields(numbers) {
		if text, ok := known[number]; ok {
			return text
		}
	}
	return ""
}
