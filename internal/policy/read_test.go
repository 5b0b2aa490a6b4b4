package policy_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// environment is what the examples may ask for.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"JWKS_URL": "https://login.microsoftonline.com/common/discovery/v2.0/keys", "AUDIENCE": "api://orders.uat", "JWKS_TTL": "15",
		"TF_VAR_tenant": "7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90",
	}[name]
	return value, ok
}

// exports are the examples by name: a file, or a folder of files that belong
// together.
func exports(t testing.TB) map[string][]policy.File {
	t.Helper()
	all := map[string][]policy.File{}
	root := os.DirFS(filepath.Join("testdata", "exports"))
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		src, err := fs.ReadFile(root, name)
		example, _, inFolder := strings.Cut(name, "/")
		if !inFolder {
			example = strings.TrimSuffix(name, path.Ext(name))
		}
		all[example] = append(all[example], policy.File{Name: name, Bytes: src})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestExports: what is read of each example, or what is wrong with it.
func TestExports(t *testing.T) {
	all := exports(t)
	if len(all) < 46 {
		t.Fatalf("expected at least 46 examples, got %d", len(all))
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			instances, err := policy.Read(all[name], policy.ReadOptions{Lookup: environment})
			got := shown(t, instances)
			if err != nil {
				got = err.Error() + "\n"
			}
			if strings.Contains(got, "hush") || strings.Contains(got, "aHVzaC1") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			golden(t, filepath.Join("testdata", "read", name+".txt"), got)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// shown are instances as the golden files have them.
func shown(t *testing.T, instances []policy.Instance) string {
	t.Helper()
	var b strings.Builder
	for _, i := range instances {
		fmt.Fprintf(&b, "%s: %s, %s\n", i.At, i.Name, i.Form)
		for _, s := range i.Ignored {
			fmt.Fprintf(&b, "  ignored %s\n", keyed(s))
		}
		for _, a := range i.Policies {
			b.WriteString(applied(t, "", a))
		}
		for _, a := range i.Disabled {
			b.WriteString(applied(t, "disabled ", a))
		}
	}
	return b.String()
}

func applied(t *testing.T, disabled string, a policy.Applied) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "  %s: %s%d %s %s %s\n", a.At, disabled, a.Order, a.Asset, a.Version, a.Namespace)
	for _, r := range a.Rules {
		fmt.Fprintf(&b, "    for method %v, path %v, host %v, headers %v\n", r.Method, r.Path, r.Host, r.Headers)
	}
	b.WriteString(configured(t, a))
	b.WriteString(settings("    ", a.Settings))
	return b.String()
}

// configured are the members of a configuration that are not the documented
// defaults; of secrets their length.
func configured(t *testing.T, a policy.Applied) string {
	t.Helper()
	if a.Config == nil {
		return "    not known here\n"
	}
	defaults := map[reflect.Type]any{
		reflect.TypeFor[*policy.JWTValidation](): policy.NewJWTValidation(), reflect.TypeFor[*policy.OpenIDConnect](): policy.NewOpenIDConnect(),
		reflect.TypeFor[*policy.Introspection](): policy.NewIntrospection(), reflect.TypeFor[*policy.ClientIDEnforcement](): policy.NewClientIDEnforcement(),
	}
	got, want := members(t, a.Config), members(t, defaults[reflect.TypeOf(a.Config)])
	for key := range want {
		if reflect.DeepEqual(got[key], want[key]) {
			delete(got, key)
		}
	}
	for key, s := range a.Settings {
		if text, ok := got[key].(string); ok && s.Secret {
			got[key] = fmt.Sprintf("(%d bytes)", len(text))
		}
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	return "    " + string(text) + "\n"
}

func members(t *testing.T, config any) (all map[string]any) {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func settings(indent string, all map[string]policy.Setting) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s%s: %s\n", indent, key, keyed(all[key]))
		b.WriteString(settings(indent+"  ", all[key].Within))
	}
	return b.String()
}

// keyed is a setting with its places, shortened to line:column.
func keyed(s policy.Setting) string {
	text := fmt.Sprintf("%q", s.Text)
	if s.Secret {
		text = "secret" + s.Text
	}
	if s.Unknown != "" {
		text += " unknown: " + s.Unknown
	}
	return fmt.Sprintf("%s at %d:%d = %s at %d:%d", s.Key, s.KeyAt.Line, s.KeyAt.Column, text, s.At.Line, s.At.Column)
}
