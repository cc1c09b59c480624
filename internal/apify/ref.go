package apify

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// MaxNameLength is how many characters a dataset's name may have at most.
const MaxNameLength = 63

// NamePattern is the API's rule for names, save for their length, from Apify's
// @apify/consts: letters, digits and, in between, hyphens.
var NamePattern = regexp.MustCompile(`^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$`)

var (
	idPattern = regexp.MustCompile(`^[a-zA-Z0-9]+$`)
	// User names follow a wider rule than names; ids of users work as well.
	usernamePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_-])?$`)
)

// EqualNames tells whether two names are the same to the API, which takes no
// account of upper and lower case.
func EqualNames(a, b string) bool { return strings.EqualFold(a, b) }

// Ref says which dataset is meant, the way the API's paths do: by an id,
// `~name` or `username~name`.
type Ref string

// IDRef refers to a dataset by its id.
func IDRef(id string) Ref { return Ref(id) }

// NameRef refers to a dataset by its name and its owner's user name or id; an
// empty owner means the token's own account.
func NameRef(owner, name string) Ref { return Ref(owner + "~" + name) }

// ParseRef reads what people write for a dataset: an id, `~name`,
// `username~name` or `username/name`. A bare word is an id, never a name. The
// error says what is wrong with it.
func ParseRef(s string) (Ref, error) {
	owner, name, named := strings.Cut(s, "~")
	if !named {
		owner, name, named = strings.Cut(s, "/")
		if named && owner == "" {
			return "", errors.New("there is no user name before the slash")
		}
	}
	switch {
	case s == "":
		return "", errors.New("it is empty")
	case !named && idPattern.MatchString(s):
		return IDRef(s), nil
	case !named && NamePattern.MatchString(s):
		return "", errors.New("an id has letters and digits only; a name has to be written with a ~ in front, as ~" + s)
	case !named:
		return "", errors.New("it is neither an id (letters and digits) nor a name (with a ~ or a user name in front)")
	case owner != "" && !usernamePattern.MatchString(owner):
		return "", errors.New("what stands before the name is not a user name")
	case len(name) > MaxNameLength || !NamePattern.MatchString(name):
		return "", errors.New("what stands last is not a dataset's name: 1 to 63 letters, digits and, in between, hyphens")
	}
	return NameRef(owner, name), nil
}

// ID is the id that the reference is, or empty where it is a name.
func (r Ref) ID() string {
	if strings.Contains(string(r), "~") {
		return ""
	}
	return string(r)
}

// name is the name that the reference has, or empty where it is an id.
func (r Ref) name() string {
	_, name, _ := strings.Cut(string(r), "~")
	return name
}

func (r Ref) path() string { return "/v2/datasets/" + url.PathEscape(string(r)) }
