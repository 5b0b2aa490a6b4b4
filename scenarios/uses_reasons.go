package scenarios

// soleReasons say why there is a word of the vocabulary that a single row uses,
// or none: no other word says the same, and a user's row may need it. The key is
// the list and the word.
func soleReasons() map[string]string {
	return map[string]string{
		// Steps that work on the signed token: without the issuer's key nothing
		// else reaches its bytes.
		"step edit flip":      "the smallest change to signed bytes, of any bit of any segment",
		"step edit order":     "the same members in another order, with the signature left alone",
		"step edit remove":    "takes a member out of a signed token, where remove would have it signed again",
		"step edit tail-bits": "bits that base64url carries and no byte has (RFC 4648 3.5); bytes cannot say them",
		// Of sign and encrypt: each is another way to make the one thing.
		"step sign bytes":     "a signature that no key makes, such as zeros",
		"step encrypt secret": "encryption to a text instead of a key: to the public key taken as one",
		"step encrypt zip":    "compression before encryption (RFC 7516 4.1.3)",
		"step encrypt fake":   "only the shape of a JWE, where making it in earnest would cost us what it costs the gateway",
		"step text prefix":    "what stands before the JSON text; replace finds no place for it in an unknown text",
		// Of the request: the parts of a message that no other key writes.
		"request trailers": "fields after the content (RFC 9110 6.5)",
		"expect answer":    "what an answer must not hold, whoever wrote it: the opposite of upstream",
		// Of the filters: alphabets that no other filter writes.
		"filter base64":    "what HTTP's Basic scheme carries (RFC 7617 2): a token as somebody's password",
		"filter base64url": "a segment of a token that the row writes whole, beside compose",
		"request bytes":    "a request that is no HTTP/1.1 message; every other key writes a part of one",
	}
}
