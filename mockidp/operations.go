package mockidp

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// The bodies that have no type of their own.
type (
	mintBody struct {
		// Recipes are 1 to 500.
		Recipes []Recipe `json:"recipes"`
	}
	tokenBody struct {
		Tokens []string `json:"tokens"`
	}
	signBody struct {
		// Requests are 1 to 500.
		Requests []mint.SignRequest `json:"requests"`
	}
	signatureBody struct {
		Signatures [][]byte `json:"signatures"`
	}
	leaseBody struct {
		// Seconds after which the lease ends by itself.
		Seconds float64 `json:"seconds" jsonschema:"exclusiveMinimum=0,maximum=900"`
	}
	keySetBody struct {
		Lease string      `json:"lease"`
		State mint.KeySet `json:"state"`
	}
	misbehaveBody struct {
		Lease         string         `json:"lease"`
		Misbehaviours []Misbehaviour `json:"misbehaviours" jsonschema:"maxItems=16"`
	}
	misbehavingBody struct {
		Misbehaviours []Misbehaviour `json:"misbehaviours"`
	}
	kindsBody struct {
		Kinds []MisbehaviourKind `json:"kinds"`
	}
	keysBody struct {
		Keys []mint.PublicKey `json:"keys"`
	}
	keyIDBody struct {
		KeyID string `json:"kid"`
	}
	countersBody struct {
		Counters map[string]int `json:"counters"`
	}
	requestsBody struct {
		Requests []Request `json:"requests"`
	}
	calloutsBody struct {
		Callouts []Callout `json:"callouts"`
	}
	clockBody struct {
		Now time.Time `json:"now"`
	}
	healthBody struct {
		Status string `json:"status"`
	}
)

// operations are all calls of the management listener.
func operations() []operation {
	return slices.Concat(tokenOperations(), keyOperations(), leaseOperations(), directoryOperations(), watchOperations())
}

func tokenOperations() []operation {
	return []operation{
		command("POST /mint", about{
			id: "Mint", summary: "One token a recipe, right or wrong on purpose, in the same order.", errors: []error{ErrUnknownKey},
			example: mintBody{[]Recipe{{Grant: exampleGrant()}, {Grant: exampleGrant(), Steps: json.RawMessage(`[{"remove": ["aud"]}]`)}}},
		},
			func(i *Issuer, ctx context.Context, b mintBody) (tokenBody, error) {
				tokens, err := i.Mint(ctx, b.Recipes)
				return tokenBody{tokens}, err
			}),
		command("POST /sign", about{
			id: "SignAll", summary: "One signature a request, in the same order.", errors: []error{ErrUnknownKey},
			example: signBody{[]mint.SignRequest{{Key: mint.KeyNext, Input: []byte("e30.e30")}}},
		},
			func(i *Issuer, ctx context.Context, b signBody) (signatureBody, error) {
				signatures, err := i.SignAll(ctx, b.Requests)
				return signatureBody{signatures}, err
			}),
	}
}

// exampleGrant is the grant of the examples: of no tenant and no client that
// exists, as minting needs none.
func exampleGrant() mint.Grant {
	return mint.Grant{
		Tenant: "11111111-2222-4333-8444-555555555555", Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp},
		Audience: "6e74172b-0000-4000-8000-0000000000d1", Client: mint.Client{ID: "0d2c1111-0000-4000-8000-0000000000c1"},
	}
}

func keyOperations() []operation {
	tenant := operationParameter{"tenant", inQuery, "The tenant; all share the keys, so that it makes no difference.", ""}
	return []operation{
		question("GET /keys", about{id: "Keys", summary: "The published keys, the one that signs first.", parameters: []operationParameter{tenant}},
			func(i *Issuer, ctx context.Context, q operationRequest) (keysBody, error) {
				keys, err := i.Keys(ctx, q.parameters["tenant"])
				return keysBody{keys}, err
			}),
		question("GET /kid", about{
			id: "KeyID", summary: "The kid of a key.", errors: []error{ErrUnknownKey},
			parameters: []operationParameter{tenant, {"key", inQuery, "tenant, next, other-issuer, own, client, app: and an app id, the name of a key of a key-set state, or a kid. Empty: tenant.", mint.KeyNext}},
		}, func(i *Issuer, ctx context.Context, q operationRequest) (keyIDBody, error) {
			kid, err := i.KeyID(ctx, q.parameters["tenant"], q.parameters["key"])
			return keyIDBody{kid}, err
		}),
		command("POST /rotate", about{
			id: "Rotate", summary: "Changes the keys: publish before sign, or what the body says.", errors: []error{ErrLeaseHeld, ErrNoLease, ErrUnknownKey},
			example: RotateRequest{},
		},
			func(i *Issuer, ctx context.Context, b RotateRequest) (keysBody, error) {
				keys, err := i.Rotate(ctx, b)
				return keysBody{keys}, err
			}),
	}
}

