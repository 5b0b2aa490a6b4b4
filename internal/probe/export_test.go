package probe

// ObservationOf returns an observation of w with nothing come back yet.
func ObservationOf(w Wire) Observation {
	return Observation{Sent: w.Bytes, secrets: w.Secrets, Connected: true}
}
