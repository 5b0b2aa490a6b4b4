package predict

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// derivation is a target that is being made of what exports say.
type derivation struct {
	subject  Subject
	versions []mint.Version
	said     []said
	// audiences are what each member's export admits and no other's claims.
	audiences [][]word
	// foreign are those that name an environment of which there is no export.
	foreign map[string][]word
	assumed []string
	// left is what the export means to check nowhere, in words.
	left []string
	file *targets.File
}

// derived is a target for a subject that the user has no target file for, with
// what had to be assumed and what is left open.
func derived(s Subject, versions []mint.Version) *derivation {
	d := &derivation{subject: s, versions: versions, file: &targets.File{
		Name: s.Name, Tokens: targets.Tokens{Embedded: true}, Accepted: targets.Accepted{Echo: true}, OptIn: true,
		Pace: targets.Pace{Concurrency: concurrency},
	}}
	for _, m := range s.Members {
		d.said = append(d.said, readings(m.Instance))
		for _, a := range m.Instance.Policies {
			for _, key := range a.QuotedFlags() {
				d.assume("%s: the text of %s is taken for the value (%s)", m.Environment, key, place(a.Where(key)))
			}
		}
	}
	d.tenant()
	d.share()
	for i := range s.Members {
		d.environment(i)
	}
	d.others()
	d.clients()
	d.declare()
	if apart := d.subject.Apart; len(apart) > 0 {
		d.assume("%s in another tenant, predicted apart: a token of another tenant is fired here as well", isOrAre(apart))
	}
	d.file.MadeUpOther()
	if d.file.Environments[len(d.file.Environments)-1].MadeUp {
		d.assume("another environment of the same tenant, %s, whose tokens must be refused", d.file.Environments[1].Name)
	}
	return d
}

// concurrency is how many requests are under way at once: they never wait.
const concurrency = 4

func (d *derivation) assume(format string, a ...any) {
	d.assumed = append(d.assumed, fmt.Sprintf(format, a...))
}

// share gives each audience that several exports admit to the environment whose
// name it holds, else to the one with the shortest list.
func (d *derivation) share() {
	d.foreign = map[string][]word{}
	for i, s := range d.said {
		var own, foreign []word
		for _, a := range s.audiences {
			switch {
			case d.owner(a.text) != i:
			case d.isForeign(a.text):
				foreign = append(foreign, a)
			default:
				own = append(own, a)
			}
		}
		if len(own) == 0 {
			own, foreign = s.audiences, nil
		}
		d.audiences = append(d.audiences, own)
		for _, a := range foreign {
			name, _ := stage(a.text)
			d.foreign[name] = append(d.foreign[name], a)
		}
	}
}

// isForeign reports whether an audience names an environment of which there is no
// export, such as api://orders-dev in that of UAT.
func (d *derivation) isForeign(audience string) bool {
	word, _ := stage(audience)
	return word != "" && !slices.ContainsFunc(d.subject.Members, func(m Member) bool { return m.Environment == word || m.Environment == alone })
}

// others are the environments that only audiences name: they supply tokens.
func (d *derivation) others() {
	for _, name := range slices.Sorted(maps.Keys(d.foreign)) {
		e := &targets.Environment{Name: name, Requires: targets.Requirement{
			Scopes: []string{strings.ToUpper(name) + ".Access"}, Roles: []string{strings.ToUpper(name) + ".Access"},
		}}
		uris, ids := d.names(d.foreign[name], d.subject.Name+"-"+name)
		for n, v := range d.file.Environments[0].Versions() {
			e.APIs = append(e.APIs, &targets.API{
				Name: pathWord(d.subject.Name + "-" + name + "-" + string(v)), AppID: ids[min(n, len(ids)-1)], URIs: uris, Version: v,
				Scopes: e.Requires.Scopes, Roles: e.Requires.Roles,
			})
		}
		d.file.APIs = append(d.file.APIs, e.APIs...)
		d.file.Environments = append(d.file.Environments, e)
		d.assume("%s: an environment of its own, for an audience names it (%s)", name, place(d.foreign[name][0].at))
	}
}

