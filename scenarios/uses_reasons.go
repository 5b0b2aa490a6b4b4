package scenarios

// soleReasons say why there is a word of the vocabulary that a single row uses:
// no other word says the same, and a user's row may need it as well. The key is
// the list and the word.
func soleReasons() map[string]string {
	return map[string]string{}
}
