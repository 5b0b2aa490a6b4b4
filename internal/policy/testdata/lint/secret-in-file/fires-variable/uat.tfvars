jwt_key = "correct-horse-battery-staple"
