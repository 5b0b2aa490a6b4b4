package targets

import (
	"encoding/json"
)

// object is a piece of a JSON Schema.
type object = map[string]any

// Schema is the JSON Schema of a target file, for editors. What supports may
// declare is made of the capabilities; the reader refuses more than a schema
// can say, such as a secret in clear.
func Schema() []byte {
	b, err := json.MarshalIndent(fileSchema(), "", "  ")
	if err != nil {
		panic("targets: the schema: " + err.Error()) // it is made of strings, maps and lists only
	}
	return append(b, '\n')
}

func fileSchema() object {
	file := closed(object{
		"version":      said(object{"enum": []any{1, "1"}}, "the version of this format"),
		"name":         text("the name in results and reports"),
		"tenant":       tenantSchema(),
		"tokens":       tokensSchema(),
		"apis":         said(named(apiSchema()), "the registrations in Entra, by a name of your own; one that no environment names is the second API"),
		"environments": said(named(environmentSchema()), "what each gateway instance should admit, by name"),
		"clients":      said(named(clientSchema()), "the app registrations that ask for tokens, by a name of your own"),
		"users":        said(object{"type": "object", "additionalProperties": userSchema()}, "people of the real tenant"),
		"accepted":     acceptedSchema(),
		"supports":     supportsSchema(),
		"opt-in":       said(object{"type": "boolean"}, "rows that may disturb others run too"),
		"pace":         paceSchema(),
	}, "version", "name", "tenant", "tokens", "apis", "environments", "clients")
	file["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	file["title"] = "entraproof target file"
	return file
}

func userSchema() object {
	return closed(object{
		"refresh-token": secretSchema(),
		"is":            said(object{"type": "array", "items": enum(userRoleNames()...)}, "what rows may ask of a user"),
	}, "refresh-token")
}

func tenantSchema() object {
	return said(closed(object{
		"id": guidSchema(), "other": said(guidSchema(), "a second tenant, whose tokens must be refused"),
		"issuers": said(closed(object{"v1": text("v1 tokens"), "v2": text("v2 tokens")}), "the iss values, where they are not Entra's"),
	}, "id"), "the Entra tenant that the gateways trust")
}

func tokensSchema() object {
	mock := func(says string) object {
		return said(closed(object{"url": addressSchema(), "management": addressSchema(), "token": secretSchema()}, "url", "management", "token"), says)
	}
	s := closed(object{
		"mock":   mock("a running entraproof issuer"),
		"entra":  said(closed(object{"authority": addressSchema()}), "the real tenant"),
		"former": said(closed(object{"mock": mock("its issuer")}, "mock"), "a mock that the gateways trusted once and must not trust any more"),
	})
	s["oneOf"] = []any{object{"required": []string{"mock"}}, object{"required": []string{"entra"}}}
	return said(s, "where tokens come from: mock or entra")
}

func apiSchema() object {
	return closed(object{
		"app-id": guidSchema(), "uris": said(texts(), "the App ID URIs"),
		"version": said(object{"enum": []any{1, 2, "1", "2", "v1", "v2", "1.0", "2.0"}}, "requestedAccessTokenVersion of the manifest"),
		"scopes":  said(texts(), "the scopes that it offers to users"), "roles": said(texts(), "its app roles"),
		"keys": said(enum("tenant", "app"), "app: its tokens are signed with a key of its own"),
	}, "app-id", "version")
}

func environmentSchema() object {
	route := object{"oneOf": []any{routeSchema(), closed(object{"request": routeSchema(), "scope": text("the scope that it needs")}, "request")}}
	env := closed(object{
		"api":      said(object{"oneOf": []any{object{"type": "string"}, texts()}}, "its registration, or one v1 and one v2 registration"),
		"requires": closed(object{"scopes": texts(), "roles": texts(), "criteria": said(enum("and", "or"), "how several are joined")}),
		"enforces": said(object{"type": "array", "items": enum(declarable[:]...)}, "the checks that its gateway is meant to make; left out: all six"),
		"fix":      said(object{"enum": []any{1, 2, "1", "2", "both"}}, "1: audience and client; 2: scope and role; both"),
		"gateways": said(object{"type": "array", "items": gatewaySchema()}, "none: the environment only supplies tokens"),
		"routes":   closed(object{"home": route, "other": route}, "home"),
	}, "api")
	env["not"] = object{"required": []string{"enforces", "fix"}}
	return env
}

func gatewaySchema() object {
	hostPort := object{"type": []string{"string", "object"}} // {10.0.0.1:443} without quotes reads as a mapping
	return closed(object{
		"url": addressSchema(), "replicas": said(object{"type": "array", "items": hostPort}, "host:port of every instance: each gets every row"),
		"origin":     said(addressSchema(), "the upstream's own address, past the gateway"),
		"plain-http": said(addressSchema(), "the gateway's listener without TLS"),
	}, "url")
}

func routeSchema() object {
	return object{"type": "string", "pattern": `^[^ ]+ /[^ \t\r\n]*$`, "description": "a method and a path, such as GET /v1/ping"}
}

func clientSchema() object {
	credential := closed(object{"secret": secretSchema(), "certificate": secretSchema()})
	credential["minProperties"], credential["maxProperties"] = 1, 1
	return closed(object{
		"id": guidSchema(), "credential": credential, "display-name": text("its name in Entra, for rows about equal names"),
		"contracts": said(texts(), "the environments whose gateway permits it"),
		"granted":   said(texts(), "the environments whose scope and role it holds"),
	}, "id")
}

func acceptedSchema() object {
	mark := closed(object{
		"echo":   addressSchema(),
		"header": object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean"}}, "minProperties": 1},
		"body":   closed(object{"contains": object{"type": "string"}}, "contains"),
	})
	mark["minProperties"] = 1
	return said(object{"oneOf": []any{object{"const": "echo"}, mark}}, "how an accepted request is known")
}

func paceSchema() object {
	return closed(object{
		"concurrency": object{"type": "integer", "minimum": 1, "maximum": 256},
		"rate":        object{"type": "string", "pattern": `^[0-9.]+/[sm]$`},
		"budget":      object{"type": "integer", "minimum": 1},
	})
}

// supportsSchema is made of the capabilities: a key each, its values with their
// sentences.
func supportsSchema() object {
	properties := object{}
	for _, c := range capabilities() {
		properties[c.Key] = said(c.schema(), c.Says)
	}
	return said(closed(properties), "what the gateways do by design; what is not declared is recorded, not judged")
}

// schema is what supports may give a capability.
func (c Capability) schema() object {
	words := c.wordSchema()
	switch c.Type {
	case BooleanType:
		return object{"oneOf": []any{
			object{"const": true, "description": c.Sentence("true")}, object{"const": false, "description": c.Sentence("false")},
		}}
	case NumberType:
		limits := object{"type": "integer", "minimum": c.Least}
		if c.Most > 0 {
			limits["maximum"] = c.Most
		}
		return limits
	case DurationType:
		return object{"anyOf": append(words, object{"type": "string", "pattern": durationPattern, "description": "a length such as 30s"})}
	case WordsType:
		return object{"type": "array", "items": object{"anyOf": words}}
	case WordType:
	}
	return object{"anyOf": words}
}

// durationPattern is what time.ParseDuration takes without a sign.
const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`

func (c Capability) wordSchema() []any {
	var words []any
	for _, v := range c.Values {
		words = append(words, object{"const": v.Value, "description": v.Says})
	}
	if c.Other != nil {
		words = append(words, object{"type": "string", "description": c.Other.Says})
	}
	return words
}

// The pieces that the schema is made of.

func closed(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// named is a mapping whose keys stand in case ids.
func named(item object) object {
	return object{"type": "object", "propertyNames": object{"pattern": `^[A-Za-z0-9._-]+$`}, "additionalProperties": item, "minProperties": 1}
}

func said(schema object, says string) object {
	schema["description"] = says
	return schema
}

func text(says string) object     { return object{"type": "string", "description": says} }
func texts() object               { return object{"type": "array", "items": object{"type": "string"}} }
func enum(words ...string) object { return object{"enum": words} }
func guidSchema() object {
	return object{"type": "string", "pattern": `^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`}
}

func addressSchema() object { return object{"type": "string", "pattern": `^https?://[^/?#@]+[^?#@]*$`} }

func secretSchema() object {
	return object{"type": "string", "pattern": `^\$\{[^}]+\}$`, "description": `one placeholder such as ${WORKER_SECRET}`}
}
