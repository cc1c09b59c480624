package main

import "testing"

func TestSubject_config(t *testing.T) {
	s := &subject{
		provider:     &provider{source: "example/profiled"},
		resourceType: "apify_dataset",
		arguments:    "name = \"" + blockNumber + "-${count.index}\"",
	}
	const want = `terraform {
  required_providers {
    apify = {
      source = "example/profiled"
    }
  }
}

resource "apify_dataset" "bench_1" {
  count = 1000
  name = "1-${count.index}"
}

resource "apify_dataset" "bench_2" {
  count = 500
  name = "2-${count.index}"
}

`
	if got := s.config(2500, 1, blockCount(2500)); got != want {
		t.Errorf("configuration is\n%s\nwant\n%s", got, want)
	}
}
