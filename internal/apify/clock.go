package apify

import (
	"net/http"
	"sync"
	"time"
)

// serverClock converts local times to the server's clock, by the Date header of the latest response
// that has one. Local clocks can be wrong by hours; the time between two local times is not.
type serverClock struct {
	mu      sync.Mutex
	date    time.Time // of the latest Date header; zero without one
	arrived time.Time // local time at which it arrived
}

// observe records the Date header of a response that arrived at a local time.
func (c *serverClock) observe(header http.Header, arrived time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.date, c.arrived = date, arrived
}

// at returns a local time on the server's clock; known is false if no response had a Date header.
func (c *serverClock) at(local time.Time) (t time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.date.Add(local.Sub(c.arrived)), !c.date.IsZero()
}
