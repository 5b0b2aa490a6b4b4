package main

import (
	"fmt"
	"io"
	"os"

	"github.com/entraproof/entraproof/internal/targets"
)

// announce says where the parts are, once all of them listen, and hands the
// management token over, if it was made here.
func (s *stage) announce() error {
	for _, a := range s.addresses {
		if s.plan.format == asJSON {
			if err := printLine(s.p.out, a); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(s.p.out, "%s %s\n", a.name(), a.URL)
	}
	if s.issuer != nil && s.plan.managementToken == "" {
		if err := s.handOver(s.issuer.ManagementToken()); err != nil {
			return err
		}
	}
	if s.plan.writeTarget == "" {
		return nil
	}
	return writeWhole(s.plan.writeTarget, func(w io.Writer) error { return writeTargetFile(w, s.localTarget()) })
}

// name is the part with its set-up and environment.
func (a address) name() string {
	if a.Setup == "" {
		return a.Part
	}
	return fmt.Sprintf("%s=%s %s", a.Part, a.Setup, a.Environment)
}

// handOver gives a management token that was made here to its owner alone.
func (s *stage) handOver(token string) error {
	if s.plan.tokenFile == "" {
		fmt.Fprintf(s.p.err, "the management token, told once: %s=%s\n", managementVariable, token)
		return nil
	}
	if err := writeSecret(s.plan.tokenFile, token); err != nil {
		return wrongUsage(fmt.Errorf("--token-file: %w", err), "")
	}
	fmt.Fprintf(s.p.err, "the management token is in %s\n", s.plan.tokenFile)
	return nil
}

// writeSecret writes a new file that its owner alone can read.
func writeSecret(name, text string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, text+"\n"); err != nil {
		return err
	}
	return f.Close()
}

// ready is the last line of the announcement.
func (s *stage) ready() error {
	if s.plan.format == asJSON {
		return printLine(s.p.out, map[string]bool{"ready": true})
	}
	fmt.Fprintln(s.p.out, "ready")
	return nil
}

// localTarget is the target whose gateways and issuer are these parts.
func (s *stage) localTarget() *targets.File {
	file := s.targetFile()
	if s.plan.target == "" {
		file.Name, file.Supports = "local", s.embeddedSupports()
	}
	file.Tokens = targets.Tokens{Mock: &targets.Mock{URL: s.issuerBase(), Management: reachable(s.issuer.ManagementURL())}}
	if s.plan.echo && s.plan.upstream == "" {
		file.Accepted = targets.Accepted{Echo: true, EchoURL: s.urlOf("echo")}
	}
	environments := make([]*targets.Environment, len(file.Environments))
	for i, e := range file.Environments {
		local := *e
		local.Gateways = nil
		for _, u := range s.gateways[e.Name] {
			local.Gateways = append(local.Gateways, targets.Gateway{URL: u})
		}
		environments[i] = &local
	}
	file.Environments = environments
	return file
}

func (s *stage) urlOf(part string) string {
	for _, a := range s.addresses {
		if a.Part == part {
			return a.URL
		}
	}
	return ""
}

// embeddedSupports is what a target file for the embedded target declares: what
// strict does, or for any other set-up only where the keys come from.
func (s *stage) embeddedSupports() []targets.Declaration {
	for _, g := range s.plan.gateways {
		if g.setup != "strict" {
			return []targets.Declaration{{Key: "jwks", Value: "fetched"}}
		}
	}
	return s.plan.file.Supports
}
