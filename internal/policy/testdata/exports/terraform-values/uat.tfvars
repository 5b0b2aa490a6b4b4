stage = "uat"
