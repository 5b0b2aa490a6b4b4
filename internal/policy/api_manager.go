package policy

// managed refuses what it cannot read.
func (r *reading) managed(_ File, all []datum) {
	for _, d := range all {
		r.add(d.at, "", "API Manager's JSON is not read")
	}
}
