package mockidp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// mintPage is the form, and what came of it.
type mintPage struct {
	frame
	Choice   choice
	Problems []formProblem
	Token    *tokenView

	Tenants []tenantView
	APIs    []apiView
	Clients []clientView
	Users   []userView
	Common  []commonMutation
	// StepNames are the words of the whole list.
	StepNames []string
	// Audiences are names of APIs, for whoever wants another's.
	Audiences []string
}

// Problem is what is wrong with a field, empty where nothing is.
func (p mintPage) Problem(field string) string {
	for _, problem := range p.Problems {
		if problem.Field == field {
			return problem.Text
		}
	}
	return ""
}

// Chose reports whether a common mutation was chosen.
func (p mintPage) Chose(name string) bool { return slices.Contains(p.Choice.Common, name) }

func (c *console) newMintPage(chosen choice) *mintPage {
	known := c.issuer.directory.Load()
	p := &mintPage{
		frame: frame{Title: "Mint a token", At: "mint", SignedIn: true}, Choice: chosen,
		APIs: known.apiViews(), Clients: known.clientViews(), Users: known.userViews(), Common: commonMutations(), StepNames: mint.StepNames(),
	}
	if len(known.Directory.Tenants) > 0 {
		p.Tenants = c.issuer.tenantViews(known.Directory)
	}
	for _, a := range p.APIs {
		p.Audiences = append(p.Audiences, append(slices.Clone(a.URIs), a.AppID)...)
	}
	return p
}

func (c *console) mintForm(w http.ResponseWriter, r *http.Request) {
	chosen := c.issuer.directory.Load().firstChoice(r.URL.Query().Get("api"))
	c.page(w, http.StatusOK, "mint", c.newMintPage(chosen))
}

// mint makes the token, or writes the form's mutations out as steps. A form with
// a mistake comes back as it was, with the mistake beside the field.
func (c *console) mint(w http.ResponseWriter, r *http.Request) {
	if !c.readForm(w, r) {
		return
	}
	p := c.newMintPage(readChoice(r.PostForm))
	recipe, problems := c.issuer.directory.Load().recipe(p.Choice)
	p.Problems = problems
	if len(problems) == 0 && r.PostForm.Get("do") == "steps" {
		p.Choice = p.Choice.spelledOut(recipe)
		c.page(w, http.StatusOK, "mint", p)
		return
	}
	if len(problems) == 0 {
		p.Token, p.Problems = c.bake(r.Context(), recipe, r, p.Choice.URL)
	}
	status := http.StatusOK
	if len(p.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	c.page(w, status, "mint", p)
}

// recipe is what a choice asks for, or what is wrong with it.
func (s *snapshot) recipe(chosen choice) (Recipe, []formProblem) {
	g, problems := s.grant(chosen)
	steps, more := chosen.steps(g.Kind.Version)
	problems = append(problems, more...)
	switch {
	case chosen.Steps != "" && chosen.mutates():
		problems = append(problems, formProblem{"steps", "Expected steps or changes chosen above, got both: write the changes out as steps, or leave one out."})
	case chosen.Steps != "":
		steps = []byte(chosen.Steps)
	}
	if len(problems) == 0 {
		if err := g.Validate(); err != nil {
			problems = append(problems, formProblem{"form", sentence(err)})
		}
	}
	return Recipe{Grant: g, Forged: chosen.Forged, Steps: steps}, problems
}

// spelledOut is the choice with its mutations written as steps.
func (c choice) spelledOut(r Recipe) choice {
	c.Steps = string(r.Steps)
	c.Common, c.OtherAudience, c.SetName, c.SetValue, c.Remove = nil, "", "", "", ""
	return c
}

// bake makes the token of a recipe, and tells all that is to tell of it.
func (c *console) bake(ctx context.Context, recipe Recipe, r *http.Request, call string) (*tokenView, []formProblem) {
	p, err := c.issuer.prepare(recipe)
	if err != nil {
		return nil, []formProblem{{"steps", sentence(err)}}
	}
	baked, err := c.issuer.bakeBeside(ctx, p)
	switch {
	case errors.Is(err, ErrRequest), errors.Is(err, ErrUnknownKey):
		return nil, []formProblem{{"steps", sentence(err)}}
	case err != nil:
		c.issuer.cfg.Log.Error("console failed", "error", err)
		return nil, []formProblem{{"form", "The token could not be made; the log says why."}}
	}
	v := newTokenView(baked)
	v.Steps, v.Forged = p.steps.Len(), recipe.Forged
	v.Namings = c.issuer.directory.Load().namings(claimsOf(v.Explanation), c.issuer.Issuers)
	v.addCommands(recipe, commandPlace{call: call, management: requestedAs(r), tls: r.TLS != nil})
	return v, nil
}

// sentence is an error for people: without the packages' names.
func sentence(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	for _, name := range []string{"mockidp: ", "mint: ", "value: "} {
		text = strings.ReplaceAll(text, name, "")
	}
	return text
}

// requestedAs is the URL by which the browser reaches this listener.
func requestedAs(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