func leaseOperations() []operation {
	return []operation{
		command("POST /leases", about{
			id: "Lease", summary: "Reserves changes to keys and behaviour. All that is done under the lease is undone when it ends.", errors: []error{ErrLeaseHeld},
			example: leaseBody{60},
			links: []operationLink{
				{to: "Release", parameters: map[string]string{"id": "$response.body#/id"}},
				{to: "KeySet", body: keySetBody{"$response.body#/id", mint.KeySet{Hide: []string{mint.KeyNext}}}},
				{to: "Misbehave", body: misbehaveBody{"$response.body#/id", []Misbehaviour{{Name: "slow", Milliseconds: 100}}}},
				{to: "Rotate", body: RotateRequest{Lease: "$response.body#/id", Revoke: []string{mint.KeyNext}}},
			},
		},
			func(i *Issuer, ctx context.Context, b leaseBody) (Lease, error) {
				return i.Lease(ctx, time.Duration(b.Seconds*float64(time.Second)))
			}),
		question("DELETE /leases/{id}", about{id: "Release", summary: "Ends a lease.", parameters: []operationParameter{{"id", inPath, "The id of the lease.", ""}}, errors: []error{ErrNoLease}},
			func(i *Issuer, ctx context.Context, q operationRequest) (nothing, error) {
				return nothing{}, i.Release(ctx, q.parameters["id"])
			}),
		command("PUT /keyset", about{id: "KeySet", summary: "Puts the key set into a state, under a lease; the empty state is the ordinary one.", errors: []error{ErrNoLease}},
			func(i *Issuer, ctx context.Context, b keySetBody) (nothing, error) {
				return nothing{}, i.KeySet(ctx, b.Lease, b.State)
			}),
		command("PUT /misbehaviours", about{id: "Misbehave", summary: "Puts misbehaviours in force, in the place of those that were, until the lease is over.", errors: []error{ErrNoLease}},
			func(i *Issuer, ctx context.Context, b misbehaveBody) (nothing, error) {
				return nothing{}, i.Misbehave(ctx, b.Lease, b.Misbehaviours)
			}),
		question("GET /misbehaviours", about{id: "Misbehaving", summary: "The misbehaviours in force, with the usual values filled in."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (misbehavingBody, error) {
				all, err := i.Misbehaving(ctx)
				return misbehavingBody{all}, err
			}),
		question("GET /misbehaviours/kinds", about{id: "MisbehaviourKinds", summary: "The table of misbehaviours and their parameters."},
			func(*Issuer, context.Context, operationRequest) (kindsBody, error) {
				return kindsBody{Misbehaviours()}, nil
			}),
	}
}

func directoryOperations() []operation {
	all := []operation{
		question("GET /directory", about{id: "Directory", summary: "What exists, with its secrets and passwords."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (Directory, error) { return i.Directory(ctx) }),
		command("PUT /directory", about{id: "SetDirectory", summary: "Puts another directory in the place of what exists, all at once."},
			func(i *Issuer, ctx context.Context, b Directory) (nothing, error) {
				return nothing{}, i.SetDirectory(ctx, b)
			}),
	}
	for _, c := range collections() {
		all = append(all, c.operations()...)
	}
	return all
}

// operations are the calls about the entries of one collection.
func (c collection) operations() []operation {
	path, suffix := "/directory/"+string(c.name)+"/{name}", c.suffix()
	name := []operationParameter{{"name", inPath, "The name of the entry, by which others refer to it. That of a tenant is its id.", "3f2504e0-4f89-41d3-9a0c-0305e82c3300"}}
	put := question("PUT "+path, about{
		id: "PutEntry", summary: "Sets one of the " + string(c.name) + ".", parameters: name, example: c.example,
		links: []operationLink{{to: "DeleteEntry" + suffix, parameters: map[string]string{"name": "$request.path.name"}}},
	}, func(i *Issuer, ctx context.Context, q operationRequest) (nothing, error) {
		return nothing{}, i.PutEntry(ctx, c.name, q.parameters["name"], q.body)
	})
	put.body, put.collection = c.entry(), c.name
	remove := question("DELETE "+path, about{
		id: "DeleteEntry", summary: "Takes one of the " + string(c.name) + " out, unless others refer to it.", parameters: name, errors: []error{ErrUnknownEntry},
	}, func(i *Issuer, ctx context.Context, q operationRequest) (nothing, error) {
		return nothing{}, i.DeleteEntry(ctx, c.name, q.parameters["name"])
	})
	remove.collection = c.name
	return []operation{put, remove}
}

// watchOperations are the calls about what happened, and about the listener.
func watchOperations() []operation {
	return []operation{
		question("GET /counters", about{id: "Counters", summary: "The hits by path pattern and client address."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (countersBody, error) {
				counters, err := i.Counters(ctx)
				return countersBody{counters}, err
			}),
		question("DELETE /counters", about{id: "ResetCounters", summary: "Has the counters begin anew."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (nothing, error) {
				return nothing{}, i.ResetCounters(ctx)
			}),
		question("GET /requests", about{id: "Requests", summary: "The last requests to the public listeners, the newest first, without anything secret."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (requestsBody, error) {
				requests, err := i.Requests(ctx)
				return requestsBody{requests}, err
			}),
		question("GET /callouts", about{id: "Callouts", summary: "Who followed a URL to /callout/CASE, the newest first.", parameters: []operationParameter{{"case", inQuery, "The case. Empty: all.", ""}}},
			func(i *Issuer, ctx context.Context, q operationRequest) (calloutsBody, error) {
				callouts, err := i.Callouts(ctx, q.parameters["case"])
				return calloutsBody{callouts}, err
			}),
		question("GET /clock", about{id: "Now", summary: "The issuer's clock."},
			func(i *Issuer, ctx context.Context, _ operationRequest) (clockBody, error) {
				now, err := i.Now(ctx)
				return clockBody{now}, err
			}),
		question("GET /health", about{id: "Health", summary: "Answers whoever has the token."},
			func(*Issuer, context.Context, operationRequest) (healthBody, error) { return healthBody{"ok"}, nil }),
		question("GET /openapi.json", about{id: "OpenAPI", summary: "This document."},
			func(*Issuer, context.Context, operationRequest) (json.RawMessage, error) { return OpenAPI(), nil }),
	}
}
