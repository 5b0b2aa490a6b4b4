package gateway

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vectorGroup is a group of Wycheproof's JWS vectors: tokens and the key that
// they are to be verified with.
type vectorGroup struct {
	// Public is the JWK; absent where the key is symmetric.
	Public json.RawMessage `json:"public"`
	Tests  []struct {
		ID      int    `json:"tcId"`
		Comment string `json:"comment"`
		JWS     string `json:"jws"`
		Result  string `json:"result"`
	} `json:"tests"`
}

// wycheproof reads the vectors of C2SP/wycheproof (Apache License 2.0), a
// requirement of the module in tools. Without them the test is left out, or
// fails where ENTRAPROOF_REQUIRE lists wycheproof.
func wycheproof(t *testing.T) []vectorGroup {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/c2sp/wycheproof")
	command.Dir = filepath.Join("..", "..", "tools")
	answer, err := command.Output()
	var module struct{ Dir, Error string }
	if err != nil || json.Unmarshal(answer, &module) != nil || module.Dir == "" {
		if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), "wycheproof") {
			t.Fatalf("expected the module of the vectors: %v %s", err, module.Error)
		}
		t.Skipf("the module of the vectors cannot be had: %v %s", err, module.Error)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "testvectors_v1", "json_web_signature_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []vectorGroup `json:"testGroups"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Groups
}

// refusingVector are the checks of strict that refuse a token with a key: those
// that judge header and signature. The payloads of the vectors are no claims,
// and some are empty.
func refusingVector(t *testing.T, jws string, published json.RawMessage) []string {
	t.Helper()
	c := &call{env: &Environment{}, token: readToken(jws)}
	c.keys, _, c.keysErr = readKeys([]byte(`{"keys":[`+string(published)+`]}`), false)
	payload := []string{"json"}
	if parts := c.token.segments; len(parts) == 3 && parts[1] == "" && parts[0] != "" && parts[2] != "" {
		payload = append(payload, "segments")
	}
	var names []string
	for _, check := range slices.Concat(algorithmChecks(), keyChecks(), signatureChecks(), formatChecks()) {
		if check.refuses(c) && (c.token.header == nil || !slices.Contains(payload, check.Name)) {
			names = append(names, check.Name)
		}
	}
	return names
}

// refusedElsewhere is the check that refuses an invalid vector whose signature is
// by its key: those keys are not for it, and go-jose takes any length of a PSS
// salt, where RFC 7518 3.5 takes one; strict takes no PSS at all.
func refusedElsewhere(comment string) string {
	switch {
	case comment == "rejectWrongUse", comment == "rejectWrongKeyOps", strings.HasPrefix(comment, "Using"):
		return "key-use"
	case comment == "SaltLenChanged":
		return "algorithm"
	}
	return ""
}

// TestWycheproof: strict takes the valid RS256 vectors and no others. What its
// check of the signature lets through beside them are valid vectors of another
// RSA algorithm, and those of refusedElsewhere.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	used, taken, signed := 0, 0, 0
	for _, group := range wycheproof(t) {
		for _, v := range group.Tests {
			used++
			refused, alg := refusingVector(t, v.JWS, group.Public), readToken(v.JWS).algorithm()
			if wanted := v.Result == "valid" && alg == "RS256"; (len(refused) == 0) != wanted {
				t.Errorf("vector %d (%s, %s): refused by %v", v.ID, v.Comment, v.Result, refused)
			}
			if len(refused) == 0 {
				taken++
			}
			if rsaHash(alg) == 0 || slices.Contains(refused, "signature") {
				continue
			}
			signed++
			if v.Result != "valid" && !slices.Contains(refused, refusedElsewhere(v.Comment)) {
				t.Errorf("vector %d (%s): expected the check of the signature to refuse it, got %v", v.ID, v.Comment, refused)
			}
		}
	}
	if used != 401 || taken != 8 || signed != 45 {
		t.Errorf("expected 401 vectors, 8 taken and 45 signed by their key, got %d, %d and %d", used, taken, signed)
	}
}
