package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Switch is one unknown of MuleSoft's policies, described for people.
type Switch struct {
	// Name is its one name in kebab case.
	Name string `json:"name"`
	// Values are the closed list of what it can be, the default first; empty where
	// it is a text or a duration.
	Values []string `json:"values,omitempty"`
	// Default is what it is unless it is set.
	Default string `json:"default"`
	// Decides is what hangs on it: a verdict, a status, or only a text.
	Decides Decides `json:"decides"`
	// Sentence says what is not known.
	Sentence string `json:"sentence"`
	// Source is the section of mulesoft-policies.md.
	Source string `json:"source"`

	value func(Switches) string
	set   func(*Switches, string) error
}

// Decides is what hangs on a switch.
type Decides string

// What can hang on a switch: whether the request passes, with what status it is
// refused, or with what words.
const (
	DecidesVerdict Decides = "verdict"
	DecidesStatus  Decides = "status"
	DecidesText    Decides = "text"
)

// SwitchTable are the switches in the order of mulesoft-policies.md section 8,
// those of other sections last.
func SwitchTable() []Switch {
	return []Switch{
		choice("oidc-model", OIDCModels(), func(s *Switches) *string { return &s.OIDCModel }).
			says(DecidesVerdict, "The OIDC policy reads the token itself, as the article says, or asks a provider, as the documentation says.", "1.2, 8"),
		either("scope-arrays", "ignored", "read", func(s *Switches) *bool { return &s.ScopeArrays }).
			says(DecidesVerdict, "A scope member that is an array instead of a text counts for nothing, or is read.", "0 fact 5, 8"),
		either("two-tokens", "refused", "header-wins", func(s *Switches) *bool { return &s.HeaderWins }).
			says(DecidesVerdict, "A token in the header and another in the query is refused with 400, or the header's is taken.", "1.2, 8"),
		words("invalid-client-body", func(s *Switches) *string { return &s.InvalidClientBody }).
			says(DecidesText, "The body of the answer to a client without contract.", "1.4, 8"),
		statusOf("jwt-client-status", forbidden, unauthorized, func(s *Switches) *int { return &s.JWTClientStatus }).
			says(DecidesStatus, "JWT Validation refuses a client without contract with 403, or with 401.", "2.3, 8"),
		either("missing-key-id", "tries-all", "refused", func(s *Switches) *bool { return &s.RefuseMissingKeyID }).
			says(DecidesVerdict, "A token without kid is tried with all keys, or refused.", "2.2, 8"),
		either("unknown-key-id", "refused", "refetched", func(s *Switches) *bool { return &s.RefetchUnknownKeyID }).
			says(DecidesVerdict, "A kid that is not in the key set is refused until its time to live is over, or has the set fetched again.", "2.2, 8"),
		lasting("skew", func(s *Switches) *time.Duration { return &s.Skew }).
			says(DecidesVerdict, "The tolerance with which exp and nbf are compared.", "2.2, 8"),
		words("invalid-token-body", func(s *Switches) *string { return &s.InvalidTokenBody }).
			says(DecidesText, "The body of JWT Validation's answer to a token that is none, or not signed as it should be.", "2.3"),
		words("claim-failure-body", func(s *Switches) *string { return &s.ClaimFailureBody }).
			says(DecidesText, "The body of JWT Validation's answer to a token that it refuses for its claims.", "2.3, 8"),
		choice("profile", Profiles(), func(s *Switches) *string { return &s.Profile }).
			says(DecidesVerdict, "The gateway that the policies run on: Mule 4, or Flex in connected or local mode.", "8"),
		choice("flex-version", FlexVersions(), func(s *Switches) *string { return &s.FlexVersion }).
			says(DecidesVerdict, "The version of Flex Gateway: the OIDC policy is documented for local mode at 1.8 and not supported there at 1.13.", "1.1, 8"),
		choice("provider", Providers(), func(s *Switches) *string { return &s.Provider }).
			says(DecidesVerdict, "What the provider answers that the OIDC policy asks: the claims as they are, as RFC 7662 has them, or whether Microsoft Graph takes the token.", "0 facts 2 and 3, 8"),
		either("key-servers", "all", "first", func(s *Switches) *bool { return &s.FirstKeyServer }).
			says(DecidesVerdict, "Of several addresses of key sets the keys of all count, or those of the first that answers.", "2.1"),
		either("empty-audiences", "refused", "not-checked", func(s *Switches) *bool { return &s.SkipEmptyAudiences }).
			says(DecidesVerdict, "Where the audience is to be checked against no value at all, each is wrong, or none is looked at.", "2.1"),
		either("short-secret", "taken", "refused", func(s *Switches) *bool { return &s.RefuseShortSecret }).
			says(DecidesVerdict, "An HMAC secret that is shorter than the hash is taken, as the default of textKey is one, or verifies nothing.", "2.1"),
		either("huge-exp", "accepted", "crashes", func(s *Switches) *bool { return &s.HugeExpCrashes }).
			says(DecidesVerdict, "An exp near 10^10 was reported to end Flex 1.13.3 with 503.", "2.2"),
		statusOf("client-id-status", unauthorized, forbidden, func(s *Switches) *int { return &s.ClientIDStatus }).
			says(DecidesStatus, "Client ID Enforcement refuses with 401, or with 403 as the template does that is migrated from Mule 3.", "3"),
		words("no-key-set-body", func(s *Switches) *string { return &s.NoKeySetBody }).
			says(DecidesText, "The body of JWT Validation's answer where no key set can be had.", "2.3"),
		words("oidc-realm", func(s *Switches) *string { return &s.OIDCRealm }).
			says(DecidesText, "The realm in the OIDC policy's challenge, which is known for Mule only.", "1.3"),
		lasting("contract-refresh", func(s *Switches) *time.Duration { return &s.ContractRefresh }).
			says(DecidesVerdict, "How long a contract that was made or taken back is not known to the gateway, whose copy is refreshed in the background.", "3"),
	}
}

