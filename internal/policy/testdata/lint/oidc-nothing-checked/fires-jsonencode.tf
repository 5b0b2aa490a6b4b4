resource "anypoint_apim_policy_custom" "orders_uat" {
  apim_id            = anypoint_apim_mule4.orders_uat.id
  asset_group_id     = "68ef9520-24e9-4cf2-b2f5-620025690913"
  asset_id           = "openidconnect-access-token-enforcement"
  asset_version      = "1.6.0"
  configuration_data = jsonencode({
    scopes                 = ""
    skipClientIdValidation = true
  })
}
