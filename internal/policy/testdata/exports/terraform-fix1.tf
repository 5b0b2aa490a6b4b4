# Fix 1 with the resource of its own: keys in snake_case, blocks for the claims.
resource "anypoint_apim_mule4" "orders_dev" {
  org_id   = var.org
  env_id   = var.env
  asset_id = "orders-api"
}

resource "anypoint_apim_policy_jwt_validation" "orders_dev" {
  org_id        = var.org
  env_id        = var.env
  apim_id       = anypoint_apim_mule4.orders_dev.id
  asset_version = "1.4.0"
  configuration_data {
    jwt_origin                = "httpBearerAuthenticationHeader"
    signing_method            = "rsa"
    signing_key_length        = 256
    jwt_key_origin            = "jwks"
    jwks_url                  = "https://login.microsoftonline.com/7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90/discovery/v2.0/keys"
    jwks_service_time_to_live = 60
    skip_client_id_validation = false
    client_id_expression      = "#[vars.claimSet.appid]"
    validate_aud_claim        = true
    mandatory_aud_claim       = true
    supported_audiences       = "api://orders.dev"
    mandatory_exp_claim       = true
    mandatory_nbf_claim       = true
    validate_custom_claim     = true
    mandatory_custom_claims {
      key   = "iss"
      value = "https://sts.windows.net/7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90/"
    }
    mandatory_custom_claims {
      key   = "tid"
      value = "7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90"
    }
  }
  pointcut_data {
    method_regex       = ["GET", "POST"]
    uri_template_regex = "/v1/.*"
  }
}

resource "anypoint_apim_policy_client_id_enforcement" "orders_dev" {
  org_id   = var.org
  env_id   = var.env
  apim_id  = anypoint_apim_mule4.orders_dev.id
  disabled = true
  configuration_data {
    credentials_origin_has_http_basic_authentication_header = "httpBasicAuthenticationHeader"
  }
}
