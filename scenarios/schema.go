package scenarios

import (
	"encoding/json"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// object is a piece of a JSON Schema.
type object = map[string]any

// Schema is the JSON Schema of a file of rows, for editors. It is made of the
// same vocabulary tables that the loader reads with; the loader refuses more
// than a schema can say.
func Schema() []byte {
	b, err := json.MarshalIndent(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "entraproof scenario rows",
		"type":    "array", "minItems": 1, "items": rowSchema(),
	}, "", "  ")
	if err != nil {
		panic("scenarios: the schema: " + err.Error()) // it is made of strings, maps and lists only
	}
	return append(b, '\n')
}

func rowSchema() object {
	properties := object{
		"id":       described(named(), "the row's name, which never changes"),
		"title":    text("one line for reports"),
		"group":    described(enum(groupCodes()), "the chapter; left out: that of the file"),
		"kind":     wordsSchema(Kinds()),
		"guards":   wordsSchema(Guards()),
		"source":   wordsSchema(Sources()),
		"severity": wordsSchema(Severities()),
		"marks":    list(wordsSchema(Marks())),
		"profiles": list(enum(listedProfiles())),
		"refs":     list(object{"type": "string", "minLength": 1}),
		"mutation": text("in words: what differs from an accepted request"),
		"place":    text("in words: where it travels"),
		"demands":  text("in words: what a flow or an observer asks for"),
		"needs":    oneOrMore(enum(targets.NeedNames())),
		"unless":   oneOrMore(enum(targets.NeedNames())),
		"serial":   described(object{"type": "boolean"}, "the row runs alone"),
		"waits":    text("how long it may wait by the gateway's clock, such as 90s; a row that waits a minute is fired with --slow only"),
		"variants": object{"type": "object", "minProperties": 1, "propertyNames": named(), "additionalProperties": closed(variantSchemas())},
	}
	for key, schema := range partSchemas() {
		properties[key] = schema
	}
	row := closed(properties)
	row["required"] = []string{"id", "guards", "source"}
	return row
}

// partSchemas are the members that a variant can override.
func partSchemas() object {
	return object{
		"base":    object{"oneOf": []any{object{"type": "string", "pattern": shortPattern}, longBaseSchema()}, "description": "the token to start from: " + shortForm},
		"token":   described(list(stepSchema()), "what is done to the token, in order"),
		"request": requestSchema(),
		"expect":  expectSchema(),
		"issuer":  described(object{"type": "object"}, "a state of the issuer's key set"),
	}
}

func variantSchemas() object {
	all := partSchemas()
	all["guards"] = wordsSchema(Guards())
	return all
}

const shortPattern = `^(forged|none|(exactly +)?(v1|v2|any)?( *(user|app))?( *(home|other|second))?)$`

func longBaseSchema() object {
	values := object{"type": []string{"array", "string"}, "items": object{"type": "string"}}
	return closed(object{
		"exactly": described(object{"type": "boolean"}, "version and kind bind instead of being a preference"),
		"version": enum(versionWords()), "kind": enum(kindWords()), "api": enum(apiWords()),
		"tenant": enum(tenantWords()), "issuer": enum(issuerWords()), "client": enum(clientWords()), "audience": enum(audienceWords()),
		"age": enum(ageWords()), "keys": enum(keyWords()), "token": enum(tokenWords()),
		"user":           described(enum(userWords()), "what the user is"),
		"authentication": described(enum(authenticationWords()), "how the client proves who it is (appidacr, azpacr)"),
		"capabilities":   described(list(object{"type": "string", "minLength": 1}), "what the client says that it can handle (xms_cc)"),
		"scopes":         values, "roles": values,
	})
}

func stepSchema() object {
	properties := object{}
	for _, step := range mint.StepNames() {
		properties[step] = object{"type": []string{"object", "array", "string"}}
	}
	step := closed(properties)
	step["minProperties"], step["maxProperties"] = 1, 1
	step["description"] = "placeholders may be filtered by " + strings.Join(value.FilterNames(), ", ")
	return step
}

func requestSchema() object {
	scalar := object{"type": []string{"string", "number"}}
	pairs := list(object{"type": "array", "minItems": 2, "maxItems": 2, "items": scalar})
	body := closed(object{"form": object{"type": "object"}, "json": object{}, "text": scalar})
	body["minProperties"], body["maxProperties"] = 1, 1
	return closed(object{
		"to": enum([]string{"home", "other", "origin", "plain-http"}), "method": scalar, "target": scalar, "host": scalar,
		"headers": pairs, "trailers": pairs, "lines": list(scalar), "authorization": list(scalar), "body": body, "bytes": scalar,
	})
}

func expectSchema() object {
	return object{"oneOf": []any{object{"type": "string", "pattern": `^(accept|refuse( +[45][0-9][0-9])+)$`}, longExpectSchema()}}
}

func longExpectSchema() object {
	status := object{"type": "integer", "minimum": 400, "maximum": 599}
	values := object{"type": []string{"array", "string"}}
	long := closed(object{
		"accept": object{"enum": []any{true, "warn"}}, "refuse": object{"oneOf": []any{status, list(status)}},
		"either": enum(targets.DecidingKeys()), "measure": object{"type": "string", "minLength": 1},
		"or": object{"type": "string", "pattern": `^(closed|refuse( +[45][0-9][0-9])+)$`},
		"upstream": closed(object{
			"identity": values, "not-identity": values, "no-header-value": values, "authorization": values,
			"method": object{"type": "string"}, "reached": object{"const": false},
		}),
		"answer": closed(object{"no-header-value": values}),
		"no-5xx": object{"const": true}, "callout": object{"const": false}, "within": object{"type": "string"}, "next": object{"const": "accept"},
	})
	long["minProperties"] = 1
	return long
}

// The pieces that schemas are made of.

func closed(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}
func list(item object) object      { return object{"type": "array", "items": item} }
func enum(words []string) object   { return object{"enum": words} }
func text(says string) object      { return object{"type": "string", "description": says} }
func named() object                { return object{"type": "string", "pattern": kebab.String()} }
func oneOrMore(item object) object { return object{"anyOf": []any{item, list(item)}} }

func described(schema object, says string) object {
	schema["description"] = says
	return schema
}

// wordsSchema is a closed list whose words are explained.
func wordsSchema(words []Word) object {
	var alternatives []any
	for _, w := range words {
		alternatives = append(alternatives, object{"const": w.Name, "description": w.Says})
	}
	return object{"oneOf": alternatives}
}
