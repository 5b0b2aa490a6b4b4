package main

import "github.com/spf13/cobra"

// policyVerb is about policy exports.
func (p *program) policyVerb() *cobra.Command {
	return family(&cobra.Command{
		Use: "policy", Short: "what a MuleSoft policy export lets in",
		Example: "  entraproof policy lint orders-dev.yaml orders-uat.yaml\n" +
			"  entraproof policy predict orders-dev.yaml orders-uat.yaml",
	}, p.policyLintVerb(), p.policyPredictVerb(), p.policyServeVerb())
}
