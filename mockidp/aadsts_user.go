package mockidp

import "fmt"

func unknownUser(name, tenant string) problem {
	return invalidGrant(50034, fmt.Sprintf("The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", name, tenant))
}

func disabledUser() problem {
	return invalidGrant(50057, "The user account is disabled.")
}

func wrongPassword() problem {
	return invalidGrant(50126, "Error validating credentials due to invalid username or password.")
}

func noPassword() problem {
	return invalidGrant(50056, "Invalid or null password: password does not exist in the directory for this user.")
}

// notAssignedUser is an assignment that the user lacks.
func notAssignedUser(username string, r resource) problem {
	return badRequest(50105, "interaction_required", fmt.Sprintf("Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator.", r.name, r.appID(), username))
}

// obstacles are what an administrator can put between a user and a token, by
// the words of User.Obstacle.
func obstacles() map[string]problem {
	challenged := func(p problem, suberror string) problem {
		p.suberror, p.claims = suberror, `{"access_token":{"capolids":{"essential":true,"values":["c0ffee00-0000-4000-8000-000000000001"]}}}`
		return p
	}
	return map[string]problem{
		"locked":             invalidGrant(50053, "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
		"password-expired":   withSuberror(invalidGrant(50055, "The password is expired."), "user_password_expired"),
		"mfa":                challenged(invalidGrant(50076, "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource."), "basic_action"),
		"mfa-enrolment":      challenged(invalidGrant(50079, "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access the resource."), "basic_action"),
		"device":             challenged(badRequest(53000, "interaction_required", "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune."), "message_only"),
		"conditional-access": challenged(invalidGrant(53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."), "message_only"),
	}
}

func withSuberror(p problem, suberror string) problem {
	p.suberror = suberror
	return p
}

// metAtPage reports whether the sign-in page overcomes an obstacle: people do
// there what the grants without a page cannot.
func metAtPage(obstacle string) bool { return obstacle == "mfa" || obstacle == "mfa-enrolment" }
