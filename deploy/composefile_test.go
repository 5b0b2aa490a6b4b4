// Package deploy_test holds the tests of the compose set-up: what the file says
// (composefile_test.go), its targets (targets_test.go), the script behind make up
// (script_test.go) and, with an engine, the set-up itself (compose_test.go). It
// may import every package of the module.
package deploy_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/entraproof/entraproof/internal/lab"
)

// composeFile is docker-compose.yml as far as the tests read it.
type composeFile struct {
	Version  string
	Services map[string]service
	Networks map[string]any
	Volumes  map[string]any
	Secrets  map[string]any
	Configs  map[string]any
}

// service is one of its services. A key that is not here is refused.
type service struct {
	Image           string
	PullPolicy      string `yaml:"pull_policy"`
	User            string
	ReadOnly        bool                                  `yaml:"read_only"`
	CapDrop         []string                              `yaml:"cap_drop"`
	SecurityOpt     []string                              `yaml:"security_opt"`
	StopGracePeriod string                                `yaml:"stop_grace_period"`
	DependsOn       map[string]struct{ Condition string } `yaml:"depends_on"`
	Healthcheck     struct {
		Test              []string
		Interval, Timeout string
		Retries           int
	}
	Command     []string
	Environment map[string]string
	Ports       []string
	// Of a real gateway.
	Profiles []string
	Volumes  []string
	MemLimit string `yaml:"mem_limit"`
}

// real reports whether the service is a real gateway.
func (s service) real() bool { return len(s.Profiles) > 0 }

const composePath = "../docker-compose.yml"

