package emulator

import (
	"net/http"
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Users: []User{
		{ID: "MyAccount78901234", Username: "Me", Token: DefaultToken},
		{ID: "OtherUser78901234", Username: "other", Token: "other"},
	}})
	mine := s.API.Seed(Dataset{Name: "Same"})
	theirs := s.API.Seed(Dataset{Name: "same", UserID: "OtherUser78901234", GeneralAccess: anyoneWithNameCanRead})
	// The value is empty for a reference to no dataset.
	for ref, want := range map[string]string{
		mine.ID:                    mine.ID,
		"~same":                    mine.ID,
		"~SAME":                    mine.ID,
		"me~same":                  mine.ID,
		"ME~same":                  mine.ID,
		"me%7Esame":                mine.ID,
		"me%2Fsame":                mine.ID,
		"MyAccount78901234~same":   mine.ID,
		"other~same":               theirs.ID,
		"OtherUser78901234~same":   theirs.ID,
		"same":                     "",
		"~other":                   "",
		"nobody~same":              "",
		strings.ToLower(mine.ID):   "",
		"Nobody78901234567~same":   "",
		"me~same~same":             "",
		"%2Fsame":                  mine.ID,
		mine.ID + "~" + mine.Name:  "",
		"~" + mine.ID:              "",
		"~same%20":                 "",
		"myaccount78901234~same":   "",
		"OtherUser78901234%2Fsame": theirs.ID,
	} {
		got := send(t, s, call{method: "GET", path: "/v2/datasets/" + ref})
		if want == "" {
			wantError(t, got, http.StatusNotFound, "record-not-found")
			continue
		}
		equal(t, "ID of "+ref, got.data(t)["id"], any(want))
	}
}
