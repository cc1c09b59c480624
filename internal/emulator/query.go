package emulator

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is a request's query, read as the API's parameters.
type query struct{ url.Values }

func parseQuery(raw string) (query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, errInvalid("invalid-request", "The query can't be read: %v.", err)
	}
	return query{values}, nil
}

// boolean reads a flag: true or 1, false or 0; empty or absent is the default.
func (q query) boolean(name string, otherwise bool) (bool, error) {
	switch value := q.Get(name); value {
	case "":
		return otherwise, nil
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	default:
		return false, errInvalid("invalid-value", "%s must be true, false, 1 or 0, not %q.", name, value)
	}
}

// number reads a count; empty or absent is 0.
func (q query) number(name string) (int, error) {
	value := q.Get(name)
	if value == "" {
		return 0, nil
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || number < 0 || number != math.Trunc(number) || number > math.MaxInt32 {
		return 0, errInvalid("invalid-value", "%s must be a whole number that is not negative, not %q.", name, value)
	}
	return int(number), nil
}

// list reads comma-separated values, which may also come in several parameters of the same name.
func (q query) list(name string) []string {
	var all []string
	for _, value := range q.Values[name] {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// choice reads one of the values; empty or absent is "".
func (q query) choice(name string, values ...string) (string, error) {
	value := q.Get(name)
	if value != "" && !slices.Contains(values, value) {
		return "", errInvalid("invalid-value", "%s must be one of %s, not %q.", name, strings.Join(values, ", "), value)
	}
	return value, nil
}
