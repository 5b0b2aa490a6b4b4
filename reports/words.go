package reports

// words are texts that many cases have in common, each kept once: cases that are
// read each have their own copy of what their row says.
type words map[string]string

func (w words) one(text string) string {
	if known, ok := w[text]; ok {
		return known
	}
	w[text] = text
	return text
}

// share gives a case the words of the others, but for what is its own.
func (w words) share(c *Case) {
	for _, text := range []*string{
		&c.Target, &c.Scenario, &c.Form, &c.Title, &c.Group, &c.Severity, &c.Guards, &c.Source, &c.Pos, &c.Environment, &c.MintedFor, &c.Other,
		&c.Kind, &c.Variant, &c.Client, &c.Replica, &c.Expected, &c.Detail, &c.RefusedBy, &c.Declare, &c.Command,
		(*string)(&c.Reason), (*string)(&c.Fault), (*string)(&c.Reached),
	} {
		*text = w.one(*text)
	}
	for _, list := range [][]string{c.Marks, c.Refs, c.By, c.Needs} {
		for i := range list {
			list[i] = w.one(list[i])
		}
	}
	if c.Control != nil {
		c.Control.ID = w.one(c.Control.ID)
	}
}
