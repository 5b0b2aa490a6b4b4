package dataweave

import (
	"net/http"
	"net/url"
)

// Value is what an expression gives: nil for null, bool, float64, string, []any
// or map[string]any. These are the types of encoding/json, so that claims and
// headers go in as they were decoded; numbers are doubles as the vendor says,
// and an object has no key twice. A json.Number inside of what goes in is read
// as a double.
type Value = any

// Scope is what an expression can see. The zero Scope has nothing: every
// selector gives null.
type Scope struct {
	Dialect Dialect
	// ClaimSet is vars.claimSet: the payload of the token.
	ClaimSet map[string]any
	// Attributes is the request.
	Attributes Attributes
	// Authentication is what policies before this one have found out.
	Authentication Authentication
	// UUID makes the value of uuid(); nil: a random one of version 4.
	UUID func() string
}

// Attributes is the request as an expression sees it. The names of headers are
// looked up whatever their case.
type Attributes struct {
	Headers     http.Header
	QueryParams url.Values
	QueryString string
	Method      string
	// RequestPath has no query, RequestURI has it.
	RequestPath string
	RequestURI  string
	Scheme      string
	// Version is that of HTTP: HTTP/1.1.
	Version       string
	LocalAddress  string
	RemoteAddress string
}

// AttributesOf are the attributes of a request that a server received. The path
// is as it came over the wire, not decoded.
func AttributesOf(r *http.Request) Attributes {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return Attributes{
		Headers: r.Header, QueryParams: r.URL.Query(), QueryString: r.URL.RawQuery, Method: r.Method,
		RequestPath: r.URL.EscapedPath(), RequestURI: r.URL.RequestURI(), Scheme: scheme,
		Version: r.Proto, RemoteAddress: r.RemoteAddr,
	}
}

// Authentication is the variable of this name; what is empty is null.
type Authentication struct {
	ClientID   string
	ClientName string
	Principal  string
	// Properties hold claims (JWT Validation) or userProperties (OpenID Connect).
	Properties map[string]any
}

// textual are the members of attributes that are one text each.
func (a Attributes) textual() map[string]string {
	return map[string]string{
		"queryString": a.QueryString, "method": a.Method, "requestPath": a.RequestPath, "requestUri": a.RequestURI,
		"scheme": a.Scheme, "version": a.Version, "localAddress": a.LocalAddress, "remoteAddress": a.RemoteAddress,
	}
}

// member is a member of authentication; unknown ones are refused before.
func (a Authentication) member(name string) Value {
	if name == "properties" {
		return object(a.Properties)
	}
	text := map[string]string{"clientId": a.ClientID, "clientName": a.ClientName, "principal": a.Principal}[name]
	if text == "" {
		return nil
	}
	return text
}

// object is a map as a value: a nil one is null.
func object(m map[string]any) Value {
	if m == nil {
		return nil
	}
	return m
}

// header is the values of a header, its name in any case.
func header(h http.Header, name string) []string {
	if values, ok := h[http.CanonicalHeaderKey(name)]; ok {
		return values
	}
	return h[name]
}
