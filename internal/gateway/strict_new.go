package gateway

import (
	"errors"
	"net/http"
	"slices"
	"time"
)

// The key set of strict lives as long as Entra's documents say, a day at most;
// an hour is what most validators use.
const (
	strictLife    = time.Hour
	strictTimeout = 10 * time.Second
)

func newStrict(o Options) (http.Handler, error) {
	if err := checkStrict(o); err != nil {
		return nil, err
	}
	s := &strict{
		env: o.Environment, upstream: o.Upstream, now: o.Now, wait: o.Wait, report: o.Report, contracts: o.Contracts, process: o.Process,
		keys: strictKeys(o, o.Environment.JWKSURL),
	}
	s.keys.discovery, s.keys.issuer = o.Environment.DiscoveryURL, o.Environment.Issuers.V2
	if o.Environment.ForeignJWKSURL != "" {
		s.foreign = strictKeys(o, o.Environment.ForeignJWKSURL)
	}
	s.checks = enforced(strictChecks(), &s.env)
	s.checks = slices.DeleteFunc(s.checks, func(c check) bool { return lacksAny(o.Lacks, c.Check) })
	for _, d := range duties() {
		if lacksAny(o.Lacks, d.Check) {
			d.lack(s)
		}
	}
	for _, soft := range softenings() {
		if slices.Contains(o.Softens, soft.Name) {
			soft.apply(s)
		}
	}
	return s, nil
}

func strictKeys(o Options, url string) *keyring {
	return &keyring{
		url: url, client: o.Client, now: o.Now,
		life: strictLife, timeout: strictTimeout, within: o.Timeout, refetch: newRefetch(),
	}
}

func checkStrict(o Options) error {
	var problems []error
	if o.Environment.Route == "" {
		problems = append(problems, errors.New("gateway: no home route"))
	}
	for _, name := range o.Lacks {
		if !slices.ContainsFunc(Checks(), func(c Check) bool { return lacksAny([]string{name}, c) }) {
			problems = append(problems, unknownName("check", name, checkNames()))
		}
	}
	for _, name := range o.Softens {
		if !slices.ContainsFunc(softenings(), func(s softening) bool { return s.Name == name }) {
			problems = append(problems, unknownName("softening", name, softeningNames()))
		}
	}
	for _, name := range o.Environment.Enforces {
		if !slices.Contains(optional(), name) {
			problems = append(problems, unknownName("check to enforce", name, optional()))
		}
	}
	return errors.Join(problems...)
}

func checkNames() []string {
	var names []string
	for _, c := range Checks() {
		names = append(names, c.Name, c.Guards)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func softeningNames() []string {
	var names []string
	for _, s := range softenings() {
		names = append(names, s.Name)
	}
	return names
}
