package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// servePlan is what serve is to run, read and checked.
type servePlan struct {
	serveOptions
	file *targets.File
	// known is what the issuer knows; nil: what the target says.
	known        *mockidp.Directory
	issuer, echo bool
	gateways     []gatewayPlan
}

// gatewayPlan is one gateway that is to be served.
type gatewayPlan struct {
	setup string
	// instance is there instead of a set-up where an export is served.
	instance    *policy.Instance
	switches    gateway.Switches
	environment *targets.Environment
	addr        string
}

// planServe reads the target and checks all of it, flags and parts, at once.
func (p *program) planServe(o serveOptions) (*stage, error) {
	plan := servePlan{serveOptions: o, file: targets.Default()}
	if o.target != "" {
		file, err := targets.Load(o.target, p.lookup)
		if err != nil {
			return nil, wrongUsage(err, "")
		}
		plan.file = file
		if plan.issuerURL == "" && file.Tokens.Mock != nil {
			plan.issuerURL = file.Tokens.Mock.URL
		}
	}
	if err := plan.readDirectory(p.lookup); err != nil {
		return nil, wrongUsage(err, "")
	}
	plan.readParts()
	if err := plan.validate(); err != nil {
		return nil, err
	}
	return &stage{p: p, plan: plan}, nil
}

// readDirectory reads what the issuer knows. With neither directory nor target
// that is the built-in directory, which has all that the embedded target has;
// but its secrets are known to everybody, so only for this machine.
func (s *servePlan) readDirectory(lookup func(string) (string, bool)) error {
	if s.directory != "" {
		known, err := mockidp.ReadDirectory(s.directory, lookup)
		s.known = &known
		return err
	}
	if s.target == "" && s.publicURL == "" && s.onlyHere() { // behind a public URL stands a proxy, and before it are others
		known := mockidp.DefaultDirectory()
		s.known = &known
	}
	return nil
}

// onlyHere reports whether nobody but this machine reaches the issuer.
func (s *servePlan) onlyHere() bool {
	for _, addr := range []string{s.issuerAddr, s.issuerTLSAddr} {
		host, _, err := net.SplitHostPort(addr)
		if addr != "" && addr != mockidp.Off && (err != nil || !isLoopback(host)) {
			return false
		}
	}
	return true
}

// readParts sorts the parts. What is wrong with one validate tells.
func (s *servePlan) readParts() {
	for _, part := range s.parts {
		setup, isGateway := strings.CutPrefix(part, "gateway=")
		s.issuer = s.issuer || part == "issuer"
		s.echo = s.echo || part == "echo"
		if !isGateway {
			continue
		}
		for _, e := range s.file.Environments {
			if contains(s.environments, e.Name) || (len(s.environments) == 0 && e.Judged()) {
				s.gateways = append(s.gateways, gatewayPlan{setup: setup, environment: e})
			}
		}
	}
	for i := range s.gateways {
		if i < len(s.gatewayAddrs) {
			s.gateways[i].addr = s.gatewayAddrs[i]
		}
	}
}

func (s *servePlan) validate() error {
	problems := []error{checkFormat(s.format), checkWord("--issuer-names", s.issuerNames, []string{namesOfEntra, namesOwn})}
	problems = append(problems, s.checkParts()...)
	problems = append(problems, s.checkEnvironments()...)
	problems = append(problems, s.checkAddresses()...)
	problems = append(problems, s.checkNeeds()...)
	problems = append(problems, s.checkIntrospection()...)
	problems = append(problems, s.checkWrites()...)
	return errors.Join(problems...)
}

func (s *servePlan) checkParts() []error {
	var problems []error
	for i, part := range s.parts {
		setup, isGateway := strings.CutPrefix(part, "gateway=")
		switch {
		case isGateway:
			problems = append(problems, checkWord("gateway", setup, gateway.SetupNames()))
		case part == "gateway":
			problems = append(problems, misused("write gateway=fix1; set-ups: "+joined(gateway.SetupNames()), "part %q: expected a set-up, got none", part))
		default:
			problems = append(problems, checkWord("part", part, []string{"issuer", "echo", "gateway=SETUP"}))
		}
		if contains(s.parts[:i], part) {
			problems = append(problems, misused("", "part %q is given twice", part))
		}
	}
	return problems
}

