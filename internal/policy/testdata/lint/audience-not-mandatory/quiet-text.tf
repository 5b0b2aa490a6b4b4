resource "anypoint_apim_policy_jwt_validation" "orders_uat" {
  apim_id       = anypoint_apim_mule4.orders_uat.id
  asset_version = "1.4.0"
  configuration_data {
    jwt_origin                = "httpBearerAuthenticationHeader"
    signing_method            = "rsa"
    signing_key_length        = 256
    jwt_key_origin            = "jwks"
    jwks_url                  = "https://login.microsoftonline.com/7f1c0a52-3b7e-4f0a-9d2c-5e8b1a6c4d90/discovery/v2.0/keys"
    skip_client_id_validation = false
    client_id_expression      = "#[vars.claimSet.azp]"
    validate_aud_claim        = true
    mandatory_aud_claim       = "true"
    supported_audiences       = "91d0b3c4-7a1e-4c52-8b6f-2e4d6a8c0f13"
    mandatory_exp_claim       = true
    mandatory_nbf_claim       = true
    validate_custom_claim     = true
    mandatory_custom_claims   = [{ key = "iss", value = "https://login.microsoftonline.com/7f1c0a52-3b7e-4f0a-9d2c-5e8b1a6c4d90/v2.0" }]
  }
}
