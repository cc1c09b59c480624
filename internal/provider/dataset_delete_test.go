package provider

import (
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDatasetDelete deletes a dataset only if it certainly has no items, or if force_destroy is in
// state.
func TestDatasetDelete(t *testing.T) {
	t.Parallel()
	const notFound = "record-not-found"
	counted := []string{getDataset, getItems}
	deleted := []string{getDataset, getItems, deleteDataset}
	for name, test := range map[string]struct {
		options emulator.Options
		items   int
		force   bool
		token   string // that of the owner if empty
		faults  []emulator.Fault
		want    []string
		texts   []string
		sent    []string
	}{
		"empty":                    {sent: deleted},
		"items":                    {items: 3, want: []string{errContainsItems}, texts: []string{"contains 3 items,", "Nothing was deleted.", "Add a moved block"}, sent: []string{getDataset}},
		"one item":                 {items: 1, want: []string{errContainsItems}, texts: []string{"contains 1 item,"}, sent: []string{getDataset}},
		"items of lagging counts":  {options: emulator.Options{CounterLag: day}, items: 1, want: []string{errContainsItems}, texts: []string{"contains items,"}, sent: counted},
		"only clean items counted": {items: 2, faults: []emulator.Fault{onRequest(getDataset, emulator.Fault{Mutate: setField("itemCount", 0)})}, want: []string{errContainsItems}, sent: []string{getDataset}},
		"no counters":              {items: 2, faults: []emulator.Fault{onRequest(getDataset, emulator.Fault{Mutate: changeObject(func(o map[string]any) { delete(o, "itemCount"); delete(o, "cleanItemCount") })})}, want: []string{errContainsItems}, sent: counted},
		"forced":                   {items: 3, force: true, sent: []string{deleteDataset}},

		"count: 402":    {faults: []emulator.Fault{refusal(getDataset, 402, "monthly-usage-limit-exceeded")}, want: []string{errRefused}, texts: []string{notCounted}, sent: []string{getDataset}},
		"count: 403":    {faults: []emulator.Fault{refusal(getDataset, 403, "insufficient-permissions")}, want: []string{errRefused}, texts: []string{notCounted}, sent: []string{getDataset}},
		"count: 500":    {faults: []emulator.Fault{refusal(getDataset, 500, "internal-error")}, want: []string{errUnreachable}, texts: []string{notCounted}, sent: []string{getDataset}},
		"count: a page": {faults: []emulator.Fault{page(getDataset, 200)}, want: []string{errForeign}, texts: []string{notCounted}, sent: []string{getDataset}},
		"count: 404":    {faults: []emulator.Fault{refusal(getDataset, 404, notFound)}, sent: []string{getDataset}},
		"count: 404 of another account": {token: otherToken, faults: []emulator.Fault{refusal(getDataset, 404, notFound)}, want: []string{errNoAccess},
			texts: []string{"belongs to account " + ownerID, notCounted}, sent: []string{getDataset}},
		"count: 404 of a proxy": {faults: []emulator.Fault{page(getDataset, 404)}, want: []string{errForeign}, texts: []string{notCounted}, sent: []string{getDataset}},
		"items: 403":            {faults: []emulator.Fault{refusal(getItems, 403, "insufficient-permissions")}, want: []string{errRefused}, texts: []string{notCounted}, sent: counted},
		"items: 404":            {faults: []emulator.Fault{refusal(getItems, 404, notFound)}, want: []string{errRefused}, texts: []string{notCounted}, sent: append(counted, getDataset)},
		"items: 404, and gone":  {faults: []emulator.Fault{refusal(getItems, 404, notFound), later(refusal(getDataset, 404, notFound))}, sent: append(counted, getDataset)},
		"items: not an array":   {faults: []emulator.Fault{onRequest(getItems, emulator.Fault{Status: 200, Body: `{"data": []}`})}, want: []string{errForeign}, texts: []string{notCounted}, sent: counted},

		"404":                    {faults: []emulator.Fault{refusal(deleteDataset, 404, notFound)}, sent: deleted},
		"404 of another account": {force: true, token: otherToken, faults: []emulator.Fault{refusal(deleteDataset, 404, notFound)}, want: []string{errNoAccess}, sent: []string{deleteDataset}},
		"404 of a proxy":         {faults: []emulator.Fault{page(deleteDataset, 404)}, want: []string{errForeign}, texts: []string{"The resource remains in state."}, sent: deleted},
		"200":                    {faults: []emulator.Fault{onRequest(deleteDataset, emulator.Fault{Status: 200, Body: "{}"})}, want: []string{errForeign}, sent: deleted},
		"202":                    {faults: []emulator.Fault{onRequest(deleteDataset, emulator.Fault{Status: 202})}, want: []string{errForeign}, sent: deleted},
		"403":                    {faults: []emulator.Fault{refusal(deleteDataset, 403, "insufficient-permissions")}, want: []string{errRefused}, texts: []string{"The resource remains in state."}, sent: deleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := test.options
			s := newTwoAccountsWith(t, options)
			a := s.mustApply(t, instance{}, values{"name": "a", "force_destroy": test.force})
			config := values{"max_retries": 0}
			if test.token != "" {
				config["token"] = test.token
			}
			w := s.newApply(t, config)
			s.API.Push(w.id(a), items(test.items)...)
			p := w.mustPlan(a, nil)
			s.Recorder.Inject(test.faults...)
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), p)
			ds.expect(t, test.want...)
			s.expectSent(t, test.sent...)
			if len(test.want) > 0 {
				ds.expectText(t, append(test.texts, `"a" (ID `+w.id(a)+")")...)
			}
			if failed := len(test.want) > 0; failed != (after.state != nil) {
				t.Errorf("the state still has the dataset: %t", after.state != nil)
			}
		})
	}
}

