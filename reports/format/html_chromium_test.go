package format_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

// missing skips a test for want of a program, or fails it where
// ENTRAPROOF_REQUIRE lists the program's word.
func missing(t *testing.T, word, hint string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), word) {
		t.Fatalf("%s is required here and missing: %s", word, hint)
	}
	t.Skipf("no %s: %s", word, hint)
}

// browser is a Chromium of our own.
type browser struct {
	ctx context.Context //nolint:containedctx // a browser is a context in chromedp
}

// chromium starts a browser that ends with the test.
func chromium(t *testing.T) browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		missing(t, "chromium", "apt-get install --no-install-recommends chromium")
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
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return browser{ctx}
}

// tab is one page in a browser, with all that it complained of or asked for.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // the tab is a context in chromedp

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// view says how a page is looked at.
type view struct {
	width, height int64
	scheme        string // light or dark
	noScript      bool
	media         string // print, or empty
}

// open writes the page to a file and opens it. What it complains of or asks
// the network for fails the test at its end.
func (b browser) open(t *testing.T, html string, v view) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	t.Cleanup(end)
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	p := &tab{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, p.listen)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	scheme := v.scheme
	if scheme == "" {
		scheme = "light"
	}
	p.do(network.Enable(), cdplog.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetDeviceMetricsOverride(max(v.width, 360), max(v.height, 640), 1, false),
		emulation.SetEmulatedMedia().WithMedia(v.media).WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
		emulation.SetScriptExecutionDisabled(v.noScript),
		chromedp.Navigate((&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()))
	t.Cleanup(p.quiet)
	return p
}

// listen notes everything that a sound page does not do.
func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		p.complaints = append(p.complaints, "console."+string(e.Type))
	case *cdplog.EventEntryAdded:
		p.complaints = append(p.complaints, e.Entry.Text)
	case *page.EventJavascriptDialogOpening:
		p.complaints = append(p.complaints, "dialog "+e.Message)
	case *network.EventRequestWillBeSent:
		if e.Type != network.ResourceTypeDocument {
			p.requests = append(p.requests, e.Request.URL)
		}
	}
}

func (p *tab) quiet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.complaints) > 0 {
		p.t.Errorf("the page complains: %q", p.complaints)
	}
	if len(p.requests) > 0 {
		p.t.Errorf("the page asks for %q", p.requests)
	}
}

func (p *tab) do(actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// value is what an expression comes to; of a promise, what it resolves to.
func value[T any](p *tab, expression string) T {
	p.t.Helper()
	var v T
	p.do(chromedp.Evaluate(expression, &v, awaiting))
	return v
}

func awaiting(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }

// until waits for an expression to be true; the page, not a clock, ends it.
func (p *tab) until(expression string) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// keys types as somebody at a keyboard does: the text of a key comes with its
// going down, so that who prevents the one prevents the other.
func (p *tab) keys(text string) {
	p.t.Helper()
	for _, r := range text {
		events := kb.Encode(r)
		if len(events) == 3 {
			events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			events = []*input.DispatchKeyEventParams{events[0], events[2]}
		}
		for _, e := range events {
			p.do(e)
		}
	}
}

// htmlOf renders results as a page.
func htmlOf(t *testing.T, r *reports.Results) string {
	t.Helper()
	html, _ := format.Named("html")
	return rendered(t, html, r)
}
