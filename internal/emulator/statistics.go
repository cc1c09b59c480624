package emulator

import (
	"encoding/json"
	"unicode/utf8"
)

// fieldStatistics is the schema DatasetFieldStatistics of the OpenAPI document.
type fieldStatistics struct {
	Min        *float64 `json:"min,omitempty"`
	Max        *float64 `json:"max,omitempty"`
	NullCount  int      `json:"nullCount"`
	EmptyCount int      `json:"emptyCount"`
}

// computeStatistics returns the statistics of the fields in the dataset's schema. Apify has none
// for other fields.
func computeStatistics(d Dataset) map[string]*fieldStatistics {
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

// add includes a value: a number by its value, and a string, an array or an object by its length.
func (s *fieldStatistics) add(value json.RawMessage) {
	var decoded any
	// Stored items are valid JSON.
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
