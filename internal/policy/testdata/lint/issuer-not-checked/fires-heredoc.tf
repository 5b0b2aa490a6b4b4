resource "anypoint_apim_policy_custom" "orders_uat" {
  apim_id            = anypoint_apim_mule4.orders_uat.id
  asset_group_id     = "68ef9520-24e9-4cf2-b2f5-620025690913"
  asset_id           = "jwt-validation"
  asset_version      = "1.6.0"
  configuration_data = <<-EOT
    {
      "jwtOrigin": "httpBearerAuthenticationHeader",
      "signingMethod": "rsa",
      "signingKeyLength": 256,
      "jwtKeyOrigin": "jwks",
      "jwksUrl": "https://login.microsoftonline.com/7f1c0a52-3b7e-4f0a-9d2c-5e8b1a6c4d90/discovery/v2.0/keys",
      "jwksServiceTimeToLive": 60,
      "jwksServiceConnectionTimeout": 10000,
      "skipClientIdValidation": false,
      "clientIdExpression": "#[vars.claimSet.azp]",
      "validateAudClaim": true,
      "mandatoryAudClaim": true,
      "supportedAudiences": "91d0b3c4-7a1e-4c52-8b6f-2e4d6a8c0f13",
      "mandatoryExpClaim": true,
      "mandatoryNbfClaim": true
    }
  EOT
}
