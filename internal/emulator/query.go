package emulator

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query is a request's query, read as the API's parameters. The first parameter that can't be read
// is kept as err, so that many can be read before it is looked at.
type query struct {
	url.Values
	err error
}

func parseQuery(raw string) (*query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errInvalid("invalid-request", "The query can't be read: %v.", err)
	}
	return &query{Values: values}, nil
}

func (q *query) invalid(name, want string) {
	if q.err == nil {
		q.err = errInvalid("invalid-value", "%s must be %s, not %q.", name, want, q.Get(name))
	}
}

// boolean reads a flag: true or 1, false or 0; empty or absent is the default.
func (q *query) boolean(name string, otherwise bool) bool {
	switch q.Get(name) {
	case "":
		return otherwise
	case "true", "1":
		return true
	case "false", "0":
	default:
		q.invalid(name, "true, false, 1 or 0")
	}
	return false
}

// number reads a count; empty or absent is 0.
func (q *query) number(name string) int {
	value := q.Get(name)
	if value == "" {
		return 0
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || number < 0 || number != math.Trunc(number) || number > noLimit {
		q.invalid(name, "a whole number that is not negative")
		return 0
	}
	return int(number)
}

// list reads comma-separated values, which may also come in several parameters of the same name.
func (q *query) list(name string) []string {
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

// choice reads one of the values; empty or absent is the default.
func (q *query) choice(name, otherwise string, values ...string) string {
	value := q.Get(name)
	if value == "" {
		return otherwise
	}
	if !slices.Contains(values, value) {
		q.invalid(name, "one of "+strings.Join(values, ", "))
	}
	return value
}
