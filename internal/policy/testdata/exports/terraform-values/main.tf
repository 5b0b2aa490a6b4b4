# Values from variables, locals and a .tfvars file; what takes others' results is rearranged, not run.
resource "anypoint_apim_policy" "jwt" {
  apim_id            = var.api
  asset_group_id     = "68ef9520-24e9-4cf2-b2f5-620025690913"
  asset_id           = local.policy.asset
  asset_version      = local.policy.version
  configuration_data = jsonencode(merge(local.common, {
    supportedAudiences    = join(",", var.stage == "" ? [] : ["api://orders.${var.stage}"])
    jwksServiceTimeToLive = 60 * 24
    mandatoryAudClaim     = var.stage != "dev"
    textKey               = var.key
    mandatoryExpClaim     = var.stage == "uat" ? true : false
    mandatoryNbfClaim     = var.stage == "dev" ? true : false
    clientIdExpression    = var.expression
    validateCustomClaim   = !var.open
    claimsToHeaders       = ["sub", "oid"]
  }))
}

resource "anypoint_apim_policy" "none" {
  count              = var.open ? 1 : 0
  apim_id            = var.api
  asset_id           = "client-id-enforcement"
  configuration_data = jsonencode({})
}

resource "anypoint_apim_policy" "one" {
  count              = 1
  apim_id            = "${var.api}"
  asset_id           = upper("CORS") == "CORS" ? lower("CORS") : trimspace(" x ")
  configuration_data = "{\"publicResource\": true}"
}

resource "anypoint_apim_policy" "outbound" {
  apim_id            = var.api
  asset_id           = "credential-injection-oauth2"
  injection_point    = "outbound"
  configuration_data = jsonencode({})
}
