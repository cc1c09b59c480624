package emulator

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// fieldStatistics is the schema DatasetFieldStatistics of the OpenAPI document.
type fieldStatistics struct {
	Min        *float64 `json:"min,omitempty"`
	Max        *float64 `json:"max,omitempty"`
	NullCount  int      `json:"nullCount"`
	EmptyCount int      `json:"emptyCount"`
}

// getStatistics tells of the fields that the dataset's schema describes, as Apify does.
func (a *API) getStatistics(e *exchange) error {
	now := a.now()
	a.mu.Lock()
	r, err := a.readable(e.dataset, e.caller, "", now)
	if err != nil {
		a.mu.Unlock()
		return err
	}
	r.AccessedAt = now
	d := r.clone()
	a.mu.Unlock()
	return writeData(e.w, http.StatusOK, map[string]any{"fieldStatistics": measure(d)})
}

// measure computes the statistics of each field of the schema.
func measure(d Dataset) map[string]*fieldStatistics {
	var schema struct {
		Fields struct {
			Properties map[string]json.RawMessage
		}
	}
	statistics := map[string]*fieldStatistics{}
	if d.Schema == nil || json.Unmarshal(d.Schema, &schema) != nil {
		return statistics
	}
	for field := range schema.Fields.Properties {
		statistics[field] = &fieldStatistics{}
	}
	for _, item := range d.Items {
		o := parseObject(item)
		for field, s := range statistics {
			at := o.index(field)
			if at < 0 {
				s.EmptyCount++
				continue
			}
			s.add(o[at].value)
		}
	}
	return statistics
}

// add takes a value into account: numbers by themselves, and all that has a length by that.
func (s *fieldStatistics) add(value json.RawMessage) {
	var decoded any
	// What is stored was valid JSON.
	_ = json.Unmarshal(value, &decoded)
	var size float64
	switch v := decoded.(type) {
	case nil:
		s.NullCount++
		return
	case float64:
		size = v
	case string:
		size = float64(utf8.RuneCountInString(v))
	case []any:
		size = float64(len(v))
	case map[string]any:
		size = float64(len(v))
	default:
		return
	}
	if s.Min == nil || size < *s.Min {
		s.Min = &size
	}
	if s.Max == nil || size > *s.Max {
		s.Max = &size
	}
}
