# What only a run of Terraform could tell is asked for, each at its place.
resource "anypoint_apim_policy_jwt_validation" "orders" {
  apim_id = anypoint_apim_mule4.orders.id
  configuration_data {
    jwt_origin          = "httpBearerAuthenticationHeader"
    signing_method      = "rsa"
    jwt_key_origin      = "jwks"
    jwks_url            = var.jwks_url
    text_key            = data.vault_generic_secret.key.data["key"]
    supported_audiences = local.audience
    client_id_expression = file("expression.dwl")
    validate_aud_claim  = data.environment.this.production
    mandatory_aud_claim = length(var.audiences) > 0
    dynamic "mandatory_custom_claims" {
      for_each = var.claims
      content {
        key   = mandatory_custom_claims.key
        value = mandatory_custom_claims.value
      }
    }
  }
}

resource "anypoint_apim_policy_jwt_validation" "each" {
  for_each = var.apis
  apim_id  = each.value
  configuration_data {}
}

resource "anypoint_apim_policy_custom" "counted" {
  count              = var.enabled ? 1 : 0
  apim_id            = anypoint_apim_mule4.orders.id
  asset_id           = "jwt-validation"
  configuration_data = file("jwt.json")
}

resource "anypoint_apim_policy_custom" "whole" {
  apim_id            = anypoint_apim_mule4.orders.id
  asset_id           = "jwt-validation"
  configuration_data = base64decode("aHVzaC1odXNo")
}

resource "anypoint_apim_policy_custom" "three" {
  count              = 3
  apim_id            = anypoint_apim_mule4.orders.id
  asset_id           = "cors"
  configuration_data = jsonencode({ a = var.nobody_needs_it })
}

resource "anypoint_apim_policy_custom" "keys" {
  apim_id            = anypoint_apim_mule4.orders.id
  asset_id           = "jwt-validation"
  configuration_data = jsonencode({ (var.name) = true })
}

resource "anypoint_apim_policy_custom" "text" {
  apim_id            = anypoint_apim_mule4.orders.id
  asset_id           = "jwt-validation"
  configuration_data = <<JSON
{
  "jwksUrl": "https://login.microsoftonline.com/${var.tenant_id}/discovery/v2.0/keys"
}
JSON
}
