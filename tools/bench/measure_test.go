package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestBench_schedule(t *testing.T) {
	for _, test := range []struct {
		size, fullSize int
		want           string
	}{
		{10, 1000, "apply plan destroy apply plan destroy"},
		{1000, 1000, "apply plan destroy apply plan destroy"},
		{1001, 1000, "plan plan"},
		{5000, 5000, "apply plan plan destroy"},
		{10, 5, "plan plan"},
	} {
		b := &bench{fullSize: test.fullSize}
		if got := strings.Trim(fmt.Sprint(b.schedule(test.size, 2)), "[]"); got != test.want {
			t.Errorf("schedule of %d with full size %d is %s, want %s", test.size, test.fullSize, got, test.want)
		}
	}
}

func TestTraffic_check(t *testing.T) {
	five := func(request string) traffic { return traffic{Requests: map[string]int{request: 5}} }
	for _, test := range []struct {
		traffic   traffic
		operation operation
		ok        bool
	}{
		{five(requestCreate), opApply, true},
		{five(requestDelete), opDestroy, true},
		{five("GET /v2/datasets"), opPlan, true},
		{traffic{}, opApply, false},
		{traffic{}, opDestroy, false},
		{five(requestCreate), opPlan, false},
		{five(requestCreate), opDestroy, false},
	} {
		if err := test.traffic.check(test.operation, 5); (err == nil) != test.ok {
			t.Errorf("check of %s with requests %v returns %v", test.operation, test.traffic.Requests, err)
		}
	}
}

func TestTail_keepsEnd(t *testing.T) {
	var output tail
	for range 100 {
		if n, err := output.Write([]byte(strings.Repeat("x", 100))); n != 100 || err != nil {
			t.Fatalf("Write returns %d, %v, want 100, nil", n, err)
		}
	}
	_, _ = output.Write([]byte("end")) // it never returns an error
	if s := output.String(); len(s) != maxTail || !strings.HasSuffix(s, "xend") {
		t.Errorf("tail has %d bytes and ends with %q, want %d bytes and %q", len(s), s[len(s)-4:], maxTail, "xend")
	}
}