func (s *servePlan) checkEnvironments() []error {
	var known []string
	var problems []error
	for _, e := range s.file.Environments {
		known = append(known, e.Name)
		if contains(s.environments, e.Name) && e.Home.Path == "" {
			problems = append(problems, misused("add routes: {home: GET /path} to it", "environment %q has no home route", e.Name))
		}
	}
	for _, name := range s.environments {
		problems = append(problems, checkWord("--environment", name, known))
	}
	return problems
}

// checkAddresses refuses addresses that cannot be listened on, and those that
// strangers reach while the issuer's management has no token.
func (s *servePlan) checkAddresses() []error {
	problems := []error{
		s.checkAddress("--issuer-addr", s.issuerAddr, true),
		s.checkAddress("--issuer-tls-addr", s.issuerTLSAddr, true),
		s.checkAddress("--management-addr", s.managementAddr, true),
		s.checkAddress("--echo-addr", s.echoAddr, false),
	}
	for _, addr := range s.gatewayAddrs {
		problems = append(problems, s.checkAddress("--gateway-addr", addr, false))
	}
	if n, g := len(s.gatewayAddrs), len(s.gateways); n > 0 && n != g {
		problems = append(problems, misused("--environment chooses the environments", "--gateway-addr: expected %d, one for each gateway, got %d", g, n))
	}
	return problems
}

func (s *servePlan) checkAddress(flag, addr string, ofIssuer bool) error {
	if addr == "" || (ofIssuer && addr == mockidp.Off) {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return misused("write 127.0.0.1:8080, or :8080 for all addresses", "%s: expected host:port, got %q", flag, addr)
	case s.issuer && s.managementToken == "" && !isLoopback(host):
		return misused("set "+managementVariable+", a secret of your own", "%s: %q is reachable from other machines, and the management listener has no token of yours", flag, addr)
	}
	return nil
}

// isLoopback reports whether only this machine can reach the host.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// checkNeeds refuses a gateway without issuer or upstream.
func (s *servePlan) checkNeeds() []error {
	var problems []error
	hasGateway := slices.ContainsFunc(s.parts, func(part string) bool { return strings.HasPrefix(part, "gateway") })
	if hasGateway && !s.issuer && s.issuerURL == "" {
		problems = append(problems, misused("add the part issuer, or --issuer-url URL", "a gateway needs an issuer whose keys it trusts"))
	}
	if hasGateway && !s.echo && s.upstream == "" {
		problems = append(problems, misused("add the part echo, or --upstream URL", "a gateway needs something to forward to"))
	}
	for _, f := range [][2]string{{"--issuer-url", s.issuerURL}, {"--upstream", s.upstream}, {"--public-url", s.publicURL}} {
		if f[1] != "" {
			problems = append(problems, checkURL(f[0], f[1]))
		}
	}
	return problems
}

// checkWrites refuses to overwrite what somebody else wrote.
func (s *servePlan) checkWrites() []error {
	var problems []error
	if s.tokenFile != "" {
		if _, err := os.Lstat(s.tokenFile); err == nil {
			problems = append(problems, misused("remove it, or name another", "--token-file: %s exists already", s.tokenFile))
		}
		if s.managementToken != "" {
			problems = append(problems, misused("", "--token-file: %s is set, so no token is made", managementVariable))
		}
	}
	if s.writeTarget != "" && (!s.issuer || s.managementAddr == mockidp.Off || len(s.gateways) == 0) {
		problems = append(problems, misused("serve issuer echo gateway=SETUP", "--write-target: expected an issuer with management and a gateway, a target has both"))
	}
	return problems
}
