package predict

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
)

// clients are one with a contract and a grant for each environment, one for all,
// one without a grant and one without a contract. Where an export names those that
// it admits, they are the ones with contracts.
func (d *derivation) clients() {
	var all []string
	for _, e := range d.file.Environments {
		all = append(all, e.Name)
	}
	named := d.namedClients(all)
	for i, name := range all {
		if i < len(d.said) && len(d.said[i].clients) > 0 {
			continue
		}
		d.client("worker-"+name, []string{name}, []string{name})
		d.client("second-"+name, []string{name}, []string{name})
	}
	if len(all) > 1 && !named {
		d.client("everywhere", all, all)
	}
	d.client("ungranted", all, nil)
	d.client("stranger", nil, all)
	if d.enforced() {
		d.assume("%s, which a policy of these asks for", noCredentials)
	}
	d.assume("clients: one with a contract and a grant for each environment, one without the contract, one without the grant")
}

// noCredentials is what the requests that are fired lack where a policy asks for
// them beside the token.
const noCredentials = "callers send no client_id field"

func (d *derivation) client(name string, contracts, granted []string) *targets.Client {
	c := &targets.Client{Name: name, ID: madeUpID("client", name), Contracts: contracts, Granted: granted, MadeUp: true}
	d.file.Clients = append(d.file.Clients, c)
	return c
}

// namedClients are those that rules for azp or appid name: each has a contract and
// a grant where it is named, and where there is no export.
func (d *derivation) namedClients(all []string) bool {
	by := map[string]*targets.Client{}
	for i, s := range d.said {
		for _, w := range s.clients {
			id := strings.ToLower(w.text)
			if by[id] == nil {
				by[id] = d.client("named-"+id, slices.Clone(all[len(d.said):]), slices.Clone(all[len(d.said):]))
				by[id].ID = id
				d.assume("%s: callers are the client %s, which the export names (%s)", all[i], id, place(w.at))
			}
			by[id].Contracts, by[id].Granted = append(by[id].Contracts, all[i]), append(by[id].Granted, all[i])
		}
	}
	return len(by) > 0
}
