package provider

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// BenchmarkDatasetStore_reads reads the datasets of a configuration, ten at once, with a latency of
// 10 ms: singly, and as a refresh does.
func BenchmarkDatasetStore_reads(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		s := newStoreTest(b, true, 0)
		s.read(s.seed(n)...)
		s.server.Recorder.SetLatency(10 * time.Millisecond)
		for _, way := range []struct {
			name string
			read func(context.Context, *datasetStore, datasetModel) error
		}{
			{"singly", func(ctx context.Context, store *datasetStore, m datasetModel) error {
				_, err := store.get(ctx, apify.DatasetIDRef(m.ID.ValueString()))
				return err
			}},
			{"from the list", func(ctx context.Context, store *datasetStore, m datasetModel) error {
				_, err := store.refresh(ctx, m)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%d %s", n, way.name), func(b *testing.B) {
				requests := 0
				b.ReportAllocs()
				for b.Loop() {
					s.reset()
					store := s.newStore()
					tenAtOnce(n, func(i int) {
						if err := way.read(b.Context(), store, s.state[i]); err != nil {
							b.Error(err)
						}
					})
					requests += s.sentInAll()
				}
				b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
			})
		}
	}
}

// BenchmarkDatasetCache_unchanged looks for one dataset in a page that has been fetched.
func BenchmarkDatasetCache_unchanged(b *testing.B) {
	s := newStoreTest(b, true, 0)
	s.read(s.seed(1000)...)
	store := s.newStore()
	for _, m := range s.state[:50] {
		if _, err := store.refresh(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // every operation has a timeout
	defer cancel()
	validUntil := s.now.Add(signatureMargin)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if store.cache.unchanged(ctx, s.state[next.Add(1)%1000], validUntil) == nil {
				b.Error("the dataset must be read singly")
			}
		}
	})
}
