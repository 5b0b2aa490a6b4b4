# No API instance, no asset, no configuration, wrong types, a number taken twice, JSON that is none.
resource "anypoint_apim_policy_jwt_validation" "nowhere" {
  configuration_data {}
}

resource "anypoint_apim_policy_custom" "nothing" {
  apim_id            = "1"
  configuration_data = jsonencode({})
}

resource "anypoint_apim_policy_jwt_validation" "bare" {
  apim_id = "1"
}

resource "anypoint_api_policy_jwt_validation" "types" {
  api_instance_id = "1"
  order           = 1
  configuration = {
    signing_key_length  = "two hundred"
    validate_aud_claim  = 1
    supported_audiences = ["api://orders.dev"]
  }
}

resource "anypoint_api_policy_jwt_validation" "again" {
  api_instance_id = "1"
  order           = 1
  configuration   = {}
}

resource "anypoint_apim_policy_custom" "broken" {
  apim_id            = "1"
  asset_id           = "jwt-validation"
  configuration_data = <<JSON
{
  "jwtOrigin": "httpBearerAuthenticationHeader",
  "signingMethod": "rsa
}
JSON
}
