package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/entraproof/entraproof/internal/policy"
)

// writeSARIF writes findings as SARIF 2.1.0, for code scanning: the rules that
// were asked, a result for each finding, and the edits that end it.
func writeSARIF(w io.Writer, found []policy.Finding, files []policy.File, rules []policy.LintRule) error {
	driver := sarif.NewToolComponent().WithName("entraproof").WithVersion(built().Version)
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver)).WithColumnKind("unicodeCodePoints")
	for _, r := range rules {
		driver.AddRule(sarifRule(r))
	}
	run.Results = []*sarif.Result{}
	for _, f := range found {
		run.AddResult(sarifResult(f, files).WithRuleIndex(run.GetRuleIndex(f.Rule)))
	}
	report := sarif.NewReport()
	report.AddRun(run)
	if err := report.PrettyWrite(w); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	fmt.Fprintln(w)
	return nil
}

// sarifLevel is the level of a severity, and the number by which GitHub sorts.
func sarifLevel(s policy.Severity) (level, score string) {
	switch s {
	case policy.Critical:
		return "error", "9.5"
	case policy.High:
		return "error", "8.0"
	case policy.Medium:
		return "warning", "5.5"
	default:
		return "note", "2.0"
	}
}

func sarifRule(r policy.LintRule) *sarif.ReportingDescriptor {
	level, score := sarifLevel(r.Severity)
	help := sentence(r.Fix)
	if len(r.Rows) > 0 {
		help += " Rows of the catalogue: " + strings.Join(r.Rows, ", ") + "."
	}
	if len(r.Proof) > 0 {
		help += " Shown by: " + proofCommand("FILE...", r.Proof, r.ProofFlags) + "."
	} else {
		help += " Not shown: " + r.Unshown + "."
	}
	rule := sarif.NewRule(r.ID).WithDescription(sentence(r.Why)).
		WithHelp(sarif.NewMultiformatMessageString().WithText(help)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(level))
	properties := sarif.NewPropertyBag().Add("security-severity", score).Add("references", r.Refs).Add("effect", string(r.Effect))
	properties.AddTag("security")
	return rule.WithProperties(properties)
}

func sarifResult(f policy.Finding, files []policy.File) *sarif.Result {
	level, _ := sarifLevel(f.Severity)
	region := sarif.NewRegion().WithStartLine(f.At.Line).WithStartColumn(f.At.Column)
	at := sarif.NewPhysicalLocation().WithArtifactLocation(artifact(f.At.File)).WithRegion(region)
	name := strings.TrimSuffix(f.Instance+"/"+f.Policy, "/")
	result := sarif.NewRuleResult(f.Rule).WithLevel(level).WithKind("fail").
		WithMessage(sarif.NewTextMessage(name + ": " + sentence(f.Message) + " To mend it: " + sentence(f.Fix))).
		WithPartialFingerprints(map[string]string{"entraproof/v1": fingerprint(f)})
	location := sarif.NewLocationWithPhysicalLocation(at)
	result.AddLocation(location)
	if edits := editsOf(f, files); len(edits) > 0 {
		result.AddFixe(sarifFix(f, edits))
	}
	return result
}

// artifact is a file by its name as a URI.
func artifact(name string) *sarif.ArtifactLocation {
	return sarif.NewSimpleArtifactLocation((&url.URL{Path: name}).String())
}

// fingerprint is the same wherever in the file a finding moves.
func fingerprint(f policy.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.At.File, f.Instance, f.Policy, f.Key, f.Message}, "\n")))
	return hex.EncodeToString(sum[:16])
}

func sarifFix(f policy.Finding, edits []policy.Edit) *sarif.Fix {
	change := sarif.NewArtifactChange().WithArtifactLocation(artifact(f.At.File))
	for _, e := range edits {
		region := sarif.NewRegion().WithStartLine(e.At.Line).WithStartColumn(e.At.Column).
			WithEndLine(e.At.Line).WithEndColumn(e.At.Column + e.Length)
		change.AddReplacement(sarif.NewReplacement().WithDeletedRegion(region).
			WithInsertedContent(sarif.NewArtifactContent().WithText(e.Text)))
	}
	return sarif.NewFix().WithDescription(sarif.NewTextMessage(sentence(f.Fix))).AddArtifactChange(change)
}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
