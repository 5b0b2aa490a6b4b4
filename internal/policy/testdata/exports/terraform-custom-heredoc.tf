# The configuration as JSON in a text of several lines.
resource "anypoint_apim_policy_custom" "jwt" {
  apim_id       = anypoint_apim_mule4.orders_uat.id
  asset_id      = "jwt-validation"
  asset_version = "1.4.0"

  configuration_data = <<-JSON
    {
      "jwtOrigin": "httpBearerAuthenticationHeader",
      "signingMethod": "rsa",
      "signingKeyLength": "256",
      "jwtKeyOrigin": "jwks",
      "jwksUrl": "https://login.microsoftonline.com/${var.tenant}/discovery/v2.0/keys",
      "skipClientIdValidation": false,
      "clientIdExpression": "#[vars.claimSet.azp]",
      "validateAudClaim": true,
      "mandatoryAudClaim": true,
      "supportedAudiences": "6e7428c1-7f6e-4d3e-8a55-0c1f2b3d4e5f"
    }
  JSON
}
