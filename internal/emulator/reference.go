package emulator

import "strings"

// reference is the datasetId of a path: the ID of a dataset, or an owner and a name.
type reference struct {
	id string
	// owner is a username or a user's ID, or empty for the caller.
	owner string
	name  string
}

// parseReference reads ID, ~NAME, USERNAME~NAME or USERID~NAME. A slash is the same as a tilde. A
// text without either is always an ID.
func parseReference(text string) (reference, error) {
	separator := "~"
	if strings.Contains(text, "/") {
		separator = "/"
	}
	owner, name, named := strings.Cut(text, separator)
	if !named {
		return reference{id: text}, nil
	}
	if name == "" {
		return reference{}, errInvalid("invalid-request", "The name of a dataset must not be empty.")
	}
	return reference{owner: owner, name: name}, nil
}

// find returns the dataset of a reference, or nil if there is none. The store must be locked.
func (a *API) find(ref reference, c caller) (*record, error) {
	if ref.id != "" {
		return a.store.byID[ref.id], nil
	}
	userID := ""
	switch {
	case ref.owner != "":
		for _, user := range a.options.Users {
			if user.ID == ref.owner || strings.EqualFold(user.Username, ref.owner) {
				userID = user.ID
			}
		}
	case c.anonymous():
		return nil, errTokenNotProvided()
	default:
		userID = c.user.ID
	}
	return a.store.named(userID, ref.name), nil
}
