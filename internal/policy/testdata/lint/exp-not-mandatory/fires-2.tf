resource "anypoint_apim_policy_jwt_validation" "orders_uat" {
  api_instance_id = 19250669
  configuration {
    signing_method     = "rsa"
    jwt_key_origin     = "jwks"
    jwks_url           = "https://login.microsoftonline.com/7f1c0a52-3b7e-4f0a-9d2c-5e8b1a6c4d90/discovery/v2.0/keys"
    validate_aud_claim = true
    supported_audiences = "api://orders-uat"
    skip_client_id_validation = true
  }
}
