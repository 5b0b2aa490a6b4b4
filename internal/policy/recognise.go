package policy

import (
	"bytes"
	"regexp"
)

// hclBlock starts a block at the top of a Terraform file, hclValue is a line of
// a .tfvars file. Neither is how a line of YAML or JSON begins.
var (
	hclBlock = regexp.MustCompile(`(?m)^\s*(?:(?:resource|data|variable|output|module|provider)\s+"|(?:locals|terraform|import|moved|removed|check)\b[^:=\n]*\{)`)
	hclValue = regexp.MustCompile(`(?m)^[A-Za-z_][A-Za-z0-9_-]*[ \t]*=[^=]`)
)

// recognise tells Terraform from the two forms that are YAML or JSON; these are
// told apart by their keys. It is empty for them.
func recognise(src []byte) Form {
	text := bytes.TrimSpace(src)
	if len(text) == 0 || text[0] == '{' || text[0] == '[' {
		return ""
	}
	if at := hclBlock.FindIndex(text); at != nil && !bytes.Contains(text[:at[0]], []byte("\nkind:")) {
		return Terraform
	}
	if at := hclValue.FindIndex(text); at != nil && yamlKey.FindIndex(text) == nil {
		return Terraform
	}
	return ""
}

// yamlKey is a key of a YAML document that is not indented.
var yamlKey = regexp.MustCompile(`(?m)^(?:- )?[A-Za-z_"][A-Za-z0-9_"-]*:(?:\s|$)`)

// isFlex reports whether a document is an object of local mode.
func isFlex(d datum) bool {
	return d.has("apiVersion") || d.has("kind")
}

// isManaged reports whether a document is a policy of API Manager, a list of
// policies, or an object that holds one.
func isManaged(d datum) bool {
	if d.kind == sequence {
		return len(d.items) == 0 || isManaged(d.items[0])
	}
	for _, key := range []string{"policies", "automatedPolicies", "configuration", "configurationData", "template", "policyTemplateId", "assetId"} {
		if d.has(key) {
			return true
		}
	}
	return false
}