// TestDatasetDelete_lostResponse loses the response to a deletion, with a token whose account is
// unknown: the 404 of the second attempt is that of this deletion.
func TestDatasetDelete_lostResponse(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	s.Recorder.Inject(refusal(getUser, 403, "insufficient-permissions"), onRequest(deleteDataset, emulator.Fault{Times: 1, TakesEffect: true, Reset: true}))
	w := s.newApply(t, nil)
	after, ds := w.apply(t.Context(), w.mustPlan(a, nil))
	if ds.expect(t); after.state != nil || len(s.API.Datasets()) > 0 {
		t.Error("the state still has the dataset")
	}
}

// TestDatasetDelete_kept keeps what the same run has changed, and deletes what it could not delete
// before.
func TestDatasetDelete_kept(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	w := s.newApply(t, values{"max_retries": 0})
	s.Recorder.Inject(emulator.Fault{Method: "DELETE", Status: 403, Body: errorBody("insufficient-permissions"), Times: 1})
	_, ds := w.apply(t.Context(), w.mustPlan(a, nil))
	ds.expect(t, errRefused)
	// The failed deletion does not keep the name from an adoption.
	_, ds = w.apply(t.Context(), w.mustPlan(instance{}, values{"name": "a"}))
	ds.expect(t, warnAdopting+": a")
	_, ds = w.apply(t.Context(), w.mustPlan(a, nil)) // as create_before_destroy does
	ds.expect(t, "Warning: Apify dataset not deleted: a")

	b := s.mustApply(t, instance{}, values{"name": "b"})
	_, ds = w.apply(t.Context(), w.mustPlan(b, values{"name": "c"}))
	ds.expect(t)
	_, ds = w.apply(t.Context(), w.mustPlan(b, nil))
	ds.expect(t, "Warning: Apify dataset not deleted: b")
	ds.expectText(t, `"b" (ID `+w.id(b)+`) was not deleted`)
	if len(s.API.Datasets()) != 2 {
		t.Errorf("there are %d datasets", len(s.API.Datasets()))
	}
}

// TestDatasetDelete_keptDeposed plans a deposed object again in an apply without deferrals, as
// OpenTofu does: its dataset contains items, and the replacement has adopted it.
func TestDatasetDelete_keptDeposed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	w := s.newWalk(t, nil)
	s.API.Push(w.id(a), items(2)...)
	creation, ds := w.plan(t.Context(), instance{}, values{"name": "a"})
	ds.expect(t, warnAdopting+": a")
	_, ds = w.apply(t.Context(), creation)
	ds.expect(t)
	_, ds = w.apply(t.Context(), w.mustPlan(a, nil))
	ds.expect(t, "Warning: Apify dataset not deleted: a")
}
