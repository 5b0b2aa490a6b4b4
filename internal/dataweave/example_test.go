package dataweave_test

import (
	"fmt"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// The client id of a token of either version, as a policy's Client ID
// Expression. A v1 token may carry an azp that somebody else chose.
func Example() {
	e, err := dataweave.Parse("#[vars.claimSet.azp default vars.claimSet.appid]")
	if err != nil {
		fmt.Println(err)
		return
	}
	v1 := map[string]any{"appid": "0d2c", "ver": "1.0"}
	id, err := e.Eval(dataweave.Scope{Dialect: dataweave.Mule4, ClaimSet: v1})
	fmt.Println(id, err)
	fmt.Println("reads", e.Claims())
	// Output:
	// 0d2c <nil>
	// reads [appid azp]
}

// What a gateway makes of an expression is told as unknown, never guessed.
func ExampleExpression_Check() {
	e, err := dataweave.Parse("#[vars.claimSet.azp != null]")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Check(dataweave.Mule4))
	fmt.Println(e.Check(dataweave.Flex))
	// Output:
	// <nil>
	// dataweave: 1:24: not evaluated: null: the subset of Flex Gateway has no literal null before 1.12
}