func (d *derivation) owner(audience string) int {
	best, length := -1, 0
	for i, s := range d.said {
		if !slices.ContainsFunc(s.audiences, func(a word) bool { return a.text == audience }) {
			continue
		}
		if word, _ := stage(audience); word == d.subject.Members[i].Environment {
			return i
		}
		if best < 0 || len(s.audiences) < length {
			best, length = i, len(s.audiences)
		}
	}
	return best
}

// environment makes one environment with its registrations.
func (d *derivation) environment(i int) {
	m, s := d.subject.Members[i], d.said[i]
	e := &targets.Environment{
		Name: m.Environment, Gateways: []targets.Gateway{{URL: "http://localhost/" + pathWord(d.subject.Name)}},
		Home: d.home(i), Pos: m.Instance.At,
	}
	e.Requires = d.requirement(i)
	e.APIs = d.registrations(i, e)
	d.leave(i, e)
	d.file.APIs = append(d.file.APIs, e.APIs...)
	d.file.Environments = append(d.file.Environments, e)
	if s.disagree {
		d.assume("%s: tokens of version 1 and 2, for what the export says of them fits neither", e.Name)
	}
}

// home is the route that stands for all that its policies are applied to.
func (d *derivation) home(i int) targets.Route {
	if d.subject.Route != nil {
		return *d.subject.Route
	}
	return d.subject.usualRoutes()[i]
}

// requirement is what callers must hold: what the export asks for, else a scope
// and a role that are made up. These are judged where nothing else says who may
// call, since a gateway that asks for nothing admits whoever can have a token.
func (d *derivation) requirement(i int) targets.Requirement {
	m, s := d.subject.Members[i], d.said[i]
	r := targets.Requirement{Any: s.anyScope}
	for _, w := range s.scopes {
		r.Scopes = append(r.Scopes, w.text)
	}
	for _, w := range s.roles {
		r.Roles = append(r.Roles, w.text)
	}
	made := strings.ToUpper(m.Environment) + ".Access"
	switch {
	case len(r.Scopes) == 0 && len(r.Roles) == 0:
		r.Scopes, r.Roles = []string{made}, []string{made}
		d.assume("%s: users hold the scope %s and daemons the role %s, for the export asks for neither", m.Environment, made, made)
	case len(r.Roles) == 0:
		r.Roles = slices.Clone(r.Scopes)
		d.assume("%s: daemons hold the role %s where users hold the scope (%s)", m.Environment, strings.Join(r.Roles, ", "), place(s.scopes[0].at))
	case len(r.Scopes) == 0:
		r.Scopes = []string{made}
		d.assume("%s: users need the scope %s; the export asks for the role %s only (%s)", m.Environment, made, strings.Join(r.Roles, ", "), place(s.roles[0].at))
	}
	return r
}

// registrations are one for each version of token: the registration as it issues
// them.
func (d *derivation) registrations(i int, e *targets.Environment) []*targets.API {
	name := d.subject.Name + "-" + e.Name
	uris, ids := d.names(d.audiences[i], name)
	d.tellRegistration(i, e, uris, ids)
	var all []*targets.API
	for n, v := range d.versionsOf(i, e) {
		all = append(all, &targets.API{
			Name: pathWord(name) + "-" + string(v), AppID: ids[min(n, len(ids)-1)], URIs: uris, Version: v,
			Scopes: append(slices.Clone(e.Requires.Scopes), strings.ToUpper(e.Name)+".Admin", "Shared.Access"), Roles: slices.Clone(e.Requires.Roles),
		})
	}
	return all
}

// names are the App ID URIs and the application ids that audiences tell; what they
// do not is made up.
func (d *derivation) names(audiences []word, name string) (uris, ids []string) {
	for _, a := range audiences {
		if isGUID(a.text) {
			ids = append(ids, strings.ToLower(a.text)) // Entra writes them so (entra-tokens.md 2.2)
		} else {
			uris = append(uris, strings.TrimRight(a.text, "/")) // an App ID URI cannot end in one (entra-tokens.md 2.3)
		}
	}
	listed := len(ids) > 0
	for _, uri := range uris {
		if id := guidForm.FindString(uri); id != "" {
			ids = append(ids, strings.ToLower(id))
		}
	}
	if len(ids) == 0 {
		ids = []string{madeUpID("api", cmp.Or(strings.Join(uris, " "), name))}
	}
	if len(uris) == 0 {
		uris = []string{"api://" + madeUpURI(listed, ids[0], name)}
	}
	return uris, ids
}

