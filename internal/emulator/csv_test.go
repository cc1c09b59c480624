package emulator

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTabulate_limits(t *testing.T) {
	t.Parallel()
	wide := object{{strings.Repeat("é", maxColumnLength+1), json.RawMessage("1")}}
	for i := range maxColumns {
		wide = append(wide, member{"c" + string(rune(0x4e00+i)), json.RawMessage("2")})
	}
	table := tabulate([]object{wide}, nil)
	equal(t, "columns", len(table.columns), maxColumns)
	equal(t, "cells of a row", len(table.rows[0]), maxColumns)
	equal(t, "truncated name", table.columns[0], strings.Repeat("é", maxColumnLength))
	equal(t, "cell of a truncated name", table.rows[0][0], "1")
}
