package main

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/predict"
	"github.com/entraproof/entraproof/mockidp"
)

const policyServeLong = `serve runs the emulated gateways of an export, an issuer and an echo in this process
until it is stopped: one gateway for each instance, with the policies that the FILEs
give it. The addresses in the export, such as the key set's, are answered by the
issuer; nothing is asked of anybody else.

The FILEs are of one API in its environments. The target is made of what they say,
as for policy predict, unless --target names one; --write-target leaves it as a file,
for run and diagnose.`

func (p *program) policyServeVerb() *cobra.Command {
	var o serveOptions
	var e exportOptions
	cmd := &cobra.Command{
		Use: "serve FILE...", Short: "run the emulated gateways of an export, for hands-on work", Long: policyServeLong,
		Example: "  entraproof policy serve orders.yaml\n" +
			"  entraproof policy serve orders-dev.json orders-uat.json --write-target local.yaml\n" +
			"  entraproof policy serve orders.yaml --gateway-addr 127.0.0.1:8081",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, chosen := p.lookup("GOGC"); !chosen {
				debug.SetGCPercent(servingGarbage)
			}
			e.files = args
			o.managementToken, _ = p.lookup(managementVariable)
			s, err := p.planExport(o, e)
			if err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	e.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.issuerAddr, "issuer-addr", "", "host:port of the issuer; off: none")
	f.StringVar(&o.issuerTLSAddr, "issuer-tls-addr", "", "host:port of the issuer with TLS; off: none")
	f.StringVar(&o.managementAddr, "management-addr", "", "host:port of the issuer's management listener; off: none")
	f.StringVar(&o.echoAddr, "echo-addr", "", "host:port of the echo")
	f.StringSliceVar(&o.gatewayAddrs, "gateway-addr", nil, "host:port of a gateway, one for each instance in the order of the files")
	f.StringVar(&o.tokenFile, "token-file", "", "write a management token that was made here to this file, readable by you alone")
	f.StringVar(&o.writeTarget, "write-target", "", "write a target file for these addresses once all parts listen")
	formatFlag(cmd, &o.format)
	return cmd
}

// planExport makes of an export what serve makes of its parts.
func (p *program) planExport(o serveOptions, e exportOptions) (*stage, error) {
	options, err := p.readExport(e)
	if err != nil {
		return nil, err
	}
	stages, err := predict.Stages(options)
	if err != nil {
		return nil, wrongUsage(err, "")
	}
	if len(stages) != 1 {
		var names []string
		for _, s := range stages {
			names = append(names, s.Subject.Name)
		}
		return nil, misused("name the files of one of them", "expected the instances of one API, got %d: %s", len(stages), strings.Join(names, ", "))
	}
	for _, text := range stages[0].Assumed {
		fmt.Fprintf(p.err, "assumed: %s\n", text)
	}
	o.parts, o.issuerNames, o.oidcModel, o.introspect = []string{"issuer", "echo"}, namesOfEntra, e.oidcModel, e.introspect
	if e.oidcModel == gateway.Documented && o.introspect == "" {
		o.introspect = string(mockidp.IntrospectRaw)
	}
	s := &stage{p: p, plan: servePlan{serveOptions: o, file: stages[0].Target}}
	s.plan.readParts()
	for i, m := range stages[0].Subject.Members {
		g := gatewayPlan{instance: &m.Instance, switches: stages[0].Switches, environment: stages[0].Target.Environment(m.Environment)}
		if i < len(o.gatewayAddrs) {
			g.addr = o.gatewayAddrs[i]
		}
		s.plan.gateways = append(s.plan.gateways, g)
	}
	return s, errors.Join(s.plan.validate(), s.tryExport())
}

// tryExport tells what cannot be emulated before anything listens.
func (s *stage) tryExport() error {
	var problems []error
	for _, g := range s.plan.gateways {
		o := gateway.Options{Upstream: http.NotFoundHandler(), Instance: g.instance, Switches: g.switches, Environment: gateway.Environment{
			JWKSURL: "http://localhost/keys", Introspection: gateway.Introspection{URL: "http://localhost/introspect"},
		}}
		_, err := gateway.New(o)
		problems = append(problems, predict.Placed(*g.instance, err))
	}
	return errors.Join(problems...)
}

// emulate has a gateway take its policies from an export, whose addresses the
// issuer of this process answers.
func (s *stage) emulate(o *gateway.Options, g gatewayPlan) {
	o.Instance, o.BasePath, o.Switches = g.instance, pathOf(g.environment), g.switches
	o.Client = lab.Routed(s.issuer, s.plan.file.Tenant.ID, s.transport())
}

// name is what an instance is called in the place of a set-up.
func (g gatewayPlan) name() string {
	if g.instance == nil {
		return ""
	}
	return g.instance.Name
}
