resource "anypoint_apim_policy_jwt_validation" "orders" {
  apim_id = anypoint_apim_mule4.orders.id
  configuration_data {
    jwt_origin     = "httpBearerAuthenticationHeader"
    signing_method = "rs
