package provider

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const getAccount = "GET /v2/users/me"

func (s *storeTest) newAccount() *tokenAccount { return &tokenAccount{client: s.newClient()} }

// expectOneRequest fails the test unless the account was requested once.
func (s *storeTest) expectOneRequest() {
	s.tb.Helper()
	if s.sentInAll() != 1 || s.sent()[getAccount] != 1 {
		s.tb.Errorf("the requests were %v, want one of the account", s.sent())
	}
}

func TestTokenAccount_manyLookups(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	account := s.newAccount()
	tenAtOnce(100, func(int) {
		user, err := account.get(t.Context())
		if err != nil || user.ID != emulator.DefaultUserID || user.Username != emulator.DefaultUsername {
			t.Errorf("got %v, %v", user, err)
		}
	})
	s.expectOneRequest()
}

func TestTokenAccount_failedLookup(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	fault := emulator.FaultNamed(emulator.FaultForbidden)
	fault.Times = 1
	s.inject(getAccount, fault)
	account := s.newAccount()
	for range 3 {
		var e *apify.Error
		if user, err := account.get(t.Context()); user != nil || !errors.As(err, &e) || e.Status != http.StatusForbidden {
			t.Errorf("got %v, %v", user, err)
		}
	}
	s.expectOneRequest()
}

// The timeout of the caller that starts the lookup does not end it for the others.
func TestTokenAccount_timeout(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	arrived, release := s.block(getAccount)
	defer release()
	account := s.newAccount()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := account.get(short)
	var e *apify.Error
	if !errors.As(err, &e) || !errors.Is(e.Stopped, context.DeadlineExceeded) || e.Operation != "read the token's account" {
		t.Errorf("the caller with a short timeout got %v", err)
	}
	<-arrived
	var other sync.WaitGroup
	other.Go(func() {
		if user, err := account.get(t.Context()); err != nil || user.ID != emulator.DefaultUserID {
			t.Errorf("the other caller got %v, %v", user, err)
		}
	})
	release()
	other.Wait()
	s.expectOneRequest()
}

// An interrupt reaches all callers, because Terraform interrupts all operations of a process.
func TestTokenAccount_interrupt(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	arrived, release := s.block(getAccount)
	defer release()
	account := s.newAccount()
	interrupted, interrupt := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for _, ctx := range []context.Context{interrupted, t.Context()} {
		callers.Go(func() {
			var e *apify.Error
			if user, err := account.get(ctx); user != nil || !errors.As(err, &e) || !errors.Is(e.Stopped, context.Canceled) {
				t.Errorf("got %v, %v", user, err)
			}
		})
	}
	<-arrived
	interrupt()
	callers.Wait()
	s.expectOneRequest()
}
