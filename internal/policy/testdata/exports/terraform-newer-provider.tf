# The newer provider: configuration as an attribute, order, pointcut as JSON.
resource "anypoint_api_instance" "orders_uat" {
  environment_id = var.environment_id
}

resource "anypoint_api_instance" "open" {
  environment_id = var.environment_id
}

resource "anypoint_api_policy_oauth2_token_introspection" "orders_uat" {
  environment_id  = var.environment_id
  api_instance_id = anypoint_api_instance.orders_uat.id
  order           = 2
  configuration = {
    introspection_url         = "https://idp.example/introspect"
    authorization_value       = "Basic hush-hush"
    validated_token_ttl       = 300
    skip_client_id_validation = true
    scopes                    = "orders.uat"
  }
}

resource "anypoint_api_policy_jwt_validation" "orders_uat" {
  environment_id  = var.environment_id
  api_instance_id = anypoint_api_instance.orders_uat.id
  order           = 1
  configuration = {
    jwt_origin         = "httpBearerAuthenticationHeader"
    signing_method     = "rsa"
    jwt_key_origin     = "jwks"
    jwks_url           = "https://login.microsoftonline.com/7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90/discovery/v2.0/keys"
    validate_aud_claim = true
    mandatory_custom_claims = [{ key = "iss", value = "https://sts.windows.net/7f1c0b5e-2f0a-4a51-9f0f-5a2f8c1d6e90/" }]
  }
  pointcut_data = jsonencode([{ methodRegex = "GET|POST", uriTemplateRegex = "/v1/.*" }])
}

resource "anypoint_api_policy" "limit" {
  environment_id     = var.environment_id
  api_instance_id    = anypoint_api_instance.orders_uat.id
  policy_type        = "rate-limiting"
  order              = 3
  configuration_data = jsonencode({ key_selector = "#[attributes.queryParams['identifier']]", expose_headers = true })
}
