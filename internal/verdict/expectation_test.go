package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/verdict"
)

// forms is every form of `expect` that the catalogue's sample rows use, and
// those of design §12 that they do not.
func forms() map[string]verdict.Expectation {
	required := verdict.AcceptanceRequired
	return map[string]verdict.Expectation{
		"accept":                                {Accept: required},
		"refuse 401":                            {Refuse: []int{401}},
		`"refuse 401 400 431"`:                  {Refuse: []int{401, 400, 431}},
		"{refuse: [401, 503]}":                  {Refuse: []int{401, 503}},
		"refuse 400 599":                        {Refuse: []int{400, 599}},
		"{refuse: 401}":                         {Refuse: []int{401}},
		"{accept: true}":                        {Accept: required},
		"{either: client-claim}":                {Either: "client-claim"},
		"{measure: largest-token}":              {Measure: "largest-token"},
		"{refuse: [401], callout: false}":       {Refuse: []int{401}, NoCallout: true},
		"{refuse: [401], accept: warn}":         {Refuse: []int{401}, Accept: verdict.AcceptanceWarned},
		"{refuse: [401], no-5xx: true}":         {Refuse: []int{401}, No5xx: true},
		"{refuse: [403, 426], or: closed}":      {Refuse: []int{403, 426}, OrClosed: true},
		"{refuse: [400, 401, 431], within: 2s}": {Refuse: []int{400, 401, 431}, Within: 2 * time.Second},
		"{accept: true, or: refuse 400 401}":    {Accept: required, OrRefuse: []int{400, 401}},
		"{accept: true, next: accept}":          {Accept: required, Next: true},
		"{no-5xx: true, within: 1500ms}":        {No5xx: true, Within: 1500 * time.Millisecond},
		"{either: tenants, no-5xx: true}":       {Either: "tenants", No5xx: true},
	}
}

