# Any policy as JSON: keys as the vendor spells them, because they are sent as they are.
resource "anypoint_apim_policy_custom" "oidc" {
  apim_id            = anypoint_apim_flexgateway.orders_uat.id
  asset_group_id     = "68ef9520-24e9-4cf2-b2f5-620025690913"
  asset_id           = "openidconnect-access-token-enforcement"
  asset_version      = "1.6.0"
  configuration_data = jsonencode({
    scopes                  = "orders.uat"
    scopeValidationCriteria = "AND"
    exposeHeaders           = false
    skipClientIdValidation  = true
    authenticationTimeout   = 10000
    secureTrustStore        = true
    skip_client_id_validation = false
  })
}
