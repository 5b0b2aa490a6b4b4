package format_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/entraproof/entraproof/internal/chromium"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

// open writes a page to a file and opens it.
func open(t *testing.T, b chromium.Browser, html string, v chromium.View) *chromium.Tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	return b.Open(t, (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String(), v)
}

// htmlOf renders results as a page.
func htmlOf(t *testing.T, r *reports.Results) string {
	t.Helper()
	html, _ := format.Named("html")
	return rendered(t, html, r)
}
