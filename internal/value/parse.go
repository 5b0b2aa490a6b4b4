package value

import "encoding/json"

// parser reads text that json.Valid has accepted, so it need not look for
// errors again. What it gives are pieces of that text.
type parser struct {
	text string
	at   int
	// members is how many the next object gets room for.
	members int
}

func (p *parser) value() Value {
	p.space()
	switch c := p.text[p.at]; c {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		return String(p.quoted())
	case 't', 'f':
		return Boolean(p.word() == "true")
	case 'n':
		p.word()
		return Value{}
	}
	return Value{Kind: Number, Text: p.word()}
}

// usualMembers is how many members an object within another gets room for,
// mostRoom what the outermost one gets at most before it has to grow.
const (
	usualMembers = 4
	mostRoom     = 64
)

func (p *parser) object() Value {
	v := Value{Kind: Object}
	for p.more('}') {
		if v.Members == nil {
			v.Members, p.members = make([]Member, 0, min(p.members, mostRoom)), usualMembers
		}
		name := p.quoted()
		p.space()
		p.at++ // the colon
		v.Members = append(v.Members, Member{name, p.value()})
	}
	return v
}

func (p *parser) array() Value {
	v := Value{Kind: Array}
	for p.more(']') {
		v.Items = append(v.Items, p.value())
	}
	return v
}

// more steps over the opening bracket or a comma to the next entry; it reports
// false, and steps over the closing bracket, when there is none.
func (p *parser) more(closing byte) bool {
	p.space()
	if p.text[p.at] != closing {
		p.at++
		p.space()
	}
	if p.text[p.at] == closing {
		p.at++
		return false
	}
	return true
}

func (p *parser) quoted() string {
	start := p.at
	escaped := false
	for p.at++; p.text[p.at] != '"'; p.at++ {
		if p.text[p.at] == '\\' {
			escaped = true
			p.at++
		}
	}
	p.at++
	raw := p.text[start:p.at]
	if !escaped {
		return raw[1 : len(raw)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(raw), &s) // valid by the check in ParseJSON
	return s
}

func (p *parser) word() string {
	start := p.at
	for p.at < len(p.text) && !blank(p.text[p.at]) && p.text[p.at] != ',' && p.text[p.at] != ']' && p.text[p.at] != '}' {
		p.at++
	}
	return p.text[start:p.at]
}

func (p *parser) space() {
	for p.at < len(p.text) && blank(p.text[p.at]) {
		p.at++
	}
}

// blank reports whether c is insignificant white space (RFC 8259 2).
func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
