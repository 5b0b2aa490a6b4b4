package predict

import (
	"maps"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// share gives each audience to the environment whose name it holds, else to the
// one with the shortest list of those that admit it.
func (d *derivation) share() {
	d.foreign = map[string]*said{}
	d.audiences = make([][]word, len(d.said))
	d.lend()
	for i, s := range d.said {
		var common []word
		for _, a := range s.audiences {
			switch {
			case d.isForeign(i, a):
				d.ofForeign(a, func(f *said) { f.audiences = append(f.audiences, a) })
			case d.owner(a.text) == i:
				d.audiences[i] = append(d.audiences[i], a)
			default:
				common = append(common, a)
			}
		}
		if len(d.audiences[i]) == 0 {
			d.audiences[i] = common
		}
		d.shareRights(i)
	}
}

// lend gives an export that names no audience those by which others name its
// environment.
func (d *derivation) lend() {
	for k, m := range d.subject.Members {
		if len(d.said[k].audiences) > 0 || d.meantFor(k) == "" {
			continue
		}
		for i, s := range d.said {
			for _, a := range s.audiences {
				if d.isForeign(i, a) && policy.EnvironmentOf(a.text) == policy.EnvironmentOf(m.Environment) {
					d.said[k].audiences = append(d.said[k].audiences, a)
				}
			}
		}
	}
}

// shareRights leaves an environment its own scopes and roles. Beside one of its
// own, one that all callers must hold as well is its own too, whatever its name.
func (d *derivation) shareRights(i int) {
	s := &d.said[i]
	isForeign := func(w word) bool { return d.isForeign(i, w) }
	isOwn := func(w word) bool { return !isForeign(w) }
	if s.anyScope || !slices.ContainsFunc(s.scopes, isOwn) {
		for _, w := range s.scopes {
			if isForeign(w) {
				d.ofForeign(w, func(f *said) { f.scopes = append(f.scopes, w) })
			}
		}
		kept := slices.DeleteFunc(slices.Clone(s.scopes), isForeign)
		s.strayed = len(kept) == 0 && len(s.scopes) > 0
		s.scopes = kept
	}
	if !slices.ContainsFunc(s.roles, isOwn) {
		for _, w := range s.roles {
			d.ofForeign(w, func(f *said) { f.roles = append(f.roles, w) })
		}
		s.strayed = s.strayed || len(s.roles) > 0
		s.roles = nil
	}
}

// isForeign reports whether a text of an export names another environment than
// the export is for, such as api://orders-dev in that of UAT.
func (d *derivation) isForeign(i int, w word) bool {
	home, env := d.meantFor(i), policy.EnvironmentOf(w.text)
	return env != "" && home != "" && env != home
}

// meantFor is the environment that an export is for: the one of its name, else that
// of the first audience which tells one.
func (d *derivation) meantFor(i int) string {
	if name := d.subject.Members[i].Environment; name != alone {
		return policy.EnvironmentOf(name)
	}
	for _, a := range d.said[i].audiences {
		if env := policy.EnvironmentOf(a.text); env != "" {
			return env
		}
	}
	return ""
}

// ofForeign notes something of an environment of which there is no export.
func (d *derivation) ofForeign(w word, note func(*said)) {
	name := policy.EnvironmentOf(w.text)
	if slices.ContainsFunc(d.subject.Members, func(m Member) bool { return policy.EnvironmentOf(m.Environment) == name }) {
		return
	}
	if d.foreign[name] == nil {
		d.foreign[name] = &said{}
	}
	note(d.foreign[name])
}

// others are the environments that are only named: they supply tokens.
func (d *derivation) others() {
	for _, name := range slices.Sorted(maps.Keys(d.foreign)) {
		says := d.foreign[name]
		e := &targets.Environment{Name: name, Requires: says.requirement(name)}
		uris, ids := d.names(says.audiences, d.subject.Name+"-"+name)
		for n, v := range d.file.Environments[0].Versions() {
			e.APIs = append(e.APIs, &targets.API{
				Name: pathWord(d.subject.Name + "-" + name + "-" + string(v)), AppID: ids[min(n, len(ids)-1)], URIs: uris, Version: v,
				Scopes: e.Requires.Scopes, Roles: e.Requires.Roles,
			})
		}
		d.file.APIs = append(d.file.APIs, e.APIs...)
		d.file.Environments = append(d.file.Environments, e)
		what, by := "an audience", says.audiences
		switch {
		case len(by) > 0:
		case len(says.scopes) > 0:
			what, by = "a scope", says.scopes
		default:
			what, by = "a role", says.roles
		}
		d.assume("%s: an environment of its own, for %s names it (%s)", name, what, place(by[0].at))
	}
}

// requirement is what an environment asks for of which there is no export.
func (s *said) requirement(name string) targets.Requirement {
	texts := func(of ...[]word) []string {
		for _, list := range of {
			var all []string
			for _, w := range list {
				all = append(all, w.text)
			}
			if len(all) > 0 {
				return all
			}
		}
		return []string{strings.ToUpper(name) + ".Access"}
	}
	return targets.Requirement{Scopes: texts(s.scopes, s.roles), Roles: texts(s.roles, s.scopes)}
}
