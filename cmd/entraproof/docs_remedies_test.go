package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/entraproof/entraproof/internal/dataweave"
	"github.com/entraproof/entraproof/internal/lab"
)

// remediesNote stands at the head of every page that is made of the lab's templates.
const remediesNote = "<!-- Made of the lab's templates by TestDocRemedies; -update writes it anew. -->\n\n"

// flexRemedies is the one page that is written by hand: nothing here runs it.
const flexRemedies = "flex-gateway.md"

// TestDocRemedies: docs/remedies has a page for every gateway of the lab, with
// the configurations that its templates give. -update writes them anew.
func TestDocRemedies(t *testing.T) {
	c := catalogueDocs{t: t}
	pages := map[string]string{}
	matrices := reviewed(t)
	for i, r := range lab.Recipes() {
		pages[r.Name+".md"] = remedy{t: t, recipe: r, matrix: matrices[i]}.page()
	}
	pages["README.md"] = remediesIndex()
	for name, want := range pages {
		c.compare("remedies/"+name, want)
	}
	there, err := filepath.Glob(filepath.Join(root, "docs/remedies/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if base := filepath.Base(name); base != flexRemedies && pages[base] == "" {
			t.Errorf("%s: a page of no gateway", name)
		}
	}
	if len(there) != len(pages)+1 {
		t.Errorf("expected %d pages, got %d", len(pages)+1, len(there))
	}
}

// remediesIndex is the page that names the others.
func remediesIndex() string {
	var text strings.Builder
	text.WriteString("# Remedies\n\n" + remediesNote)
	text.WriteString("Both fixes in the words of other gateways than MuleSoft's: what to add to a gateway that takes any token of the tenant, so that the environments are apart and genuine tokens get in. " +
		"The configurations are those that the lab [runs and judges](../real-gateways.md) in its modes `fixed-audience` and `fixed-scope`, rendered for the environment DEV of [mulesoft.md](../mulesoft.md).\n\n")
	text.WriteString("| gateway | |\n|---|---|\n")
	for _, r := range lab.Recipes() {
		fmt.Fprintf(&text, "| [%s](%s.md) | %s |\n", r.Name, r.Name, r.Title)
	}
	text.WriteString("| [Flex Gateway](" + flexRemedies + ") | the documented shape, *not run here* |\n\n")
	text.WriteString("Fix 1 asks for the environment's audience and for a caller that is known. Fix 2 asks for a scope of the environment, and refuses daemons, whose tokens have `roles` and no `scp`. " +
		"None of them is all that the catalogue asks for: [gateways.md](../gateways.md) says what each gateway takes besides.\n")
	return text.String()
}

// remedy makes the page of one gateway.
type remedy struct {
	t      *testing.T
	recipe lab.Recipe
	matrix lab.Matrix
}

func (m remedy) page() string {
	leaky, audience, scope := m.files(lab.Leaky), m.files(lab.FixedAudience), m.files(lab.FixedScope)
	var text strings.Builder
	fmt.Fprintf(&text, "# Remedies: %s\n\n%s%s. Tried with %s %s", m.recipe.Name, remediesNote, m.recipe.Title, m.recipe.Program, m.recipe.Version)
	fmt.Fprintf(&text, "; `entraproof lab run %s` runs it again.\n\n%s\n\n%s", m.recipe.Name, m.keys(), m.answers())
	text.WriteString("## Fix 1: the audience and the caller\n\nWhat it adds to a gateway that takes any token of the tenant:\n\n" + m.changes(leaky, audience))
	text.WriteString("## Fix 2: the scope\n\nWhat it adds instead:\n\n" + m.changes(leaky, scope))
	text.WriteString("## The whole of fix 1\n\n" + m.whole(audience))
	fmt.Fprintf(&text, "`entraproof lab config %s %s` writes it for addresses of yours, as [real-gateways.md](../real-gateways.md#in-containers) shows.\n", m.recipe.Name, lab.FixedAudience)
	return text.String()
}

// keys says where this gateway has its keys from, here and with Entra.
func (m remedy) keys() string {
	const set = "`https://login.microsoftonline.com/TENANT/discovery/v2.0/keys`"
	switch {
	case m.recipe.KeySet == lab.StaticKeys:
		return "The keys stand in the configuration, here one as an example. Entra publishes its own at " + set + " and adds to them without notice: each new one is a new configuration."
	case m.recipe.SecureKeys:
		return "The keys are fetched over https from a mock issuer at `issuer:8443`, whose certificate is `issuer-ca.pem`. Entra's are at " + set + ", and its certificate needs no file."
	}
	return "The keys are fetched from a mock issuer at `http://issuer:8080`. Entra's are at " + set + "; over TLS, with the certificate verified."
}

// answers are what a whole run says of each mode.
func (m remedy) answers() string {
	var text strings.Builder
	text.WriteString("| mode |")
	for _, l := range m.matrix.Answers {
		text.WriteString(" " + l.Row + " |")
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(m.matrix.Answers)) + "\n")
	for _, mode := range []lab.Mode{lab.Leaky, lab.FixedAudience, lab.FixedScope} {
		fmt.Fprintf(&text, "| `%s` |", mode)
		for _, l := range m.matrix.Answers {
			text.WriteString(" " + l.Cells[mode] + " |")
		}
		text.WriteByte('\n')
	}
	return text.String() + "\n"
}