func composeText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(composePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readCompose reads the file twice: as it is, and with unknown keys of services
// refused; top-level words that begin with x- are for anchors.
func readCompose(text string) (composeFile, error) {
	var f composeFile
	if err := yaml.Unmarshal([]byte(text), &f); err != nil {
		return f, err
	}
	var plain struct{ Services map[string]map[string]any }
	if err := yaml.Unmarshal([]byte(text), &plain); err != nil {
		return f, err
	}
	known := strings.Fields("image pull_policy user read_only cap_drop security_opt stop_grace_period depends_on healthcheck command environment ports profiles volumes mem_limit")
	for name, s := range plain.Services {
		for key := range s {
			if !slices.Contains(known, key) {
				return f, fmt.Errorf("%s: the key %s is not one of a service's here", name, key)
			}
		}
	}
	return f, nil
}

// setups are the services that are gateways, sorted.
func (f composeFile) setups() []string {
	var names []string
	for name, s := range f.Services {
		if slices.Contains(s.Command, "gateway="+name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// complaints are everything that is wrong with the file.
func (f composeFile) complaints() []string {
	var all []string
	if f.Version != "" || len(f.Networks)+len(f.Volumes)+len(f.Secrets)+len(f.Configs) > 0 {
		all = append(all, "expected services and nothing beside them")
	}
	if got, want := f.setups(), []string{"fix1", "fix2", "oidc-check-skipped", "oidc-client-check"}; !slices.Equal(got, want) {
		all = append(all, fmt.Sprintf("expected the set-ups %q, got %q", want, got))
	}
	published := map[string]bool{}
	for name, s := range f.Services {
		problems := slices.Concat(s.health(), s.listening(name))
		if s.real() {
			problems = s.installed(name)
		}
		for _, problem := range slices.Concat(problems, s.rights(), s.order(name), s.secrets(name)) {
			all = append(all, name+": "+problem)
		}
		for _, p := range s.Ports {
			host := p[:strings.LastIndex(p, ":")]
			if published[host] {
				all = append(all, name+": "+host+" is published twice")
			}
			published[host] = true
		}
	}
	slices.Sort(all)
	return all
}

// rights: nothing that a container of ours needs from the machine.
func (s service) rights() (all []string) {
	image, user := "${ENTRAPROOF_COMPOSE_IMAGE:-entraproof:local}", "65532:65532"
	if s.real() {
		image, user = s.Image, "10001:10001"
	}
	if s.Image != image || s.PullPolicy != "never" {
		all = append(all, "expected the image that make image packs, never pulled")
	}
	if s.User != user || !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
		all = append(all, "expected a user without rights on a file system that is only read")
	}
	return all
}

// installed: a gateway of the lab for one environment, from the image that lab
// image makes, in a profile of its own and in that of all.
func (s service) installed(name string) (all []string) {
	at := strings.LastIndex(name, "-")
	recipe, err := lab.Lookup(name[:at])
	if err != nil {
		return []string{err.Error()}
	}
	if s.Image != recipe.ImageName("") {
		all = append(all, fmt.Sprintf("expected the image %s, got %s", recipe.ImageName(""), s.Image))
	}
	if !slices.Equal(s.Profiles, []string{"gateways", recipe.Name}) || !slices.Contains([]string{"dev", "test", "uat"}, name[at+1:]) {
		all = append(all, "expected NAME-ENVIRONMENT in the profiles gateways and NAME")
	}
	if !slices.Equal(s.Volumes, []string{"/lab", "/tmp"}) || s.MemLimit == "" {
		all = append(all, "expected to write below /lab and /tmp alone, and a limit of memory")
	}
	if len(s.Ports) != 1 || published.FindStringSubmatch(s.Ports[0]) == nil {
		all = append(all, fmt.Sprintf("expected a port on loopback alone, got %q", s.Ports))
	}
	return all
}

// published is a mapping to loopback whose host port is made of the project's
// digits and two more.
var published = regexp.MustCompile(`^127\.0\.0\.1:\$\{ENTRAPROOF_COMPOSE_PORTS:-184\}[0-9]{2}:([0-9]+)$`)

// health: each open port is asked by the program itself.
func (s service) health() (all []string) {
	h := s.Healthcheck
	if len(h.Test) < 4 || !slices.Equal(h.Test[:3], []string{"CMD", "/entraproof", "health"}) || h.Interval == "" || h.Timeout == "" || h.Retries == 0 {
		return []string{"expected a health check by entraproof health"}
	}
	if len(s.Ports) == 0 {
		all = append(all, "expected a port")
	}
	for _, p := range s.Ports {
		match := published.FindStringSubmatch(p)
		if match == nil {
			all = append(all, "expected a port on loopback alone, got "+p)
			continue
		}
		if !slices.ContainsFunc(h.Test, func(url string) bool { return strings.Contains(url, "://127.0.0.1:"+match[1]+"/") }) {
			all = append(all, "nobody asks port "+match[1])
		}
	}
	return all
}

// order: a gateway starts when what it needs answers.
func (s service) order(name string) []string {
	needs := []string{"echo", "issuer"}
	if name == "issuer" || name == "echo" {
		needs = nil
	}
	for _, n := range needs {
		if s.DependsOn[n].Condition != "service_healthy" {
			return []string{"expected to wait for a healthy " + n}
		}
	}
	if len(s.DependsOn) != len(needs) {
		return []string{"expected to wait for issuer and echo alone, where it is a gateway"}
	}
	return nil
}

// secrets: the issuer is given the token of this project, and nobody anything else.
func (s service) secrets(name string) []string {
	want := map[string]string{}
	if name == "issuer" {
		want["ENTRAPROOF_MANAGEMENT_TOKEN"] = "${ENTRAPROOF_MANAGEMENT_TOKEN:?run make up}"
	}
	if fmt.Sprint(s.Environment) != fmt.Sprint(want) {
		return []string{fmt.Sprintf("expected the environment %q, got %q", want, s.Environment)}
	}
	if literal := regexp.MustCompile(`(?i)token|secret|password|--keys`).FindString(strings.Join(s.Command, " ")); literal != "" {
		return []string{"the command says " + literal}
	}
	return nil
}

// listening: the command names every address that it listens on.
func (s service) listening(name string) (all []string) {
	flags := []string{"--gateway-addr"}
	switch name {
	case "issuer":
		flags = []string{"--issuer-addr", "--issuer-tls-addr", "--management-addr"}
	case "echo":
		flags = []string{"--echo-addr"}
	}
	for _, flag := range flags {
		at := slices.Index(s.Command, flag)
		if at < 0 || at+1 == len(s.Command) {
			return append(all, "expected "+flag+" with its address")
		}
		for addr := range strings.SplitSeq(s.Command[at+1], ",") {
			if addr != "off" && !strings.HasPrefix(addr, "0.0.0.0:") {
				all = append(all, "others cannot reach "+addr)
			}
		}
	}
	return all
}

// TestComposeFile: the file is as make up, the pages and the rules want it.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	f, err := readCompose(composeText(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := 6 + 3*len(lab.Recipes()); len(f.Services) != want {
		t.Errorf("expected %d services, got %d", want, len(f.Services))
	}
	for _, problem := range f.complaints() {
		t.Error(problem)
	}
}

// TestComposeFileRefuses plants what each check is for.
func TestComposeFileRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ old, planted, want string }{
		"open to the network":   {`"127.0.0.1:${ENTRAPROOF_COMPOSE_PORTS:-184}70:8070"`, `"${ENTRAPROOF_COMPOSE_PORTS:-184}70:8070"`, "echo: expected a port on loopback alone"},
		"open on all addresses": {`"127.0.0.1:${ENTRAPROOF_COMPOSE_PORTS:-184}70:8070"`, `"0.0.0.0:${ENTRAPROOF_COMPOSE_PORTS:-184}70:8070"`, "echo: expected a port on loopback alone"},
		"a port for all":        {`-184}42:8082`, `-184}41:8082`, "is published twice"},
		"a fixed port":          {`${ENTRAPROOF_COMPOSE_PORTS:-184}70:8070`, `18470:8070`, "echo: expected a port on loopback alone"},
		"a token":               {`${ENTRAPROOF_MANAGEMENT_TOKEN:?run make up}`, `hunter2`, "issuer: expected the environment"},
		"a default token":       {`TOKEN:?run make up}`, `TOKEN:-hunter2}`, "issuer: expected the environment"},
		"a key folder":          {`--management-addr, "0`, `--keys, /keys, --management-addr, "0`, "issuer: the command says --keys"},
		"no health check":       {`test: [CMD, /entraproof, health, "http://127.0.0.1:8070/"]`, `test: [CMD, "true"]`, "echo: expected a health check"},
		"a port nobody asks":    {`, "http://127.0.0.1:8083/orders/v1/ping"]`, `]`, "fix1: nobody asks port 8083"},
		"started too early":     {`issuer: {condition: service_healthy}`, `issuer: {condition: service_started}`, "fix1: expected to wait for a healthy issuer"},
		"root":                  {`user: "65532:65532"`, `user: "0"`, "echo: expected a user without rights"},
		"capabilities":          {`cap_drop: [ALL]`, `cap_drop: []`, "echo: expected a user without rights"},
		"writable":              {`read_only: true`, `read_only: false`, "echo: expected a user without rights"},
		"new privileges":        {`no-new-privileges:true`, `no-new-privileges:false`, "echo: expected a user without rights"},
		"another image":         {`entraproof:local`, `entraproof:latest`, "echo: expected the image"},
		"pulled":                {`pull_policy: never`, `pull_policy: always`, "echo: expected the image"},
		"privileged":            {"  echo:\n    <<: *service\n", "  echo:\n    <<: *service\n    privileged: true\n", "echo: the key privileged"},
		"a volume":              {"services:\n", "volumes: {keys: {}}\nservices:\n", "expected services and nothing beside them"},
		"a set-up less":         {`gateway=fix2`, `gateway=both`, "expected the set-ups"},
		"loopback inside":       {`--echo-addr, "0.0.0.0:8070"`, `--echo-addr, "127.0.0.1:8070"`, "echo: others cannot reach 127.0.0.1:8070"},
		"an address unsaid":     {`, --issuer-tls-addr, "0.0.0.0:8443"`, ``, "issuer: expected --issuer-tls-addr"},
		"a port without TLS":    {`, "https://127.0.0.1:8443/"`, ``, "issuer: nobody asks port 8443"},
		"another version":       {`lab-haproxy:2.6`, `lab-haproxy:latest`, "haproxy-dev: expected the image entraproof-lab-haproxy:2.6"},
		"always started":        {`profiles: [gateways, envoy]`, `profiles: [envoy]`, "envoy-dev: expected NAME-ENVIRONMENT in the profiles"},
		"no such gateway":       {`spring-uat:`, `squid-uat:`, "squid-uat: "},
		"a folder of ours":      {`volumes: [/lab, /tmp]`, `volumes: [/:/host]`, "apache-dev: expected to write below /lab and /tmp alone"},
		"a gateway as root":     {`user: "10001:10001"`, `user: "0"`, "apache-dev: expected a user without rights"},
		"a gateway for all":     {`"127.0.0.1:${ENTRAPROOF_COMPOSE_PORTS:-184}51:8080"`, `"${ENTRAPROOF_COMPOSE_PORTS:-184}51:8080"`, "haproxy-dev: expected a port on loopback alone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := composeText(t)
			if !strings.Contains(text, row.old) {
				t.Fatalf("expected the file to say %q", row.old)
			}
			f, err := readCompose(strings.Replace(text, row.old, row.planted, 1))
			found := f.complaints()
			if err != nil {
				found = append(found, err.Error())
			}
			if !strings.Contains(strings.Join(found, "\n"), row.want) {
				t.Errorf("expected %q, got %q", row.want, found)
			}
		})
	}
}
