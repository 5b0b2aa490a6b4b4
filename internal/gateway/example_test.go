package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
)

// An API instance whose only policy is JWT Validation, emulated in front of an
// upstream: it says which parameter a refusal hangs on.
func ExampleNew_instance() {
	jwt := policy.NewJWTValidation()
	jwt.JWTKeyOrigin, jwt.JWKSURL = "jwks", "https://issuer.example/keys"
	handler, err := gateway.New(gateway.Options{
		Instance: &policy.Instance{Name: "orders", Policies: []policy.Applied{{Asset: "jwt-validation", Config: &jwt}}},
		Upstream: http.NotFoundHandler(),
		Report: func(r gateway.Refusal) {
			fmt.Println(r.Status, r.Checks[0].Name, r.Keys)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders/v1/ping", nil))
	// Output: 400 jwt-token [jwtOrigin]
}

// What is not known here is told with the parameter and the place in it.
func ExamplePolicyErrors() {
	jwt := policy.NewJWTValidation()
	jwt.JWTKeyOrigin, jwt.ClientIDExpression = "jwks", "#[vars.claimSet.azp as String]"
	_, err := gateway.New(gateway.Options{
		Instance: &policy.Instance{Name: "orders", Policies: []policy.Applied{{Asset: "jwt-validation", Config: &jwt}}},
		Upstream: http.NotFoundHandler(),
	})
	for _, e := range gateway.PolicyErrors(err) {
		fmt.Println(e.Policy, e.Key, e.Err)
	}
	// Output: 0 clientIdExpression dataweave: 1:21: not evaluated: as: coercion is outside the subset
}
