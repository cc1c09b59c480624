package apify

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// MaxDatasetNameLength is the maximum number of characters of a dataset's name.
const MaxDatasetNameLength = 63

// DatasetNamePattern is the API's rule for the characters of a name, from Apify's @apify/consts:
// letters, digits and, between them, hyphens.
var DatasetNamePattern = regexp.MustCompile(`^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$`)

var (
	datasetIDPattern = regexp.MustCompile(`^[a-zA-Z0-9]+$`)
	// Usernames have more characters than names of datasets. The API reads a user's ID as well.
	usernamePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_-])?$`)
)

// EqualDatasetNames reports whether two names are the same name to the API, which ignores case.
func EqualDatasetNames(a, b string) bool { return strings.EqualFold(a, b) }

// DatasetRef refers to a dataset as the API's paths do: by ID, `~name` or `username~name`.
type DatasetRef string

// DatasetIDRef returns a reference to the dataset with an ID.
func DatasetIDRef(id string) DatasetRef { return DatasetRef(id) }

// DatasetNameRef returns a reference to the dataset with a name that an owner has. The owner is a
// username or a user's ID; empty means the token's account.
func DatasetNameRef(owner, name string) DatasetRef { return DatasetRef(owner + "~" + name) }

// ParseDatasetRef parses a reference as users write it: an ID, `~name`, `username~name`,
// `username/name`, or a URL of the dataset in Apify Console or the API. A bare word is always an
// ID, never a name. The error is the reason why the text is not a reference.
func ParseDatasetRef(s string) (DatasetRef, error) {
	if strings.Contains(s, "://") {
		return parseDatasetURL(s)
	}
	owner, name, named := strings.Cut(s, "~")
	if !named {
		owner, name, named = strings.Cut(s, "/")
		if named && owner == "" {
			return "", errors.New("there is no username before the slash")
		}
	}
	switch {
	case s == "":
		return "", errors.New("the reference is empty")
	case !named && datasetIDPattern.MatchString(s):
		return DatasetIDRef(s), nil
	case !named && DatasetNamePattern.MatchString(s):
		return "", errors.New("an ID consists of letters and digits; a name needs a leading ~, as in ~" + s)
	case !named:
		return "", errors.New("it is neither an ID (letters and digits) nor a name (~NAME or USERNAME~NAME)")
	case owner != "" && !usernamePattern.MatchString(owner):
		return "", errors.New("the part before the name is not a username")
	case len(name) > MaxDatasetNameLength || !DatasetNamePattern.MatchString(name):
		return "", errors.New("the last part is not a dataset name (1 to 63 letters, digits and, between them, hyphens)")
	}
	return DatasetNameRef(owner, name), nil
}

// parseDatasetURL parses the URL of a dataset in Apify Console (…/storage/datasets/ID) or in the
// API (…/v2/datasets/REF, with or without a subpath such as /items).
func parseDatasetURL(s string) (DatasetRef, error) {
	errNoDataset := errors.New("the URL is not that of a dataset in Apify Console or in the API")
	u, err := url.Parse(s)
	if err != nil {
		return "", errNoDataset
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i := range segments[:len(segments)-1] {
		if segments[i] == "datasets" && (i == 0 || segments[i-1] == "storage" || segments[i-1] == "v2") {
			if strings.Contains(segments[i+1], "://") || segments[i+1] == "" {
				break
			}
			return ParseDatasetRef(segments[i+1])
		}
	}
	return "", errNoDataset
}

// LooksLikeDatasetID reports whether a text has the form of Apify's IDs: 17 letters and digits.
func LooksLikeDatasetID(s string) bool { return len(s) == 17 && datasetIDPattern.MatchString(s) }

// ID returns the ID that the reference contains, or "" if it contains a name.
func (r DatasetRef) ID() string {
	if strings.Contains(string(r), "~") {
		return ""
	}
	return string(r)
}

// name returns the name that the reference contains, or "" if it contains an ID.
func (r DatasetRef) name() string {
	_, name, _ := strings.Cut(string(r), "~")
	return name
}

func (r DatasetRef) path() string { return datasetsPath + "/" + url.PathEscape(string(r)) }