// changes are the differences of two configurations, file by file.
func (m remedy) changes(before, after map[string]string) string {
	var text strings.Builder
	for _, name := range sortedNames(after) {
		_, hunks, differs := strings.Cut(string(diff.Diff(name, []byte(before[name]), name, []byte(after[name]))), "+++ "+name+"\n")
		if differs {
			fmt.Fprintf(&text, "`%s`\n\n```diff\n%s```\n\n", name, hunks)
		}
	}
	if text.Len() == 0 {
		m.t.Errorf("%s: expected the fix to change something", m.recipe.Name)
	}
	return text.String()
}

// whole is every file of a configuration that a template gives; sources that
// are no template are linked to.
func (m remedy) whole(files map[string]string) string {
	var text strings.Builder
	for _, name := range sortedNames(files) {
		source := filepath.Join(root, "internal/lab", m.folder(), name)
		if _, err := os.Stat(source); err == nil {
			fmt.Fprintf(&text, "[`%s`](../../internal/lab/%s/%s) reads it.\n\n", name, m.folder(), name)
			continue
		}
		fmt.Fprintf(&text, "`%s`\n\n```%s\n%s```\n\n", name, languageOf(name), files[name])
	}
	if m.recipe.Name == "spring" {
		text.WriteString("The [application](../../internal/lab/spring/src) reads it.\n\n")
	}
	return text.String()
}

// folder is where the templates of the gateway are.
func (m remedy) folder() string {
	folder, _, _ := strings.Cut(m.recipe.Name, "-")
	return folder
}

func languageOf(name string) string {
	switch ext := filepath.Ext(name); ext {
	case ".yaml", ".json", ".js":
		return ext[1:]
	}
	return "text"
}

func sortedNames(files map[string]string) []string {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// files are a configuration as the lab writes it, without what is no text of
// the gateway's own: keys, certificates, lists of packages, the file in which
// Spring's port is told. The name of the mode
// is left out, so that it is no difference.
func (m remedy) files(mode lab.Mode) map[string]string {
	dir := m.t.TempDir()
	if err := lab.Configure(lab.Options{Recipe: m.recipe, Mode: mode, Site: m.site(), Listen: "0.0.0.0:8080"}, dir); err != nil {
		m.t.Fatal(err)
	}
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if name := d.Name(); !slices.Contains([]string{".pem", ".host"}, filepath.Ext(name)) && !strings.HasPrefix(name, "package") {
			files[name] = strings.ReplaceAll(string(text), ", mode "+string(mode), "")
		}
		return err
	})
	if err != nil || len(files) == 0 {
		m.t.Fatalf("%s: expected files, got %d (%v)", m.recipe.Name, len(files), err)
	}
	return files
}

// site is DEV of the embedded target, with one caller.
func (m remedy) site() lab.Site {
	f := labTarget()
	site := lab.SiteOf(f, f.Environments[0])
	site.Contracts = site.Contracts[:1]
	site.Upstream, site.IssuerURL, site.SecureURL = "backend:8080", "http://issuer:8080", "https://issuer:8443"
	site.Authority = "the mock's certificate\n"
	site.Keys = []lab.Key{{KeyID: "the-kid-of-the-key", PEM: "-----BEGIN PUBLIC KEY-----\n...\n-----END PUBLIC KEY-----\n"}}
	return site
}

// TestDocFlexRemedies: what the page about Flex Gateway shows has the shape and
// the keys that are documented.
func TestDocFlexRemedies(t *testing.T) {
	t.Parallel()
	page, err := loadPage(root + "/docs/remedies/" + flexRemedies)
	if err != nil {
		t.Fatal(err)
	}
	documents := 0
	for _, s := range page.steps {
		for _, text := range strings.Split(s.text, "\n---\n") {
			readBinding(t, s.file, text)
			documents++
		}
	}
	if documents != 4 {
		t.Errorf("expected 4 documents, got %d", documents)
	}
}

// TestDocFlexRule: the rule that the page has for scope or role holds for users
// and daemons of the environment, and for nobody else.
func TestDocFlexRule(t *testing.T) {
	t.Parallel()
	text := docText(t, "remedies/"+flexRemedies)
	_, after, found := strings.Cut(text, "- key: ver\n        value: \"")
	rule, _, ended := strings.Cut(after, "\"\n")
	if !found || !ended {
		t.Fatal("expected a rule on ver")
	}
	e, err := dataweave.Parse(rule)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		claims map[string]any
		want   bool
	}{
		"user":                     {map[string]any{"scp": "openid DEV.Access"}, true},
		"user with a longer scope": {map[string]any{"scp": "DEV.Access2"}, false},
		"user of UAT":              {map[string]any{"scp": "UAT.Access"}, false},
		"daemon":                   {map[string]any{"roles": []any{"DEV.Access"}}, true},
		"daemon of UAT":            {map[string]any{"roles": []any{"UAT.Access"}}, false},
		"daemon without a role":    {map[string]any{}, false},
	} {
		for _, d := range []dataweave.Dialect{dataweave.Flex, dataweave.Omni, dataweave.Mule4} {
			if holds, err := e.Holds(dataweave.Scope{Dialect: d, ClaimSet: row.claims}); holds != row.want || err != nil {
				t.Errorf("%s: %s: expected %t, got %t (%v)", d, name, row.want, holds, err)
			}
		}
	}
}
