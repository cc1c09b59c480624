package emulator

import (
	"encoding/json"
	"testing"
)

func TestGetStatistics(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	schema := `{"fields": {"properties": {"n": {}, "s": {}, "l": {}, "o": {}, "b": {}, "none": {}}}}`
	d := s.API.Seed(Dataset{Schema: json.RawMessage(schema), Items: rawItems(
		`{"n": 2, "s": "éé", "l": [1], "o": {"a": 1, "b": 2}, "b": true}`,
		`{"n": -1.5, "s": "", "l": [], "o": {}, "b": null}`,
		`{"n": null, "other": 1}`,
	)})
	got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/statistics"})
	equal(t, "statistics", string(got.body), `{"data":{"fieldStatistics":{`+
		`"b":{"nullCount":1,"emptyCount":1},`+
		`"l":{"min":0,"max":1,"nullCount":0,"emptyCount":1},`+
		`"n":{"min":-1.5,"max":2,"nullCount":1,"emptyCount":0},`+
		`"none":{"nullCount":0,"emptyCount":3},`+
		`"o":{"min":0,"max":2,"nullCount":0,"emptyCount":1},`+
		`"s":{"min":0,"max":2,"nullCount":0,"emptyCount":1}}}}`)
	noSchema := s.API.Seed(Dataset{Items: rawItems(`{"n": 2}`)})
	got = send(t, s, call{method: "GET", path: "/v2/datasets/" + noSchema.ID + "/statistics"})
	equal(t, "statistics without a schema", string(got.body), `{"data":{"fieldStatistics":{}}}`)
}
