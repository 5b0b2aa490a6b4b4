package chromium

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Missing skips a test for want of a program, or fails it where
// ENTRAPROOF_REQUIRE lists the program's word.
func Missing(t *testing.T, word, hint string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), word) {
		t.Fatalf("%s is required here and missing: %s", word, hint)
	}
	t.Skipf("no %s: %s", word, hint)
}

// Browser is a Chromium of our own.
type Browser struct {
	ctx context.Context //nolint:containedctx // a browser is a context in chromedp
}

// Start starts a browser that ends with the test; more is what it is to have
// beside the usual.
func Start(t *testing.T, more ...chromedp.ExecAllocatorOption) Browser {
	t.Helper()
	path := program()
	if path == "" {
		Missing(t, "chromium", "apt-get install --no-install-recommends chromium")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.WSURLReadTimeout(time.Minute),
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(options, more...)...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return Browser{ctx}
}

// Trusting takes a certificate for genuine wherever it stands in a server's
// chain: the authority of a server of the test.
func Trusting(authority *x509.Certificate) chromedp.ExecAllocatorOption {
	key := sha256.Sum256(authority.RawSubjectPublicKeyInfo)
	return chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:]))
}

// program is where a Chromium is, or empty.
func program() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// View says how a page is looked at.
type View struct {
	Width, Height int64
	Scheme        string // dark; empty: light
	NoScript      bool
	Media         string // print, or empty
	// Origin is who may be asked for things, such as http://127.0.0.1:8090; empty:
	// nobody, the page has all of its own.
	Origin string
	// Anything: what the page complains of and asks for is its own matter.
	Anything bool
}

// Open opens a page in a browser without cookies. What it complains of, or asks of others than it may, fails
// the test at its end.
func (b Browser) Open(t *testing.T, url string, v View) *Tab {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	t.Cleanup(end)
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	p := &Tab{T: t, ctx: ctx, origin: v.Origin}
	chromedp.ListenTarget(ctx, p.listen)
	scheme := v.Scheme
	if scheme == "" {
		scheme = "light"
	}
	p.Do(network.Enable(), network.ClearBrowserCookies(), cdplog.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetDeviceMetricsOverride(max(v.Width, 360), max(v.Height, 640), 1, false),
		emulation.SetEmulatedMedia().WithMedia(v.Media).WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
		emulation.SetScriptExecutionDisabled(v.NoScript),
		chromedp.Navigate(url))
	if !v.Anything {
		t.Cleanup(p.quiet)
	}
	return p
}
