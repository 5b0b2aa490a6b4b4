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

// describe is the error_description of a problem (entra-tokens 4.4).
func (i *Issuer) describe(q *request, p problem) string {
	return strings.Join([]string{
		fmt.Sprintf("AADSTS%d: %s", p.code, p.text), "Trace ID: " + q.id, "Correlation ID: " + q.correlation,
		"Timestamp: " + i.cfg.Now().UTC().Format(timestampForm),
	}, i.cfg.Variations.separator())
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
	p = i.cfg.Variations.vary(p, q.route)
	if i.cfg.Variations.FreshCorrelation {
		q.correlation = i.freshGUID()
	}
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
