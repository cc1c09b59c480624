package main

import "testing"

func TestParseSizes(t *testing.T) {
	sizes, err := parseSizes(" 100 10  100 ")
	if err != nil || len(sizes) != 2 || sizes[0] != 10 || sizes[1] != 100 {
		t.Errorf("parseSizes returns %v, %v, want [10 100]", sizes, err)
	}
	for _, s := range []string{"", "0", "-1", "ten", "1,000"} {
		if sizes, err := parseSizes(s); err == nil {
			t.Errorf("parseSizes of %q returns %v, want an error", s, sizes)
		}
	}
}
