package mockidp

import (
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// answerToken issues the tokens and writes the answer. Version 1 answers numbers
// as strings; a client's own token comes in four members and without scope
// (entra-tokens 4.3).
func (i *Issuer) answerToken(t *tokenRequest, given *issuance) {
	body, err := i.tokenAnswer(t, given)
	if err != nil {
		i.cfg.Log.Error("cannot issue", "id", t.id, "error", err)
		i.refuse(t.request, ownFailure())
		return
	}
	uncached(t.request)
	t.literal("x-ms-clitelem", "1,0,0,,")
	t.write(http.StatusOK, body.JSON())
}

// tokenAnswer is the answer, its members in Entra's order.
func (i *Issuer) tokenAnswer(t *tokenRequest, given *issuance) (value.Value, error) {
	token, draft, err := i.issueFor(t.request, given.access)
	if err != nil {
		return value.Value{}, err
	}
	d := given.delegated
	members := make([]value.Member, 0, 12)
	add := func(name string, v value.Value) { members = append(members, value.Member{Name: name, Value: v}) }
	add("token_type", value.String("Bearer"))
	if d != nil {
		add("scope", value.String(d.scope))
	}
	seconds := t.number(int64(draft.Lifetime.Seconds()) - 1)
	add("expires_in", seconds)
	add("ext_expires_in", seconds)
	if t.endpoint == mint.V1 {
		exp, _ := draft.Payload.Get("exp")
		nbf, _ := draft.Payload.Get("nbf")
		add("expires_on", value.String(exp.Text))
		add("not_before", value.String(nbf.Text))
		add("resource", value.String(given.resource))
	}
	if d == nil {
		add("access_token", value.String(token))
		return value.Dict(members...), nil
	}
	beside, err := i.beside(t, d)
	if d.itself {
		token = beside["id_token"]
	}
	add("access_token", value.String(token))
	for _, name := range []string{"refresh_token", "id_token", "client_info"} {
		if text, ok := beside[name]; ok {
			add(name, value.String(text))
		}
	}
	return value.Dict(members...), err
}

// beside are the members that stand beside a user's access token.
func (i *Issuer) beside(t *tokenRequest, d *delegated) (map[string]string, error) {
	texts := map[string]string{}
	var err error
	if d.id != nil {
		if texts["id_token"], _, err = i.issueFor(t.request, *d.id); err != nil {
			return nil, err
		}
	}
	if d.refresh != nil {
		texts["refresh_token"] = i.sealRefresh(*d.refresh)
	}
	if t.form.Get("client_info") == "1" && t.endpoint == mint.V2 {
		texts["client_info"] = clientInfo(d.user, t.tenant.id)
	}
	return texts, nil
}

// number is a number as the endpoint's version writes it.
func (t *tokenRequest) number(n int64) value.Value {
	if t.endpoint == mint.V1 {
		return value.String(strconv.FormatInt(n, 10))
	}
	return value.Int(n)
}

// clientInfo tells the libraries whose account it is (entra-tokens 4.3).
func clientInfo(u mint.User, tenant string) string {
	info := value.Dict(value.Member{Name: "uid", Value: value.String(u.ObjectID)}, value.Member{Name: "utid", Value: value.String(tenant)})
	return base64.RawURLEncoding.EncodeToString(info.JSON())
}

// issueFor issues one token of the answer to a request.
func (i *Issuer) issueFor(q *request, g mint.Grant) (string, mint.Draft, error) {
	o := order{grant: g, requestID: q.id}
	if err := i.random(o.seed[:]); err != nil {
		return "", mint.Draft{}, err
	}
	return i.issue(o)
}
