package mockidp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Collection names one of a Directory's maps, as the directory's file does.
type Collection string

// The collections. Their entries are Tenant, API, ClientRegistration, User and,
// of a group, its object id.
const (
	Tenants Collection = "tenants"
	APIs    Collection = "apis"
	Clients Collection = "clients"
	Users   Collection = "users"
	Groups  Collection = "groups"
)

// collection is a collection: its name, where its map is, as a pointer to it, and
// an entry as an example.
type collection struct {
	name    Collection
	in      func(*Directory) any
	example any
}

// collections are all of them: a new map of the Directory is one more line.
func collections() []collection {
	return []collection{
		{Tenants, func(d *Directory) any { return &d.Tenants }, Tenant{Domains: []string{"fabrikam.example"}}},
		{APIs, func(d *Directory) any { return &d.APIs }, API{AppID: "3f2504e0-4f89-41d3-9a0c-0305e82c3301", URIs: []string{"api://billing"}, Roles: []string{"Billing.Read"}}},
		{Clients, func(d *Directory) any { return &d.Clients }, ClientRegistration{ID: "3f2504e0-4f89-41d3-9a0c-0305e82c3302", Secrets: []Secret{{Value: "a secret of the test"}}}},
		{Users, func(d *Directory) any { return &d.Users }, User{Username: "adele@fabrikam.example"}},
		{Groups, func(d *Directory) any { return &d.Groups }, "3f2504e0-4f89-41d3-9a0c-0305e82c3303"},
	}
}

// suffix tells the calls about its entries from those about others, in the
// document.
func (c collection) suffix() string {
	return "Of" + strings.ToUpper(string(c.name[:1])) + string(c.name[1:])
}

func (c Collection) find() (collection, error) {
	var known []string
	for _, one := range collections() {
		if one.name == c {
			return one, nil
		}
		known = append(known, string(one.name))
	}
	return collection{}, wrongRequest("unknown collection %q (%s)", c, didYouMean(string(c), known))
}

// entry is the type of its entries.
func (c collection) entry() reflect.Type { return reflect.TypeOf(c.in(&Directory{})).Elem().Elem() }

// put sets an entry; the map may be that of no other directory.
func (c collection) put(d *Directory, name string, entry any) error {
	v := reflect.ValueOf(entry)
	if !v.IsValid() || v.Type() != c.entry() {
		return wrongRequest("%s.%s: expected a value of type %s, got %T", c.name, name, c.entry(), entry)
	}
	all := reflect.ValueOf(c.in(d)).Elem()
	if all.IsNil() {
		all.Set(reflect.MakeMap(all.Type()))
	}
	all.SetMapIndex(reflect.ValueOf(name), v)
	return nil
}

// remove takes an entry out.
func (c collection) remove(d *Directory, name string) error {
	all, key := reflect.ValueOf(c.in(d)).Elem(), reflect.ValueOf(name)
	if !all.MapIndex(key).IsValid() {
		var known []string
		for _, k := range all.MapKeys() {
			known = append(known, k.String())
		}
		slices.Sort(known)
		return fmt.Errorf("mockidp: %w %s.%s (%s)", ErrUnknownEntry, c.name, name, didYouMean(name, known))
	}
	all.SetMapIndex(key, reflect.Value{})
	return nil
}

// clone shares nothing with the directory.
func (d Directory) clone() (Directory, error) {
	var copied Directory
	text, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal(text, &copied)
	}
	if err != nil {
		return Directory{}, fmt.Errorf("mockidp: copy the directory: %w", err)
	}
	return copied, nil
}

// Directory is what exists now, with its secrets and passwords: whoever may ask
// can have any token made anyway.
func (i *Issuer) Directory(context.Context) (Directory, error) {
	return i.directory.Load().Directory.clone()
}

// SetDirectory puts another directory in the place of what exists, all at once.
// Requests under way go on with what they began with. Where something is wrong
// with it, each part of the error is a DirectoryError, and nothing changes.
func (i *Issuer) SetDirectory(_ context.Context, d Directory) error {
	return i.editDirectory(func(now *Directory) error { *now = d; return nil })
}

// PutEntry sets one entry of a collection, such as a ClientRegistration of
// Clients, all at once, as SetDirectory does.
func (i *Issuer) PutEntry(_ context.Context, in Collection, name string, entry any) error {
	c, err := in.find()
	if err != nil {
		return err
	}
	return i.editDirectory(func(d *Directory) error { return c.put(d, name, entry) })
}

// DeleteEntry takes one entry out of a collection, which is refused while others
// refer to it.
func (i *Issuer) DeleteEntry(_ context.Context, in Collection, name string) error {
	c, err := in.find()
	if err != nil {
		return err
	}
	return i.editDirectory(func(d *Directory) error { return c.remove(d, name) })
}

// editDirectory changes a copy and puts it in force if it is right.
func (i *Issuer) editDirectory(edit func(*Directory) error) error {
	i.editing.Lock()
	defer i.editing.Unlock()
	d, err := i.directory.Load().Directory.clone()
	if err != nil {
		return err
	}
	if err := edit(&d); err != nil {
		return err
	}
	if d, err = d.clone(); err != nil { // of what the caller keeps
		return err
	}
	if err := d.Validate(); err != nil {
		return errors.Join(fmt.Errorf("mockidp: %w", ErrRequest), err)
	}
	i.directory.Store(d.snapshot())
	return nil
}

// Directory is what exists now, with its secrets and passwords.
func (c *Client) Directory(ctx context.Context) (Directory, error) {
	var answer Directory
	err := c.do(ctx, call{http.MethodGet, "/directory", nil}, &answer)
	return answer, err
}

// SetDirectory puts another directory in the place of what exists, all at once.
func (c *Client) SetDirectory(ctx context.Context, d Directory) error {
	return c.putDirectory(ctx, "/directory", d)
}

// PutEntry sets one entry of a collection.
func (c *Client) PutEntry(ctx context.Context, in Collection, name string, entry any) error {
	known, err := in.find()
	if err != nil {
		return err
	}
	if err := known.put(&Directory{}, name, entry); err != nil {
		return err
	}
	return c.putDirectory(ctx, in.path(name), entry)
}

// DeleteEntry takes one entry out of a collection.
func (c *Client) DeleteEntry(ctx context.Context, in Collection, name string) error {
	if _, err := in.find(); err != nil {
		return err
	}
	return c.do(ctx, call{http.MethodDelete, in.path(name), nil}, &nothing{})
}

// putDirectory sends what stands in a directory. The lists of Go that are nil
// are null in JSON, and lists without entries in the document of the listener.
func (c *Client) putDirectory(ctx context.Context, path string, body any) error {
	var plain any
	text, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		return fmt.Errorf("mockidp: management: write the request: %w", err)
	}
	return c.do(ctx, call{http.MethodPut, path, withoutNull(plain)}, &nothing{})
}

func withoutNull(v any) any {
	switch v := v.(type) {
	case nil:
		return []any{}
	case map[string]any:
		for name, member := range v {
			v[name] = withoutNull(member)
		}
	case []any:
		for n, item := range v {
			v[n] = withoutNull(item)
		}
	}
	return v
}

func (c Collection) path(name string) string {
	return "/directory/" + url.PathEscape(string(c)) + "/" + url.PathEscape(name)
}
