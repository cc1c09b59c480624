package provider

import (
	"testing"
)

// TestCreateSendsOnePost is the shortest way through the life of a dataset.
func TestCreateSendsOnePost(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)

	after := s.mustApply(t, instance{}, values{"name": name})
	s.expectWrites(t, "POST /v2/datasets?name="+name)

	w := s.newWalk(t, nil)
	state := w.values(after.state)
	if got := w.identityID(after); got != state["id"] || got == "" {
		t.Errorf("the identity is %q, the id %q", got, state["id"])
	}

	s.Recorder.Reset()
	refreshed, ds := w.read(t.Context(), after)
	p, more := w.plan(t.Context(), refreshed, values{"name": name})
	if len(ds) > 0 || len(more) > 0 || w.changes(p) {
		t.Errorf("the second plan changes %v\n%s%s", w.values(p.state), ds, more)
	}
	s.expectWrites(t)

	s.Recorder.Reset()
	s.mustApply(t, refreshed, nil)
	s.expectWrites(t, "DELETE /v2/datasets/"+state["id"].(string))
}