func madeUpURI(listed bool, id, name string) string {
	if listed {
		return id
	}
	return pathWord(name)
}

func (d *derivation) tellRegistration(i int, e *targets.Environment, uris, ids []string) {
	if len(d.audiences[i]) == 0 {
		d.assume("%s: the registration %s with the App ID URI %s, for the export names no audience of its own", e.Name, ids[0], uris[0])
		return
	}
	if more := distinctIDs(ids); len(more) > 1 {
		d.assume("%s: the application ids %s are all this environment's; if one is of another, its tokens open this one", e.Name, strings.Join(more, ", "))
	}
	d.assume("%s: the registration %s with the App ID URI %s (%s)", e.Name, ids[0], strings.Join(uris, ", "), place(d.audiences[i][0].at))
}

func distinctIDs(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// versionsOf are the versions of token that the environment's registration
// issues: those that the export is made for.
func (d *derivation) versionsOf(i int, e *targets.Environment) []mint.Version {
	both := []mint.Version{mint.V2, mint.V1}
	switch said := d.said[i]; {
	case len(d.versions) > 0:
		return d.versions
	case len(said.versions) == 1:
		d.assume("%s: tokens of version %s, as the export expects them (--token-versions 1,2 tries both)", e.Name, strings.TrimPrefix(string(said.versions[0]), "v"))
		return said.versions
	case !said.disagree:
		d.assume("%s: tokens of version 1 and 2", e.Name)
	}
	return both
}

// clients are one with a contract and a grant for each environment, one for all,
// one without a grant and one without a contract.
func (d *derivation) clients() {
	var all []string
	for _, e := range d.file.Environments {
		all = append(all, e.Name)
	}
	add := func(name string, contracts, granted []string) {
		d.file.Clients = append(d.file.Clients, &targets.Client{
			Name: name, ID: madeUpID("client", name), Contracts: contracts, Granted: granted, MadeUp: true,
		})
	}
	for _, name := range all {
		add("worker-"+name, []string{name}, []string{name})
		add("second-"+name, []string{name}, []string{name})
	}
	if len(all) > 1 {
		add("everywhere", all, all)
	}
	add("ungranted", all, nil)
	add("stranger", nil, all)
	if d.enforced() {
		d.assume("callers send no client_id field, which a policy of these asks for")
	}
	d.assume("clients: one with a contract and a grant for each environment, one without the contract, one without the grant")
}

// enforced reports whether a policy wants the client's id from the request.
func (d *derivation) enforced() bool {
	for _, m := range d.subject.Members {
		for _, a := range m.Instance.Policies {
			if _, is := a.Config.(*policy.ClientIDEnforcement); is {
				return true
			}
		}
	}
	return false
}

// declare says what the policies do not have, so that rows that need it are not
// owed, and what they are known to do.
func (d *derivation) declare() {
	d.file.APIs = append(d.file.APIs, &targets.API{
		Name: "second-api", AppID: madeUpID("api", "second"), URIs: []string{"api://second.all"},
		Version: mint.V2, Scopes: []string{"Second.Read"}, Roles: []string{"Second.Read"},
	})
	for _, line := range [][2]string{
		{"discovery", "false"}, {"jwks", "fetched"}, {"origin", "false"}, {"other-route", "false"}, {"plain-http", "false"}, {"two-issuers", "false"},
	} {
		d.file.Supports = append(d.file.Supports, targets.Declaration{Key: line[0], Value: line[1]})
	}
}

// madeUpID is a GUID that stands for nothing real and is the same each time.
func madeUpID(what, name string) string {
	sum := sha256.Sum256([]byte(what + "/" + name))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// pathWord is a name as a segment of a path or URI.
func pathWord(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-.")
}

// place is a position as people read it.
func place(at document.Position) string { return at.String() }
