package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDatasetStore_readsProperty checks that refreshes and name lookups return what single reads
// return, whatever the list looks like, and whatever has changed since the state was written.
func TestDatasetStore_readsProperty(t *testing.T) {
	checkGoroutines(t)
	reads, single := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		run := &storeRun{
			T:         r,
			storeTest: newStoreTest(t, rapid.Bool().Draw(r, "restricted"), rapid.IntRange(3, 60).Draw(r, "page limit")),
		}
		defer run.server.Close()
		run.populate()
		run.changeOutside()
		run.breakLists()
		run.store = run.newStore()
		setPageTimeout(run.store, 20*time.Millisecond)
		for range run.intBetween("steps of the plan", 30, 70) {
			if run.chance("lookup", 30) {
				run.lookUp(t.Context())
			} else {
				run.refreshOne(t.Context())
			}
			reads++
		}
		for range run.intBetween("steps of the apply", 0, 20) {
			if run.chance("write", 40) {
				run.write(t.Context())
			} else {
				run.refreshOne(t.Context())
				reads++
			}
		}
		single += run.sent()[getDataset]
	})
	if single >= reads {
		t.Errorf("%d reads took %d single ones, so the list was of no use", reads, single)
	}
}

// storeRun is an account in which everything happens that the property is about.
type storeRun struct {
	*rapid.T
	*storeTest
	store *datasetStore
	names []string // all names that were ever used
	// listsOmit reports whether lists omit datasets, so that a lookup can miss one.
	listsOmit bool
}

func (r *storeRun) intBetween(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(r.T, label)
}

func (r *storeRun) chance(label string, percent int) bool {
	return r.intBetween(label, 0, 99) < percent
}

func (r *storeRun) newName() string {
	name := fmt.Sprintf("name-%d", len(r.names))
	r.names = append(r.names, name)
	return name
}

func (r *storeRun) access() string {
	return rapid.SampledFrom(generalAccessLevels).Draw(r.T, "access")
}

// model returns the state of some dataset.
func (r *storeRun) model() datasetModel {
	return r.state[r.intBetween("dataset", 0, len(r.state)-1)]
}

// populate creates datasets and reads them into the state.
func (r *storeRun) populate() {
	for range r.intBetween("datasets", 25, 70) {
		d := emulator.Dataset{GeneralAccess: r.access()}
		if r.chance("named", 80) {
			d.Name = r.newName()
		}
		if r.chance("of another account", 10) {
			d.UserID = secondUserID
			d.SharedWith = map[string]emulator.Permission{emulator.DefaultUsername: emulator.PermissionWrite}
		}
		r.read(r.api.Seed(d).ID)
	}
}

// changeOutside changes some datasets outside Terraform, and makes the state of others look as if a
// different version of the server or of the provider had written it.
func (r *storeRun) changeOutside() {
	for i := range r.state {
		m := &r.state[i]
		id := m.ID.ValueString()
		d, _ := r.api.Dataset(id)
		itemsURL := m.ItemsPublicURL.ValueString()
		change := func(change func(*emulator.Dataset)) { r.api.Update(id, change) }
		switch r.intBetween("change", 0, 23) {
		case 0:
			change(func(d *emulator.Dataset) { d.Name = r.newName() })
		case 1:
			change(func(d *emulator.Dataset) { d.Name = "" })
		case 2:
			change(func(d *emulator.Dataset) { d.Name = strings.ToUpper(d.Name) })
		case 3:
			change(func(d *emulator.Dataset) { d.GeneralAccess = r.access() })
		case 4:
			r.api.Delete(id)
		case 5:
			r.api.Delete(id)
			r.api.Seed(emulator.Dataset{Name: d.Name}) // another dataset with the same name
		case 6:
			left := signatureMargin + time.Duration(r.intBetween("milliseconds", -1, 1))*time.Millisecond
			r.setSignature(m, r.sign(*m, r.now.Add(left)))
		case 7:
			r.setSignature(m, "garbage")
		case 8:
			m.ItemsPublicURL = types.StringValue(strings.Replace(itemsURL, "127.0.0.1", "old.example", 1))
		case 9:
			m.ItemsPublicURL = types.StringNull()
		case 10:
			m.ConsoleURL = types.StringNull()
		case 11:
			m.GeneralAccess = types.StringNull()
		case 12:
			m.CreatedAt = timetypes.NewRFC3339Null()
		case 13:
			m.CreatedAt = timetypes.NewRFC3339ValueMust("2019-12-12T07:34:14.202Z")
		}
	}
}

