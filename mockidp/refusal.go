package mockidp

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// timestampForm is how Entra writes times in errors.
const timestampForm = "2006-01-02 15:04:05Z"

// describe is the error_description of a problem. Its parts are joined by
// single blanks, as they are since 2024 (entra-tokens 4.4).
func (i *Issuer) describe(q *request, p problem) string {
	return fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", p.code, p.text, q.id, q.correlation, i.cfg.Now().UTC().Format(timestampForm))
}

// moreAbout is the page about a problem; empty where Entra has none.
func (p problem) moreAbout() string {
	if !p.lookup {
		return ""
	}
	return "https://login.microsoftonline.com/error?code=" + strconv.Itoa(p.code)
}

// refuse answers with a problem in Entra's form (entra-tokens 4.4).
func (i *Issuer) refuse(q *request, p problem) {
	body := value.Dict(
		value.Member{Name: "error", Value: value.String(p.oauth)},
		value.Member{Name: "error_description", Value: value.String(i.describe(q, p))},
		value.Member{Name: "error_codes", Value: value.List(value.Int(int64(p.code)))},
		value.Member{Name: "timestamp", Value: value.String(i.cfg.Now().UTC().Format(timestampForm))},
		value.Member{Name: "trace_id", Value: value.String(q.id)},
		value.Member{Name: "correlation_id", Value: value.String(q.correlation)},
	)
	for _, m := range []struct{ name, text string }{{"error_uri", p.moreAbout()}, {"suberror", p.suberror}, {"claims", p.claims}} {
		if m.text != "" {
			body = body.Append(m.name, value.String(m.text))
		}
	}
	uncached(q)
	if p.status == http.StatusMethodNotAllowed {
		q.w.Header().Set("Allow", strings.Join(q.route.methods, ", ")) // RFC 9110 15.5.6
	}
	i.noteRefusal(q, p)
	q.write(p.status, body.JSON())
}

// noteRefusal writes a refusal to the log and to the last requests, without what
// the client sent.
func (i *Issuer) noteRefusal(q *request, p problem) {
	q.aadsts = p.code
	i.cfg.Log.Info("refused", "endpoint", q.route.path, "aadsts", p.code, "status", p.status, "id", q.id)
}
