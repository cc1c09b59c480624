package emulator

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// query reads the parameters of a request's query. The error of the first invalid parameter is kept
// in err, so that a handler can read all parameters before it checks for errors.
type query struct {
	url.Values
	err error
}

func parseQuery(raw string) (*query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errInvalid("invalid-request", "Could not read the query: %v.", err)
	}
	return &query{Values: values}, nil
}

func (q *query) invalid(name, expected string) {
	if q.err == nil {
		q.err = errInvalid("invalid-value", "%s must be %s, not %q.", name, expected, q.Get(name))
	}
}

// boolean reads true or 1, false or 0. An empty or absent parameter has the default.
func (q *query) boolean(name string, defaultValue bool) bool {
	switch q.Get(name) {
	case "":
		return defaultValue
	case "true", "1":
		return true
	case "false", "0":
	default:
		q.invalid(name, "true, false, 1 or 0")
	}
	return false
}

// number reads a whole number that is not negative. An empty or absent parameter is 0.
func (q *query) number(name string) int64 {
	value := q.Get(name)
	if value == "" {
		return 0
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || number < 0 || number != math.Trunc(number) || number > float64(noLimit) {
		q.invalid(name, "a whole number that is not negative")
		return 0
	}
	return int64(number)
}

// list reads comma-separated values from all parameters of the name.
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

// choice reads one of the values. An empty or absent parameter has the default.
func (q *query) choice(name, defaultValue string, values ...string) string {
	value := q.Get(name)
	if value == "" {
		return defaultValue
	}
	if !slices.Contains(values, value) {
		q.invalid(name, "one of "+strings.Join(values, ", "))
	}
	return value
}