// Set sets a switch by its name.
func (s *Switches) Set(name, value string) error {
	var names []string
	for _, row := range SwitchTable() {
		if row.Name == name {
			if err := row.set(s, value); err != nil {
				return fmt.Errorf("gateway: switch %s: %w", name, err)
			}
			return nil
		}
		names = append(names, row.Name)
	}
	return unknownName("switch", name, names)
}

// Value is what a switch is set to; empty if there is none of that name.
func (s Switches) Value(name string) string {
	for _, row := range SwitchTable() {
		if row.Name == name {
			return row.value(s.filled())
		}
	}
	return ""
}

// says completes a switch; its default is that of the zero Switches.
func (row Switch) says(decides Decides, sentence, source string) Switch {
	row.Decides, row.Sentence, row.Source = decides, sentence, source
	row.Default = row.value(Switches{}.filled())
	return row
}

func words(name string, of func(*Switches) *string) Switch {
	return Switch{
		Name:  name,
		value: func(s Switches) string { return *of(&s) },
		set:   func(s *Switches, v string) error { *of(s) = v; return nil },
	}
}

func choice(name string, values []string, of func(*Switches) *string) Switch {
	row := words(name, of)
	row.Values, row.set = values, oneOf(values, row.set)
	return row
}

// either is a switch of two values, the first of which is the default.
func either(name, off, on string, of func(*Switches) *bool) Switch {
	values := []string{off, on}
	return Switch{
		Name: name, Values: values,
		value: func(s Switches) string {
			if *of(&s) {
				return on
			}
			return off
		},
		set: oneOf(values, func(s *Switches, v string) error { *of(s) = v == on; return nil }),
	}
}

// statusOf is a switch between the statuses of a refused client.
func statusOf(name string, usual, other int, of func(*Switches) *int) Switch {
	values := []string{strconv.Itoa(usual), strconv.Itoa(other)}
	return Switch{
		Name: name, Values: values,
		value: func(s Switches) string { return strconv.Itoa(*of(&s)) },
		set: oneOf(values, func(s *Switches, v string) (err error) {
			*of(s), err = strconv.Atoi(v)
			return err
		}),
	}
}

func lasting(name string, of func(*Switches) *time.Duration) Switch {
	return Switch{
		Name:  name,
		value: func(s Switches) string { return of(&s).String() },
		set: func(s *Switches, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil || d < 0 {
				return fmt.Errorf("expected a duration such as 30s, got %q", v)
			}
			*of(s) = d
			return nil
		},
	}
}

// oneOf sets only what is among the values.
func oneOf(values []string, set func(*Switches, string) error) func(*Switches, string) error {
	return func(s *Switches, v string) error {
		for _, known := range values {
			if v == known {
				return set(s, v)
			}
		}
		return fmt.Errorf("expected one of %s, got %q", strings.Join(values, ", "), v)
	}
}
