variable "stage" {
  type = string
}

variable "tenant" {
  default = "common"
}

variable "key" {
  sensitive = true
}

variable "api" {}

variable "open" {
  default = false
}

variable "expression" {
  sensitive = true
  default   = "#[vars.claimSet.hush]"
}

locals {
  policy = { asset = "jwt-validation", version = "1.4.0" }
  common = {
    jwtOrigin              = "httpBearerAuthenticationHeader"
    signingMethod          = "rsa"
    signingKeyLength       = 256
    jwtKeyOrigin           = "jwks"
    jwksUrl                = format("https://login.microsoftonline.com/%s/discovery/v2.0/keys", var.tenant)
    skipClientIdValidation = true
    validateAudClaim       = true
    mandatoryAudClaim      = true
  }
}
