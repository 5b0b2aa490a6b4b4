package predict

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// Subject is what is predicted together: the instances of one API in its
// environments.
type Subject struct {
	// Name is what the instances have in common, or the only one's name.
	Name string
	// Members are the environments, in the order of the instances.
	Members []Member
	// Apart are the instances of the same API in other tenants, which are predicted
	// by themselves.
	Apart []string
	// Route is what is asked for, where policies differ by route; nil: the usual one.
	Route *targets.Route
}

// Member is one environment and the instance that stands before it.
type Member struct {
	Environment string
	Instance    policy.Instance
}

// chains are the instances of all members.
func (s Subject) chains() []policy.Instance {
	var all []policy.Instance
	for _, m := range s.Members {
		all = append(all, m.Instance)
	}
	return all
}

// stages are the words by which environments are told in names.
var stages = regexp.MustCompile(`(?i)(?:^|[^a-z0-9])(dev|development|test|tst|qa|sit|uat|acc|stage|staging|stg|preprod|pre|prod|production|prd|sandbox|sbx|int)(?:[^a-z0-9]|$)`)

// stage is the environment that a name tells, and the name without it; empty
// where it tells none.
func stage(name string) (word, rest string) {
	at := stages.FindStringSubmatchIndex(name)
	if at == nil {
		return "", name
	}
	rest = strings.Trim(name[:at[2]]+name[at[3]:], "-_. /")
	return strings.ToLower(name[at[2]:at[3]]), strings.ToLower(rest)
}

// subjectsOf puts instances together whose names differ in their environment
// only: orders-dev and orders-uat. What is named alike twice stands alone.
func subjectsOf(instances []policy.Instance) []Subject {
	type named struct {
		stage string
		at    int
	}
	groups := map[string][]named{}
	var order []string
	for i, instance := range instances {
		word, rest := stage(instance.Name)
		key := rest
		if word == "" {
			key = "\x00" + instance.At.String() + "\x00" + instance.Name
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], named{word, i})
	}
	var all []Subject
	for _, key := range order {
		var words []string
		for _, n := range groups[key] {
			words = append(words, n.stage)
		}
		slices.Sort(words)
		if len(slices.Compact(words)) < len(groups[key]) {
			for _, n := range groups[key] {
				all = append(all, single(instances[n.at]))
			}
			continue
		}
		s := Subject{Name: key}
		for _, n := range groups[key] {
			s.Members = append(s.Members, Member{n.stage, instances[n.at]})
		}
		if len(s.Members) == 1 {
			s = single(s.Members[0].Instance)
		}
		s.Name = cmp.Or(s.Name, "environments")
		all = append(all, s.byTenant()...)
	}
	return distinct(all)
}

// byTenant takes a subject apart where its exports name several tenants: a target
// has one, and what another one's tokens may do is what rows about issuers are for.
func (s Subject) byTenant() []Subject {
	var tenants []string
	of := map[string][]Member{}
	for _, m := range s.Members {
		tenant := ""
		if named := readings(m.Instance).tenants; len(named) > 0 {
			tenant = named[0].text
		} else if len(tenants) > 0 {
			tenant = tenants[0]
		}
		if of[tenant] == nil {
			tenants = append(tenants, tenant)
		}
		of[tenant] = append(of[tenant], m)
	}
	if len(tenants) == 1 {
		return []Subject{s}
	}
	var all []Subject
	for _, tenant := range tenants {
		part := Subject{Name: s.Name, Members: of[tenant]}
		if len(part.Members) == 1 {
			part = single(part.Members[0].Instance)
		}
		for _, other := range tenants {
			for _, m := range of[other] {
				if other != tenant {
					part.Apart = append(part.Apart, m.Instance.Name)
				}
			}
		}
		all = append(all, part)
	}
	return all
}

// alone is the environment of an instance whose name tells none.
const alone = "home"

// single is an instance by itself, in the environment that its name tells.
func single(instance policy.Instance) Subject {
	word, _ := stage(instance.Name)
	return Subject{Name: instance.Name, Members: []Member{{cmp.Or(word, alone), instance}}}
}

// distinct gives subjects of one name their files as well.
func distinct(all []Subject) []Subject {
	seen := map[string]int{}
	for _, s := range all {
		seen[s.Name]++
	}
	for i := range all {
		if seen[all[i].Name] > 1 {
			at := all[i].Members[0].Instance.At
			file := strings.TrimSuffix(path.Base(at.File), path.Ext(at.File))
			all[i].Name = file + "/" + all[i].Name
		}
	}
	return all
}
