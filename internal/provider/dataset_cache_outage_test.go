package provider

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// While lists hang, reads succeed within a timeout that is shorter than that of a page, and each
// list is requested once.
func TestDatasetCache_hangingLists(t *testing.T) {
	checkGoroutines(t)
	const timeout, ofPage = 600 * time.Millisecond, time.Second
	s := newStoreTest(t, true, 0)
	s.inject(getDatasets, emulator.FaultNamed(emulator.FaultHang))
	for range 25 {
		s.read(s.api.Seed(emulator.Dataset{}).ID)
	}
	s.read(s.seed(25)...)
	s.reset()
	store := s.newStore()
	setPageTimeout(store, ofPage)
	tenAtOnce(len(s.state), func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		if err := s.checkRefresh(ctx, store, s.state[i]); err != nil {
			t.Error(err)
		}
	})
	s.lookUpFreeNames(store, 79, timeout)
	s.expectReads(len(s.state)+79, 2)
}

// A page that fails is given up for this run, and the rest of the list with it. Datasets of earlier
// pages are still served from the list.
func TestDatasetCache_failingLists(t *testing.T) {
	checkGoroutines(t)
	for name, test := range map[string]struct {
		fault      string
		skip       int
		maxRetries int
		single     int // number of single reads
		pages      int // number of requests for pages
	}{
		"first page":                  {emulator.FaultInternalServerError, 0, 2, 100, 3},
		"first page, without retries": {emulator.FaultInternalServerError, 0, 0, 100, 1},
		"first page, not retryable":   {emulator.FaultForbidden, 0, 2, 100, 1},
		"second page":                 {emulator.FaultForbidden, 1, 2, 50, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStoreTest(t, true, 50)
			s.read(s.seed(100)...)
			fault := emulator.FaultNamed(test.fault)
			fault.Skip = test.skip
			s.inject(getDatasets, fault)
			s.reset()
			store := s.newStore(func(c *apify.Config) { c.MaxRetries = test.maxRetries })
			for i := range s.state {
				// The datasets of the second page are read first.
				if err := s.checkRefresh(t.Context(), store, s.state[len(s.state)-1-i]); err != nil {
					t.Error(err)
				}
			}
			s.expectReads(test.single, test.pages)
		})
	}
}

// A read waits for all pages together no longer than for one page that hangs, although the number
// of lookups pays for many pages.
func TestDatasetCache_slowLists(t *testing.T) {
	checkGoroutines(t)
	const timeout = 200 * time.Millisecond
	s := newStoreTest(t, true, 10)
	s.seed(300)
	s.inject(getDatasets, emulator.Fault{Delay: timeout / 2})
	store := s.newStore()
	setPageTimeout(store, timeout)
	for range singleReads + 20*readsPerPage {
		store.cache.named.find(t.Context(), func() *apify.Dataset { return &apify.Dataset{} })
	}
	start := time.Now()
	s.expectLookup(t.Context(), store, "free", false)
	if waited := time.Since(start); waited < timeout || waited > 5*timeout {
		t.Errorf("the lookup took %s", waited)
	}
}

// The timeout or the interrupt of a read that waits for a page does not affect other reads.
func TestDatasetCache_waitingReads(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	s.read(s.seed(30)...)
	arrived, release := s.block(getDatasets)
	defer release()
	s.reset()
	store := s.newStore()
	check := func(ctx context.Context, m datasetModel) {
		t.Helper()
		if err := s.checkRefresh(ctx, store, m); err != nil {
			t.Error(err)
		}
	}
	for _, m := range s.state[:singleReads] {
		check(t.Context(), m)
	}
	waiting := s.state[singleReads:]

	interrupted, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var first, second sync.WaitGroup
	first.Go(func() {
		_, err := store.refresh(interrupted, waiting[0])
		var e *apify.Error
		if !errors.As(err, &e) || !errors.Is(e.Stopped, context.Canceled) || !strings.Contains(e.Operation, waiting[0].ID.ValueString()) {
			t.Errorf("the interrupted read got %v", err)
		}
	})
	<-arrived
	second.Go(func() { check(t.Context(), waiting[1]) })
	short, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	check(short, waiting[2])
	interrupt()
	first.Wait()
	s.expectReads(singleReads+1, 1) // the one with the short timeout

	release()
	second.Wait()
	for _, m := range waiting[3:] {
		check(t.Context(), m)
	}
	s.expectReads(singleReads+1, 1)
}

// A page that hangs is given up even if the read that waited for it was interrupted.
func TestDatasetCache_interruptedRead(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	arrived, release := s.block(getDatasets)
	defer release()
	store := s.newStore()
	setPageTimeout(store, 500*time.Millisecond)
	s.lookUpFreeNames(store, singleReads, time.Minute)
	interrupted, interrupt := context.WithCancel(t.Context())
	var read sync.WaitGroup
	read.Go(func() {
		if _, err := store.findByName(interrupted, "free"); !errors.Is(err, context.Canceled) {
			t.Errorf("the interrupted read got %v", err)
		}
	})
	<-arrived
	interrupt()
	read.Wait()
	s.lookUpFreeNames(store, 30, time.Minute)
	s.expectReads(singleReads+30, 1)
}