// breakLists makes the API's lists fail, lag, or differ from what the API documents.
func (r *storeRun) breakLists() {
	const lag, churn, anyOwner = "lag", "churn", "any owner"
	kind := rapid.SampledFrom([]string{
		"", "", lag, churn, anyOwner,
		emulator.FaultUnavailable,
		emulator.FaultHTMLPage,
		emulator.FaultHang,
		emulator.FaultListWithoutAccess,
		emulator.FaultListWithoutNames,
		emulator.FaultListWithoutTotal,
		emulator.FaultListWithHalfTheItems,
		emulator.FaultListWithNumbersAsNames,
		emulator.FaultListWithOtherTimeFormat,
		emulator.FaultListLags,
	}).Draw(r.T, "lists")
	var fault emulator.Fault
	switch kind {
	case "":
		return
	case lag:
		r.freezeLists()
		return
	case anyOwner:
		r.ignoreOwnership()
		return
	case churn:
		var others []string
		fault.Before = func(*http.Request) {
			others = append(others, r.api.Seed(emulator.Dataset{Name: fmt.Sprintf("other-%d", len(others))}).ID)
			r.api.Delete(others[len(others)/2])
		}
	default:
		fault = emulator.FaultNamed(kind)
		fault.Times = r.intBetween("times", 0, 2) // 0 is no limit
		r.listsOmit = kind == emulator.FaultListLags
	}
	fault.Skip = r.intBetween("skip", 0, 3)
	r.inject(getDatasets, fault)
}

func (r *storeRun) refreshOne(ctx context.Context) {
	if err := r.checkRefresh(ctx, r.store, r.model()); err != nil {
		r.Fatal(err)
	}
}

func (r *storeRun) lookUp(ctx context.Context) {
	name := rapid.SampledFrom(append(r.names, "never-used")).Draw(r.T, "name")
	got, err := r.store.findByName(ctx, name)
	if got == nil && err == nil && r.listsOmit {
		return
	}
	want, wantErr := r.reference.GetDataset(ctx, apify.DatasetNameRef("", name))
	if err != nil || apify.IsNotFound(wantErr) != (got == nil) || got != nil && (got.ID != want.ID || *got.UserID != *want.UserID) {
		r.Fatalf("%s: got %v, %v, want %v, %v", name, got, err, want, wantErr)
	}
}

// write changes a dataset as an apply does.
func (r *storeRun) write(ctx context.Context) {
	var err error
	switch m := r.model(); r.intBetween("operation", 0, 5) {
	case 0:
		_, err = r.store.update(ctx, m, apify.DatasetUpdate{Name: new(r.newName())})
	case 1:
		_, err = r.store.update(ctx, m, apify.DatasetUpdate{Name: new("")})
	case 2:
		_, err = r.store.update(ctx, m, apify.DatasetUpdate{GeneralAccess: new(apify.GeneralAccess(r.access()))})
	case 3:
		err = r.store.delete(ctx, m, true)
	case 4:
		err = r.store.discard(ctx, m.ID.ValueString())
	case 5:
		var created *apify.CreateDatasetResult
		created, err = r.store.create(ctx, rapid.SampledFrom(r.names).Draw(r.T, "name"), noSchema, true)
		if err == nil {
			r.read(created.ID)
		}
	}
	var (
		refused *apify.Error
		twice   *managedTwiceError
	)
	if err != nil && (!errors.As(err, &refused) || refused.Status/100 != 4) && !errors.As(err, &twice) && !errors.Is(err, errAdopted) {
		r.Fatalf("writing: %v", err)
	}
}
