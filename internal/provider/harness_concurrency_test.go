package provider

import "sync"

// forEach calls a function for each of the values, at most limit at a time. With a limit of 1 the
// order is that of the values.
func forEach[T any](limit int, values []T, f func(T)) {
	if limit <= 1 {
		for _, v := range values {
			f(v)
		}
		return
	}
	slots := make(chan struct{}, limit)
	var running sync.WaitGroup
	for _, v := range values {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			f(v)
		})
	}
	running.Wait()
}
