package gateway

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// softPlaces are the places in which gateways look for a token beside the one
// that counts.
func softPlaces() []softening {
	return []softening{
		takes("token-in-query", "a token in the query is as good as one in the header", queryToken),
		takes("token-in-query-aliases", "a token in the query is taken under any name", inQuery("jwt", "token", "id_token")),
		takes("token-in-form", "a token in a form is as good as one in the header", formToken),
		takes("token-in-json", "a token in a JSON body is as good as one in the header", jsonToken),
		takes("token-in-cookie", "a token in a cookie is as good as one in the header", cookieToken),
		takes("token-in-other-header", "a token in a field of another name is as good as one in Authorization",
			inField("jwt", "X-Access-Token", "X-Authorization", "Proxy-Authorization")),
		takes("underscore-names", "underscores in the names of fields are not looked at", inField("Authorization_", "X_Authorization")),
		takes("token-in-trailer", "a trailer field is as good as a header field", trailerToken),
		takes("token-in-path", "a token in the path is as good as one in the header", pathToken),
		takes("websocket-protocol", "a token is taken from Sec-WebSocket-Protocol", protocolToken),
		{
			Softening{"query-wins", "placement", "where header and query bring a token each, the query's is judged"},
			func(s *strict) {
				s.drop("one-place")
				s.reading.places, s.reading.placesWin = append(s.reading.places, queryToken), true
			},
		},
	}
}

// takes lets the token count in a place, and whatever must be said to send it
// there: POST, an upgrade, a longer path.
func takes(name, sentence string, place func(*http.Request) string) softening {
	return softening{Softening{name, "placement", sentence}, func(s *strict) {
		s.reading.places = append(s.reading.places, place)
		found := func(c *call) bool { return c.token != nil && place(c.request) != "" }
		for _, check := range []string{"credentials", "method", "upgrade", "path"} {
			s.tolerates(check, found)
		}
	}}
}

func inQuery(names ...string) func(*http.Request) string {
	return func(r *http.Request) string {
		for _, name := range names {
			if text := r.URL.Query().Get(name); text != "" {
				return text
			}
		}
		return ""
	}
}

func queryToken(r *http.Request) string { return inQuery("access_token")(r) }

func formToken(r *http.Request) string {
	if all := formTokens(r); len(all) > 0 {
		return all[0]
	}
	return ""
}

func jsonToken(r *http.Request) string {
	var body struct {
		Token string `json:"access_token"`
	}
	if r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(peekBody(r), &body) != nil {
		return ""
	}
	return body.Token
}

func cookieToken(r *http.Request) string {
	cookie, err := r.Cookie("access_token")
	if err != nil {
		return ""
	}
	return cookie.Value
}

// inField takes a field's value with or without a scheme.
func inField(names ...string) func(*http.Request) string {
	return func(r *http.Request) string {
		for _, name := range names {
			if words := strings.Fields(r.Header.Get(name)); len(words) > 0 {
				return words[len(words)-1]
			}
		}
		return ""
	}
}

// trailerToken has to read the content, for trailers come after it.
func trailerToken(r *http.Request) string {
	peekBody(r)
	return bearerIn(r.Trailer.Get("Authorization"))
}

// pathToken is what looks like a token in a segment or its parameter.
func pathToken(r *http.Request) string {
	path, err := url.PathUnescape(targetPath(r.RequestURI))
	if err != nil {
		return ""
	}
	for part := range strings.FieldsFuncSeq(path, func(c rune) bool { return strings.ContainsRune("/;=", c) }) {
		if strings.Count(part, ".") == 2 && strings.HasPrefix(part, "ey") {
			return part
		}
	}
	return ""
}

func protocolToken(r *http.Request) string {
	for part := range strings.SplitSeq(r.Header.Get("Sec-WebSocket-Protocol"), ",") {
		if part = strings.TrimSpace(part); strings.Count(part, ".") == 2 {
			return part
		}
	}
	return ""
}
