package mockidp

import "encoding/json"

// claimsParameter is the parameter claims, as far as it says what the client
// can handle (OIDC Core 5.5; entra-tokens 1.3, xms_cc).
type claimsParameter struct {
	AccessToken struct {
		Capabilities struct {
			Values []string `json:"values"`
		} `json:"xms_cc"`
	} `json:"access_token"`
}

// mostCapabilities bounds what a client can have written into its tokens.
const mostCapabilities = 10

// readCapabilities are those that the client declares in the parameter claims.
func readCapabilities(text string) ([]string, *problem) {
	if text == "" {
		return nil, nil
	}
	var c claimsParameter
	if err := json.Unmarshal([]byte(text), &c); err != nil || len(c.AccessToken.Capabilities.Values) > mostCapabilities {
		return nil, new(malformedClaims())
	}
	return c.AccessToken.Capabilities.Values, nil
}
