package scenarios_test

import (
	"fmt"

	"github.com/entraproof/entraproof/scenarios"
)

// A row of one's own beside the catalogue, and the profile that chooses it.
func Example() {
	mine, err := scenarios.Parse("mine.yaml", []byte(`
- id: orders-token-of-billing
  title: A token for billing opens orders
  guards: audience
  source: real+
  severity: critical
  base: {version: v2, kind: app, api: second}
  expect: refuse 401 403
  marks: [F1-aud]
  refs: [ASVS 9.2.3]
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	all, err := scenarios.Builtin()
	if err != nil {
		fmt.Println(err)
		return
	}
	if all, err = all.Merge(mine); err != nil {
		fmt.Println(err)
		return
	}
	rows, err := all.Select(scenarios.Selection{Profile: "core", IDs: []string{"orders-*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range rows {
		fmt.Println(row.ID, row.Severity, row.Expect.Text(), row.AllNeeds())
	}
	// Output: orders-token-of-billing critical refuse 401 403 [second-api]
}

// What is wrong with a row is told with its place and the nearest known word.
func ExampleParse() {
	_, err := scenarios.Parse("mine.yaml", []byte(`- id: aud-of-billing
  guards: audience
  source: mock
  token: [{set: {aud: "${home.audiense}"}}]
  expect: refuse 401
`))
	fmt.Println(err)
	// Output: mine.yaml:4:23: unknown placeholder ${home.audiense} (did you mean ${home.audience}?)
}