func TestDecodeExpectationForms(t *testing.T) {
	all := forms()
	if len(all) != 18 {
		t.Fatalf("expected 18 forms, got %d", len(all))
	}
	for yaml, want := range all {
		t.Run(yaml, func(t *testing.T) {
			if diff := cmp.Diff(want, expect(t, yaml), cmpopts.IgnoreFields(verdict.Expectation{}, "Upstream")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpectationKindAndText(t *testing.T) {
	tests := []struct{ yaml, kind, text string }{
		{"accept", "accept", "accept"},
		{"refuse 401 403", "refuse", "refuse 401 403"},
		{"{either: tenants}", "either", "either tenants"},
		{"{measure: delay}", "measure", "measure delay"},
		{"{refuse: 401, answer: {no-header-value: x}}", "refuse", "refuse 401, with a condition on the answer"},
		{"{answer: {no-header-value: x}}", "conditions", "conditions, with a condition on the answer"},
		{"{either: cors, upstream: {reached: false}}", "either", "either cors, with a condition on what the upstream saw"},
		{"{no-5xx: true}", "conditions", "conditions, no 5xx"},
		{"{accept: true, or: refuse 400 431, upstream: {identity: x}}", "accept", "accept, or refuse 400 431, with a condition on what the upstream saw"},
		{"{refuse: [401], or: closed, accept: warn, callout: false, within: 2s, next: accept}", "refuse", "refuse 401, or closed, accepted is a warning, no call-out, within 2s, the next control accepted"},
	}
	for _, tt := range tests {
		t.Run(tt.yaml, func(t *testing.T) {
			e := expect(t, tt.yaml)
			if e.Kind() != tt.kind || e.Text() != tt.text || e.Refuses() != (tt.kind == "refuse") {
				t.Errorf("got %s, %q", e.Kind(), e.Text())
			}
		})
	}
}

func TestDecodeExpectationProblems(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"empty mapping", "{}", "row.yaml:1:9: an empty expectation"},
		{"empty text", `""`, `unknown expectation ""`},
		{"null", "null", "expected a mapping"},
		{"list", "[accept]", "expected a mapping"},
		{"reached what", "{upstream: {reached: true}}", `expected false, got "true"`},
		{"reached and not", "{upstream: {reached: false, identity: x}}", `"reached: false" beside what must have arrived`},
		{"answer without a text", "{answer: {}}", `"no-header-value" is missing`},
		{"answer with another key", "{answer: {no-header-value: x, status: 200}}", `unknown key "status"`},
		{"misspelt", "acept", `unknown expectation "acept" (did you mean "accept"?)`},
		{"misspelt refuse", "refuses 401", `(did you mean "refuse"?)`},
		{"far from any word", "forty-two", "(write accept, or refuse 401 403)"},
		{"more words", "accept 200", `unknown expectation "accept 200"`},
		{"refusal without a status", "refuse", "a refusal without a status"},
		{"empty list", "{refuse: []}", "a refusal without a status"},
		{"no status", "refuse 401 no", `expected a status from 400 to 599, got "no"`},
		{"too small", "refuse 399", `got "399"`},
		{"too large", "{refuse: [600]}", `got "600"`},
		{"twice", "refuse 401 401", "status 401 stands twice"},
		{"refuse a text", "{refuse: accept}", "expected a list"},
		{"unknown key", "{refuse: [401], whithin: 2s}", `unknown key "whithin" (did you mean "within"?)`},
		{"two of them", "{accept: true, refuse: [401]}", "expected one of accept, refuse, either and measure, got 2"},
		{"either and measure", "{either: a, measure: b}", "expected one of accept, refuse, either and measure, got 2"},
		{"refuse and either", "{refuse: [401], either: b}", "expected one of accept, refuse, either and measure, got 2"},
		{"accept false", "{accept: false}", `expected true or warn, got "false"`},
		{"accept a word", "{accept: warning}", `expected true or warn, got "warning"`},
		{"warn alone", "{accept: warn}", `"accept: warn" without "refuse"`},
		{"warn with either", "{accept: warn, either: x}", `"accept: warn" without "refuse"`},
		{"closed alone", "{or: closed}", `"or: closed" without "refuse"`},
		{"closed with accept", "{accept: true, or: closed}", `"or: closed" without "refuse"`},
		{"or refuse alone", "{or: refuse 400}", `"or: refuse" without "accept: true"`},
		{"or refuse with refuse", "{refuse: [401], or: refuse 400}", `"or: refuse" without "accept: true"`},
		{"or a word", "{refuse: [401], or: close}", `unknown alternative "close"`},
		{"or closed and more", "{refuse: [401], or: closed now}", `unknown alternative "closed now"`},
		{"or refuse without a status", "{accept: true, or: refuse}", "a refusal without a status"},
		{"no-5xx false", "{refuse: [401], no-5xx: false}", `expected true, got "false"`},
		{"callout true", "{refuse: [401], callout: true}", `expected false, got "true"`},
		{"within nothing", "{refuse: [401], within: 0s}", "expected more than no time"},
		{"within a number", "{refuse: [401], within: 2}", `expected a string, got "2"`},
		{"within a word", "{refuse: [401], within: soon}", "expected a length of time"},
		{"next refuse", "{refuse: [401], next: refuse}", `unknown step "refuse"`},
		{"either without a name", `{either: ""}`, "expected a name"},
		{"measure a number", "{measure: 1}", "expected a string"},
		{"empty upstream", "{accept: true, upstream: {}}", "an empty condition"},
		{"unknown upstream key", "{accept: true, upstream: {identify: x}}", `unknown key "identify" (did you mean "identity"?)`},
		{"upstream null", "{accept: true, upstream: {identity: null}}", "expected a text or a list of texts, got null"},
		{"upstream a text", "{accept: true, upstream: x}", "expected a mapping"},
		{"bad placeholder", `{accept: true, upstream: {identity: "${hme.scope}"}}`, "hme.scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tryExpect(tt.yaml)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("expected %q, got %v", tt.want, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "row.yaml:1:") {
				t.Errorf("no position: %v", err)
			}
		})
	}
}

func FuzzDecodeExpectation(f *testing.F) {
	seeds := 0
	for yaml := range forms() {
		f.Add(yaml)
		seeds++
	}
	f.Add(`{accept: true, or: refuse 400, upstream: {identity: "${home.client.id}"}}`)
	f.Add(`{either: tenants, upstream: {not-identity: "${home.user.sub}"}}`)
	if seeds != 18 {
		f.Fatalf("expected 18 seeds, got %d", seeds)
	}
	f.Fuzz(func(t *testing.T, yaml string) {
		n, err := document.Parse("row.yaml", []byte(yaml))
		if err != nil {
			return
		}
		e := verdict.DecodeExpectation(n)
		if n.Err() != nil {
			return
		}
		// What decodes without a problem says something, and one thing only.
		v := verdict.Judge(verdict.Evidence{Expect: e, Observed: status(200), Reach: reached, Before: yes, After: yes})
		if e.Text() == "" || e.Kind() == "conditions" && e.Text() == "conditions" || v.Outcome != v.Reason.Outcome() {
			t.Errorf("%q: %+v, %+v", yaml, e, v)
		}
	})
}
