# The audience check is on and the list is left out: the provider writes aud.example.com.
resource "anypoint_apim_policy_jwt_validation" "orders_dev" {
  apim_id = "19250669"
  configuration_data {
    jwt_origin                = "httpBearerAuthenticationHeader"
    signing_method            = "rsa"
    jwt_key_origin            = "jwks"
    jwks_url                  = "https://login.microsoftonline.com/7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90/discovery/v2.0/keys"
    skip_client_id_validation = true
    validate_aud_claim        = true
    mandatory_aud_claim       = true
  }
}
