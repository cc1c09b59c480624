package apify

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// BenchmarkReads reads the datasets of a run, ten at once, over a network that
// answers in 10 ms: one by one, and as Terraform's refresh does it.
func BenchmarkReads(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		s := startServer(b, emulator.Options{})
		reference := newTestClient(b, s.URL)
		known := make([]*Dataset, n)
		for i, id := range seed(s.API, n) {
			known[i] = stateOf(must(reference.GetDataset(b.Context(), DatasetIDRef(id)))(b))
		}
		s.Recorder.SetLatency(10 * time.Millisecond)
		until := time.Now().Add(week)
		for _, way := range []struct {
			name string
			read func(*Client, *Dataset) (*Dataset, error)
		}{
			{"singly", func(c *Client, d *Dataset) (*Dataset, error) { return c.GetDataset(b.Context(), DatasetIDRef(d.ID)) }},
			{"in bulk", func(c *Client, d *Dataset) (*Dataset, error) { return c.Refresh(b.Context(), d, until) }},
		} {
			b.Run(fmt.Sprintf("%d %s", n, way.name), func(b *testing.B) {
				s.Recorder.Reset()
				b.ReportAllocs()
				for b.Loop() {
					c := newTestClient(b, s.URL) // each run has its own
					each(n, func(i int) {
						if _, err := way.read(c, known[i]); err != nil {
							b.Error(err)
						}
					})
				}
				b.ReportMetric(float64(requests(s.Recorder))/float64(b.N), "requests/op")
			})
		}
	}
}

// BenchmarkRefreshFromListing is one read that the listing answers.
func BenchmarkRefreshFromListing(b *testing.B) {
	a := newAccount(b, emulator.Options{})
	a.know(b, seed(a.api, 1000)...)
	c := newLocalClient(b, a.recorder)
	for _, d := range a.known[:50] {
		must(c.Refresh(b.Context(), d, a.until))(b)
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d := a.known[next.Add(1)%1000]
			if _, err := c.Refresh(b.Context(), d, a.until); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkDatasets lists an account.
func BenchmarkDatasets(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		api, recorder := local(emulator.Options{})
		seed(api, n)
		c := newLocalClient(b, recorder)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ids, err := listed(b.Context(), c, ListDatasetsOptions{}); err != nil || len(ids) != n {
					b.Fatalf("got %d datasets, %v", len(ids), err)
				}
			}
		})
	}
}

// BenchmarkRequest is what the client itself takes for one request.
func BenchmarkRequest(b *testing.B) {
	api, _ := local(emulator.Options{})
	id := seed(api, 1)[0]
	c := newLocalClient(b, api)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.GetDataset(b.Context(), DatasetIDRef(id)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	expires := time.UnixMilli(1893456000000)
	b.ReportAllocs()
	for b.Loop() {
		Sign(testKey, testID, expires)
	}
}

func BenchmarkCanReuseItemsURL(b *testing.B) {
	until := time.Now().Add(week)
	earlier, fresh := signedURL(testKey, until.Add(time.Hour)), signedURL(testKey, until.Add(week))
	d := &Dataset{ID: testID, URLSigningSecretKey: ptr(testKey)}
	b.ReportAllocs()
	for b.Loop() {
		if !CanReuseItemsURL(earlier, fresh, d, until) {
			b.Fatal("it does not")
		}
	}
}
