package mockidp_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

func versionOfResource(t *testing.T, v *viewer) {
	t.Helper()
	for _, row := range []struct{ endpoint, parameter, text, ver string }{
		{"v2", "scope", "api://orders.dev/.default", "2.0"},
		{"v1", "resource", "api://orders.dev", "2.0"},
		{"v2", "scope", "api://orders-uat/.default", "1.0"},
		{"v1", "resource", "api://orders-uat", "1.0"},
	} {
		_, claims := v.ask(t, row.endpoint, row.parameter, row.text).parts(t)
		want(t, row.text+" at "+row.endpoint, claims.members["ver"], row.ver)
	}
	idTokens(t, v)
}

// idTokens follow the endpoint.
func idTokens(t *testing.T, v *viewer) {
	t.Helper()
	alice := []string{"grant_type", "password", "username", aliceName, "password", alicePassword}
	v2 := v.ask(t, "v2", append(alice, "client_id", ordersDev, "scope", "openid "+uatUserScope)...)
	want(t, "access token of v1 API at v2", v2.claims(t, "access_token").members["ver"], any("1.0"))
	want(t, "id token at v2", v2.claims(t, "id_token").members["ver"], any("2.0"))
	v1 := v.ask(t, "v1", append(alice, "client_id", desktop, "client_secret", "", "scope", "openid", "resource", "api://orders.dev")...)
	want(t, "access token of v2 API at v1", v1.claims(t, "access_token").members["ver"], any("2.0"))
	want(t, "id token at v1", v1.claims(t, "id_token").members["ver"], any("1.0"))
}

func headerMembers(t *testing.T, v *viewer) {
	t.Helper()
	header, _ := v.dev(t).parts(t)
	wantNames(t, "v2 header", header.names, "typ alg kid")
	header, _ = v.uat(t).parts(t)
	wantNames(t, "v1 header", header.names, "typ alg x5t kid")
	want(t, "x5t", header.members["x5t"], header.members["kid"])
}

// keys are the published keys of a version.
func (v *viewer) keys(t *testing.T, version string) []map[string]any {
	t.Helper()
	path := map[string]string{"v1": "/discovery/keys", "v2": "/discovery/v2.0/keys"}[version]
	list, _ := v.get(t, "/"+tenant+path).members["keys"].([]any)
	if len(list) < 2 {
		t.Fatalf("%s: expected two keys or more, got %d", version, len(list))
	}
	var all []map[string]any
	for _, k := range list {
		all = append(all, k.(map[string]any))
	}
	return all
}

func (v *viewer) keyMember(t *testing.T, name string, inV1, inV2 bool) {
	t.Helper()
	for version, wanted := range map[string]bool{"v1": inV1, "v2": inV2} {
		for _, k := range v.keys(t, version) {
			_, has := k[name]
			want(t, name+" in a key of "+version, has, wanted)
		}
	}
}

func keysWithoutAlg(t *testing.T, v *viewer) {
	t.Helper()
	v.keyMember(t, "alg", false, false)
}

func keysWithIssuer(t *testing.T, v *viewer) {
	t.Helper()
	v.keyMember(t, "issuer", false, true)
}

func keyIDs(t *testing.T, v *viewer) {
	t.Helper()
	for _, version := range []string{"v1", "v2"} {
		for _, k := range v.keys(t, version) {
			chain, _ := k["x5c"].([]any)
			if len(chain) != 1 {
				t.Fatalf("expected one certificate, got %v", k)
			}
			der, err := base64.StdEncoding.DecodeString(chain[0].(string))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha1.Sum(der)
			want(t, "kid", k["kid"], base64.RawURLEncoding.EncodeToString(sum[:]))
			want(t, "x5t", k["x5t"], k["kid"])
			want(t, "length of the kid", len(k["kid"].(string)), 27)
		}
	}
}

func issuedBefore(t *testing.T, v *viewer) {
	t.Helper()
	for _, a := range []seen{v.dev(t), v.uat(t)} {
		_, claims := a.parts(t)
		want(t, "iat", claims.integer(t, "iat"), int64(fidelityTime-300))
		want(t, "nbf", claims.integer(t, "nbf"), int64(fidelityTime-300))
	}
}

func lifetimes(t *testing.T, v *viewer) {
	t.Helper()
	for _, a := range []seen{v.dev(t), v.uat(t)} {
		_, claims := a.parts(t)
		want(t, "exp - iat", claims.integer(t, "exp")-claims.integer(t, "iat"), int64(3900))
		want(t, "expires_in", a.integer(t, "expires_in"), int64(3599))
	}
}

func claimsV2(t *testing.T, v *viewer) {
	t.Helper()
	_, claims := v.dev(t).parts(t)
	wantNames(t, "claims", claims.names, "aud iss iat nbf exp aio azp azpacr oid rh roles sub tid uti ver xms_ftd")
	want(t, "sub", claims.members["sub"], claims.members["oid"])
}

func claimsV1(t *testing.T, v *viewer) {
	t.Helper()
	_, claims := v.uat(t).parts(t)
	wantNames(t, "claims", claims.names, "aud iss iat nbf exp aio appid appidacr idp oid rh sub tid uti ver")
	want(t, "idp", claims.members["idp"], claims.members["iss"])
}

// dotNET are the bytes of a GUID in the order of .NET, the first three groups
// little-endian, as hex.
func dotNET(t *testing.T, guid string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		t.Fatalf("expected a GUID, got %q", guid)
	}
	binary.LittleEndian.PutUint32(b, binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(b[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(b[6:], binary.BigEndian.Uint16(b[6:]))
	return hex.EncodeToString(b)
}

func requestInUTI(t *testing.T, v *viewer) {
	t.Helper()
	a := v.dev(t)
	_, claims := a.parts(t)
	uti, _ := claims.members["uti"].(string)
	want(t, "length of uti", len(uti), 22)
	want(t, "uti", hex.EncodeToString(decoded(t, uti)), dotNET(t, a.header.Get("x-ms-request-id")))
}

func referenceHint(t *testing.T, v *viewer) {
	t.Helper()
	_, claims := v.dev(t).parts(t)
	version, rest, _ := strings.Cut(strings.TrimSuffix(claims.members["rh"].(string), "."), ".")
	body := decoded(t, rest)
	if version != "1" || len(body) < 35 {
		t.Fatalf("rh: got %v", claims.members["rh"])
	}
	want(t, "tenant in rh", hex.EncodeToString(body[3:19]), dotNET(t, tenant))
	want(t, "resource in rh", hex.EncodeToString(body[19:35]), dotNET(t, ordersDev))
}
